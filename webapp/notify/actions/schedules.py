"""Write down when people are reminded, and whether; what stays is not touched, so that only what is new begins anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, select, text

from webapp.db import db
from webapp.errors import VersionConflict
from webapp.ids import new_id
from webapp.notify.models import ReminderRule, ReminderSwitch
from webapp.notify.queries.schedules import sends_reminders

if TYPE_CHECKING:
    from datetime import datetime

    from webapp.notify.schedules import Schedule

# A schedule without rows has nothing that could be locked.
_IN_TURN = text("select pg_advisory_xact_lock(7340281)")


def set_schedule(wanted: Schedule, *, at: datetime) -> None:
    """Replace the schedule of a service, or of the practice (VersionConflict when it is not what the page showed)."""
    db.session.execute(_IN_TURN)
    of_it = ReminderRule.service_id.is_not_distinct_from(wanted.service_id)
    known = set(db.session.scalars(select(ReminderRule.minutes).where(of_it)))
    if known != set(wanted.seen):
        raise VersionConflict
    gone = known - set(wanted.minutes)
    db.session.execute(delete(ReminderRule).where(of_it, ReminderRule.minutes.in_(gone)))
    for minutes in sorted(set(wanted.minutes) - known):
        db.session.add(ReminderRule(id=new_id(), service_id=wanted.service_id, minutes=minutes, since=at))
    db.session.flush()


def switch_reminders(*, sends: bool, at: datetime) -> None:
    """Let the practice remind nobody, or begin again with what falls due from now on; what is so already stays so."""
    db.session.execute(_IN_TURN)
    if sends_reminders() != sends:
        db.session.add(ReminderSwitch(id=new_id(), sends=sends, since=at))
        db.session.flush()
