"""Changes of the clinic itself. Editors lock before they list: no booking can slip past what they decide."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import bindparam, delete, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY, Range
from sqlalchemy.dialects.postgresql import UUID as PGUUID

from webapp.db import db
from webapp.errors import NotFound
from webapp.ids import new_id
from webapp.practice.models import Closure, Location, Resource, Room, Schedule

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from uuid import UUID

    from webapp.practice.hours import Block, Span

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
    _lock_locations([location_id])
    rooms = select(Room.id).where(Room.location_id == location_id)
    people = select(Schedule.provider_id).where(Schedule.location_id == location_id)
    lock_resources(db.session.scalars(rooms.union(people)), exclusive=True)


def add_closure(location_id: UUID, during: Span, reason: str) -> Closure:
    """Close a site for a span; visits already there stay until people move them (NotFound).

    List them after this call, in the same transaction: the locks it takes have let every earlier booking commit.
    """
    lock_site(location_id)
    closure = Closure(id=new_id(), location_id=location_id, during=Range(during.start, during.end), reason=reason)
    db.session.add(closure)
    db.session.flush()
    return closure


def set_hours(provider_id: UUID, blocks: Sequence[Block]) -> None:
    """Replace a provider's weekly blocks; bookings that rest on the old ones look again (NotFound, ValueError)."""
    if any(block.provider_id != provider_id for block in blocks):
        raise ValueError("a block of somebody else")
    # A closure lists who works at its site: hours that begin there wait for it, and it for them.
    _lock_locations({block.location_id for block in blocks})
    lock_resources([provider_id], exclusive=True)
    db.session.execute(delete(Schedule).where(Schedule.provider_id == provider_id))
    for block in blocks:
        db.session.add(
            Schedule(
                id=new_id(),
                provider_id=provider_id,
                location_id=block.location_id,
                room_id=block.room_id,
                weekday=block.weekday,
                starts=block.starts,
                ends=block.ends,
                valid_from=block.valid_from,
                valid_to=block.valid_to,
            )
        )
    db.session.execute(update(Resource).where(Resource.id == provider_id).values(version=Resource.version + 1))
    db.session.flush()


def _lock_locations(wanted: Iterable[UUID]) -> None:
    # Among editors only: FOR NO KEY UPDATE lets the foreign keys of bookings pass.
    ids = set(wanted)
    query = select(Location.id).where(Location.id.in_(ids)).order_by(Location.id).with_for_update(key_share=True)
    if len(db.session.scalars(query).all()) != len(ids):
        raise NotFound
