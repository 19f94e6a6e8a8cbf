"""Day, Week and List: what each of them reads and shows."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from webapp.booking.queries import BoardVisit
from webapp.desk import queries
from webapp.desk.queries import Day, Week
from webapp.desk.views import grid, listing, week
from webapp.desk.views.address import Address


@dataclass(frozen=True, slots=True)
class View:
    """A board that was read: the day it is about, the visits its counts are of, what its template shows, whose names.

    `listed` are the patients a person can make out on it; counts name nobody.
    """

    day: Day
    visits: tuple[BoardVisit, ...]
    shown: dict[str, Any]
    listed: frozenset[UUID]


def read(asked: Address, at: datetime, own: Collection[UUID] = ()) -> View | None:
    """Read what the address asks for; None in a clinic without any site."""
    if asked.view == "week":
        found = queries.week(asked.location, asked.day, at, own)
        return None if found is None else _week(asked, found, at)
    day = queries.day(asked.location, asked.day, at, own)
    if day is None:
        return None
    shown = grid.day(asked, day, at) if asked.view == "day" else listing.context(asked, day, at)
    return View(day, day.visits, shown, _patients(asked, day.visits))


def _week(asked: Address, found: Week, at: datetime) -> View:
    visits = tuple(visit for day in found.days for visit in day.visits)
    if len(asked.providers) == 1:
        return View(found.shown, visits, grid.week(asked, found, at), _patients(asked, visits))
    return View(found.shown, visits, week.context(asked, found, at), frozenset())


def _patients(asked: Address, visits: tuple[BoardVisit, ...]) -> frozenset[UUID]:
    return frozenset(visit.patient_id for visit in visits if asked.shows(visit))
