"""Repeated visits: every n days, weeks or months, at the same wall-clock time whatever clocks do meanwhile. Pure."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST = 104
"""Two years of weeks: no series is longer, however it ends."""
FEWEST = 2
LONGEST_STEP = 52
_MONTHS = 12
_LATTICE = timedelta(minutes=5)


class Frequency(StrEnum):
    """What `every` counts; the values are what `series.frequency` holds."""

    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"


class Adjusted(StrEnum):
    """Why a visit is not exactly where the rule puts it."""

    SHORT_MONTH = "short_month"
    CLOCK = "clock"


@dataclass(frozen=True, slots=True)
class Repeat:
    """Every n days, weeks or months, `count` times or until a local day inclusive (ValueError unless just one)."""

    frequency: Frequency
    every: int = 1
    count: int | None = None
    until: date | None = None

    def __post_init__(self) -> None:
        """Refuse what the table would refuse."""
        if not 1 <= self.every <= LONGEST_STEP:
            raise ValueError("every")
        if (self.count is None) == (self.until is None):
            raise ValueError("either a count or an end")
        if self.count is not None and not FEWEST <= self.count <= MOST:
            raise ValueError("count")


@dataclass(frozen=True, slots=True)
class Occurrence:
    """The n-th visit of a series (from 1), its instant, and why that is not exactly what the rule says."""

    number: int
    at: datetime
    adjusted: Adjusted | None = None


def occurrences(first: datetime, zone: str, repeat: Repeat, *, most: int = MOST) -> list[Occurrence]:
    """List the visits of a rule whose first one is `first`, at most `most`, each later than the one before.

    A month without the day has its visit on its last day (RFC 7529 calls it SKIP=BACKWARD): a patient who is to come
    monthly comes every month. A wall time that clocks jump over is the next instant there is, one that they show
    twice the first of the two; a day that a zone left out altogether begins with the next one.
    """
    wall = first.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    found: list[Occurrence] = []
    for day, short in _days(wall.date(), repeat):
        if len(found) == (repeat.count or most) or len(found) == most:
            break
        at, moved = (first, False) if not found else _instant(datetime.combine(day, wall.time()), zone)
        if found and at <= found[-1].at:
            continue
        why = Adjusted.CLOCK if moved else Adjusted.SHORT_MONTH if short else None
        found.append(Occurrence(len(found) + 1, at, why))
    return found


def shifted(moment: datetime, zone: str, shift: timedelta) -> datetime:
    """Move a moment by so much on the clock of a place: a visit at 9:00 goes a week and an hour on to 10:00."""
    wall = moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None) + shift
    return _instant(wall, zone)[0]


def wall_shift(before: datetime, after: datetime, zone: str) -> timedelta:
    """How far two moments are apart on the clock at a place."""
    place = ZoneInfo(zone)
    return after.astimezone(place).replace(tzinfo=None) - before.astimezone(place).replace(tzinfo=None)


def at_wall(day: date, wall: time, zone: str) -> datetime:
    """The instant of a wall-clock time of a local day."""
    return _instant(datetime.combine(day, wall), zone)[0]


def _days(first: date, repeat: Repeat) -> Iterator[tuple[date, bool]]:
    """Yield the local days of a rule, and whether the month was too short for the day."""
    last = repeat.until or date.max
    for number in range(MOST * 2):
        try:
            day, short = _nth(first, repeat, number)
        except (OverflowError, ValueError):
            return  # the end of the calendar
        if day > last:
            return
        yield day, short


def _nth(first: date, repeat: Repeat, number: int) -> tuple[date, bool]:
    step = number * repeat.every
    if repeat.frequency is Frequency.MONTHLY:
        years, month = divmod(first.month - 1 + step, _MONTHS)
        length = monthrange(first.year + years, month + 1)[1]
        return date(first.year + years, month + 1, min(first.day, length)), first.day > length
    return first + timedelta(days=step * (7 if repeat.frequency is Frequency.WEEKLY else 1)), False


def _instant(wall: datetime, zone: str) -> tuple[datetime, bool]:
    """The instant of a wall time, and whether clocks never show it."""
    place = ZoneInfo(zone)
    at = wall.replace(tzinfo=place, fold=0).astimezone(UTC)
    if at.astimezone(place).replace(tzinfo=None) == wall:
        return at, False
    return _end_of_gap(wall.replace(tzinfo=place, fold=1).astimezone(UTC), at, place), True


def _end_of_gap(before: datetime, after: datetime, place: ZoneInfo) -> datetime:
    """The first instant on the lattice after the clocks jumped, which happened between the two."""
    offset = before.astimezone(place).utcoffset()
    begin, end = int(before.timestamp()), int(after.timestamp())
    while end - begin > 1:
        middle = (begin + end) // 2
        if datetime.fromtimestamp(middle, place).utcoffset() == offset:
            begin = middle
        else:
            end = middle
    step = int(_LATTICE.total_seconds())
    return datetime.fromtimestamp(-(-end // step) * step, UTC)
