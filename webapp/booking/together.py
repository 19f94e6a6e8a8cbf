"""Free times of visits that belong together: the nurse, then the doctor, a fixed time apart. Pure."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from webapp.booking.availability import FreeStart

LATTICE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Step:
    """One visit of several, all in minutes: its length, its buffers, and the wait between the one before it and it."""

    length: int
    buffer_before: int = 0
    buffer_after: int = 0
    gap: int = 0


@dataclass(frozen=True, slots=True)
class Coming:
    """One way to hold all of them; the first begins at `start`, the last ends at `end`."""

    visits: tuple[FreeStart, ...]

    @property
    def start(self) -> datetime:
        return self.visits[0].start

    @property
    def end(self) -> datetime:
        return self.visits[-1].end


def starts_of(first: datetime, steps: Sequence[Step]) -> list[datetime]:
    """When each visit begins if the first one begins at `first`, whose own gap does not count."""
    starts = [first]
    for before, step in itertools.pairwise(steps):
        starts.append(starts[-1] + timedelta(minutes=before.length + step.gap))
    return starts


def comings(steps: Sequence[Step], free: Sequence[Sequence[FreeStart]]) -> list[Coming]:
    """List one way for each instant at which all visits fit one after the other at one site, by start.

    `free` has the free starts of each step, on every instant of the lattice. Provider and room of one visit are not
    those of another while that one's buffers last.
    """
    by_start = [_by_start(starts) for starts in free]
    found = []
    for first in sorted(by_start[0]) if by_start else ():
        way = _way(steps, by_start, starts_of(first, steps), ())
        if way is not None:
            found.append(Coming(way))
    return found


def thinned(found: Sequence[Coming], step: int) -> list[Coming]:
    """Keep the earliest of each stretch of neighbouring starts, then those at least `step` minutes apart."""
    kept: list[Coming] = []
    last: datetime | None = None
    for coming in found:
        begins = last is None or coming.start - last > LATTICE
        if begins or coming.start - kept[-1].start >= timedelta(minutes=step):
            kept.append(coming)
        last = coming.start
    return kept


def _by_start(starts: Iterable[FreeStart]) -> Mapping[datetime, list[FreeStart]]:
    found: dict[datetime, list[FreeStart]] = {}
    for start in starts:
        found.setdefault(start.start, []).append(start)
    return found


def _way(
    steps: Sequence[Step],
    by_start: Sequence[Mapping[datetime, list[FreeStart]]],
    wanted: Sequence[datetime],
    chosen: tuple[FreeStart, ...],
) -> tuple[FreeStart, ...] | None:
    number = len(chosen)
    if number == len(steps):
        return chosen
    for visit in by_start[number].get(wanted[number], ()):
        if chosen and visit.location_id != chosen[0].location_id:
            continue
        if all(_apart(steps, (each, number), earlier, visit) for each, earlier in enumerate(chosen)):
            way = _way(steps, by_start, wanted, (*chosen, visit))
            if way is not None:
                return way
    return None


def _apart(steps: Sequence[Step], which: tuple[int, int], earlier: FreeStart, later: FreeStart) -> bool:
    """Whether two visits share neither provider nor their only room while a buffer of one reaches into the other."""
    before, after = steps[which[0]], steps[which[1]]
    reach = timedelta(minutes=before.buffer_after + after.buffer_before)
    if earlier.end + reach <= later.start:
        return True
    rooms: set[UUID] = {*earlier.room_ids, *later.room_ids}
    roomless = not earlier.room_ids or not later.room_ids
    return earlier.provider_id != later.provider_id and (roomless or len(rooms) > 1)
