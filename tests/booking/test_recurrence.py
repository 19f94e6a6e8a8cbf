"""Repeated visits keep their wall time, in zones with and without summer time, and in short months."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.booking.recurrence import MOST, Adjusted, Frequency, Repeat, at_wall, occurrences, shifted, wall_shift

ZONES = (
    "America/New_York",
    "Europe/Berlin",
    "Australia/Lord_Howe",  # half an hour
    "America/Santiago",  # at midnight
    "Africa/Cairo",
    "Asia/Kolkata",
    "Pacific/Apia",
    "UTC",
)
LATTICE = 5

walls = st.builds(
    lambda day, minutes: datetime.combine(day, time()) + timedelta(minutes=LATTICE * minutes),
    st.dates(date(2011, 1, 1), date(2040, 12, 31)),
    st.integers(0, 24 * 60 // LATTICE - 1),
)
repeats = st.builds(
    Repeat, st.sampled_from(Frequency), every=st.integers(1, 52), count=st.integers(2, MOST)
) | st.builds(
    lambda frequency, every, until: Repeat(frequency, every, until=until),
    st.sampled_from(Frequency),
    st.integers(1, 52),
    st.dates(date(2011, 1, 1), date(2045, 12, 31)),
)


def local(moment: datetime, zone: str) -> datetime:
    return moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


@given(walls, st.sampled_from(ZONES), repeats)
def test_every_visit_keeps_its_wall_time_or_says_why_not(wall: datetime, zone: str, repeat: Repeat) -> None:
    first = at_wall(wall.date(), wall.time(), zone)
    own = local(first, zone)
    found = occurrences(first, zone, repeat)
    assert [each.number for each in found] == list(range(1, len(found) + 1))
    assert len(found) <= MOST
    for each in found[1:]:
        shown = local(each.at, zone)
        assert int(each.at.timestamp()) % (LATTICE * 60) == 0
        if each.adjusted is not Adjusted.CLOCK:
            assert shown.time() == own.time()
        if each.adjusted is None and repeat.frequency is Frequency.MONTHLY:
            assert shown.day == own.day
        if each.adjusted is Adjusted.SHORT_MONTH:
            assert shown.day < own.day
            assert (shown + timedelta(days=1)).day == 1
    for one, other in pairwise(found):
        assert one.at < other.at


@given(walls, st.sampled_from(ZONES), repeats)
def test_a_series_ends_after_its_count_or_on_its_last_day(wall: datetime, zone: str, repeat: Repeat) -> None:
    first = at_wall(wall.date(), wall.time(), zone)
    found = occurrences(first, zone, repeat)
    if repeat.count is not None:
        assert len(found) == repeat.count
    elif repeat.until is not None:
        # A wall time that is jumped over at the end of the last day is an instant of the next.
        assert all(local(each.at, zone).date() <= repeat.until + timedelta(days=1) for each in found)
        assert all(local(each.at, zone).date() <= repeat.until or each.adjusted is Adjusted.CLOCK for each in found)
        assert bool(found) == (local(first, zone).date() <= repeat.until)


@given(walls, st.sampled_from(ZONES), st.sampled_from([Frequency.DAILY, Frequency.WEEKLY]), st.integers(1, 52))
def test_visits_are_the_same_number_of_days_apart(wall: datetime, zone: str, frequency: Frequency, every: int) -> None:
    first = at_wall(wall.date(), wall.time(), zone)
    days = every * (7 if frequency is Frequency.WEEKLY else 1)
    found = occurrences(first, zone, Repeat(frequency, every, count=20))
    own = local(first, zone).date()
    for each in found:
        if each.adjusted is None:
            assert (local(each.at, zone).date() - own).days % days == 0


@given(walls, st.sampled_from(ZONES), st.timedeltas(timedelta(days=-400), timedelta(days=400)))
def test_a_shift_on_the_clock_is_what_lies_between(wall: datetime, zone: str, shift: timedelta) -> None:
    whole = timedelta(minutes=int(shift.total_seconds() // 300) * LATTICE)
    before = at_wall(wall.date(), wall.time(), zone)
    after = shifted(before, zone, whole)
    if local(after, zone) == local(before, zone) + whole:
        assert wall_shift(before, after, zone) == whole
    else:  # never shown there
        assert local(after, zone) > local(before, zone) + whole


def weekly(count: int) -> Repeat:
    return Repeat(Frequency.WEEKLY, count=count)


def test_ten_in_the_morning_stays_ten_when_clocks_change() -> None:
    first = datetime(2026, 10, 26, 14, tzinfo=UTC)  # ten in New York, summer time
    assert [each.at.hour for each in occurrences(first, "America/New_York", weekly(3))] == [14, 15, 15]


def test_a_time_that_clocks_jump_over_is_the_next_one_there_is() -> None:
    first = datetime(2026, 3, 1, 7, 30, tzinfo=UTC)  # 2:30 in New York; on March 8 there is none
    second = occurrences(first, "America/New_York", weekly(3))[1]
    assert (second.at, second.adjusted) == (datetime(2026, 3, 8, 7, tzinfo=UTC), Adjusted.CLOCK)
    assert local(second.at, "America/New_York").time() == time(3)


def test_a_time_that_clocks_show_twice_is_the_first() -> None:
    first = datetime(2026, 10, 25, 5, 30, tzinfo=UTC)  # 1:30 in New York; on November 1 twice
    second = occurrences(first, "America/New_York", weekly(2))[1]
    assert second.at == datetime(2026, 11, 1, 5, 30, tzinfo=UTC)


def test_a_first_visit_in_the_second_of_two_equal_hours_stays_there() -> None:
    first = datetime(2026, 11, 1, 6, 30, tzinfo=UTC)
    assert occurrences(first, "America/New_York", weekly(2))[0].at == first


def test_a_day_that_a_zone_left_out_begins_with_the_next() -> None:
    first = at_wall(date(2011, 12, 29), time(10), "Pacific/Apia")
    found = occurrences(first, "Pacific/Apia", Repeat(Frequency.DAILY, count=3))
    assert [f"{local(each.at, 'Pacific/Apia'):%m-%d %H}" for each in found] == ["12-29 10", "12-31 00", "12-31 10"]


def test_a_month_without_the_day_has_its_visit_on_its_last() -> None:
    first = at_wall(date(2027, 1, 31), time(9), "Europe/Berlin")
    found = occurrences(first, "Europe/Berlin", Repeat(Frequency.MONTHLY, count=4))
    assert [local(each.at, "Europe/Berlin").date() for each in found] == [
        date(2027, 1, 31),
        date(2027, 2, 28),
        date(2027, 3, 31),
        date(2027, 4, 30),
    ]
    assert [each.adjusted for each in found] == [None, Adjusted.SHORT_MONTH, None, Adjusted.SHORT_MONTH]


def test_a_yearly_leap_day_is_kept_in_february() -> None:
    first = at_wall(date(2028, 2, 29), time(9), "UTC")
    found = occurrences(first, "UTC", Repeat(Frequency.MONTHLY, 12, count=5))
    assert [each.at.date() for each in found][1:] == [date(year, 2, 28) for year in (2029, 2030, 2031)] + [
        date(2032, 2, 29)
    ]


def test_the_calendar_has_an_end() -> None:
    first = datetime(9999, 12, 20, 12, tzinfo=UTC)
    assert len(occurrences(first, "UTC", weekly(10))) == 2


@pytest.mark.parametrize(
    ("every", "count", "until"),
    [(0, 2, None), (53, 2, None), (1, 1, None), (1, 105, None), (1, None, None), (1, 2, date(2027, 1, 1))],
)
def test_a_rule_that_says_nothing_or_too_much_is_refused(every: int, count: int | None, until: date | None) -> None:
    with pytest.raises(ValueError, match=r"every|count|end"):
        Repeat(Frequency.WEEKLY, every, count, until)
