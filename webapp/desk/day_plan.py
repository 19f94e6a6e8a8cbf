"""Where everything stands on the day board: rows of five minutes, lanes side by side, hatched and free time."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from webapp.practice.hours import Seconds

STEP = 5 * 60
HOUR = 60 * 60
SHORTEST_GAP = 15 * 60
LONGEST_LUNCH = 2 * HOUR
LUNCH_HOURS = range(11, 15)
MOST_LANES = 4
EMPTY_DAY = (8, 18)


class Why(StrEnum):
    """Why time is hatched when no one wrote a word for it."""

    STARTS = "starts"
    ENDS = "ends"
    LUNCH = "lunch"
    AWAY = "away"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Placed:
    """A visit on the grid: first row, rows high, its lane of how many side by side."""

    id: UUID
    row: int
    span: int
    lane: int = 1
    lanes: int = 1


@dataclass(frozen=True, slots=True)
class Hatched:
    """Time without visits: written `label`, or `why` with the instant it refers to (start or end of hours)."""

    row: int
    span: int
    why: Why | None = None
    label: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Gap:
    """Free time of a provider that a visit could be booked into."""

    start: datetime
    minutes: int
    row: int
    span: int


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one provider's day, in seconds since the epoch: hours, labelled closed time, visits.

    Closed time without a label is leave.

    `visits` are (id, start, end, takes_time); a visit that takes no time (nobody came) stands on the grid, but the
    time under it is free.
    """

    hours: tuple[Seconds, ...]
    closed: tuple[tuple[Seconds, str], ...] = ()
    visits: tuple[tuple[UUID, Seconds, bool], ...] = ()


@dataclass(frozen=True, slots=True)
class Column:
    """One provider's day on the grid."""

    cards: list[Placed] = field(default_factory=list)
    hatched: list[Hatched] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Grid:
    """The rows that all columns share: whole local hours around everything that happens."""

    start: int
    end: int
    zone: str

    @property
    def rows(self) -> int:
        return (self.end - self.start) // STEP

    @property
    def starts_at(self) -> datetime:
        return _instant(self.start)

    def row(self, seconds: int) -> int:
        """Row of an instant, kept within the grid."""
        return max(0, min(self.rows, (seconds - self.start) // STEP))

    def row_at(self, moment: datetime) -> int | None:
        """Row of a moment; None when it is not on the grid."""
        seconds = int(moment.timestamp())
        return self.row(seconds) if self.start <= seconds < self.end else None

    def hours(self) -> list[tuple[datetime, int]]:
        """List each full local hour with its row."""
        local = ZoneInfo(self.zone)
        marks = [_instant(at) for at in range(self.start, self.end, STEP)]
        return [(mark, self.row(int(mark.timestamp()))) for mark in marks if mark.astimezone(local).minute == 0]


def grid(facts: Iterable[Facts], midnight: datetime, zone: str) -> Grid:
    """Fit the grid around hours and visits of all columns; a day without any shows 8 AM to 6 PM of its zone."""
    spans = [span for one in facts for span in (*one.hours, *(visit[1] for visit in one.visits))]
    if not spans:
        day = midnight.astimezone(ZoneInfo(zone)).date()
        first, last = (
            int(datetime(day.year, day.month, day.day, hour, tzinfo=ZoneInfo(zone)).timestamp()) for hour in EMPTY_DAY
        )
        return Grid(first, last, zone)
    first, last = min(span[0] for span in spans), max(span[1] for span in spans)
    return Grid(_hour_before(first, zone), _hour_after(last, zone), zone)


def aligned(days: Sequence[tuple[date, Facts]], zone: str) -> list[Grid]:
    """Grids of several days that begin and end at the same hours of the clock, so that rows of one height agree."""
    place = ZoneInfo(zone)
    own = [grid([facts], datetime(day.year, day.month, day.day, tzinfo=place), zone) for day, facts in days]
    busy = [each for each, (_, facts) in zip(own, days, strict=True) if facts.hours or facts.visits] or own
    first = min(each.starts_at.astimezone(place).hour for each in busy)
    hours = max((each.end - _at(each.starts_at.astimezone(place).date(), first, place)) // HOUR for each in busy)
    return [Grid(start := _at(day, first, place), start + hours * HOUR, zone) for day, _ in days]


def _at(day: date, hour: int, place: ZoneInfo) -> int:
    return int(datetime(day.year, day.month, day.day, hour, tzinfo=place).timestamp())


def column(facts: Facts, on: Grid, now: datetime) -> Column:
    """Lay out one provider's day."""
    taken = [span for _, span, takes_time in facts.visits if takes_time]
    return Column(
        cards=_lanes([(visit, span) for visit, span, _ in facts.visits], on),
        hatched=_hatched(facts, on),
        gaps=_gaps(facts, taken, on, int(now.timestamp())),
    )


def shortest(facts: Iterable[Facts]) -> int:
    """Minutes of the shortest visit of the day, as one of the zooms of the grid: 15, 10 or 5."""
    minutes = min((span[1] - span[0] for one in facts for _, span, _ in one.visits), default=15 * 60) // 60
    return next((zoom for zoom in (15, 10) if minutes >= zoom), 5)


def _lanes(visits: Sequence[tuple[UUID, Seconds]], on: Grid) -> list[Placed]:
    """Put visits that overlap side by side; a cluster of overlapping visits shares its width evenly."""
    placed: list[Placed] = []
    cluster: list[tuple[UUID, Seconds, int]] = []
    ends: list[int] = []

    def close() -> None:
        lanes = min(len(ends), MOST_LANES)
        for visit, span, lane in cluster:
            row = on.row(span[0])
            placed.append(Placed(visit, row, max(1, on.row(span[1]) - row), min(lane, MOST_LANES), lanes))
        cluster.clear()
        ends.clear()

    for visit, span in sorted(visits, key=lambda each: (each[1], each[0])):
        if ends and span[0] >= max(ends):
            close()
        lane = next((n for n, end in enumerate(ends) if end <= span[0]), len(ends))
        ends[lane : lane + 1] = [span[1]]
        cluster.append((visit, span, lane + 1))
    close()
    return placed


def _hatched(facts: Facts, on: Grid) -> list[Hatched]:
    hatched: list[Hatched] = []
    worked = sorted(facts.hours)
    if not worked:
        return [Hatched(0, on.rows, Why.OFF)]
    _hatch(hatched, on, on.start, worked[0][0], Why.STARTS, worked[0][0])
    for (_, end), (start, _) in itertools.pairwise(worked):
        _hatch(hatched, on, end, start, _pause(end, start, on.zone), start)
    last = max(end for _, end in worked)
    _hatch(hatched, on, last, on.end, Why.ENDS, last)
    for (start, end), label in facts.closed:
        row = on.row(start)
        if on.row(end) > row:
            hatched.append(Hatched(row, on.row(end) - row, None, label))
    return hatched


def _hatch(hatched: list[Hatched], on: Grid, start: int, end: int, why: Why, at: int) -> None:
    row, span = on.row(start), on.row(end) - on.row(start)
    if span > 0:
        hatched.append(Hatched(row, span, why, at=_instant(at)))


def _pause(start: int, end: int, zone: str) -> Why:
    begins = _instant(start).astimezone(ZoneInfo(zone)).hour
    return Why.LUNCH if end - start <= LONGEST_LUNCH and begins in LUNCH_HOURS else Why.AWAY


def _gaps(facts: Facts, taken: Iterable[Seconds], on: Grid, now: int) -> list[Gap]:
    """Free stretches from now on, cut at full local hours so that an empty afternoon offers each of its hours."""
    busy = sorted([*taken, *(span for span, _ in facts.closed)])
    soonest = -(-now // STEP) * STEP
    gaps: list[Gap] = []
    for start, end in sorted(facts.hours):
        at = max(start, soonest)
        for begin, finish in [*busy, (end, end)]:
            stop = min(begin, end)
            if stop - at >= SHORTEST_GAP:
                gaps.extend(_by_hour(at, stop, on))
            at = max(at, finish)
    return gaps


def _by_hour(start: int, end: int, on: Grid) -> Iterable[Gap]:
    while start < end:
        cut = _hour_after(start + STEP, on.zone)
        if cut - start < SHORTEST_GAP:
            cut += HOUR
        stop = end if end - cut < SHORTEST_GAP else cut
        yield Gap(_instant(start), (stop - start) // 60, on.row(start), on.row(stop) - on.row(start))
        start = stop


def _hour_before(seconds: int, zone: str) -> int:
    local = _instant(seconds).astimezone(ZoneInfo(zone))
    return seconds - local.minute * 60 - local.second


def _hour_after(seconds: int, zone: str) -> int:
    before = _hour_before(seconds, zone)
    return seconds if before == seconds else before + HOUR


def _instant(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
