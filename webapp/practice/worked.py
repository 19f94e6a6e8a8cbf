"""How much time providers were there for: weekly hours and extra hours, without leave and closures."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from webapp.practice.hours import Block, Seconds, Span, opened

_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Presence:
    """Everything that decides when providers were there: `zones` by location; extra hours by provider and location."""

    zones: Mapping[UUID, str]
    blocks: tuple[Block, ...]
    extra: tuple[tuple[UUID, UUID, Span], ...] = ()
    leave: tuple[tuple[UUID, Span], ...] = ()
    closed: tuple[tuple[UUID, Span], ...] = ()


def minutes_open(presence: Presence, first: date, last: date) -> dict[tuple[UUID, UUID, int], int]:
    """Sum the minutes of local days from `first` to `last`, by location, provider and ISO weekday of the start.

    Time counts once, however many blocks and extra hours name it; what leave or a closure covers does not count.
    """
    by_day: defaultdict[tuple[UUID, UUID, date], list[Seconds]] = defaultdict(list)
    for block in presence.blocks:
        if block.location_id in presence.zones:
            for day in _days(block, first, last):
                by_day[block.location_id, block.provider_id, day].extend(
                    opened(presence.zones[block.location_id], day, block.starts, block.ends)
                )
    for provider, location, span in presence.extra:
        if location in presence.zones:
            day = span.start.astimezone(ZoneInfo(presence.zones[location])).date()
            if first <= day <= last:
                by_day[location, provider, day].append(span.seconds)
    away = _by(presence.leave)
    closed = _by(presence.closed)
    total: defaultdict[tuple[UUID, UUID, int], int] = defaultdict(int)
    for (location, provider, day), spans in by_day.items():
        seconds = sum(end - start for start, end in _without(spans, [*away[provider], *closed[location]]))
        total[location, provider, day.isoweekday()] += seconds // 60
    return dict(total)


def _days(block: Block, first: date, last: date) -> Iterator[date]:
    """Days a block is worked on: every seventh, so that a year costs 52 looks."""
    start = max(first, block.valid_from)
    day = start + timedelta(days=(block.weekday - start.isoweekday()) % 7)
    end = last if block.valid_to is None else min(last, block.valid_to)
    while day <= end:
        if block.applies_on(day):
            yield day
        day += _WEEK


def _by(pairs: Iterable[tuple[UUID, Span]]) -> defaultdict[UUID, list[Seconds]]:
    grouped: defaultdict[UUID, list[Seconds]] = defaultdict(list)
    for owner, span in pairs:
        grouped[owner].append(span.seconds)
    return grouped


def _without(spans: Iterable[Seconds], taken: Iterable[Seconds]) -> Iterator[Seconds]:
    """What is left of the union of some spans when the union of others is cut out of it, in order."""
    cuts = _merged(taken)
    for begin, end in _merged(spans):
        at = begin
        for cut_from, cut_to in cuts:
            if cut_to <= at or cut_from >= end:
                continue
            if cut_from > at:
                yield at, cut_from
            at = max(at, cut_to)
        if at < end:
            yield at, end


def _merged(spans: Iterable[Seconds]) -> list[Seconds]:
    merged: list[Seconds] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged


def around(first: date, last: date) -> Span:
    """A span of instants that holds all of these local days in every zone."""
    start = datetime(first.year, first.month, first.day, tzinfo=UTC)
    end = datetime(last.year, last.month, last.day, tzinfo=UTC)
    return Span(start - timedelta(days=1), end + timedelta(days=2))
