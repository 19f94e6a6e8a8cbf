"""What settings pages show: everything the clinic has, retired or not, with its rules."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import Range

from webapp.db import db
from webapp.errors import NotFound
from webapp.practice.actions import MODELS, Part
from webapp.practice.hours import Span
from webapp.practice.models import (
    Closure,
    Equipment,
    ExtraHours,
    Leave,
    Location,
    Provider,
    Resource,
    Room,
    Schedule,
    Service,
    ServiceEquipment,
    ServiceLocation,
    ServicePart,
    ServiceProvider,
    ServiceRoom,
)


@dataclass(frozen=True, slots=True)
class ServiceDetail:
    """A service with everything its form shows."""

    service: Service
    providers: frozenset[UUID]
    locations: frozenset[UUID]
    rooms: frozenset[UUID]
    equipment: frozenset[str]
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Exceptions:
    """What is different once for a provider over a span, each by start."""

    leaves: tuple[Leave, ...]
    extra: tuple[ExtraHours, ...]
    closures: tuple[Closure, ...]


def things(kind: str) -> list[Any]:
    """Everything of a kind ("locations", "rooms", …), what is in use first, in the order people see it."""
    model = MODELS[kind]
    order: dict[str, tuple[Any, ...]] = {
        "locations": (Location.name,),
        "rooms": (Room.location_id, Room.name),
        "equipment": (Equipment.location_id, Equipment.kind, Equipment.name),
        "providers": (Provider.position, Provider.family),
        "services": (Service.position, Service.name),
    }
    return list(db.session.scalars(select(model).order_by(model.retired_at.is_not(None), *order[kind])))


def thing(kind: str, thing_id: UUID) -> Any:  # noqa: ANN401 - one of five models
    """One thing, also a retired one (NotFound)."""
    found = db.session.get(MODELS[kind], thing_id)
    if found is None:
        raise NotFound
    return found


def in_use() -> dict[str, int]:
    """How many of each kind are in use."""
    counts = {}
    for kind, model in MODELS.items():
        query = select(func.count()).select_from(model).where(model.retired_at.is_(None))
        counts[kind] = db.session.execute(query).scalar_one()
    return counts


def rooms_in_use() -> list[Room]:
    """Rooms of all sites, by site and name."""
    return list(db.session.scalars(select(Room).where(Room.retired_at.is_(None)).order_by(Room.location_id, Room.name)))


def equipment_kinds() -> list[str]:
    """Kinds of equipment in use or asked for by a service."""
    have = select(Equipment.kind).where(Equipment.retired_at.is_(None))
    return sorted(db.session.scalars(have.union(select(ServiceEquipment.kind))))


def service_detail(service_id: UUID) -> ServiceDetail:
    """A service with its rules (NotFound)."""
    service = db.session.get(Service, service_id)
    if service is None:
        raise NotFound
    parts = select(ServicePart).where(ServicePart.service_id == service_id).order_by(ServicePart.position)
    return ServiceDetail(
        service,
        _ids(ServiceProvider.provider_id, ServiceProvider.service_id, service_id),
        _ids(ServiceLocation.location_id, ServiceLocation.service_id, service_id),
        _ids(ServiceRoom.room_id, ServiceRoom.service_id, service_id),
        _ids(ServiceEquipment.kind, ServiceEquipment.service_id, service_id),
        tuple(Part(part.part_id, part.gap_minutes) for part in db.session.scalars(parts)),
    )


def _ids(wanted: Any, of: Any, service_id: UUID) -> frozenset[Any]:  # noqa: ANN401 - columns
    return frozenset(db.session.scalars(select(wanted).where(of == service_id)))


def services_of(provider_id: UUID) -> list[Service]:
    """The services in use that a provider performs."""
    query = (
        select(Service)
        .join(ServiceProvider, ServiceProvider.service_id == Service.id)
        .where(ServiceProvider.provider_id == provider_id, Service.retired_at.is_(None))
        .order_by(Service.position, Service.name)
    )
    return list(db.session.scalars(query))


def hours_version(provider_id: UUID) -> int:
    """Which version of a provider's hours, leave and extra hours a page shows (NotFound)."""
    version = db.session.scalar(select(Resource.version).where(Resource.id == provider_id))
    if version is None:
        raise NotFound
    return version


def zone_of(provider_id: UUID) -> str | None:
    """The zone a provider's clock shows: that of the site where most of their weekly hours are; None without any."""
    query = (
        select(Location.time_zone)
        .join(Schedule, Schedule.location_id == Location.id)
        .where(Schedule.provider_id == provider_id)
        .group_by(Location.id)
        .order_by(func.count().desc(), Location.name)
        .limit(1)
    )
    return db.session.scalar(query)


def exceptions_of(provider_id: UUID, location_ids: frozenset[UUID], span: Span) -> Exceptions:
    """A provider's leave and extra hours, and the closures of their sites, that touch a span."""
    leaves = select(Leave).where(
        Leave.provider_id == provider_id, Leave.starts_at < span.end, Leave.ends_at > span.start
    )
    extra = select(ExtraHours).where(
        ExtraHours.provider_id == provider_id, ExtraHours.starts_at < span.end, ExtraHours.ends_at > span.start
    )
    closed = select(Closure).where(
        Closure.location_id.in_(location_ids), Closure.during.overlaps(Range(span.start, span.end))
    )
    return Exceptions(
        tuple(db.session.scalars(leaves.order_by(Leave.starts_at))),
        tuple(db.session.scalars(extra.order_by(ExtraHours.starts_at))),
        tuple(db.session.scalars(closed.order_by(func.lower(Closure.during)))),
    )


def away_now(at: datetime) -> dict[UUID, datetime]:
    """Until when providers are away who are away at a moment."""
    query = select(Leave.provider_id, func.max(Leave.ends_at)).where(Leave.starts_at <= at, Leave.ends_at > at)
    return {provider: until for provider, until in db.session.execute(query.group_by(Leave.provider_id))}  # noqa: C416


def closures_from(at: datetime) -> list[Closure]:
    """Closures that are not over, by start."""
    query = select(Closure).where(func.upper(Closure.during) > at).order_by(func.lower(Closure.during))
    return list(db.session.scalars(query))
