"""Several visits before they are booked or moved: which of them are free, and what else each could take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from webapp.booking.availability import FreeStart, nearest_alternatives
from webapp.booking.queries.free import Found, Search, free_times
from webapp.practice.hours import Span

OFFERS = 3
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

    `search.window` is set here; `length` is that of visits that are new, others keep theirs.
    """
    ordered = sorted(wanted, key=lambda each: each.starts_at)
    found = {each.key: _exactly(each, now) for each in ordered}
    lengths = {each.key: _length(each.search) or length for each in ordered}
    taken = [Span(each.starts_at, each.starts_at + lengths[each.key]) for each in ordered]
    planned = []
    hindered = 0
    for each in ordered:
        why = _hindrance(each, found[each.key], now)
        offers: list[FreeStart] = []
        if why is not None and hindered < MOST_LOOKED_UP:
            hindered += 1
            offers = _instead(each, taken, now)
            taken += [Span(start.start, start.end) for start in offers[:1]]
        planned.append(Planned(each.key, each.starts_at, each.starts_at + lengths[each.key], why, tuple(offers)))
    return planned


def _length(search: Search) -> timedelta | None:
    return None if search.moving is None else search.moving.ends_at - search.moving.starts_at


def _exactly(wanted: Wanted, now: datetime) -> Found | None:
    window = Span(wanted.starts_at, wanted.starts_at + timedelta(minutes=1))
    return free_times(replace(wanted.search, window=window), now, step=5)


def _hindrance(wanted: Wanted, found: Found | None, now: datetime) -> Hindrance | None:
    if found is not None and any(start.start == wanted.starts_at for start in found.starts):
        return None
    if wanted.starts_at <= now:
        return Hindrance.PAST
    if found is None:
        return Hindrance.TAKEN
    minute = Span(wanted.starts_at, wanted.starts_at + timedelta(minutes=1))
    if any(_touch(shut.span, minute) for shut in found.calendar.closures):
        return Hindrance.CLOSED
    if wanted.search.patient_id is None:
        return Hindrance.TAKEN
    without = _exactly(replace(wanted, search=replace(wanted.search, patient_id=None)), now)
    return Hindrance.PATIENT if without is not None and without.starts else Hindrance.TAKEN


def _instead(wanted: Wanted, taken: Sequence[Span], now: datetime) -> list[FreeStart]:
    """The nearest on the same days first: a weekly visit stays in its week."""
    window = Span(max(now, wanted.starts_at - NEAR), max(now, wanted.starts_at) + NEAR)
    found = free_times(replace(wanted.search, window=window), now)
    if found is None:
        return []
    clear = [start for start in found.starts if not any(_touch(Span(start.start, start.end), span) for span in taken)]
    return nearest_alternatives(clear, wanted.starts_at, OFFERS)


def _touch(one: Span, other: Span) -> bool:
    return one.start < other.end and other.start < one.end
