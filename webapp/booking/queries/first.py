"""The first free times among many providers, places and weeks, without reading everybody's days."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import text

from webapp.booking.availability import Busy, FreeStart, Wanted, blocks_by_site, free_starts, one_each, worked
from webapp.booking.queries.free import busy, things, without
from webapp.booking.queries.ground import Ground, ground
from webapp.db import db
from webapp.practice.hours import Seconds, Span

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from webapp.booking.queries.free import Search

_GAPS = text(
    "select n, free_from, free_until from doors.gaps("
    "cast(string_to_array(:staff, ',') as uuid[]), cast(string_to_array(:opens, ',') as bigint[]),"
    " cast(string_to_array(:closes, ',') as bigint[]), :minutes, :mine, :at)"
)
# Half a day is one local day nearly everywhere, and who is free before its end is found without looking further.
_FIRST_WINDOW = timedelta(hours=12)
_LONGEST_WINDOW = timedelta(days=16)
# As many gaps as are looked at together: rooms and equipment are asked about for these alone.
_TOGETHER = 24
_AROUND = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class _Gap:
    """A provider has room between two moments."""

    provider_id: UUID
    span: Seconds


def first_free(search: Search, now: datetime, n: int = 1) -> list[FreeStart]:
    """Find the n earliest times at which the service could begin, one offer for each; fewer when there are no more.

    `search.window` says how far to look.  What is looked at grows from half a day: of everybody who works in it,
    PostgreSQL tells where there is room for the visit; then rooms, equipment and patient are asked about, for the
    earliest of these only, until no later gap can begin before what was found.
    """
    found: list[FreeStart] = []
    for window in _windows(search.window):
        known = ground(search, window)
        if known is None or not known.open_to:
            return found
        found += _in_window(search, known, window, now, n - len(found))
        if len(found) >= n:
            break
    return found[:n]


def _windows(whole: Span) -> Iterator[Span]:
    starts, length = whole.start, _FIRST_WINDOW
    while starts < whole.end:
        ends = min(starts + length, whole.end)
        yield Span(starts, ends)
        starts, length = ends, min(length * 2, _LONGEST_WINDOW)


def _in_window(search: Search, known: Ground, window: Span, now: datetime, n: int) -> list[FreeStart]:
    people = search.whom(frozenset(block.provider_id for block in known.calendar.blocks))
    places = frozenset(site.id for site in known.calendar.sites)
    wanted = Wanted(known.rules, people, places, window, now, search.patient_id, known.room_ids)
    gaps = _gaps(search, wanted, known, now)
    before = known.rules.buffer_before * 60
    found: list[FreeStart] = []
    together = _TOGETHER
    while gaps:
        some, gaps = gaps[:together], gaps[together:]
        together *= 2
        found = one_each(found + _fitting(search, wanted, known, some, now))
        # No later gap holds a start before this; whatever lies after it may yet be beaten.
        sure = [free for free in found if not gaps or free.start.timestamp() <= gaps[0].span[0] + before]
        if len(sure) >= n:
            return sure[:n]
    return found[:n]


def _gaps(search: Search, wanted: Wanted, known: Ground, now: datetime) -> list[_Gap]:
    rules = wanted.rules
    before, after, length = rules.buffer_before * 60, rules.buffer_after * 60, rules.length * 60
    earliest = max(int(wanted.window.start.timestamp()), int(now.timestamp()) + rules.notice * 60)
    latest = int(wanted.window.end.timestamp()) + length
    spans: list[tuple[UUID, Seconds]] = []
    by_site = blocks_by_site(known.calendar.blocks)
    for site in known.calendar.sites:
        for block, (opens, closes) in worked(wanted, by_site.get(site.id, []), site):
            span = (max(opens, earliest) - before, min(closes, latest) + after)
            if span[1] - span[0] >= before + length + after:
                spans.append((block.provider_id, span))
    if not spans:
        return []
    values = {
        # As text: the driver takes two microseconds for each element of a list.
        "staff": ",".join([provider.hex for provider, _ in spans]),
        "opens": ",".join([str(span[0]) for _, span in spans]),
        "closes": ",".join([str(span[1]) for _, span in spans]),
        "minutes": rules.buffer_before + rules.length + rules.buffer_after,
        "mine": None if search.moving is None else search.moving.id,
        "at": now,
    }
    rows = db.session.execute(_GAPS, values)
    return [_Gap(spans[n - 1][0], (free_from, free_until)) for n, free_from, free_until in rows]


def _fitting(search: Search, wanted: Wanted, known: Ground, gaps: Sequence[_Gap], now: datetime) -> list[FreeStart]:
    """Find the starts inside some gaps; all other time of these providers counts as busy."""
    people = frozenset(gap.provider_id for gap in gaps)
    calendar = known.calendar
    begins, ends = min(gap.span[0] for gap in gaps), max(gap.span[1] for gap in gaps)
    span = Span(_instant(begins), _instant(ends))
    at_hand = {block.location_id for block in calendar.blocks if block.provider_id in people}
    here = replace(
        known, calendar=replace(calendar, sites=tuple(site for site in calendar.sites if site.id in at_hand))
    )
    resources = things(here) | ({search.patient_id} if search.patient_id else set())
    taken = busy(sorted(resources), span, now)
    if search.moving is not None:
        taken = without(taken, search.moving)
    window = Span(max(wanted.window.start, span.start), min(wanted.window.end, span.end))
    if window.start >= window.end:
        return []
    blocks = tuple(block for block in calendar.blocks if block.provider_id in people)
    calendar = replace(here.calendar, blocks=blocks, busy=(*taken, *_elsewhere(gaps, window)))
    return free_starts(replace(wanted, provider_ids=people, window=window), calendar)


def _elsewhere(gaps: Sequence[_Gap], window: Span) -> Iterator[Busy]:
    """Everything of the providers' time but the gaps."""
    spans: dict[UUID, list[Seconds]] = {}
    for gap in gaps:
        spans.setdefault(gap.provider_id, []).append(gap.span)
    first, last = (window.start - _AROUND).timestamp(), (window.end + _AROUND).timestamp()
    for provider, free in spans.items():
        at = int(first)
        for begins, ends in [*sorted(free), (int(last), int(last))]:
            if at < begins:
                yield Busy(provider, Span(_instant(at), _instant(begins)))
            at = max(at, ends)


def _instant(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
