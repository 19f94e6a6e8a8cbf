"""Free times from the projection, with PostgreSQL's answers; PostgreSQL is asked where it has none.

Read what lies ahead before the transaction (`ahead`, the `prefetch` of a door); inside it two statements are left, for
the rules of the service and the time of the patient. Whatever is found, booking looks again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import text

from webapp.booking import queries
from webapp.booking.availability import Busy, Calendar, FreeStart, Rules, Wanted, free_starts, in_order, one_each
from webapp.booking.projection.ahead import Ahead, Unusable, counted, fetch
from webapp.booking.queries.free import Found, Search
from webapp.booking.queries.ground import open_to, rules_of
from webapp.db import db
from webapp.practice import queries as practice
from webapp.practice.hours import Span, days_of, local_day

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from webapp.booking.projection.plan import DayPlan

__all__ = ["Ahead", "ahead", "any_times", "first_free", "free_times"]

_RULES = text((Path(__file__).parent / "sql" / "projected_rules.sql").read_text("utf-8"))
_MOMENT = timedelta(microseconds=1)
_REACH = timedelta(days=1)
_ZONES_APART = timedelta(days=2)


def ahead(location_id: UUID | None, span: Span, now: datetime) -> Ahead:
    """Read the days of a place that a span touches, before the transaction; an outage shows when it is used.

    None is every place, where they are few.
    """
    return fetch(location_id, span.start, span.end, now)


def any_times(search: Search, now: datetime, known: Ahead | None) -> Found | None:
    """Find free times of a service, as `queries.any_times` does; those of several visits in one coming are computed."""
    if known is None or search.moving is not None or queries.parts(search.service_id):
        return queries.any_times(search, now)
    return free_times(search, now, known)


def free_times(search: Search, now: datetime, known: Ahead | None, *, step: int | None = None) -> Found | None:
    """Find free times as `queries.free_times` does; None for `known` asks PostgreSQL."""
    if known is None:
        return queries.free_times(search, now, step=step)
    try:
        asked = _asked(search, now)
        found = None if asked is None else _found(asked, known, step)
    except Unusable as unusable:
        counted(unusable.reason)
        return queries.free_times(search, now, step=step)
    counted("projected")
    return found


def first_free(search: Search, now: datetime, n: int, known: Ahead | None) -> list[FreeStart]:
    """Find the n earliest times as `queries.first_free` does, reading no more days than it takes."""
    if known is None:
        return queries.first_free(search, now, n)
    try:
        asked = _asked(search, now)
        found = [] if asked is None else _firsts(asked, known, n)
    except Unusable as unusable:
        counted(unusable.reason)
        return queries.first_free(search, now, n)
    counted("projected")
    return found


@dataclass(frozen=True, slots=True)
class _Asked:
    """A search with all that PostgreSQL has to say about it; `open_to` is whether the patient may book it at all."""

    offer: practice.Offer
    wanted: Wanted
    zones: dict[UUID, str]
    kinds: tuple[str, ...]
    own: tuple[Busy, ...]
    open_to: bool

    def days(self, place: UUID) -> list[date]:
        """The local days of a place on which a visit may begin."""
        window, rules, now = self.wanted.window, self.wanted.rules, self.wanted.now
        zone = self.zones[place]
        first = max(window.start, now + timedelta(minutes=rules.notice))
        last = window.end - _MOMENT
        if not self.open_to or first > last:
            return []
        days = days_of(zone, Span(first, last))
        if rules.furthest is None:
            return days
        furthest = days_of(zone, Span(now, now))[0] + timedelta(days=rules.furthest)
        return [day for day in days if day <= furthest]

    def starts(self, known: Ahead, place: UUID, day: date, step: int | None) -> list[FreeStart]:
        """Free starts of one day; raises Unusable."""
        plan = known.plan(place, day, self.zones[place])
        whole = local_day(self.zones[place], day)
        window = Span(max(whole.start, self.wanted.window.start), min(whole.end, self.wanted.window.end))
        if window.start >= window.end:
            return []
        wanted = replace(self.wanted, window=window, location_ids=frozenset({place}))
        return free_starts(wanted, plan.calendar(self.kinds, self.own), step=step)


def _found(asked: _Asked, known: Ahead, step: int | None) -> Found:
    starts: list[FreeStart] = []
    plans: list[DayPlan] = []
    for place, zone in asked.zones.items():
        # All days of the window, those beyond the furthest too: a page shows that somebody works on them.
        whole = Span(asked.wanted.window.start, asked.wanted.window.end - _MOMENT)
        plans += [known.plan(place, day, zone) for day in days_of(zone, whole)]
        starts += [start for day in asked.days(place) for start in asked.starts(known, place, day, step)]
    if len(asked.zones) > 1:
        starts.sort(key=in_order)
    sites = {plan.site.id: plan.site for plan in plans}
    calendar = Calendar(
        tuple(sites.values()),
        tuple(block for plan in plans for block in plan.blocks),
        tuple(closed for plan in plans for closed in plan.closures),
    )
    return Found(asked.offer, starts, sites, calendar)


def _firsts(asked: _Asked, known: Ahead, n: int) -> list[FreeStart]:
    found: list[FreeStart] = []
    until: date | None = None
    for day, places in _by_day(asked):
        if until is not None and day > until:
            break
        found += [start for place in places for start in asked.starts(known, place, day, None)]
        if until is None and len(found) >= n:
            # Where places are in several zones, what begins first may lie on a later date.
            until = day if len(set(asked.zones.values())) == 1 else day + _ZONES_APART
    return one_each(sorted(found, key=in_order))[:n]


def _by_day(asked: _Asked) -> Iterator[tuple[date, list[UUID]]]:
    """Every day on which a visit may begin somewhere, with the places, in the order of the days."""
    places: dict[date, list[UUID]] = {}
    for place in asked.zones:
        for day in asked.days(place):
            places.setdefault(day, []).append(place)
    yield from sorted(places.items())


def _asked(search: Search, now: datetime) -> _Asked | None:
    """Ask PostgreSQL for what the projection does not hold; None when there is no such service."""
    if search.moving is not None or search.beside:
        # Its own time is free to it, and in the projection nobody's time has a name.
        raise Unusable("unasked")
    offer = practice.offer(search.service_id)
    if offer is None:
        return None
    row = _row(search, now)
    people = search.whom(offer.provider_ids)
    places = offer.location_ids if search.location_id is None else offer.location_ids & {search.location_id}
    rooms = frozenset(row.room_ids) if row.room_ids else None
    rules: Rules = rules_of(offer.service, None, asked=search.asked)
    wanted = Wanted(rules, people, places, search.window, now, search.patient_id, rooms)
    zones = {UUID(place): zone for place, zone in row.sites or () if UUID(place) in places}
    return _Asked(offer, wanted, zones, tuple(row.kinds), tuple(_own(search, row.own)), open_to(row, search))


def _row(search: Search, now: datetime) -> Any:  # noqa: ANN401 - a row
    values = {
        "service": search.service_id,
        "patient": search.patient_id,
        "portal": search.via == "portal",
        "begins": search.window.start,
        "ends": search.window.end + _REACH,
        "at": now,
    }
    return db.session.execute(_RULES, values).one()


def _own(search: Search, spans: list[tuple[float, float, float | None]] | None) -> Iterator[Busy]:
    for start, end, lapses in spans or ():
        if search.patient_id is not None:
            moment = None if lapses is None else datetime.fromtimestamp(float(lapses), UTC)
            yield Busy(search.patient_id, Span(_instant(start), _instant(end)), moment)


def _instant(seconds: float) -> datetime:
    return datetime.fromtimestamp(float(seconds), UTC)
