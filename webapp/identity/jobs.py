"""What is left to do after a change of accounts committed."""

from __future__ import annotations

from uuid import UUID

from webapp.identity.service import identity
from webapp.jobs import job


@job("identity.end_sessions")
def end_sessions(account: str) -> None:
    """Sign an account out everywhere: the backstop when the process died between its commit and the second bump."""
    identity().sessions.end_all(UUID(account))
