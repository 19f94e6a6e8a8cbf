from __future__ import annotations

from tests.identity.conftest import make_account

__all__ = ["make_account"]
