"""Which visits people have next, for lists of people."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, true
from sqlalchemy.orm import aliased

from webapp.booking.models import Appointment
from webapp.booking.states import Status
from webapp.db import db
from webapp.patients.models import Patient
from webapp.practice.models import Location, Provider, Service

_TO_COME = [Status.BOOKED, Status.CONFIRMED, Status.ARRIVED, Status.IN_ROOM]


@dataclass(frozen=True, slots=True)
class NextVisit:
    """A visit to come in one line: when, in the zone of its site, what and with whom."""

    id: UUID
    starts_at: datetime
    time_zone: str
    service: str
    provider: str


def next_visits(patient_ids: Collection[UUID], at: datetime, *, each: int = 2) -> dict[UUID, list[NextVisit]]:
    """Read the next visits of some people, `each` of everybody at most, by start; one statement, one index."""
    if not patient_ids:
        return {}
    following = (
        select(Appointment)
        .where(Appointment.patient_id == Patient.id, Appointment.status.in_(_TO_COME), Appointment.ends_at > at)
        .order_by(Appointment.starts_at)
        .limit(each)
        .lateral()
    )
    visit = aliased(Appointment, following)
    query = (
        select(visit.patient_id, visit.id, visit.starts_at, Location.time_zone, Service.name, Provider)
        .select_from(Patient)
        .join(following, true())
        .join(Service, Service.id == visit.service_id)
        .join(Provider, Provider.id == visit.provider_id)
        .join(Location, Location.id == visit.location_id)
        .where(Patient.id.in_(list(patient_ids)))
        .order_by(visit.starts_at, visit.id)
    )
    found: dict[UUID, list[NextVisit]] = {}
    for patient, id_, starts_at, zone, service, provider in db.session.execute(query):
        found.setdefault(patient, []).append(NextVisit(id_, starts_at, zone, service, provider.name))
    return found
