"""Store what a bundle brought, in the caller's transaction; flushes, never commits."""

from webapp.interop.actions.store import Stored, store
from webapp.interop.actions.tally import Tally

__all__ = ["Stored", "Tally", "store"]
