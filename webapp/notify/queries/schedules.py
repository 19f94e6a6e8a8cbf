"""Reminder schedules as the settings show them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from webapp.db import db
from webapp.notify.models import ReminderRule, ReminderSwitch

if TYPE_CHECKING:
    from uuid import UUID


def schedules() -> dict[UUID | None, tuple[int, ...]]:
    """Minutes before a visit by service, the longest first; None is the practice's own, missing where there is none."""
    found: dict[UUID | None, tuple[int, ...]] = {}
    query = select(ReminderRule.service_id, ReminderRule.minutes).order_by(ReminderRule.minutes.desc())
    for row in db.session.execute(query):
        found[row.service_id] = (*found.get(row.service_id, ()), row.minutes)
    return found


def last_switch() -> ReminderSwitch | None:
    """How reminders were switched last for the whole practice; None: never, so they are sent."""
    newest = ReminderSwitch.since.desc(), ReminderSwitch.id.desc()
    return db.session.scalars(select(ReminderSwitch).order_by(*newest).limit(1)).one_or_none()


def sends_reminders() -> bool:
    """Whether anybody is reminded at all."""
    last = last_switch()
    return last is None or last.sends
