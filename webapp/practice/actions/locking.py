"""Editors lock before they list: no booking can slip past what they decide."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import bindparam, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import UUID as PGUUID

from webapp.db import db
from webapp.errors import NotFound
from webapp.practice.models import Equipment, ExtraHours, Location, Resource, Room, Schedule, ServiceProvider

if TYPE_CHECKING:
    from collections.abc import Iterable
    from uuid import UUID

    from sqlalchemy import CompoundSelect

_LOCK_RESOURCES = text("select doors.lock_resources(:resources, :exclusive)").bindparams(
    bindparam("resources", type_=ARRAY(PGUUID))
)


def lock_resources(resources: Iterable[UUID], *, exclusive: bool = False) -> None:
    """Lock resource rows in the order of their ids; `exclusive` is for editors, ordinary changes share (NotFound)."""
    wanted = sorted(set(resources))
    if db.session.execute(_LOCK_RESOURCES, {"resources": wanted, "exclusive": exclusive}).scalar_one() != len(wanted):
        raise NotFound


def lock_site(location_id: UUID) -> None:
    """Keep every booking away from a site until this transaction ends: its rooms, and whoever has hours there."""
    lock_locations([location_id])
    lock_resources(resources_of(location_id), exclusive=True)


def resources_of(location_id: UUID) -> set[UUID]:
    """Everything a visit at a site could take: rooms, equipment, and whoever has hours there."""
    rooms = select(Room.id).where(Room.location_id == location_id)
    equipment = select(Equipment.id).where(Equipment.location_id == location_id)
    return {*db.session.scalars(rooms.union(equipment)), *db.session.scalars(_people_at(location_id))}


def lock_locations(wanted: Iterable[UUID]) -> None:
    """Keep other editors away from sites; bookings pass, whose foreign keys ask for less (NotFound)."""
    ids = set(wanted)
    if not ids:
        return
    query = select(Location.id).where(Location.id.in_(ids)).order_by(Location.id).with_for_update(key_share=True)
    if len(db.session.scalars(query).all()) != len(ids):
        raise NotFound


def dependents(kind: str, thing_id: UUID) -> set[UUID]:
    """The providers whose bookings rest on a thing being in use: they are locked, and told, when that changes."""
    if kind == "providers":
        return {thing_id}
    if kind == "services":
        return set(
            db.session.scalars(select(ServiceProvider.provider_id).where(ServiceProvider.service_id == thing_id))
        )
    site = site_of(kind, thing_id)
    return set() if site is None else set(db.session.scalars(_people_at(site)))


def site_of(kind: str, thing_id: UUID) -> UUID | None:
    """The site that a thing is at, or is."""
    if kind == "locations":
        return thing_id
    if kind == "rooms":
        return db.session.scalar(select(Room.location_id).where(Room.id == thing_id))
    if kind == "equipment":
        return db.session.scalar(select(Equipment.location_id).where(Equipment.id == thing_id))
    return None


def _people_at(location_id: UUID) -> CompoundSelect[UUID]:
    return (
        select(Schedule.provider_id)
        .where(Schedule.location_id == location_id)
        .union(select(ExtraHours.provider_id).where(ExtraHours.location_id == location_id))
    )


def touch_hours(*provider_ids: UUID) -> None:
    """Tell bookings that rest on the providers' hours of before to look again; they are locked already."""
    db.session.execute(update(Resource).where(Resource.id.in_(provider_ids)).values(version=Resource.version + 1))
