from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from uuid import UUID
from zoneinfo import ZoneInfo, available_timezones

import pytest

from webapp.practice.hours import Block, Span, days_of, local_day, opened

MINUTE = 60
ZONES = sorted(available_timezones())


@cache
def wall(zone: str, day: date) -> dict[int, datetime]:
    """What the wall clock reads at every minute that may belong to a local day, by seconds since the epoch."""
    place = ZoneInfo(zone)
    begin = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) - 16 * 3600
    return {at: datetime.fromtimestamp(at, place) for at in range(begin, begin + 56 * 3600, MINUTE)}


def minutes_open(zone: str, day: date, starts: time, ends: time) -> set[int]:
    return {at for at, local in wall(zone, day).items() if local.date() == day and starts <= local.time() < ends}


def minutes_of(spans: tuple[tuple[int, int], ...]) -> set[int]:
    return {at for begin, end in spans for at in range(begin, end, MINUTE)}


def days_with_a_clock_change(zone: str, year: int) -> list[date]:
    place = ZoneInfo(zone)
    noons = [datetime(year, 1, 1, 12, tzinfo=UTC) + timedelta(days=n) for n in range(366)]
    offsets = [noon.astimezone(place).utcoffset() for noon in noons]
    return [noons[n].date() for n in range(1, 366) if offsets[n] != offsets[n - 1]]


@pytest.mark.parametrize("year", [2011, 2026])
def test_hours_are_what_the_wall_clock_reads_on_every_clock_change_of_every_zone(year: int) -> None:
    checked = 0
    for zone in ZONES:
        for day in days_with_a_clock_change(zone, year):
            for near in (day - timedelta(days=1), day, day + timedelta(days=1)):
                for starts, ends in ((time(0), time(23, 59)), (time(1, 15), time(1, 45)), (time(1), time(9, 30))):
                    spans = opened(zone, near, starts, ends)
                    assert minutes_of(spans) == minutes_open(zone, near, starts, ends), (zone, near, starts, ends)
                    checked += 1
            wall.cache_clear()
    assert checked > 2000


def test_a_block_across_the_gap_is_an_hour_shorter_and_across_the_fold_an_hour_longer() -> None:
    def hours(day: date) -> list[float]:
        return [(end - begin) / 3600 for begin, end in opened("America/New_York", day, time(0), time(4))]

    assert hours(date(2026, 3, 8)) == [3]
    assert hours(date(2026, 11, 1)) == [5]


def test_a_block_inside_the_fold_is_worked_both_times_the_clock_reads_it() -> None:
    spans = opened("America/New_York", date(2026, 11, 1), time(1, 15), time(1, 45))
    assert [datetime.fromtimestamp(begin, UTC).time() for begin, _ in spans] == [time(5, 15), time(6, 15)]


def test_a_half_hour_shift_moves_by_half_an_hour() -> None:
    (span,) = opened("Australia/Lord_Howe", date(2026, 10, 4), time(1), time(4))
    assert span[1] - span[0] == 2.5 * 3600


def test_a_day_that_was_skipped_has_no_hours() -> None:
    assert opened("Pacific/Apia", date(2011, 12, 30), time(0), time.max) == ()
    skipped = local_day("Pacific/Apia", date(2011, 12, 30))
    assert skipped.start == skipped.end


def test_a_local_day_is_23_24_or_25_hours_long() -> None:
    def length(day: date) -> timedelta:
        span = local_day("Europe/Berlin", day)
        return span.end - span.start

    assert [length(date(2026, 3, 29)), length(date(2026, 6, 1)), length(date(2026, 10, 25))] == [
        timedelta(hours=23),
        timedelta(hours=24),
        timedelta(hours=25),
    ]


def test_days_of_a_span_are_local_dates() -> None:
    span = Span(datetime(2026, 11, 18, 3, tzinfo=UTC), datetime(2026, 11, 19, 12, tzinfo=UTC))
    assert days_of("America/New_York", span) == [date(2026, 11, 17), date(2026, 11, 18), date(2026, 11, 19)]


def test_a_block_applies_from_its_first_to_its_last_day_on_its_weekday() -> None:
    wednesdays = Block(UUID(int=1), UUID(int=2), None, 3, time(9), time(12), date(2026, 11, 11), date(2026, 11, 18))
    days = [date(2026, 11, 1) + timedelta(days=n) for n in range(30)]
    assert [day for day in days if wednesdays.applies_on(day)] == [date(2026, 11, 11), date(2026, 11, 18)]


def test_a_block_of_every_second_week_counts_from_the_week_it_began_in() -> None:
    # It began on a Thursday; its Tuesdays are those of that ISO week, of which the first lies before its first day.
    began = date(2026, 11, 12)
    tuesdays = Block(UUID(int=1), UUID(int=2), None, 2, time(9), time(12), began, every_weeks=2)
    days = [date(2026, 11, 1) + timedelta(days=n) for n in range(70)]
    assert [day for day in days if tuesdays.applies_on(day)] == [
        date(2026, 11, 24),
        date(2026, 12, 8),
        date(2026, 12, 22),
        date(2027, 1, 5),
    ]


def test_weeks_are_counted_across_a_year_of_53_weeks() -> None:
    # 2026 has an ISO week 53: counting week numbers instead of weeks would work two weeks in a row.
    every_third = Block(UUID(int=1), UUID(int=2), None, 5, time(9), time(12), date(2026, 12, 18), every_weeks=3)
    days = [date(2026, 12, 18) + timedelta(days=n) for n in range(45)]
    assert [day for day in days if every_third.applies_on(day)] == [
        date(2026, 12, 18),
        date(2027, 1, 8),
        date(2027, 1, 29),
    ]
