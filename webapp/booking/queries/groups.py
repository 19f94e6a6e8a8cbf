"""Group visits: those of a day, those one can still join, and who is in one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, func, or_, select
from sqlalchemy.dialects.postgresql import array
from sqlalchemy.orm import joinedload, selectinload

from webapp.booking.models import Appointment, GroupSession
from webapp.booking.states import Status
from webapp.db import db
from webapp.errors import NotFound
from webapp.patients.models import Patient
from webapp.practice.hours import Span
from webapp.practice.models import Location, Provider, Room, Service

MOST_OFFERED = 12


@dataclass(frozen=True, slots=True)
class Group:
    """One group visit and how many of its seats are taken: `here` of them have arrived, `held` are kept for now."""

    id: UUID
    service_id: UUID
    service: str
    provider_id: UUID
    provider_name: str
    room_name: str
    location_id: UUID
    zone: str
    starts_at: datetime
    ends_at: datetime
    capacity: int
    taken: int
    here: int
    held: int
    status: str
    version: int

    @property
    def left(self) -> int:
        """Free seats."""
        return max(0, self.capacity - self.taken)

    @property
    def open(self) -> bool:
        return self.status == "open"


@dataclass(frozen=True, slots=True)
class Roster:
    """A group visit with everybody who was ever in it, by seat; canceled seats last."""

    group: Group
    location: Location
    seats: tuple[Appointment, ...]


def day_sessions(location_id: UUID, span: Span) -> list[Group]:
    """Read the group visits of a site that start in a span, by start, in one statement."""
    query = _groups().where(
        GroupSession.location_id == location_id,
        GroupSession.starts_at >= span.start,
        GroupSession.starts_at < span.end,
        GroupSession.status == "open",
    )
    return [_group(row) for row in db.session.execute(query)]


def groups_to_join(service_id: UUID, location_id: UUID | None, provider_id: UUID | None, at: datetime) -> list[Group]:
    """Read the next group visits of a service that are not over, full ones too; of one provider when asked for."""
    query = _groups().where(
        GroupSession.service_id == service_id, GroupSession.ends_at > at, GroupSession.status == "open"
    )
    if location_id is not None:
        query = query.where(GroupSession.location_id == location_id)
    if provider_id is not None:
        query = query.where(GroupSession.provider_id == provider_id)
    return [_group(row) for row in db.session.execute(query.limit(MOST_OFFERED))]


def group(session_id: UUID) -> Group:
    """Read one group visit (NotFound)."""
    row = db.session.execute(_groups().where(GroupSession.id == session_id)).one_or_none()
    if row is None:
        raise NotFound
    return _group(row)


def roster(session_id: UUID) -> Roster:
    """Read a group visit with its seats (NotFound)."""
    found = group(session_id)
    query = (
        select(Appointment)
        .where(Appointment.group_session_id == session_id)
        .options(joinedload(Appointment.patient).options(selectinload(Patient.alerts), selectinload(Patient.telecoms)))
        .order_by(Appointment.seat_no, Appointment.booked_at)
    )
    seats: Sequence[Appointment] = db.session.scalars(query).all()
    gone = {Status.CANCELLED, Status.LAPSED}
    return Roster(
        found,
        db.session.get_one(Location, found.location_id),
        tuple(sorted(seats, key=lambda seat: Status(seat.status) in gone)),
    )


def _groups() -> Select[*tuple[Any, ...]]:
    seats = Appointment.group_session_id == GroupSession.id
    # By the door: patients see how many seats are left, and nothing of who has the others.
    taken = select(func.count()).select_from(func.doors.seats_taken(array([GroupSession.id]))).scalar_subquery()
    here = select(func.count()).where(seats, Appointment.arrived_at.is_not(None)).scalar_subquery()
    kept = (seats, Appointment.status == Status.HELD)
    alive = or_(Appointment.payment_open, Appointment.held_until > func.doors.moment())
    held = select(func.count()).where(*kept, alive).scalar_subquery()
    return (
        select(GroupSession, Service.name, Provider, Room.name, Location.time_zone, taken, here, held)
        .join(Service, Service.id == GroupSession.service_id)
        .join(Provider, Provider.id == GroupSession.provider_id)
        .join(Location, Location.id == GroupSession.location_id)
        .outerjoin(Room, Room.id == GroupSession.room_id)
        .order_by(GroupSession.starts_at, GroupSession.id)
    )


def _group(row: Row[*tuple[Any, ...]]) -> Group:
    session, service, provider, room, zone, taken, here, held = row
    return Group(
        id=session.id,
        service_id=session.service_id,
        service=service,
        provider_id=session.provider_id,
        provider_name=provider.name,
        room_name=room or "",
        location_id=session.location_id,
        zone=zone,
        starts_at=session.starts_at,
        ends_at=session.ends_at,
        capacity=session.capacity,
        taken=taken,
        here=here,
        held=held,
        status=session.status,
        version=session.version,
    )
