"""What pages and bookings need to know of the clinic: who works when and where, what is offered, when it is closed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import aliased

from webapp.db import db
from webapp.practice.hours import Block, Site, Span, once
from webapp.practice.letterhead import Letterhead, letterhead
from webapp.practice.models import (
    Closure,
    ExtraHours,
    Location,
    Provider,
    Resource,
    Room,
    Schedule,
    Service,
    ServiceLocation,
    ServiceProvider,
)


@dataclass(frozen=True, slots=True)
class Offer:
    """A service with who may perform it and where it is offered, retired people and places left out."""

    service: Service
    provider_ids: frozenset[UUID]
    location_ids: frozenset[UUID]


@dataclass(frozen=True, slots=True)
class Hours:
    """Weekly blocks of some providers with their sites; `versions` is each provider's schedule version as read."""

    sites: tuple[Site, ...]
    blocks: tuple[Block, ...]
    versions: dict[UUID, int]


@dataclass(frozen=True, slots=True)
class Shut:
    """A closure of a location, with the reason staff are told."""

    location_id: UUID
    span: Span
    reason: str


def providers() -> list[Provider]:
    """List the providers of today's clinic in the order of their columns."""
    query = select(Provider).where(Provider.retired_at.is_(None)).order_by(Provider.position, Provider.family)
    return list(db.session.scalars(query))


def locations() -> list[Location]:
    """List the sites that are in use, by name."""
    return list(db.session.scalars(select(Location).where(Location.retired_at.is_(None)).order_by(Location.name)))


def site_names() -> dict[UUID, str]:
    """Names of all sites, retired ones too: what an account was given names them still."""
    return {row.id: row.name for row in db.session.execute(select(Location.id, Location.name))}


def time_zone() -> str:
    """The zone that pages about no site in particular tell times in: the first site's, UTC before there is one."""
    return next((site.time_zone for site in locations()), "UTC")


def signboard() -> Letterhead:
    """Letterhead of the first site, for pages that belong to none."""
    return letterhead(next(iter(locations()), None))


def offers() -> list[Offer]:
    """List every service that can be booked, in the order the desk sees them."""
    query = _offered().where(Service.retired_at.is_(None)).order_by(Service.position, Service.name)
    return [_offer(service, people, places) for service, people, places in db.session.execute(query)]


def offer(service_id: UUID) -> Offer | None:
    """Find one service; also a retired one, because visits of it can still be moved."""
    row = db.session.execute(_offered().where(Service.id == service_id)).one_or_none()
    return None if row is None else _offer(row[0], row[1], row[2])


def _offered() -> Select[Service, list[UUID], list[UUID]]:
    people = (
        select(func.array_agg(ServiceProvider.provider_id))
        .join(Provider, Provider.id == ServiceProvider.provider_id)
        .where(ServiceProvider.service_id == Service.id, Provider.retired_at.is_(None))
        .scalar_subquery()
    )
    places = (
        select(func.array_agg(ServiceLocation.location_id))
        .join(Location, Location.id == ServiceLocation.location_id)
        .where(ServiceLocation.service_id == Service.id, Location.retired_at.is_(None))
        .scalar_subquery()
    )
    return select(Service, people, places)


def _offer(service: Service, people: list[UUID] | None, places: list[UUID] | None) -> Offer:
    return Offer(service, frozenset(people or ()), frozenset(places or ()))


def hours(provider_ids: Iterable[UUID], first: date, last: date) -> Hours:
    """Read the weekly blocks that may apply between two local days, and extra hours as blocks of one day."""
    usual = aliased(Room)
    rooms = (
        select(func.array_agg(Room.id))
        .where(Room.location_id == Location.id, Room.retired_at.is_(None))
        .scalar_subquery()
    )
    query = (
        select(Schedule, Resource.version, Location.id, Location.time_zone, rooms, usual.retired_at)
        .outerjoin(usual, usual.id == Schedule.room_id)
        .join(Location, Location.id == Schedule.location_id)
        .join(Resource, Resource.id == Schedule.provider_id)
        .where(Schedule.provider_id.in_(list(provider_ids)), *_valid(first, last))
        .order_by(Schedule.provider_id, Schedule.weekday, Schedule.starts)
    )
    sites: dict[UUID, Site] = {}
    versions: dict[UUID, int] = {}
    blocks = []
    for schedule, version, location_id, zone, room_ids, room_retired_at in db.session.execute(query):
        sites.setdefault(location_id, Site(location_id, zone, tuple(sorted(room_ids or ()))))
        versions[schedule.provider_id] = version
        block = block_of(schedule)
        # A usual room that is out of use leaves its provider every other one.
        blocks.append(block if room_retired_at is None else replace(block, room_id=None))
    for extra, version, zone, room_ids, room_retired_at in db.session.execute(_extra(provider_ids, first, last)):
        sites.setdefault(extra.location_id, Site(extra.location_id, zone, tuple(sorted(room_ids or ()))))
        versions[extra.provider_id] = version
        room = extra.room_id if room_retired_at is None else None
        blocks += once(extra.provider_id, extra.location_id, room, Span(extra.starts_at, extra.ends_at), zone)
    return Hours(tuple(sites.values()), tuple(blocks), versions)


def _extra(
    provider_ids: Iterable[UUID], first: date, last: date
) -> Select[ExtraHours, int, str, list[UUID], datetime | None]:
    usual = aliased(Room)
    rooms = (
        select(func.array_agg(Room.id))
        .where(Room.location_id == Location.id, Room.retired_at.is_(None))
        .scalar_subquery()
    )
    # Local days begin and end within a day of those in UTC.
    opens = datetime.combine(first, time.min, UTC) - timedelta(days=1)
    closes = datetime.combine(last, time.min, UTC) + timedelta(days=2)
    return (
        select(ExtraHours, Resource.version, Location.time_zone, rooms, usual.retired_at)
        .outerjoin(usual, usual.id == ExtraHours.room_id)
        .join(Location, Location.id == ExtraHours.location_id)
        .join(Resource, Resource.id == ExtraHours.provider_id)
        .where(ExtraHours.provider_id.in_(list(provider_ids)))
        .where(ExtraHours.starts_at < closes, ExtraHours.starts_at > opens)
        .order_by(ExtraHours.provider_id, ExtraHours.starts_at)
    )


def closures(location_ids: Sequence[UUID], span: Span) -> list[Shut]:
    """List the closures that touch a span at the given sites, in order."""
    query = (
        select(Closure.location_id, func.lower(Closure.during), func.upper(Closure.during), Closure.reason)
        .where(Closure.location_id.in_(list(location_ids)))
        .where(Closure.during.overlaps(Range(span.start, span.end)))
        .order_by(func.lower(Closure.during))
    )
    return [
        Shut(location_id, Span(start, end), reason) for location_id, start, end, reason in db.session.execute(query)
    ]


def blocks_of(provider_id: UUID) -> list[Block]:
    """Every weekly block of a provider, those that are over too, by weekday and time."""
    query = (
        select(Schedule)
        .where(Schedule.provider_id == provider_id)
        .order_by(Schedule.weekday, Schedule.starts, Schedule.valid_from)
        .execution_options(populate_existing=True)
    )
    return [block_of(schedule) for schedule in db.session.scalars(query)]


def once_of(provider_id: UUID) -> list[tuple[UUID, Span]]:
    """Where and when a provider works once, beside the weekly blocks."""
    query = select(ExtraHours.location_id, ExtraHours.starts_at, ExtraHours.ends_at).where(
        ExtraHours.provider_id == provider_id
    )
    return [(location_id, Span(start, end)) for location_id, start, end in db.session.execute(query)]


def open_from_until(location_id: UUID, day: date) -> tuple[time, time] | None:
    """Wall-clock times at which the first provider starts and the last one ends on a local day; None on a free day."""
    query = select(Schedule).where(
        Schedule.location_id == location_id, Schedule.weekday == day.isoweekday(), *_valid(day, day)
    )
    blocks = [block for block in map(block_of, db.session.scalars(query)) if block.applies_on(day)]
    if not blocks:
        return None
    return min(block.starts for block in blocks), max(block.ends for block in blocks)


def _valid(first: date, last: date) -> tuple[ColumnElement[bool], ...]:
    return (Schedule.valid_from <= last, or_(Schedule.valid_to.is_(None), Schedule.valid_to >= first))


def block_of(schedule: Schedule) -> Block:
    """The pure block that a row stands for."""
    return Block(
        provider_id=schedule.provider_id,
        location_id=schedule.location_id,
        room_id=schedule.room_id,
        weekday=schedule.weekday,
        starts=schedule.starts,
        ends=schedule.ends,
        valid_from=schedule.valid_from,
        valid_to=schedule.valid_to,
        every_weeks=schedule.every_weeks,
    )
