"""Leave and its occupancy: the absence is the truth, busy is what the visits that were kept leave of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

from webapp.db import db

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

_SETTLE = text("select doors.settle_leave(:leave, :at)")


def settle_leave(leave_id: UUID, at: datetime) -> None:
    """Make occupancy agree with a leave, changed or gone, and the visits in it; the provider is locked exclusively."""
    db.session.flush()
    db.session.execute(_SETTLE, {"leave": leave_id, "at": at})
