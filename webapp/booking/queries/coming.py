"""Visits still to come, as a change of the clinic sees them: where, when, with whom, and what they take."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select

from webapp.booking.models import Appointment, GroupSession
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
    """One visit to come; `group_id` is the group visit that it is a seat of, which it moves with.

    A group visit itself is one, too, without a patient: whoever has a seat in it or not, its time is planned.
    """

    id: UUID
    version: int
    status: Status
    patient_id: UUID | None
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
    group_id: UUID | None = None

    @property
    def seat(self) -> bool:
        """Whether it is a seat of a group visit."""
        return self.group_id is not None


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
    visits = [_coming(*row) for row in db.session.execute(query)]
    return sorted([*visits, *_groups(reach, at)], key=lambda visit: (visit.span.start, visit.id))


def _groups(reach: Reach, at: datetime) -> list[Coming]:
    query = (
        select(GroupSession, Service.name, Provider, Location.time_zone, Room.name)
        .join(Service, Service.id == GroupSession.service_id)
        .join(Provider, Provider.id == GroupSession.provider_id)
        .join(Location, Location.id == GroupSession.location_id)
        .outerjoin(Room, Room.id == GroupSession.room_id)
        .where(*_within(reach, GroupSession), GroupSession.status == "open")
        .where(*_ahead(reach.span, at, GroupSession))
        .execution_options(populate_existing=True)
    )
    return [_group(*row) for row in db.session.execute(query)]


def _within(reach: Reach, of: Any = Appointment) -> list[ColumnElement[bool]]:  # noqa: ANN401 - visits or groups
    wanted: list[ColumnElement[bool]] = []
    if reach.provider_id is not None:
        wanted.append(of.provider_id == reach.provider_id)
    if reach.location_id is not None:
        wanted.append(of.location_id == reach.location_id)
    if reach.room_id is not None:
        wanted.append(of.room_id == reach.room_id)
    if reach.equipment_id is not None:
        wanted.append(of.equipment_ids.contains([reach.equipment_id]))
    if reach.service_id is not None:
        # Site by site, so that the index on site and start finds those to come among all there ever were.
        wanted += [of.service_id == reach.service_id, of.location_id.in_(select(Location.id))]
    return wanted


def _not_over(span: Span | None, at: datetime) -> list[ColumnElement[bool]]:
    return [
        Appointment.status.in_(TO_COME),
        or_(Appointment.held_until.is_(None), Appointment.held_until > at, Appointment.payment_open),
        *_ahead(span, at, Appointment),
    ]


def _ahead(span: Span | None, at: datetime, of: Any) -> list[ColumnElement[bool]]:  # noqa: ANN401 - visits or groups
    since = at if span is None else max(at, span.start)
    wanted = [of.starts_at > since - _LONGEST, of.ends_at > since]
    return wanted if span is None else [*wanted, of.starts_at < span.end]


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
        group_id=visit.group_session_id,
    )


def _group(session: GroupSession, service: str, provider: Provider, zone: str, room: str | None) -> Coming:
    return Coming(
        id=session.id,
        version=session.version,
        status=Status.BOOKED,
        patient_id=None,
        patient_name="",
        service_id=session.service_id,
        service=service,
        provider_id=session.provider_id,
        provider=provider.name,
        location_id=session.location_id,
        zone=zone,
        room_id=session.room_id,
        room=room or "",
        equipment_ids=tuple(session.equipment_ids),
        span=Span(session.starts_at, session.ends_at),
    )
