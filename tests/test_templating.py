"""Times as the clinic says them, keys that survive a refusal, and templates that fail loudly."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from flask import g, render_template_string
from jinja2 import UndefinedError

from webapp.templating import age_in_years, day_long, day_short, local_day, local_moment, local_time, new_key

if TYPE_CHECKING:
    from flask import Flask

MOMENT = datetime(2026, 11, 22, 4, 5, tzinfo=UTC)


def test_times_are_those_of_the_place() -> None:
    assert local_time(MOMENT, "America/New_York") == "11:05 PM"
    assert local_day(MOMENT, "America/New_York") == "Sat, Nov 21"
    assert local_moment(MOMENT, "Asia/Kolkata") == "Sun, Nov 22, 9:35 AM"


@pytest.mark.parametrize(
    ("hour", "said"), [(0, "12:05 AM"), (1, "1:05 AM"), (11, "11:05 AM"), (12, "12:05 PM"), (23, "11:05 PM")]
)
def test_midnight_and_noon_are_twelve(hour: int, said: str) -> None:
    assert local_time(MOMENT.replace(hour=hour), "UTC") == said


def test_the_hour_that_comes_twice_is_told_apart_by_the_zone() -> None:
    first = datetime(2026, 11, 1, 5, 30, tzinfo=UTC)
    second = datetime(2026, 11, 1, 6, 30, tzinfo=UTC)
    assert local_time(first, "America/New_York") == local_time(second, "America/New_York") == "1:30 AM"


def test_days_are_said_in_words() -> None:
    assert day_long(date(2026, 11, 22)) == "Sunday, November 22, 2026"
    assert day_short(date(2026, 11, 2)) == "Mon, Nov 2"


@pytest.mark.parametrize(
    ("born", "today", "years"),
    [
        (date(2000, 2, 29), date(2026, 2, 28), 25),
        (date(2000, 2, 29), date(2026, 3, 1), 26),
        (date(2026, 11, 22), date(2026, 11, 22), 0),
        (date(1980, 11, 23), date(2026, 11, 22), 45),
    ],
)
def test_age_counts_completed_years(born: date, today: date, years: int) -> None:
    assert age_in_years(born, today) == years


def test_a_form_that_is_shown_again_keeps_its_key(app: Flask) -> None:
    with app.test_request_context("/"):
        assert new_key() != new_key()
        g.form_key = uuid4()
        assert new_key() == g.form_key


def test_a_name_that_does_not_exist_is_an_error(app: Flask) -> None:
    with app.test_request_context("/"), pytest.raises(UndefinedError):
        render_template_string("{{ no_such_name }}")


def test_what_people_typed_is_escaped(app: Flask) -> None:
    with app.test_request_context("/"):
        assert render_template_string("{{ word }}", word="<b>") == "&lt;b&gt;"


def test_every_macro_is_loaded(app: Flask) -> None:
    ui = vars(app.jinja_env.globals["ui"])
    assert {"button", "field", "form_guard", "alert", "toast", "drawer", "board_items", "icon"} <= ui.keys()
