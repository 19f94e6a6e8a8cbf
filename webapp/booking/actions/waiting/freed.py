"""Announce that a visit gave up its time: whoever waits for one is found by a job, after the commit."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import text

from webapp.db import db
from webapp.jobs import promise

if TYPE_CHECKING:
    from datetime import datetime

    from webapp.booking.models import Appointment

UNDO_TOAST = timedelta(seconds=10)
"""As long as the desk can take its step back by one press, nobody else is offered the time."""

# A patient sees only their own wishes; whether others wait is for the job to see.
_ANYBODY_WAITS = text("""
    select current_setting('role') = 'app_patient' or exists (select from waiting_wish where status = 'waiting')
""")


def freed(visit: Appointment, at: datetime, *, wanted: bool = True) -> None:
    """Promise to offer the time this visit has just left, in the transaction that frees it; `wanted` False does not.

    The change is flushed: its version finds, in the visit's history, the place of before.  A seat of a group visit
    leaves no time.
    """
    if not wanted or visit.group_session_id is not None or not db.session.execute(_ANYBODY_WAITS).scalar_one():
        return
    from webapp.booking.waiting_jobs import offer_time

    promise(offer_time, at=at + UNDO_TOAST, visit=str(visit.id), version=str(visit.version))
