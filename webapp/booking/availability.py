"""Free times: hours minus closures minus what is busy. Pure, so PostgreSQL and the read model can both feed it."""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING
from uuid import UUID
from zoneinfo import ZoneInfo

from webapp.practice.hours import Block, Seconds, Site, Span, days_of, opened

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

LATTICE = 5 * 60
LONGEST_STEP_MINUTES = 30
_MINUTE = 60


@dataclass(frozen=True, slots=True)
class Busy:
    """A resource can't be used during a span; a hold stops counting at `lapses_at`, unless that is None."""

    resource_id: UUID
    span: Span
    lapses_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Closed:
    """A whole location is closed for a span."""

    location_id: UUID
    span: Span


@dataclass(frozen=True, slots=True)
class Rules:
    """What a service asks of time, all in minutes; buffers lengthen the provider's and the room's time only."""

    length: int
    buffer_before: int = 0
    buffer_after: int = 0
    notice: int = 0
    needs_room: bool = True

    @property
    def step(self) -> int:
        """Minutes between the starts that are offered: the visit's length, at most half an hour."""
        return min(self.length, LONGEST_STEP_MINUTES)


@dataclass(frozen=True, slots=True)
class Calendar:
    """All that is known of a clinic's time over a window: sites, weekly blocks, closures and busy spans."""

    sites: tuple[Site, ...]
    blocks: tuple[Block, ...]
    closures: tuple[Closed, ...] = ()
    busy: tuple[Busy, ...] = ()


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which free times to look for: providers who may do it, places where it is offered, window of the start, now."""

    rules: Rules
    provider_ids: frozenset[UUID]
    location_ids: frozenset[UUID]
    window: Span
    now: datetime
    patient_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class FreeStart:
    """A visit could be here; `room_ids` are the rooms free for all of it, empty when the service needs none."""

    start: datetime
    end: datetime
    provider_id: UUID
    location_id: UUID
    room_ids: tuple[UUID, ...] = ()


def free_starts(wanted: Wanted, calendar: Calendar, *, step: int | None = None) -> list[FreeStart]:
    """List where a visit fits, by start then provider; every gap that fits one offers at least its earliest start.

    The visit itself lies within one block and touches no closure. Buffers may overhang both, since staff prepare and
    tidy outside hours, but never touch busy time. `step` (minutes) is the grid counted from the block's start; 5
    lists every start there is. Instants without room for the whole visit in the window's blocks are not offered.
    """
    taken = _Taken(wanted, calendar.busy)
    every = (step or wanted.rules.step) * _MINUTE
    found: dict[tuple[int, UUID, UUID], FreeStart] = {}
    for site in calendar.sites:
        if site.id not in wanted.location_ids:
            continue
        shut = [closed.span.seconds for closed in calendar.closures if closed.location_id == site.id]
        for block, hours in _worked(wanted, calendar.blocks, site):
            _offer(found, wanted, taken, site, block, hours, shut, every)
    return sorted(found.values(), key=attrgetter("start", "provider_id", "location_id"))


def _worked(wanted: Wanted, blocks: Iterable[Block], site: Site) -> Iterable[tuple[Block, Seconds]]:
    days = days_of(site.time_zone, wanted.window)
    for block in blocks:
        if block.location_id != site.id or block.provider_id not in wanted.provider_ids:
            continue
        for day in days:
            if block.applies_on(day):
                for hours in opened(site.time_zone, day, block.starts, block.ends):
                    yield block, hours


def _offer(
    found: dict[tuple[int, UUID, UUID], FreeStart],
    wanted: Wanted,
    taken: _Taken,
    site: Site,
    block: Block,
    hours: Seconds,
    shut: Sequence[Seconds],
    every: int,
) -> None:
    length = wanted.rules.length * _MINUTE
    rooms = _rooms(wanted.rules, site, block)
    bounds = (max(hours[0], taken.earliest), min(hours[1] - length, taken.latest))
    if bounds[0] > bounds[1] or (wanted.rules.needs_room and not rooms):
        return
    barred = _near(taken.of(block.provider_id), *bounds) + taken.starts_barred_by(shut, 0, 0) + taken.patient
    if rooms:
        barred += _common([taken.of(room) for room in rooms], bounds)
    for start in _grid(_allowed(bounds, _merged(barred)), hours[0], every):
        free = tuple(room for room in rooms if not _inside(taken.of(room), start))
        key = (start, block.provider_id, site.id)
        if key in found:
            free = tuple(dict.fromkeys((*found[key].room_ids, *free)))
        found[key] = FreeStart(_instant(start), _instant(start + length), block.provider_id, site.id, free)


def _rooms(rules: Rules, site: Site, block: Block) -> tuple[UUID, ...]:
    if not rules.needs_room:
        return ()
    return site.room_ids if block.room_id is None else (block.room_id,)


class _Taken:
    """Which starts each busy span rules out: open intervals in seconds, sorted and merged once per resource."""

    def __init__(self, wanted: Wanted, busy: Iterable[Busy]) -> None:
        rules = wanted.rules
        self._length = rules.length * _MINUTE
        self._before, self._after = rules.buffer_before * _MINUTE, rules.buffer_after * _MINUTE
        now = int(wanted.now.timestamp())
        begin, end = wanted.window.seconds
        self.earliest = max(begin, now + rules.notice * _MINUTE)
        self.latest = end - 1
        spans: dict[UUID, list[Seconds]] = {}
        for item in busy:
            if item.lapses_at is None or item.lapses_at > wanted.now:
                spans.setdefault(item.resource_id, []).append(item.span.seconds)
        own = [] if wanted.patient_id is None else spans.get(wanted.patient_id, [])
        self.patient = self.starts_barred_by(own, 0, 0)
        self._of = {
            resource: _merged(self.starts_barred_by(mine, self._before, self._after))
            for resource, mine in spans.items()
        }

    def of(self, resource_id: UUID) -> list[Seconds]:
        return self._of.get(resource_id, [])

    def starts_barred_by(self, spans: Iterable[Seconds], before: int, after: int) -> list[Seconds]:
        return [(start - self._length - after, end + before) for start, end in spans]


def _merged(intervals: list[Seconds]) -> list[Seconds]:
    """Join open intervals that overlap; two that only touch leave the instant between them free."""
    merged: list[Seconds] = []
    for start, end in sorted(intervals):
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _common(barred: Sequence[list[Seconds]], bounds: Seconds) -> list[Seconds]:
    """Intersect open intervals: the starts at which every one of the rooms is taken."""
    shared = [(bounds[0] - 1, bounds[1] + 1)]
    for intervals in barred:
        met = [(max(a, c), min(b, d)) for a, b in shared for c, d in _near(intervals, a, b) if max(a, c) < min(b, d)]
        # A whole second inside an open interval is what rules out a start; (n, n + 1) holds none.
        shared = [(start, end) for start, end in met if end - start > 1]
        if not shared:
            return []
    return shared


def _near(intervals: list[Seconds], start: int, end: int) -> list[Seconds]:
    first = bisect_right(intervals, start, key=itemgetter(1))
    last = bisect_right(intervals, end, key=itemgetter(0))
    return intervals[first:last]


def _allowed(bounds: Seconds, barred: list[Seconds]) -> list[Seconds]:
    """Subtract open intervals from the closed interval of starts; what is left is closed, both ends possible."""
    left: list[Seconds] = []
    at, last = bounds
    for start, end in barred:
        if end <= at:
            continue
        if start >= last:
            break
        if start >= at:
            left.append((at, start))
        at = end
    if at <= last:
        left.append((at, last))
    return left


def _grid(gaps: Iterable[Seconds], origin: int, every: int) -> Iterable[int]:
    """Yield each gap's earliest start on the 5-minute lattice, then those on the grid that are a step away from it."""
    for first, last in gaps:
        earliest = -(-first // LATTICE) * LATTICE
        if earliest > last:
            continue
        yield earliest
        start = origin + -(-(earliest + every - origin) // every) * every
        while start <= last:
            if start % LATTICE == 0:
                yield start
            start += every


def _inside(barred: list[Seconds], start: int) -> bool:
    at = bisect_right(barred, start, key=itemgetter(0)) - 1
    return at >= 0 and barred[at][0] < start < barred[at][1]


def _instant(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def first_free(starts: Sequence[FreeStart], n: int, zones: Mapping[UUID, str]) -> list[FreeStart]:
    """Pick n times to offer first: the earliest of each of the first n days, then the next earliest.

    Someone who can't come at nine today rarely can at half past, so days come before times. `zones` maps location
    to IANA zone, for where a day begins.
    """
    times = one_each(starts)
    places = {location: ZoneInfo(zone) for location, zone in zones.items()}
    seen: set[object] = set()
    picked: list[FreeStart] = []
    for free in times:
        day = free.start.astimezone(places[free.location_id]).date()
        if day not in seen and len(picked) < n:
            seen.add(day)
            picked.append(free)
    rest = [free for free in times if free not in picked]
    return sorted(picked + rest[: n - len(picked)], key=attrgetter("start"))


def nearest_alternatives(starts: Sequence[FreeStart], wanted: datetime, n: int) -> list[FreeStart]:
    """Pick the n times nearest to the one that was wanted, earlier before later at the same distance, by time."""
    near = sorted(one_each(starts), key=lambda free: (abs(free.start - wanted), free.start))[:n]
    return sorted(near, key=attrgetter("start"))


def one_each(starts: Sequence[FreeStart]) -> list[FreeStart]:
    """Keep one offer for each instant, the first in the given order."""
    ordered = sorted(starts, key=attrgetter("start"))
    return [next(same) for _, same in groupby(ordered, key=attrgetter("start"))]


def spread(offers: Sequence[FreeStart], load: Mapping[UUID, int]) -> list[FreeStart]:
    """Order offers of one instant for "any provider": least busy that day first, ties by a hash of who and when.

    `load` is minutes booked that day by provider. The hash makes ties fall differently at each time, the same in
    every process, so nobody is always the one that is picked.
    """
    return sorted(offers, key=lambda free: (load.get(free.provider_id, 0), _lot(free)))


def _lot(free: FreeStart) -> bytes:
    drawn = free.provider_id.bytes + int(free.start.timestamp()).to_bytes(8, "big", signed=True)
    return hashlib.blake2b(drawn, digest_size=8).digest()
