"""When people were last here and come next, for lists of them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select

from webapp.booking.models import Appointment
from webapp.booking.states import Status
from webapp.db import db
from webapp.patients.models import Encounter
from webapp.practice.hours import Span

_TO_COME = [Status.BOOKED, Status.CONFIRMED, Status.ARRIVED, Status.IN_ROOM]


@dataclass(frozen=True, slots=True)
class Seen:
    """The last visit that took place, ours or an imported one, and the next one that is booked."""

    last: datetime | None = None
    next: datetime | None = None


def seen(patient_ids: Collection[UUID], at: datetime) -> dict[UUID, Seen]:
    """Read last and next visit of some people in two statements; people without any are left out."""
    if not patient_ids:
        return {}
    ids = list(patient_ids)
    visits = (
        select(
            Appointment.patient_id,
            func.max(Appointment.starts_at).filter(Appointment.status == Status.FINISHED),
            func.min(Appointment.starts_at).filter(Appointment.status.in_(_TO_COME), Appointment.ends_at > at),
        )
        .where(Appointment.patient_id.in_(ids))
        .group_by(Appointment.patient_id)
    )
    imported = (
        select(Encounter.patient_id, func.max(Encounter.starts_at))
        .where(Encounter.patient_id.in_(ids))
        .group_by(Encounter.patient_id)
    )
    before = {patient: last for patient, last in db.session.execute(imported)}  # noqa: C416 - rows are not pairs
    found = {
        patient: Seen(_later(last, before.pop(patient, None)), come)
        for patient, last, come in db.session.execute(visits)
    }
    return found | {patient: Seen(last) for patient, last in before.items()}


def patients_between(location_id: UUID, span: Span) -> set[UUID]:
    """Ids of everyone with a live visit at a site that starts in a span."""
    query = select(Appointment.patient_id).where(
        Appointment.location_id == location_id,
        Appointment.starts_at >= span.start,
        Appointment.starts_at < span.end,
        Appointment.status.in_([*_TO_COME, Status.FINISHED]),
    )
    return set(db.session.scalars(query))


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    return max((moment for moment in (one, other) if moment is not None), default=None)
