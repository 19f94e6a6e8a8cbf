"""Time that providers were there for, held against a count of every five minutes."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from webapp.practice.hours import Block, Span, opened
from webapp.practice.worked import Presence, minutes_open

ZONE = "America/New_York"
SITE, PROVIDER = uuid4(), uuid4()
STEP = timedelta(minutes=5)
# The second Sunday of March 2027: clocks jump from 2 to 3; the first of November 2026: they read 1 to 2 twice.
CHANGES = (date(2027, 3, 14), date(2026, 11, 1))


def block(starts: time = time(9), ends: time = time(17), **other: Any) -> Block:
    return Block(
        PROVIDER, SITE, None, **{"weekday": 1, "valid_from": date(2020, 1, 1), **other}, starts=starts, ends=ends
    )


def local(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute), ZoneInfo(ZONE)).astimezone(UTC)


MONDAY = date(2026, 11, 23)


def open_on(presence: Presence, first: date = MONDAY, last: date = MONDAY) -> int:
    return sum(minutes_open(presence, first, last).values())


def test_blocks_count_by_place_provider_and_weekday() -> None:
    presence = Presence({SITE: ZONE}, (block(), block(weekday=2, ends=time(12))))
    found = minutes_open(presence, MONDAY, MONDAY + timedelta(days=13))
    assert found == {(SITE, PROVIDER, 1): 960, (SITE, PROVIDER, 2): 360}


def test_overlapping_blocks_and_extra_hours_count_once() -> None:
    extra = Span(local(MONDAY, 16), local(MONDAY, 19))
    presence = Presence({SITE: ZONE}, (block(), block(time(12), time(18))), extra=((PROVIDER, SITE, extra),))
    assert open_on(presence) == 600


def test_leave_and_closures_do_not_count_and_overlap_each_other() -> None:
    presence = Presence(
        {SITE: ZONE},
        (block(),),
        leave=(
            (PROVIDER, Span(local(MONDAY, 8), local(MONDAY, 11))),
            (uuid4(), Span(local(MONDAY, 0), local(MONDAY, 23))),
        ),
        closed=(
            (SITE, Span(local(MONDAY, 10), local(MONDAY, 12))),
            (uuid4(), Span(local(MONDAY, 0), local(MONDAY, 23))),
        ),
    )
    assert open_on(presence) == 300


def test_every_second_week_and_the_ends_of_validity() -> None:
    presence = Presence({SITE: ZONE}, (block(every_weeks=2, valid_from=MONDAY, valid_to=MONDAY + timedelta(days=28)),))
    assert open_on(presence, MONDAY - timedelta(days=60), MONDAY + timedelta(days=60)) == 3 * 480


def test_other_sites_and_days_are_left_out() -> None:
    presence = Presence({SITE: ZONE}, (block(), Block(PROVIDER, uuid4(), None, 1, time(9), time(17), date(2020, 1, 1))))
    assert open_on(presence) == 480
    assert open_on(presence, MONDAY + timedelta(days=1), MONDAY + timedelta(days=6)) == 0


moments = st.integers(0, 48).map(lambda halves: halves * 30)
spans = st.tuples(moments, st.integers(1, 20)).map(lambda pair: (pair[0], pair[0] + pair[1] * 30))


def at(day: date, minutes: int) -> datetime:
    """So many real minutes after the local midnight that a day begins with."""
    return local(day, 0) + timedelta(minutes=minutes)


@settings(max_examples=150, deadline=None)
@given(
    day=st.sampled_from([*CHANGES, MONDAY]),
    blocks=st.lists(st.tuples(st.integers(0, 46), st.integers(1, 20)), max_size=3),
    extra=st.lists(spans, max_size=2),
    leave=st.lists(spans, max_size=2),
    closed=st.lists(spans, max_size=2),
)
def test_it_agrees_with_counting_every_five_minutes(
    day: date,
    blocks: list[tuple[int, int]],
    extra: list[tuple[int, int]],
    leave: list[tuple[int, int]],
    closed: list[tuple[int, int]],
) -> None:
    worked = [
        block(
            time(half // 2, half % 2 * 30),
            time.max if half + long > 47 else time((half + long) // 2, (half + long) % 2 * 30),
            weekday=day.isoweekday(),
        )
        for half, long in blocks
    ]
    extras = [
        Span(at(day, start), at(day, end))
        for start, end in extra
        if at(day, start).astimezone(ZoneInfo(ZONE)).date() == day
    ]
    away = [Span(at(day, start), at(day, end)) for start, end in leave]
    shut = [Span(at(day, start), at(day, end)) for start, end in closed]
    presence = Presence(
        {SITE: ZONE},
        tuple(worked),
        tuple((PROVIDER, SITE, span) for span in extras),
        tuple((PROVIDER, span) for span in away),
        tuple((SITE, span) for span in shut),
    )
    assert open_on(presence, day, day) == counted(day, worked, extras, [*away, *shut])


def counted(day: date, worked: list[Block], extras: list[Span], gone: list[Span]) -> int:
    """Look at each five minutes of two days by itself."""
    there = [
        Span(datetime.fromtimestamp(start, UTC), datetime.fromtimestamp(end, UTC))
        for each in worked
        for start, end in opened(ZONE, day, each.starts, each.ends)
    ] + extras
    steps = (local(day, 0) + n * STEP for n in range(3 * 288))
    return 5 * sum(_in(step, there) and not _in(step, gone) for step in steps)


def _in(moment: datetime, within: list[Span]) -> bool:
    return any(span.start <= moment < span.end for span in within)
