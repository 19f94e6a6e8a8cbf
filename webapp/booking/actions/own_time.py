"""What of a time in question is the patient's already, and so is free for what they book or move there."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from psycopg.types.range import TimestamptzRange
from sqlalchemy import select

from webapp.booking.models import Appointment
from webapp.booking.states import Status
from webapp.db import db

if TYPE_CHECKING:
    from datetime import datetime

Taken = tuple[UUID | None, TimestamptzRange]
"""A resource and when it is taken; no room has no id, and nothing is equal to that."""


def own_time(patient_id: UUID, agreed: Appointment | None, *, at: datetime, replaces: bool) -> list[Taken]:
    """What the visit that moves takes, or else what a new hold `replaces`: that which the patient has on the portal."""
    if agreed is not None:
        return time_of(agreed)
    if not replaces:
        return []
    query = (
        select(Appointment)
        .where(Appointment.patient_id == patient_id, Appointment.via == "portal")
        .where(Appointment.status == Status.HELD, ~Appointment.payment_open, Appointment.held_until > at)
        .order_by(Appointment.id.desc())
    )
    replaced = db.session.scalars(query.limit(1)).first()
    return [] if replaced is None else _staffed(replaced)


def time_of(visit: Appointment) -> list[Taken]:
    """What a visit that is booked takes where its row says it is."""
    return [(visit.patient_id, TimestamptzRange(visit.starts_at, visit.ends_at)), *_staffed(visit)]


def _staffed(visit: Appointment) -> list[Taken]:
    during = TimestamptzRange(
        visit.starts_at - timedelta(minutes=visit.buffer_before_minutes),
        visit.ends_at + timedelta(minutes=visit.buffer_after_minutes),
    )
    return [(resource, during) for resource in (visit.provider_id, visit.room_id, *visit.equipment_ids)]
