"""Several visits before they are booked or moved: which of them are free, and what else each could take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from uuid import UUID

from webapp.booking.availability import FreeStart
from webapp.booking.queries.free import Found, Search, free_in
from webapp.booking.queries.nearest import Near, Nearest
from webapp.practice import queries as practice
from webapp.practice.hours import Span

OFFERS = 3
_MINUTE = timedelta(minutes=1)
NEAR = timedelta(days=4)
MOST_LOOKED_UP = 30
"""Of more conflicts than this only the first get alternatives: then it is the rule that is wrong."""


class Hindrance(StrEnum):
    """What stands in the way of a visit, as far as the desk has to know to go on."""

    PATIENT = "patient"
    CLOSED = "closed"
    PAST = "past"
    TAKEN = "taken"


@dataclass(frozen=True, slots=True)
class Planned:
    """One visit of a plan: free when `hindrance` is None, else with the nearest times it could have instead."""

    key: int | UUID
    starts_at: datetime
    ends_at: datetime
    hindrance: Hindrance | None = None
    offers: tuple[FreeStart, ...] = ()

    @property
    def free(self) -> bool:
        return self.hindrance is None


@dataclass(frozen=True, slots=True)
class Wanted:
    """One visit that somebody plans: when, and how to search for it."""

    key: int | UUID
    starts_at: datetime
    search: Search


def plan(wanted: Sequence[Wanted], length: timedelta, now: datetime) -> list[Planned]:
    """Look at every visit of a plan, by start; what is offered to one keeps clear of all the others.

    `search.window` is set here; `length` is that of visits that are new, others keep theirs.  What is free, and what
    else there is for those that are not, is asked for all together.
    """
    ordered = sorted(wanted, key=lambda each: each.starts_at)
    why = _hindrances(ordered, now)
    spans = [Span(each.starts_at, each.starts_at + (_length(each.search) or length)) for each in ordered]
    taken = list(spans)
    hindered = [number for number, hindrance in enumerate(why) if hindrance is not None][:MOST_LOOKED_UP]
    zones = {site.id: site.time_zone for site in practice.locations()} if hindered else {}
    near = Nearest([_near(ordered[number], zones) for number in hindered], NEAR, OFFERS, now)
    offers: dict[int, list[FreeStart]] = {}
    for place, number in enumerate(hindered):
        offers[number] = near.of(place, partial(_clear_of, taken))
        taken += [Span(start.start, start.end) for start in offers[number][:1]]
    return [
        Planned(each.key, each.starts_at, spans[number].end, why[number], tuple(offers.get(number, ())))
        for number, each in enumerate(ordered)
    ]


def _near(wanted: Wanted, zones: Mapping[UUID, str]) -> Near:
    """Where to look instead, first on the same day: a weekly visit stays in its week."""
    place = wanted.search.location_id
    return Near(wanted.search, wanted.starts_at, None if place is None else zones.get(place))


def _length(search: Search) -> timedelta | None:
    return None if search.moving is None else search.moving.ends_at - search.moving.starts_at


def _hindrances(wanted: Sequence[Wanted], now: datetime) -> list[Hindrance | None]:
    found = _exactly(wanted, now)
    why = [_hindrance(each, there, now) for each, there in zip(wanted, found, strict=True)]
    # Those that are taken are asked about once more: would they be free for somebody else?
    asked = [n for n, each in enumerate(wanted) if why[n] is Hindrance.TAKEN and each.search.patient_id is not None]
    others = [replace(wanted[n], search=replace(wanted[n].search, patient_id=None)) for n in asked]
    for n, without in zip(asked, _exactly(others, now), strict=True):
        if without is not None and without.starts:
            why[n] = Hindrance.PATIENT
    return why


def _exactly(wanted: Sequence[Wanted], now: datetime) -> list[Found | None]:
    windows = [Span(each.starts_at, each.starts_at + _MINUTE) for each in wanted]
    searches = [replace(each.search, window=window) for each, window in zip(wanted, windows, strict=True)]
    return free_in(searches, now, step=5)


def _hindrance(wanted: Wanted, found: Found | None, now: datetime) -> Hindrance | None:
    if found is not None and any(start.start == wanted.starts_at for start in found.starts):
        return None
    if wanted.starts_at <= now:
        return Hindrance.PAST
    minute = Span(wanted.starts_at, wanted.starts_at + _MINUTE)
    if found is not None and any(_touch(shut.span, minute) for shut in found.calendar.closures):
        return Hindrance.CLOSED
    return Hindrance.TAKEN


def _clear_of(taken: Sequence[Span], start: FreeStart) -> bool:
    return not any(_touch(Span(start.start, start.end), span) for span in taken)


def _touch(one: Span, other: Span) -> bool:
    return one.start < other.end and other.start < one.end
