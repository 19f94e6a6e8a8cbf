"""Arithmetic of the starts that are left: open intervals of seconds that are barred, closed ones that are allowed."""

from __future__ import annotations

from bisect import bisect_right
from operator import itemgetter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from webapp.practice.hours import Seconds

LATTICE = 5 * 60


def merged(intervals: list[Seconds]) -> list[Seconds]:
    """Join open intervals that overlap; two that only touch leave the instant between them free."""
    joined: list[Seconds] = []
    for start, end in sorted(intervals):
        if joined and start < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def common(barred: Sequence[list[Seconds]], bounds: Seconds) -> list[Seconds]:
    """Intersect open intervals: the starts at which every one of the rooms is taken."""
    shared = [(bounds[0] - 1, bounds[1] + 1)]
    for intervals in barred:
        met = [(max(a, c), min(b, d)) for a, b in shared for c, d in near(intervals, a, b) if max(a, c) < min(b, d)]
        # A whole second inside an open interval is what rules out a start; (n, n + 1) holds none.
        shared = [(start, end) for start, end in met if end - start > 1]
        if not shared:
            return []
    return shared


def near(intervals: list[Seconds], start: int, end: int) -> list[Seconds]:
    """Pick the intervals of a sorted, merged list that reach into [start, end]."""
    first = bisect_right(intervals, start, key=itemgetter(1))
    last = bisect_right(intervals, end, key=itemgetter(0))
    return intervals[first:last]


def allowed(bounds: Seconds, barred: list[Seconds]) -> list[Seconds]:
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


def grid(gaps: Iterable[Seconds], origin: int, every: int) -> Iterable[int]:
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


def inside(barred: list[Seconds], start: int) -> bool:
    """Tell whether one of the sorted, merged open intervals rules a start out."""
    at = bisect_right(barred, start, key=itemgetter(0)) - 1
    return at >= 0 and barred[at][0] < start < barred[at][1]
