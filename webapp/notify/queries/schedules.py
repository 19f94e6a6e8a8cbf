"""Reminder schedules as the settings show them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from webapp.db import db
from webapp.notify.models import ReminderRule

if TYPE_CHECKING:
    from uuid import UUID


def schedules() -> dict[UUID | None, tuple[int, ...]]:
    """Minutes before a visit by service, the longest first; None is the practice's own, missing where there is none."""
    found: dict[UUID | None, tuple[int, ...]] = {}
    query = select(ReminderRule.service_id, ReminderRule.minutes).order_by(ReminderRule.minutes.desc())
    for row in db.session.execute(query):
        found[row.service_id] = (*found.get(row.service_id, ()), row.minutes)
    return found
