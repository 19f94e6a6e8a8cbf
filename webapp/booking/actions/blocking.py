"""Keep a provider's or a room's time free of visits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from webapp.booking.actions.locking import taken
from webapp.booking.models import BlockedTime
from webapp.db import db
from webapp.ids import new_id
from webapp.practice.actions import lock_resources

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

_OCCUPY = text(
    "select doors.occupy(:owner, 'blocked_time', array[cast(:resource as uuid)],"
    " array[tstzrange(:starts_at, :ends_at)], 0, null, :at)"
)


def block_time(resource_id: UUID, starts_at: datetime, ends_at: datetime, label: str, *, at: datetime) -> BlockedTime:
    """Block a span with a word people at the desk know ("Admin time"); raises SlotTaken where a visit is."""
    lock_resources([resource_id])
    blocked = BlockedTime(id=new_id(), resource_id=resource_id, starts_at=starts_at, ends_at=ends_at, label=label)
    db.session.add(blocked)
    db.session.flush()
    values = {"owner": blocked.id, "resource": resource_id, "starts_at": starts_at, "ends_at": ends_at, "at": at}
    try:
        db.session.execute(_OCCUPY, values)
    except DBAPIError as error:
        raise taken(error, resource_id) from error
    return blocked
