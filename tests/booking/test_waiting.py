"""Who fits a free time and who comes first: the rule itself, without a database."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from random import Random
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.factories import NEW_YORK, NOW, clock_time
from webapp.booking.waiting import ANSWER_TIME, FreeTime, Wished, answer_by, gaps, match, on_lattice, rank
from webapp.practice.hours import Span

MINUTE = timedelta(minutes=1)
PROVIDER, SITE = uuid4(), uuid4()
MONDAY = NOW.date()


def wished(**other: object) -> Wished:
    """Twenty minutes with anybody at any time from Monday on."""
    known = {"id": uuid4(), "patient_id": uuid4(), "service_id": uuid4(), "length": 20 * MINUTE, "since": NOW}
    return Wished(**{**known, "earliest": MONDAY, **other})  # type: ignore[arg-type]


def free(starts: datetime, zone: str = NEW_YORK) -> FreeTime:
    return FreeTime(PROVIDER, SITE, zone, starts)


def fits(starts: datetime, **other: object) -> bool:
    return match(wished(**other), free(starts), NOW)


def test_a_wish_for_anything_fits_any_time_to_come() -> None:
    assert fits(clock_time(10))
    assert fits(NOW)
    assert not fits(NOW - 5 * MINUTE)


def test_only_the_providers_and_the_place_that_were_asked_for_fit() -> None:
    assert fits(clock_time(10), provider_ids=frozenset({PROVIDER, uuid4()}))
    assert not fits(clock_time(10), provider_ids=frozenset({uuid4()}))
    assert fits(clock_time(10), location_id=SITE)
    assert not fits(clock_time(10), location_id=uuid4())


def test_the_whole_visit_lies_in_the_wished_times() -> None:
    times = {"from_time": time(10), "to_time": time(11)}
    assert fits(clock_time(10), **times)
    assert fits(clock_time(10, 40), **times)
    assert not fits(clock_time(10, 45), **times)
    assert not fits(clock_time(9, 55), **times)
    assert not fits(clock_time(11), **times)


def test_times_until_the_end_of_the_day_take_the_last_visit_of_the_day_and_none_across_midnight() -> None:
    last = clock_time(23, 40)
    assert fits(last)
    assert fits(last, to_time=time(23, 59))
    assert fits(last, to_time=time(23, 59, 59))
    assert not fits(last, length=25 * MINUTE)


def test_days_are_those_of_the_place_and_not_of_greenwich() -> None:
    evening = clock_time(21)  # Tuesday in Greenwich
    assert evening.date() != MONDAY
    assert fits(evening, weekdays=frozenset({1}), latest=MONDAY)
    assert not fits(evening, weekdays=frozenset({2}))
    assert not fits(evening, earliest=date(2026, 11, 24))
    assert fits(clock_time(9, day=date(2026, 11, 24)), earliest=date(2026, 11, 24), latest=date(2026, 11, 24))
    assert not fits(clock_time(9, day=date(2026, 11, 25)), latest=date(2026, 11, 24))


def test_somebody_who_needs_notice_has_all_of_it() -> None:
    assert fits(clock_time(10), notice=timedelta(hours=2))
    assert not fits(clock_time(10), notice=timedelta(hours=2, seconds=1))


def test_only_an_earlier_time_than_the_visit_they_have_is_worth_it() -> None:
    assert fits(clock_time(10), sooner_than=clock_time(10, 5))
    assert not fits(clock_time(10), sooner_than=clock_time(10))


def test_where_clocks_are_set_back_a_visit_stays_inside_the_wall_clock_that_was_asked_for() -> None:
    fall = date(2026, 11, 1)
    first = datetime(2026, 11, 1, 1, 50, tzinfo=ZoneInfo(NEW_YORK)).astimezone(UTC)  # 1:50, then 1:00 again
    day = {"earliest": fall, "latest": fall}
    at = first - timedelta(days=1)
    assert not match(wished(from_time=time(1, 30), to_time=time(2, 30), **day), free(first), at)
    assert match(wished(from_time=time(1), to_time=time(2), **day), free(first), at)
    again = first + timedelta(hours=1)
    assert match(wished(from_time=time(1, 30), to_time=time(2, 30), **day), free(again), at)


def test_a_time_is_held_no_longer_than_the_notice_allows_but_long_enough_to_answer() -> None:
    half = 30 * MINUTE
    assert answer_by(timedelta(), clock_time(10), NOW, half) == NOW + half
    assert answer_by(timedelta(minutes=100), clock_time(10), NOW, half) == NOW + 20 * MINUTE
    assert answer_by(timedelta(hours=2), clock_time(10), NOW, half) == NOW + ANSWER_TIME


@given(
    st.lists(
        st.tuples(st.integers(1, 3), st.integers(0, 3), st.integers(0, 2**64)), max_size=30, unique_by=lambda t: t[2]
    ),
    st.integers(),
)
def test_rank_is_one_order_by_urgency_then_by_how_long_they_wait(people: list[tuple[int, int, int]], seed: int) -> None:
    wishes = [
        wished(id=UUID(int=number), urgency=urgency, since=NOW + hours * 60 * MINUTE)
        for urgency, hours, number in people
    ]
    shuffled = list(wishes)
    Random(seed).shuffle(shuffled)
    ranked = rank(shuffled)
    assert ranked == rank(wishes)
    assert sorted(wish.id for wish in ranked) == sorted(wish.id for wish in wishes)
    for one, other in pairwise(ranked):
        assert (-one.urgency, one.since, one.id) < (-other.urgency, other.since, other.id)


@given(
    zone=st.sampled_from([NEW_YORK, "Europe/Berlin", "Australia/Lord_Howe", "UTC", "Asia/Kolkata"]),
    minutes=st.integers(0, 366 * 24 * 12),
    length=st.integers(1, 48),
    window=st.tuples(st.integers(0, 1439), st.integers(0, 1439)).map(sorted).filter(lambda pair: pair[0] < pair[1]),
)
def test_a_visit_fits_exactly_when_every_minute_of_it_reads_a_wished_time_of_its_day(
    zone: str, minutes: int, length: int, window: list[int]
) -> None:
    starts = datetime(2026, 1, 1, tzinfo=UTC) + minutes * 5 * MINUTE
    opens, closes = (time(*divmod(minute, 60)) for minute in window)
    wish = wished(length=5 * length * MINUTE, earliest=date(2025, 12, 30), from_time=opens, to_time=closes)
    place = ZoneInfo(zone)
    day = starts.astimezone(place).date()
    read = [(starts + n * MINUTE).astimezone(place) for n in range(5 * length)]
    until = time.max if closes == time(23, 59) else closes
    inside = all(wall.date() == day and opens <= wall.time() < until for wall in read)
    assert match(wish, free(starts, zone), starts) == inside


@given(
    taken=st.lists(st.tuples(st.integers(-20, 80), st.integers(1, 30)), max_size=8),
    length=st.integers(1, 60),
)
def test_what_is_left_of_a_time_is_every_minute_that_nobody_takes(taken: list[tuple[int, int]], length: int) -> None:
    spans = [Span(NOW + start * MINUTE, NOW + (start + long) * MINUTE) for start, long in taken]
    left = gaps(Span(NOW, NOW + length * MINUTE), spans)
    for n in range(length):
        moment = NOW + n * MINUTE
        busy = any(span.start <= moment < span.end for span in spans)
        assert busy != any(span.start <= moment < span.end for span in left)
    assert all(one.end < other.start for one, other in pairwise(left))
    assert all(NOW <= span.start < span.end <= NOW + length * MINUTE for span in left)


@pytest.mark.parametrize(("second", "rounded"), [(0, 0), (1, 300), (299, 300), (300, 300)])
def test_visits_begin_on_the_lattice(second: int, rounded: int) -> None:
    assert on_lattice(NOW + timedelta(seconds=second)) == NOW + timedelta(seconds=rounded)


def test_a_wish_is_matched_whatever_its_urgency() -> None:
    wish = wished(urgency=3)
    assert match(wish, free(clock_time(10)), NOW) == match(replace(wish, urgency=1), free(clock_time(10)), NOW)
