"""Weekly hours on the wall clock, turned into instants; right in every zone and across every clock change."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import lru_cache
from typing import TYPE_CHECKING
from uuid import UUID
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Iterator

HOUR = 3600
DAY = 24 * HOUR
# No zone was ever more than 16 hours from UTC (Manila before 1845), so a local day lies within these of its UTC day.
_REACH = 16 * HOUR

Seconds = tuple[int, int]
"""A half-open span [start, end) in whole seconds since 1970-01-01T00:00Z."""


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open span of time [start, end) between two aware instants."""

    start: datetime
    end: datetime

    @property
    def seconds(self) -> Seconds:
        """The same span in whole seconds since the epoch."""
        return int(self.start.timestamp()), int(self.end.timestamp())


@dataclass(frozen=True, slots=True)
class Site:
    """A location as time sees it: its IANA zone, and the rooms a visit there may take when its block names none."""

    id: UUID
    time_zone: str
    room_ids: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class Block:
    """One weekly block of a provider's hours: ISO weekday, wall-clock times [starts, ends), first and last day.

    `every_weeks` n means every n-th week, counted from the ISO week that `valid_from` lies in.
    """

    provider_id: UUID
    location_id: UUID
    room_id: UUID | None
    weekday: int
    starts: time
    ends: time
    valid_from: date
    valid_to: date | None = None
    every_weeks: int = 1

    def applies_on(self, day: date) -> bool:
        """Tell whether the block is worked on a local day, closures aside."""
        if day.isoweekday() != self.weekday or day < self.valid_from:
            return False
        if self.valid_to is not None and day > self.valid_to:
            return False
        return self.in_rhythm(day)

    def in_rhythm(self, day: date) -> bool:
        """Tell whether a day lies in one of the weeks that the block is worked in, weekday and validity aside."""
        return (monday(day) - monday(self.valid_from)).days // 7 % self.every_weeks == 0


def once(provider_id: UUID, location_id: UUID, room_id: UUID | None, span: Span, zone: str) -> list[Block]:
    """Turn hours that are worked once into blocks of one local day each; what begins today may end tomorrow."""
    place = ZoneInfo(zone)
    blocks = []
    for day in days_of(zone, span):
        starts = max(span.start.astimezone(place), datetime.combine(day, time.min, place))
        ends = min(span.end.astimezone(place), datetime.combine(day, time.max, place))
        if starts < ends:
            wall = (starts.time(), ends.time())
            blocks.append(Block(provider_id, location_id, room_id, day.isoweekday(), *wall, day, day))
    return blocks


def monday(day: date) -> date:
    """First day of the ISO week that a day lies in."""
    return day - dt.timedelta(days=day.weekday())


@lru_cache(maxsize=4096)
def opened(zone: str, day: date, starts: time, ends: time) -> tuple[Seconds, ...]:
    """List the spans of a local day during which the wall clock reads [starts, ends).

    Usually one. None when clocks jumped over all of it (or over the whole day, Apia 2011-12-30); two when clocks were
    set back inside it and it reads those times twice with others between. A block across the change is as long as
    the clock made it: 00:00 to 03:00 lasts two hours in spring and four in autumn.
    """
    midnight = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
    first, last = midnight + _wall(starts), midnight + _wall(ends)
    spans: list[Seconds] = []
    for begin, end, offset in _offsets(zone, midnight - _REACH, midnight + DAY + _REACH):
        start, stop = max(begin, first - offset), min(end, last - offset)
        if start >= stop:
            continue
        if spans and spans[-1][1] == start:
            spans[-1] = (spans[-1][0], stop)
        else:
            spans.append((start, stop))
    return tuple(spans)


def local_day(zone: str, day: date) -> Span:
    """Span from the first to the last instant whose local date is `day`; empty for a day that a zone skipped."""
    spans = opened(zone, day, time.min, time.max)
    if not spans:
        instant = datetime.combine(day, time.min, ZoneInfo(zone)).astimezone(UTC)
        return Span(instant, instant)
    return Span(_instant(spans[0][0]), _instant(spans[-1][1]))


def days_of(zone: str, span: Span) -> list[date]:
    """List the local dates that a span touches, the skipped ones too."""
    place = ZoneInfo(zone)
    first, last = span.start.astimezone(place).date(), span.end.astimezone(place).date()
    return [first + dt.timedelta(days=n) for n in range((last - first).days + 1)]


def _wall(moment: time) -> int:
    # time.max and 23:59:59.999999 both mean the end of the day.
    seconds = moment.hour * HOUR + moment.minute * 60 + moment.second
    return seconds + 1 if moment.microsecond else seconds


def _instant(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _offsets(zone: str, begin: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Yield (begin, end, UTC offset in seconds) for each stretch of unchanged offset within [begin, end).

    Zones don't tell when they change, so we look once an hour and search between two looks that differ.
    """
    place = ZoneInfo(zone)
    since, offset = begin, _offset(place, begin)
    at = begin
    while at < end:
        look = min(at + HOUR, end)
        seen = _offset(place, look)
        if seen != offset:
            change = _change(place, at, look, offset)
            yield since, change, offset
            since, offset = change, _offset(place, change)
            look = change if seen != offset else look
        at = look
    yield since, end, offset


def _offset(place: ZoneInfo, seconds: int) -> int:
    offset = datetime.fromtimestamp(seconds, place).utcoffset()
    return 0 if offset is None else int(offset.total_seconds())


def _change(place: ZoneInfo, before: int, after: int, offset: int) -> int:
    """First second in (before, after] that no longer has the offset."""
    while after - before > 1:
        middle = (before + after) // 2
        if _offset(place, middle) == offset:
            before = middle
        else:
            after = middle
    return after
