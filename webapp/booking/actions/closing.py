"""Closures and new hours, with the visits they leave without a place."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from sqlalchemy import select

from webapp.booking.models import Appointment
from webapp.booking.states import LIVE
from webapp.db import db
from webapp.practice import actions as practice
from webapp.practice.hours import Block, Span, opened
from webapp.practice.models import Closure, Location

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from sqlalchemy import Row

_LIVE = [status.value for status in LIVE]


@dataclass(frozen=True, slots=True)
class Closing:
    """A closure that was made, and the live visits it touches, by start."""

    closure: Closure
    affected: tuple[UUID, ...]


def close_location(location_id: UUID, during: Span, reason: str) -> Closing:
    """Close a site for a span and list the visits somebody has to move (NotFound).

    The list is complete: bookings that were under way have committed, later ones are refused.
    """
    closure = practice.add_closure(location_id, during, reason)
    query = (
        select(Appointment.id)
        .where(Appointment.location_id == location_id, Appointment.status.in_(_LIVE))
        # No visit is longer than a day; the bound lets the index on (location, start) work.
        .where(Appointment.starts_at < during.end, Appointment.starts_at > during.start - timedelta(days=1))
        .where(Appointment.ends_at > during.start)
        .order_by(Appointment.starts_at, Appointment.id)
    )
    return Closing(closure, tuple(db.session.scalars(query)))


def change_hours(provider_id: UUID, blocks: Sequence[Block], *, at: datetime) -> tuple[UUID, ...]:
    """Replace a provider's hours; returns the live visits still to come that no longer lie in them (NotFound)."""
    practice.set_hours(provider_id, blocks)
    query = (
        select(Appointment.id, Appointment.location_id, Appointment.starts_at, Appointment.ends_at, Location.time_zone)
        .join(Location, Location.id == Appointment.location_id)
        .where(Appointment.provider_id == provider_id, Appointment.status.in_(_LIVE), Appointment.starts_at >= at)
        .order_by(Appointment.starts_at, Appointment.id)
    )
    return tuple(visit.id for visit in db.session.execute(query) if not any(_covers(block, visit) for block in blocks))


def _covers(block: Block, visit: Row[UUID, UUID, datetime, datetime, str]) -> bool:
    _, location_id, starts_at, ends_at, zone = visit
    day = starts_at.astimezone(ZoneInfo(zone)).date()
    if block.location_id != location_id or not block.applies_on(day):
        return False
    spans = opened(zone, day, block.starts, block.ends)
    return any(begin <= starts_at.timestamp() and ends_at.timestamp() <= end for begin, end in spans)
