"""Who could take a visit at one instant, by hours alone; whether they are free is for the database to say."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from sqlalchemy import func, select, text

from webapp.booking.availability import Calendar, FreeStart, Rules, Wanted, free_starts, spread
from webapp.booking.models import Appointment
from webapp.booking.refusals import NotOffered, OutsideHours
from webapp.booking.states import LIVE
from webapp.db import db
from webapp.practice.hours import Block, Site, Span, local_day
from webapp.practice.models import (
    Location,
    Provider,
    Resource,
    Room,
    Schedule,
    Service,
    ServiceLocation,
    ServiceProvider,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from datetime import datetime
    from uuid import UUID

_LATTICE = 5
_GUARD = text("select guard_visit(:patient, :provider, :location, :starts_at, :ends_at, :schedule_version)")


@dataclass(frozen=True, slots=True)
class Place:
    """One way to hold a visit: provider and room (None where none is needed), and the schedule version it rests on."""

    provider_id: UUID
    room_id: UUID | None
    schedule_version: int


@dataclass(frozen=True, slots=True)
class Visit:
    """What is to be placed: a service somewhere at an instant, with one provider or whoever may perform it."""

    service: Service
    location: Location
    starts_at: datetime
    ends_at: datetime
    provider_id: UUID | None = None

    @property
    def minutes(self) -> int:
        """Length of the patient's time."""
        return int((self.ends_at - self.starts_at).total_seconds() // 60)


def offered(
    service_id: UUID,
    location_id: UUID,
    starts_at: datetime,
    provider_id: UUID | None,
    *,
    length: timedelta | None = None,
) -> Visit:
    """Look up what is wished for; raises NotOffered when the clinic has no such thing there.

    `length` keeps what was agreed before the service changed; none takes the service's own.
    """
    query = (
        select(Service, Location)
        .join(ServiceLocation, ServiceLocation.service_id == Service.id)
        .join(Location, Location.id == ServiceLocation.location_id)
        .where(Service.id == service_id, Location.id == location_id)
        .where(Service.retired_at.is_(None), Location.retired_at.is_(None))
    )
    found = db.session.execute(query).one_or_none()
    if found is None:
        raise NotOffered(field="service")
    service, location = found
    ends_at = starts_at + (length or timedelta(minutes=service.length_minutes))
    return Visit(service, location, starts_at, ends_at, provider_id)


def places(visit: Visit) -> Iterator[Place]:
    """Yield every way to hold the visit, fairest provider first, all rooms of each before the next.

    Raises NotOffered when nobody asked for performs the service, OutsideHours when nobody works then.
    """
    versions = _performers(visit)
    if not versions:
        raise NotOffered(field="provider")
    starts = _by_hours(visit, versions.keys())
    if not starts:
        raise OutsideHours(field="starts_at")
    for start in starts:
        for room_id in start.room_ids or (None,):
            yield Place(start.provider_id, room_id, versions[start.provider_id])


def guard(patient_id: UUID, place: Place, visit: Visit) -> None:
    """Ask PostgreSQL, under the locks, whether hours, closures and the patient still allow the visit."""
    values = {
        "patient": patient_id,
        "provider": place.provider_id,
        "location": visit.location.id,
        "starts_at": visit.starts_at,
        "ends_at": visit.ends_at,
        "schedule_version": place.schedule_version,
    }
    db.session.execute(_GUARD, values)


def _performers(visit: Visit) -> dict[UUID, int]:
    query = (
        select(Provider.id, Resource.version)
        .join(ServiceProvider, ServiceProvider.provider_id == Provider.id)
        .join(Resource, Resource.id == Provider.id)
        .where(ServiceProvider.service_id == visit.service.id, Provider.retired_at.is_(None))
    )
    if visit.provider_id is not None:
        query = query.where(Provider.id == visit.provider_id)
    return {provider: version for provider, version in db.session.execute(query)}  # noqa: C416 - rows are not pairs


def _by_hours(visit: Visit, providers: Collection[UUID]) -> Sequence[FreeStart]:
    rows = db.session.scalars(
        select(Schedule).where(Schedule.provider_id.in_(providers), Schedule.location_id == visit.location.id)
    )
    blocks = tuple(
        Block(
            row.provider_id,
            row.location_id,
            row.room_id,
            row.weekday,
            row.starts,
            row.ends,
            row.valid_from,
            row.valid_to,
        )
        for row in rows
    )
    rooms = db.session.scalars(
        select(Room.id).where(Room.location_id == visit.location.id, Room.retired_at.is_(None)).order_by(Room.name)
    )
    site = Site(visit.location.id, visit.location.time_zone, tuple(rooms))
    wanted = Wanted(
        rules=Rules(visit.minutes, needs_room=visit.service.needs_room),
        provider_ids=frozenset(providers),
        location_ids=frozenset({visit.location.id}),
        window=Span(visit.starts_at, visit.starts_at + timedelta(seconds=1)),
        now=visit.starts_at,
    )
    starts = free_starts(wanted, Calendar((site,), blocks), step=_LATTICE)
    return starts if len(starts) < 2 else spread(starts, _load(visit, providers))  # noqa: PLR2004 - a choice needs two


def _load(visit: Visit, providers: Collection[UUID]) -> dict[UUID, int]:
    zone = visit.location.time_zone
    day = local_day(zone, visit.starts_at.astimezone(ZoneInfo(zone)).date())
    query = (
        select(Appointment.provider_id, func.sum(func.extract("epoch", Appointment.ends_at - Appointment.starts_at)))
        .where(Appointment.provider_id.in_(providers), Appointment.status.in_([status.value for status in LIVE]))
        .where(Appointment.starts_at >= day.start, Appointment.starts_at < day.end)
        .group_by(Appointment.provider_id)
    )
    return {provider: int(booked // 60) for provider, booked in db.session.execute(query)}
