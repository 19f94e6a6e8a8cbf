"""Free times: hours minus closures minus what is busy. Pure, so PostgreSQL and the read model can both feed it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from webapp.booking.intervals import allowed, common, grid, inside, merged, near
from webapp.practice.hours import Block, Seconds, Site, Span, days_of, local_day, opened

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

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
    """What a service asks of time, in minutes; buffers lengthen the time of provider, room and equipment only.

    `furthest` is the last day it may begin on, in local days from today; None as far as hours go.
    """

    length: int
    buffer_before: int = 0
    buffer_after: int = 0
    notice: int = 0
    needs_room: bool = True
    furthest: int | None = None

    @property
    def step(self) -> int:
        """Minutes between the starts that are offered: the visit's length, at most half an hour."""
        return min(self.length, LONGEST_STEP_MINUTES)


@dataclass(frozen=True, slots=True)
class Calendar:
    """All that is known of a clinic's time over a window: sites, weekly blocks, closures and busy spans.

    `absences` are leave: the visit may not touch it, and what of it is taken is busy besides. `equipment` is by site,
    one tuple of pieces for each kind that the service needs.
    """

    sites: tuple[Site, ...]
    blocks: tuple[Block, ...]
    closures: tuple[Closed, ...] = ()
    busy: tuple[Busy, ...] = ()
    absences: tuple[Busy, ...] = ()
    equipment: Mapping[UUID, tuple[tuple[UUID, ...], ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which free times to look for: providers who may do it, places where it is offered, window of the start, now.

    `room_ids` are the rooms that the service may take; None means every one.
    """

    rules: Rules
    provider_ids: frozenset[UUID]
    location_ids: frozenset[UUID]
    window: Span
    now: datetime
    patient_id: UUID | None = None
    room_ids: frozenset[UUID] | None = None


class FreeStart(NamedTuple):
    """A visit could be here; `room_ids` are the rooms free for all of it, empty when the service needs none.

    A tuple, because two weeks of a place are thousands, and one is made in a third of the time of a frozen dataclass.
    """

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
    taken = _Taken(wanted, calendar)
    every = (step or wanted.rules.step) * _MINUTE
    found: list[FreeStart] = []
    by_site = blocks_by_site(calendar.blocks)
    for site in calendar.sites:
        if site.id not in wanted.location_ids:
            continue
        there = _There(wanted, calendar, taken, site)
        # By provider, then by start: two blocks that overlap offer a time once.
        here: dict[UUID, dict[int, FreeStart]] = {}
        for block, hours in worked(wanted, by_site.get(site.id, ()), site):
            _offer(here.setdefault(block.provider_id, {}), there, block, hours, every)
        for starts in here.values():
            found += starts.values()
    return sorted(found, key=in_order)


def in_order(free: FreeStart) -> tuple[datetime, int, int]:
    """Sorts by start, then provider, then place; numbers are compared much faster than ids."""
    return free.start, free.provider_id.int, free.location_id.int


def blocks_by_site(blocks: Iterable[Block]) -> dict[UUID, list[Block]]:
    """Sort blocks by where they are worked."""
    sorted_: dict[UUID, list[Block]] = {}
    for block in blocks:
        sorted_.setdefault(block.location_id, []).append(block)
    return sorted_


def worked(wanted: Wanted, blocks: Iterable[Block], site: Site) -> Iterable[tuple[Block, Seconds]]:
    """List a site's blocks with the spans they are worked in, on every local day of the wanted window."""
    days = days_of(site.time_zone, wanted.window)
    for block in blocks:
        if block.provider_id not in wanted.provider_ids:
            continue
        for day in days:
            if block.applies_on(day):
                for hours in opened(site.time_zone, day, block.starts, block.ends):
                    yield block, hours


class _There:
    """What holds for every block at one site: rooms it may take, when the site is shut, the last start."""

    def __init__(self, wanted: Wanted, calendar: Calendar, taken: _Taken, site: Site) -> None:
        self.site, self.taken, self.length = site, taken, wanted.rules.length * _MINUTE
        self.needs_room = wanted.rules.needs_room
        self.rooms = tuple(room for room in site.room_ids if wanted.room_ids is None or room in wanted.room_ids)
        self.kinds = calendar.equipment.get(site.id, ())
        shut = [closed.span.seconds for closed in calendar.closures if closed.location_id == site.id]
        self.shut = taken.starts_barred_by(shut, 0, 0) + taken.patient
        self.latest = taken.latest
        if wanted.rules.furthest is not None:
            today = wanted.now.astimezone(ZoneInfo(site.time_zone)).date()
            end = local_day(site.time_zone, today + timedelta(days=wanted.rules.furthest)).end
            self.latest = min(self.latest, int(end.timestamp()) - 1)

    def rooms_of(self, block: Block) -> tuple[UUID, ...]:
        """The usual room, unless the service may not take it: then every room that it may."""
        if not self.needs_room:
            return ()
        return (block.room_id,) if block.room_id is not None and block.room_id in self.rooms else self.rooms


def _offer(found: dict[int, FreeStart], there: _There, block: Block, hours: Seconds, every: int) -> None:
    taken, rooms = there.taken, there.rooms_of(block)
    bounds = (max(hours[0], taken.earliest), min(hours[1] - there.length, there.latest))
    if bounds[0] > bounds[1] or (there.needs_room and not rooms) or not all(there.kinds):
        return
    barred = near(taken.of(block.provider_id), *bounds) + taken.away.get(block.provider_id, []) + there.shut
    for things in (rooms, *there.kinds):
        if things:
            barred += common([taken.of(thing) for thing in things], bounds)
    barred_by_room = [(room, taken.of(room)) for room in rooms]
    for start in grid(allowed(bounds, merged(barred)), hours[0], every):
        free = tuple([room for room, its in barred_by_room if not inside(its, start)])
        if start in found:
            free = tuple(dict.fromkeys((*found[start].room_ids, *free)))
        begins, ends = _instant(start), _instant(start + there.length)
        found[start] = FreeStart(begins, ends, block.provider_id, there.site.id, free)


class _Taken:
    """Which starts each busy span rules out: open intervals in seconds, sorted and merged once per resource."""

    def __init__(self, wanted: Wanted, calendar: Calendar) -> None:
        rules = wanted.rules
        self._length = rules.length * _MINUTE
        self._before, self._after = rules.buffer_before * _MINUTE, rules.buffer_after * _MINUTE
        now = int(wanted.now.timestamp())
        begin, end = wanted.window.seconds
        self.earliest = max(begin, now + rules.notice * _MINUTE)
        self.latest = end - 1
        spans: dict[UUID, list[Seconds]] = {}
        for item in calendar.busy:
            if item.lapses_at is None or item.lapses_at > wanted.now:
                spans.setdefault(item.resource_id, []).append(item.span.seconds)
        own = [] if wanted.patient_id is None else spans.get(wanted.patient_id, [])
        self.patient = self.starts_barred_by(own, 0, 0)
        self.away: dict[UUID, list[Seconds]] = {}
        for absence in calendar.absences:
            barred = self.starts_barred_by([absence.span.seconds], 0, 0)
            self.away.setdefault(absence.resource_id, []).extend(barred)
        self._of = {
            resource: merged(self.starts_barred_by(mine, self._before, self._after)) for resource, mine in spans.items()
        }

    def of(self, resource_id: UUID) -> list[Seconds]:
        return self._of.get(resource_id, [])

    def starts_barred_by(self, spans: Iterable[Seconds], before: int, after: int) -> list[Seconds]:
        return [(start - self._length - after, end + before) for start, end in spans]


@lru_cache(maxsize=8192)
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
