"""What the boards show, put together from several slices in a handful of statements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import TypeVar
from uuid import UUID

from webapp.booking.queries import BoardVisit, Group, day_visits
from webapp.booking.states import LIVE, Status
from webapp.desk.day_plan import Facts
from webapp.desk.queries.clinic import Clinic, Colleague, clinic
from webapp.desk.queries.month import Month, month, weeks
from webapp.desk.queries.owed import with_owed
from webapp.practice import queries as practice
from webapp.practice.hours import Seconds, Span, local_day, monday
from webapp.practice.models import Location

WEEK = 7


@dataclass(frozen=True)
class Day:
    """One day of one site: its providers, what each of them has, and every visit by start.

    A group visit stands on the grid once, in `sessions`; its seats are visits that only lists show.
    """

    clinic: Clinic
    day: date
    span: Span
    facts: dict[UUID, Facts]
    visits: tuple[BoardVisit, ...]
    month: Month
    sessions: tuple[Group, ...] = ()

    @property
    def location(self) -> Location:
        return self.clinic.location

    @property
    def providers(self) -> tuple[Colleague, ...]:
        return self.clinic.providers

    @cached_property
    def working(self) -> list[Colleague]:
        """Providers who work or have a visit that day, in column order; all of them when nobody does."""
        busy = [each for each in self.providers if self.facts[each.id].hours or self.facts[each.id].visits]
        return busy or list(self.providers)


@dataclass(frozen=True, slots=True)
class Week:
    """Seven days of one site, Monday to Sunday; `shown` is the one the address names."""

    days: tuple[Day, ...]
    shown: Day


def location(wanted: UUID | None = None, own: Collection[UUID] = ()) -> Location | None:
    """Find the site to show: the one that was asked for, else the first of one's own, else the first by name.

    None in a clinic without any.
    """
    sites = practice.locations()
    asked = [site for site in sites if site.id == wanted] or [site for site in sites if site.id in own] or sites
    return next(iter(asked), None)


def day(location_id: UUID | None, wanted: date, at: datetime) -> Day | None:
    """Read a day of a site (none asked for: the first by name) as it is at `at`; None in a clinic without any.

    Lapsed holds are gone; canceled visits are listed but take no time.
    """
    found = clinic(location_id, *weeks(wanted))
    if found is None:
        return None
    span = local_day(found.location.time_zone, wanted)
    visits = with_owed(day_visits(found.location.id, span, at))
    return _day(found, wanted, span, visits, month(found, wanted, at))


def week(location_id: UUID | None, wanted: date, at: datetime) -> Week | None:
    """Read the week that a day lies in, in as many statements as the day alone."""
    found = clinic(location_id, *weeks(wanted))
    if found is None:
        return None
    zone, first = found.location.time_zone, monday(wanted)
    spans = {first + timedelta(days=n): local_day(zone, first + timedelta(days=n)) for n in range(WEEK)}
    whole = Span(min(span.start for span in spans.values()), max(span.end for span in spans.values()))
    visits = with_owed(day_visits(found.location.id, whole, at))
    marks = month(found, wanted, at)
    days = tuple(_day(found, each, span, tuple(_within(visits, span)), marks) for each, span in spans.items())
    return Week(days, next(each for each in days if each.day == wanted))


Timed = TypeVar("Timed", BoardVisit, Group)


def _within(found: Iterable[Timed], span: Span) -> Iterator[Timed]:
    return (each for each in found if span.start <= each.starts_at < span.end)


def _day(
    found: Clinic,
    wanted: date,
    span: Span,
    visits: tuple[BoardVisit, ...],
    marks: Month,
) -> Day:
    worked = found.worked(wanted)
    sessions = tuple(_within(found.sessions, span))
    entries = _entries(visits, sessions)
    facts = {
        provider.id: Facts(
            hours=tuple(worked.get(provider.id, ())),
            closed=tuple(found.closed(provider.id, span)),
            visits=tuple(entries.get(provider.id, ())),
        )
        for provider in found.providers
    }
    return Day(found, wanted, span, facts, visits, marks, sessions)


def _entries(visits: Iterable[BoardVisit], sessions: Iterable[Group]) -> dict[UUID, list[tuple[UUID, Seconds, bool]]]:
    """Visits and group visits of each provider that stand on the grid, and whether they take time."""
    found: dict[UUID, list[tuple[UUID, Seconds, bool]]] = defaultdict(list)
    for visit in visits:
        if visit.status is not Status.CANCELLED and visit.group_session_id is None:
            found[visit.provider_id].append((visit.id, _span(visit), visit.status in LIVE))
    for session in sessions:
        found[session.provider_id].append((session.id, _span(session), True))
    return found


def _span(each: BoardVisit | Group) -> Seconds:
    return int(each.starts_at.timestamp()), int(each.ends_at.timestamp())
