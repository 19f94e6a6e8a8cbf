"""A provider's weekly hours: replaced from a day on, so that what was worked stays as it was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import delete, select

from webapp.db import db
from webapp.errors import NotFound, VersionConflict
from webapp.ids import new_id
from webapp.practice.actions.locking import lock_locations, lock_resources, touch_hours
from webapp.practice.models import Provider, Resource, Schedule
from webapp.practice.patterns import cut, overlaps
from webapp.practice.queries import block_of
from webapp.practice.refusals import HoursOverlap

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from uuid import UUID

    from webapp.practice.hours import Block


@dataclass(frozen=True, slots=True)
class NewHours:
    """A provider's weekly blocks from a day on, or from it to a last day, after which the hours of before go on.

    `version` is that of the provider's hours as the person saw them.
    """

    provider_id: UUID
    first: date
    last: date | None
    blocks: tuple[Block, ...]
    version: int


def lock_hours(provider_id: UUID, blocks: Sequence[Block]) -> None:
    """Take the locks of a change of hours: the sites against other editors, the provider against bookings (NotFound).

    A closure lists who works at its site: hours that begin there wait for it, and it for them.
    """
    lock_locations({block.location_id for block in blocks})
    lock_resources([provider_id], exclusive=True)


def set_hours(provider_id: UUID, blocks: Sequence[Block]) -> None:
    """Replace a provider's weekly blocks; bookings that rest on the old ones look again (NotFound, ValueError)."""
    if any(block.provider_id != provider_id for block in blocks):
        raise ValueError("a block of somebody else")
    lock_hours(provider_id, blocks)
    db.session.execute(delete(Schedule).where(Schedule.provider_id == provider_id))
    db.session.add_all(_row(block) for block in blocks)
    touch_hours(provider_id)
    db.session.flush()


def replace_hours(change: NewHours) -> None:
    """Write new hours from a day on, under the locks of `lock_hours` (NotFound, VersionConflict, HoursOverlap).

    Blocks of before end the day before; those that would have begun later are gone; what lies past the last day of a
    passing change goes on in its own rhythm.
    """
    resource = db.session.get(Resource, change.provider_id, populate_existing=True)
    if resource is None or db.session.get(Provider, change.provider_id) is None:
        raise NotFound
    if resource.version != change.version:
        raise VersionConflict
    if overlaps(change.blocks):
        raise HoursOverlap
    query = select(Schedule).where(Schedule.provider_id == change.provider_id).order_by(Schedule.id)
    for schedule in db.session.scalars(query):
        _cut(schedule, change.first, change.last)
    db.session.flush()
    db.session.add_all(_row(block) for block in change.blocks)
    touch_hours(change.provider_id)
    db.session.flush()


def _cut(schedule: Schedule, first: date, last: date | None) -> None:
    """Take [first, last] out of a block that was planned: what lies before keeps its row, what lies after is new."""
    pieces = cut(block_of(schedule), first, last)
    before = next((piece for piece in pieces if piece.valid_from < first), None)
    if before is not None:
        schedule.valid_to = before.valid_to
    for piece in pieces:
        if piece is not before:
            db.session.add(_row(piece))
    if before is None:
        db.session.delete(schedule)


def _row(block: Block) -> Schedule:
    return Schedule(
        id=new_id(),
        provider_id=block.provider_id,
        location_id=block.location_id,
        room_id=block.room_id,
        weekday=block.weekday,
        starts=block.starts,
        ends=block.ends,
        valid_from=block.valid_from,
        valid_to=block.valid_to,
        every_weeks=block.every_weeks,
    )
