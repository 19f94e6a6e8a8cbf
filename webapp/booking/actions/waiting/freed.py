"""Announce that a visit gave up its time: whoever waits for one is found by a job, after the commit."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import text

from webapp.booking.states import UNDO_GRACE
from webapp.db import db
from webapp.jobs import promise

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from webapp.booking.models import Appointment

OFFERED_AFTER = UNDO_GRACE + timedelta(seconds=1)
"""Nobody is offered a time that one press at the desk may still take back: a promise on the phone is not taken back."""

# A patient sees only their own wishes; whether others wait is for the job to see.
_ANYBODY_WAITS = text("""
    select current_setting('role') = 'app_patient' or exists (select from waiting_wish where status = 'waiting')
""")


def freed(visit: Appointment, at: datetime, *, wanted: bool = True) -> None:
    """Promise to offer the time this visit has just left, in the transaction that frees it; `wanted` False does not.

    The change is flushed: its version finds, in the visit's history, the place of before.
    """
    if visit.group_session_id is not None:
        seat_freed(visit, visit.group_session_id, at, wanted=wanted)
    elif wanted and db.session.execute(_ANYBODY_WAITS).scalar_one():
        from webapp.booking.waiting_jobs import offer_time

        promise(offer_time, at=at + OFFERED_AFTER, visit=str(visit.id), version=str(visit.version))


def seat_freed(seat: Appointment, session: UUID, at: datetime, *, wanted: bool = True) -> None:
    """Promise to offer the seat that somebody has just left in a group: it may be in another one by now."""
    if not wanted or not db.session.execute(_ANYBODY_WAITS).scalar_one():
        return
    from webapp.booking.waiting_jobs import offer_seat

    promise(offer_seat, at=at + OFFERED_AFTER, session=str(session), visit=str(seat.id), version=str(seat.version))
