"""Visits still to come, as a change of the clinic sees them: where, when, with whom, and what they take."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select

from webapp.booking.models import Appointment
from webapp.booking.states import Status
from webapp.db import db
from webapp.patients.models import Patient
from webapp.practice.hours import Span
from webapp.practice.models import Location, Provider, Room, Service

TO_COME = (Status.HELD, Status.BOOKED, Status.CONFIRMED, Status.ARRIVED, Status.IN_ROOM)
# No visit is longer than a day; the bound lets the indexes on the start work.
_LONGEST = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Coming:
    """One visit to come; `seat` is one of a group visit, which moves with its group only."""

    id: UUID
    version: int
    status: Status
    patient_id: UUID
    patient_name: str
    service_id: UUID
    service: str
    provider_id: UUID
    provider: str
    location_id: UUID
    zone: str
    room_id: UUID | None
    room: str
    equipment_ids: tuple[UUID, ...]
    span: Span
    seat: bool


@dataclass(frozen=True, slots=True)
class Reach:
    """Which visits a change could touch: those of a provider, a site, a room, a piece of equipment or a service."""

    provider_id: UUID | None = None
    location_id: UUID | None = None
    room_id: UUID | None = None
    equipment_id: UUID | None = None
    service_id: UUID | None = None
    span: Span | None = None


def coming(reach: Reach, at: datetime) -> list[Coming]:
    """Read the visits within reach that are not over at a moment, by start; holds that ended are none."""
    query = (
        select(Appointment, Patient.given, Patient.family, Service.name, Provider, Location.time_zone, Room.name)
        .join(Patient, Patient.id == Appointment.patient_id)
        .join(Service, Service.id == Appointment.service_id)
        .join(Provider, Provider.id == Appointment.provider_id)
        .join(Location, Location.id == Appointment.location_id)
        .outerjoin(Room, Room.id == Appointment.room_id)
        .where(*_within(reach), *_not_over(reach.span, at))
        .order_by(Appointment.starts_at, Appointment.id)
        .execution_options(populate_existing=True)
    )
    return [_coming(*row) for row in db.session.execute(query)]


def _within(reach: Reach) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = []
    if reach.provider_id is not None:
        wanted.append(Appointment.provider_id == reach.provider_id)
    if reach.location_id is not None:
        wanted.append(Appointment.location_id == reach.location_id)
    if reach.room_id is not None:
        wanted.append(Appointment.room_id == reach.room_id)
    if reach.equipment_id is not None:
        wanted.append(Appointment.equipment_ids.contains([reach.equipment_id]))
    if reach.service_id is not None:
        wanted.append(Appointment.service_id == reach.service_id)
    return wanted


def _not_over(span: Span | None, at: datetime) -> list[ColumnElement[bool]]:
    since = at if span is None else max(at, span.start)
    wanted = [
        Appointment.status.in_(TO_COME),
        Appointment.starts_at > since - _LONGEST,
        Appointment.ends_at > since,
        or_(Appointment.held_until.is_(None), Appointment.held_until > at, Appointment.payment_open),
    ]
    if span is not None:
        wanted.append(Appointment.starts_at < span.end)
    return wanted


def _coming(visit: Appointment, given: str, family: str, service: str, provider: Provider, *rest: Any) -> Coming:  # noqa: ANN401 - a row
    zone, room = rest
    return Coming(
        id=visit.id,
        version=visit.version,
        status=Status(visit.status),
        patient_id=visit.patient_id,
        patient_name=f"{given} {family}",
        service_id=visit.service_id,
        service=service,
        provider_id=visit.provider_id,
        provider=provider.name,
        location_id=visit.location_id,
        zone=zone,
        room_id=visit.room_id,
        room=room or "",
        equipment_ids=tuple(visit.equipment_ids),
        span=Span(visit.starts_at, visit.ends_at),
        seat=visit.group_session_id is not None,
    )
