"""What is offered, with its rules: saved whole, so that a half-changed service is never booked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select

from webapp.db import db
from webapp.practice.actions.locking import dependents, lock_resources, touch_hours
from webapp.practice.actions.things import Save, save
from webapp.practice.models import (
    Service,
    ServiceEquipment,
    ServiceLocation,
    ServicePart,
    ServiceProvider,
    ServiceRoom,
)
from webapp.practice.refusals import PartsGoRound

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID


@dataclass(frozen=True, slots=True)
class Part:
    """One step of a service that is made of others, and minutes between it and the step before."""

    part_id: UUID
    gap_minutes: int


@dataclass(frozen=True, slots=True)
class SaveService:
    """A service as its form says: its own columns, who and where, rooms, kinds of equipment, parts."""

    values: Mapping[str, Any]
    providers: frozenset[UUID]
    locations: frozenset[UUID]
    rooms: frozenset[UUID]
    equipment: frozenset[str]
    parts: tuple[Part, ...]
    id: UUID | None = None
    version: int = 0


def save_service(wanted: SaveService) -> Service:
    """Add or change a service; whoever performed it is locked (NotFound, VersionConflict, PartsGoRound).

    Bookings that chose one of them before look again.
    """
    performers = set() if wanted.id is None else dependents("services", wanted.id)
    lock_resources(performers, exclusive=True)
    touch_hours(*performers)
    service = save(Save("services", wanted.values, wanted.id, wanted.version))
    if not isinstance(service, Service):
        raise TypeError(service)
    _check_parts(service.id, wanted.parts)
    for table in (ServiceProvider, ServiceLocation, ServiceRoom, ServiceEquipment, ServicePart):
        db.session.execute(delete(table).where(table.service_id == service.id))
    db.session.add_all(ServiceProvider(service_id=service.id, provider_id=each) for each in sorted(wanted.providers))
    db.session.add_all(ServiceLocation(service_id=service.id, location_id=each) for each in sorted(wanted.locations))
    db.session.add_all(ServiceRoom(service_id=service.id, room_id=each) for each in sorted(wanted.rooms))
    db.session.add_all(ServiceEquipment(service_id=service.id, kind=each) for each in sorted(wanted.equipment))
    db.session.add_all(
        ServicePart(service_id=service.id, position=position, part_id=part.part_id, gap_minutes=part.gap_minutes)
        for position, part in enumerate(wanted.parts, 1)
    )
    db.session.flush()
    return service


def _check_parts(service_id: UUID, parts: tuple[Part, ...]) -> None:
    """One level deep: parts stand alone, and a service that is itself a part has none."""
    if not parts:
        return
    chosen = [part.part_id for part in parts]
    nested = select(ServicePart.service_id).where(
        ServicePart.service_id.in_(chosen) | (ServicePart.part_id == service_id)
    )
    if service_id in chosen or db.session.execute(nested.limit(1)).first() is not None:
        raise PartsGoRound
