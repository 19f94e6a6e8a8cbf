"""The free times nearest to some that are taken, without reading more days than it takes to be sure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from webapp.booking.availability import FreeStart, nearest_alternatives
from webapp.booking.queries.free import Search, free_in
from webapp.practice.hours import Span, local_day

if TYPE_CHECKING:
    from collections.abc import Iterator

_DAYS = (0, 1)
"""How many local days on each side are looked at before all that may be: hours never cross midnight."""


@dataclass(frozen=True, slots=True)
class Near:
    """A time that is not free: how to search, and the zone whose days it is looked for in; none means all at once."""

    search: Search
    at: datetime
    zone: str | None = None


def _any(_start: FreeStart) -> bool:
    return True


class Nearest:
    """Finds the free times nearest to each of some instants, no further away than `within`."""

    def __init__(self, wanted: Sequence[Near], within: timedelta, n: int, now: datetime) -> None:
        self._n, self._now = n, now
        self._wanted = wanted
        self._windows = [list(_windows(each, within, now)) for each in wanted]
        self._starts: dict[tuple[int, int], list[FreeStart]] = {}
        unsure = list(range(len(wanted)))
        for level in range(len(_DAYS) + 1):
            self._read(unsure, level)
            unsure = [number for number in unsure if not self._sure(number, level, self._pick(number, level, _any))]

    def of(self, number: int, fits: Callable[[FreeStart], bool] = _any) -> list[FreeStart]:
        """The nearest to the instant of a number that fit, by time; earlier before later at the same distance."""
        picked: list[FreeStart] = []
        for level in range(len(self._windows[number])):
            if (number, level) not in self._starts:
                self._read([number], level)
            picked = self._pick(number, level, fits)
            if self._sure(number, level, picked):
                break
        return picked

    def _read(self, numbers: Sequence[int], level: int) -> None:
        asked = [number for number in numbers if level < len(self._windows[number])]
        searches = [replace(self._wanted[number].search, window=self._windows[number][level]) for number in asked]
        for number, found in zip(asked, free_in(searches, self._now), strict=True):
            self._starts[number, level] = [] if found is None else found.starts

    def _pick(self, number: int, level: int, fits: Callable[[FreeStart], bool]) -> list[FreeStart]:
        starts = [start for start in self._starts.get((number, level), ()) if fits(start)]
        return nearest_alternatives(starts, self._wanted[number].at, self._n)

    def _sure(self, number: int, level: int, picked: Sequence[FreeStart]) -> bool:
        """Whether nothing beyond the window can be nearer than what was picked in it."""
        windows, at = self._windows[number], self._wanted[number].at
        if level + 1 >= len(windows):
            return True
        window, whole = windows[level], windows[-1]
        edges = [
            abs(at - mine) for mine, last in ((window.start, whole.start), (window.end, whole.end)) if mine != last
        ]
        return len(picked) == self._n and all(abs(start.start - at) <= min(edges) for start in picked)


def _windows(wanted: Near, within: timedelta, now: datetime) -> Iterator[Span]:
    """Ever wider windows around an instant; the last is all that may be."""
    whole = Span(max(now, wanted.at - within), max(now, wanted.at) + within)
    if wanted.zone is not None:
        zone = wanted.zone
        for days in _DAYS:
            first, last = (_day(wanted.at + timedelta(days=n), zone) for n in (-days, days))
            window = Span(max(whole.start, first.start), min(whole.end, last.end))
            if window.start < window.end and window != whole:
                yield window
    yield whole


def _day(moment: datetime, zone: str) -> Span:
    return local_day(zone, moment.astimezone(ZoneInfo(zone)).date())
