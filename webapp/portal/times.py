"""Times to choose from: some days in a row that somebody works on, and what is left on each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

from webapp.booking import projected, queries
from webapp.booking.availability import FreeStart, one_each
from webapp.booking.queries.online import live_hold, usual
from webapp.portal.wording import day_of
from webapp.practice import queries as practice
from webapp.practice.hours import Span, local_day

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from uuid import UUID

    from webapp.booking.projected import Ahead
    from webapp.booking.queries import Group, Search
    from webapp.portal.forms import Choice
    from webapp.practice.models import Location, Service
    from webapp.practice.queries import Offer

SHOWN = 5
"""Days that a telephone shows side by side."""
LOOKED_AT = timedelta(days=14)
FURTHEST = timedelta(days=180)
FIRST_YEAR, LAST_YEAR = 1900, 2200


@dataclass(frozen=True, slots=True)
class Day:
    """One day with its free times, or with the groups one can join; `closed` when the clinic is all day."""

    date: date
    starts: tuple[FreeStart, ...] = ()
    groups: tuple[Group, ...] = ()
    closed: bool = False

    @property
    def left(self) -> int:
        """Times, or seats, that are left."""
        return sum(group.left for group in self.groups) if self.groups else len(self.starts)


@dataclass(frozen=True, slots=True)
class Times:
    """The days that are shown; `first` is the first free time of all, `earlier` and `later` where more days begin."""

    days: tuple[Day, ...]
    chosen: date | None
    first: datetime | None
    earlier: date | None
    later: date | None


def completed(choice: Choice, offer: Offer, patient_id: UUID) -> Choice:
    """Fill in what has one sensible answer: who was seen last time, and where."""
    before = usual(patient_id, offer.service.id)
    place, provider = choice.location, choice.provider
    if place not in offer.location_ids:
        place = before.location_id if before is not None and before.location_id in offer.location_ids else None
    if provider not in offer.provider_ids:
        known = before is not None and before.provider_id in offer.provider_ids
        provider = before.provider_id if before is not None and known and not choice.anyone else None
    return replace(choice, location=place or _first_place(offer), provider=provider)


def _first_place(offer: Offer) -> UUID:
    return next(place.id for place in practice.locations() if place.id in offer.location_ids)


def ahead(choice: Choice, now: datetime) -> Ahead:
    """Read before the transaction what DynamoDB holds of the days that are looked at first."""
    opens = now if choice.begins is None else max(now, datetime.combine(_sensible(choice.begins), time.min, UTC))
    return projected.ahead(choice.location, Span(opens, opens + LOOKED_AT), now)


def look(search: Search, choice: Choice, place: Location, now: datetime, known: Ahead | None = None) -> Times:
    """Find the days to show: from the chosen one on, else from today, or from the first free time where that is far.

    `known` is what DynamoDB holds of them (`ahead`); without it PostgreSQL computes them all.
    """
    zone = place.time_zone
    today = day_of(now, zone)
    search = _own_hold_is_free(search, now)
    begins = today if choice.begins is None else max(today, _sensible(choice.begins))
    days = _days(search, begins, place, now, known)
    first = next((day.starts[0].start for day in days if day.starts), None) if begins == today else None
    if first is None:
        nearest = queries.first_free(replace(search, window=Span(now, now + FURTHEST)), now)
        first = nearest[0].start if nearest else None
    if choice.begins is None and first is not None and all(day_of(first, zone) > day.date for day in days):
        begins = day_of(first, zone)
        days = _days(search, begins, place, now, None)
    return _shown(days, choice, begins, today, first)


def seats(groups: Sequence[Group], choice: Choice, now: datetime) -> Times:
    """The next groups of a service by their days."""
    by_day: dict[date, list[Group]] = {}
    for group in groups:
        by_day.setdefault(day_of(group.starts_at, group.zone), []).append(group)
    days = [Day(day, groups=tuple(some)) for day, some in sorted(by_day.items())][:SHOWN]
    first = next((group.starts_at for group in groups if group.left), None)
    today = day_of(now, groups[0].zone) if groups else now.date()
    return replace(_shown(days, choice, today, today, first), later=None, earlier=None)


def _own_hold_is_free(search: Search, now: datetime) -> Search:
    """The time one holds oneself is one's own to choose again: a new hold takes its place."""
    if search.patient_id is None or search.moving is not None:
        return search
    mine = live_hold(search.patient_id, now)
    return search if mine is None else replace(search, beside=(mine,))


def _days(search: Search, begins: date, place: Location, now: datetime, known: Ahead | None) -> list[Day]:
    zone = place.time_zone
    opens = local_day(zone, begins).start
    window = Span(max(now, opens), max(now, opens + LOOKED_AT))
    found = projected.free_times(replace(search, window=window), now, known)
    if found is None:
        return []
    by_day: dict[date, list[FreeStart]] = {}
    for start in one_each(found.starts):
        by_day.setdefault(day_of(start.start, zone), []).append(start)
    people = search.whom(found.offer.provider_ids)
    worked = practice.hours(people, begins, begins + LOOKED_AT).blocks
    blocks = [block for block in worked if block.location_id == place.id]
    closures = [shut.span for shut in practice.closures([place.id], Span(opens, opens + LOOKED_AT))]
    days, (first, last) = [], _bookable(found.offer.service, zone, now)
    for number in range(LOOKED_AT.days):
        day = begins + timedelta(days=number)
        if first <= day <= last and any(block.applies_on(day) for block in blocks):
            days.append(Day(day, tuple(by_day.get(day, ())), closed=_shut(day, zone, closures)))
    return days[:SHOWN]


def _bookable(service: Service, zone: str, now: datetime) -> tuple[date, date]:
    """The first and the last day that a service can be booked online on: no other is shown as full."""
    furthest = FURTHEST if service.furthest_days is None else timedelta(days=service.furthest_days)
    return day_of(now + timedelta(minutes=service.notice_minutes), zone), day_of(now, zone) + furthest


def _shut(day: date, zone: str, closures: Iterable[Span]) -> bool:
    whole = local_day(zone, day)
    return any(span.start <= whole.start + timedelta(hours=12) < span.end for span in closures)


def _shown(days: Sequence[Day], choice: Choice, begins: date, today: date, first: datetime | None) -> Times:
    with_times = [day.date for day in days if day.left]
    chosen = choice.day if choice.day in with_times else next(iter(with_times), None)
    # Fewer than there is room for: nothing that can be booked comes after them.
    later = days[-1].date + timedelta(days=1) if len(days) == SHOWN else None
    earlier = max(today, begins - timedelta(days=7)) if begins > today else None
    return Times(tuple(days), chosen, first, earlier, later)


def _sensible(day: date) -> date:
    return min(max(day, date(FIRST_YEAR, 1, 1)), date(LAST_YEAR, 1, 1))
