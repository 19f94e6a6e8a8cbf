"""Which of those who are free is asked first: providers by what they have to do, rooms and equipment by turns."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text

from webapp.booking.availability import FreeStart, spread
from webapp.db import db
from webapp.practice.hours import local_day

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from webapp.booking.actions.placing import Terms

# By the door: a patient's booking is as fair as the desk's, and sees nobody's visits.
_LOAD = text("select provider_id, minutes from doors.minutes_booked(:providers, :opens, :closes)")

Thing = TypeVar("Thing")
Piece = tuple[UUID, str]
"""A piece of equipment and its kind."""


def one_of_each(pieces: Sequence[Piece], gone: Collection[UUID]) -> tuple[UUID, ...] | None:
    """Pick the first piece of every kind that is not `gone`; None when all of a kind are."""
    chosen: dict[str, UUID] = {}
    for piece, kind in pieces:
        if piece not in gone:
            chosen.setdefault(kind, piece)
    return tuple(chosen.values()) if chosen.keys() == {kind for _, kind in pieces} else None


def turned(things: Sequence[Thing], whose: UUID) -> tuple[Thing, ...]:
    """Begin each one's rooms at another one, so that those booked at the same moment rarely want the same."""
    first = whose.int % len(things) if things else 0
    return (*things[first:], *things[:first])


def fairest(providers: Sequence[UUID], terms: Terms) -> Sequence[UUID]:
    """Put who has least to do that day first."""
    if len(providers) < 2:  # noqa: PLR2004 - a choice needs two
        return providers
    day = local_day(terms.time_zone, terms.starts_at.astimezone(ZoneInfo(terms.time_zone)).date())
    values = {"providers": list(providers), "opens": day.start, "closes": day.end}
    load = {row.provider_id: int(row.minutes) for row in db.session.execute(_LOAD, values)}
    offers = [FreeStart(terms.starts_at, terms.ends_at, provider, terms.location_id) for provider in providers]
    return [offer.provider_id for offer in spread(offers, load)]
