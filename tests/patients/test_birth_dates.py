from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from webapp.patients.birth_dates import age, parse

TODAY = dt.date(2026, 11, 23)
BORN = dt.date(1973, 3, 4)


@pytest.mark.parametrize(
    "typed",
    [
        "3/4/1973",
        "03/04/1973",
        "03/04/73",
        "3.4.1973",
        "3-4-73",
        "03 04 1973",
        "03041973",
        "1973-03-04",
        "Mar 4, 1973",
        "march 4 1973",
        "MAR. 4th, 1973",
        "4 Mar 1973",
        " 4  March,  1973 ",
        "1973/3/4",
        "1973.03.04",
        "19730304",
        "Mar 4 73",
        "4 mar 73",
    ],
)
def test_a_birth_date_is_read_in_the_usual_forms(typed: str) -> None:
    assert parse(typed, TODAY) == BORN


@pytest.mark.parametrize(
    "typed", ["", "x", "2/30/1973", "13/4/1973", "1973", "3/4", "Foo 4, 1973", "0/0/0000", "9" * 50]
)
def test_what_is_no_date_is_none(typed: str) -> None:
    assert parse(typed, TODAY) is None


@pytest.mark.parametrize(
    ("typed", "year"), [("11/23/26", 2026), ("11/24/26", 1926), ("1/1/00", 2000), ("1/1/99", 1999), ("2/29/24", 2024)]
)
def test_two_digits_mean_the_latest_year_that_is_not_in_the_future(typed: str, year: int) -> None:
    found = parse(typed, TODAY)
    assert found is not None
    assert found.year == year


def test_the_29th_of_february_of_a_year_that_has_none_means_a_century_earlier_or_nothing() -> None:
    assert parse("2/29/25", TODAY) is None
    assert parse("2/29/00", dt.date(2000, 1, 1)) is None


@settings(deadline=None)
@given(st.text(max_size=20))
def test_anything_typed_is_a_date_or_none(typed: str) -> None:
    parse(typed, TODAY)


@settings(deadline=None)
@given(st.dates(dt.date(1000, 1, 1)))
def test_every_day_is_read_back_from_how_it_is_written(day: dt.date) -> None:
    assert parse(day.isoformat(), TODAY) == day
    assert parse(f"{day.month}/{day.day}/{day.year:04}", TODAY) == day


@pytest.mark.parametrize(("on", "years"), [((2026, 3, 3), 52), ((2026, 3, 4), 53), ((1970, 1, 1), 0)])
def test_age_counts_whole_years(on: tuple[int, int, int], years: int) -> None:
    assert age(BORN, dt.date(*on)) == years
