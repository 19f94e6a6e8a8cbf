"""Locations, rooms, equipment and providers: added, changed, retired and brought back, never deleted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from sqlalchemy import select

from webapp.db import db
from webapp.errors import NotFound, VersionConflict
from webapp.ids import new_id
from webapp.practice.actions.locking import (
    dependents,
    lock_locations,
    lock_resources,
    resources_of,
    site_of,
    touch_hours,
)
from webapp.practice.models import Equipment, Location, Provider, Resource, Room, Schedule, Service
from webapp.practice.refusals import ZoneFixed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from uuid import UUID

Thing: TypeAlias = Location | Room | Equipment | Provider | Service

MODELS: dict[str, type[Thing]] = {
    "locations": Location,
    "rooms": Room,
    "equipment": Equipment,
    "providers": Provider,
    "services": Service,
}
"""What settings pages list, by the word in their addresses."""
RESOURCES = {"rooms": "room", "equipment": "equipment", "providers": "provider"}
"""What of it is a resource, and the kind of its row."""


@dataclass(frozen=True, slots=True)
class Save:
    """What a form says a thing shall be; no `id` makes a new one, `version` is the one the person saw."""

    kind: str
    values: Mapping[str, Any]
    id: UUID | None = None
    version: int = 0


@dataclass(frozen=True, slots=True)
class Retire:
    """Which thing is no longer used, and the version of it that the person saw."""

    kind: str
    id: UUID
    version: int


def save(wanted: Save) -> Thing:
    """Add or change a thing (NotFound, VersionConflict, ZoneFixed; its constraint refuses a name that is taken)."""
    if wanted.id is None:
        thing = _added(wanted)
    else:
        thing = claimed(wanted.kind, wanted.id, wanted.version)
        _check_zone(thing, wanted.values)
        for name, value in wanted.values.items():
            setattr(thing, name, value)
        thing.version += 1
    db.session.flush()
    return thing


def claimed(kind: str, thing_id: UUID, version: int) -> Thing:
    """Lock a row and return it as it is now (NotFound, VersionConflict)."""
    model = MODELS.get(kind)
    if model is None:
        raise NotFound
    query = select(model).where(model.id == thing_id).with_for_update(key_share=True)
    thing: Any = db.session.execute(query.execution_options(populate_existing=True)).scalar_one_or_none()
    if thing is None:
        raise NotFound
    if thing.version != version:
        raise VersionConflict
    found: Thing = thing
    return found


def lock_for_retirement(kind: str, thing_id: UUID) -> None:
    """Keep bookings away from what is about to be retired, and from everybody whose visits may take it (NotFound)."""
    site = site_of(kind, thing_id)
    if site is not None:
        lock_locations([site])
    lock_resources(held_by_retirement(kind, thing_id), exclusive=True)


def held_by_retirement(kind: str, thing_id: UUID) -> set[UUID]:
    """The resources that `lock_for_retirement` locks."""
    own = {thing_id} if kind in RESOURCES else resources_of(thing_id) if kind == "locations" else set()
    return own | dependents(kind, thing_id)


def retire(wanted: Retire, *, at: datetime) -> Thing:
    """Take a thing out of use, under `lock_for_retirement`; what was done with it stays as it was."""
    thing = claimed(wanted.kind, wanted.id, wanted.version)
    if thing.retired_at is None:
        thing.retired_at = at
        thing.version += 1
        _tell_bookings(wanted.kind, wanted.id)
        db.session.flush()
    return thing


def bring_back(wanted: Retire) -> Thing:
    """Take a retired thing back into use (NotFound, VersionConflict)."""
    lock_for_retirement(wanted.kind, wanted.id)
    thing = claimed(wanted.kind, wanted.id, wanted.version)
    if thing.retired_at is not None:
        thing.retired_at = None
        thing.version += 1
        _tell_bookings(wanted.kind, wanted.id)
        db.session.flush()
    return thing


def _added(wanted: Save) -> Thing:
    model, made = MODELS[wanted.kind], new_id()
    if "location_id" in wanted.values:
        lock_locations([wanted.values["location_id"]])
    if wanted.kind in RESOURCES:
        db.session.add(Resource(id=made, kind=RESOURCES[wanted.kind]))
        db.session.flush()
    thing = model(id=made, **wanted.values)
    db.session.add(thing)
    return thing


def _check_zone(thing: Thing, values: Mapping[str, Any]) -> None:
    if not isinstance(thing, Location) or values.get("time_zone", thing.time_zone) == thing.time_zone:
        return
    planned = select(Schedule.id).where(Schedule.location_id == thing.id).limit(1)
    if db.session.execute(planned).first() is not None:
        raise ZoneFixed


def _tell_bookings(kind: str, thing_id: UUID) -> None:
    """Let bookings that chose it before look again; they compare their provider's version under their lock."""
    touch_hours(*dependents(kind, thing_id))
