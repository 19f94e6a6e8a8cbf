"""The dialog books series after showing all their dates; nothing of it needs JavaScript."""

import re
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests import factories
from tests.booking.views.test_book import booked, choice
from tests.factories import Clinic, clock_time
from tests.stack.database import Database
from tests.stack.people import Visitor

MONDAYS = [date(2026, 11, 23) + timedelta(days=7 * n) for n in range(6)]


def repeated(clinic: Clinic, **other: object) -> dict[str, Any]:
    fields = {
        "repeat_unit": "weekly",
        "repeat_every": "1",
        "repeat_ends": "count",
        "repeat_count": "4",
        "repeat_until": "",
    }
    return choice(clinic, **{**fields, **other})


def take(database: Database, clinic: Clinic, day: date) -> None:
    with database.administer() as connection:
        factories.appointment(connection, clinic, clock_time(10, day=day), patient_id=clinic.patients[1])


def starts(database: Database) -> list[Any]:
    return [row[1] for row in booked(database)]


def test_the_dialog_is_as_calm_as_it_was_until_somebody_wants_more(desk: Visitor, clinic: Clinic) -> None:
    page = desk.get(f"/book?patient={clinic.patients[0]}").text
    assert '<details class="disclosure" id="book-repeat">' in page
    assert "Book 9:00 AM" in page


def test_a_repeating_visit_is_not_booked_before_its_dates_were_seen(
    desk: Visitor, database: Database, clinic: Clinic
) -> None:
    answer = desk.post("/book", repeated(clinic))
    assert answer.status_code == 422
    assert "See all dates first" in answer.text
    assert '<details class="disclosure" id="book-repeat" open>' in answer.text
    assert booked(database) == []


def test_the_bar_leads_to_the_dates_and_every_link_keeps_the_rule(desk: Visitor, clinic: Clinic) -> None:
    rule = "repeat_unit=weekly&repeat_count=4"
    page = desk.get(f"/book?patient={clinic.patients[0]}&{rule}&half=pm")
    assert "See all dates" in page.text
    assert 'formaction="/book/series"' in page.text
    links = re.findall(r'href="(/book\?[^"]*(?:week|half)=[^"]*)"', page.text)
    assert len(links) > 1
    for link in links:
        assert "repeat_unit=weekly" in link
        assert "repeat_count=4" in link


def test_all_dates_are_shown_and_then_booked(desk: Visitor, database: Database, clinic: Clinic) -> None:
    plan = desk.post("/book/series", repeated(clinic, note="Knee"))
    assert plan.status_code == 200
    assert "Book 4 visits" in plan.text
    assert plan.text.count("plan-state") == 4
    assert "Mon, Dec 14" in plan.text
    assert booked(database) == []
    answer = desk.post("/series/new", repeated(clinic, note="Knee"))
    assert answer.status_code == 303
    assert starts(database) == [clock_time(10, day=day) for day in MONDAYS[:4]]
    page = desk.get(answer.location).text
    assert "All visits are booked." in page
    assert "weekly, 4 visits" in page


def test_a_conflict_is_shown_with_the_nearest_times_and_nothing_is_booked_without_an_answer(
    desk: Visitor, database: Database, clinic: Clinic
) -> None:
    take(database, clinic, MONDAYS[2])
    plan = desk.post("/book/series", repeated(clinic)).text
    assert "1 visit needs another time" in plan
    assert plan.count("plan-state") == 3
    assert 'name="visit-3" value="2026-12-07T15:20Z"' in plan
    assert 'name="visit-3" value="skip"' in plan
    refused = desk.post("/series/new", repeated(clinic))
    assert refused.status_code == 409
    assert "Not all of these visits can be where they should" in refused.text
    assert "1 visit needs another time" in refused.text
    assert len(booked(database)) == 1


@pytest.mark.parametrize(
    ("answer", "third"),
    [
        ({"visit-3": "2026-12-07T15:20Z"}, clock_time(10, 20, day=MONDAYS[2])),
        ({"visit-3": "other", "day-3": "2026-12-09", "time-3": "14:35"}, clock_time(14, 35, day=date(2026, 12, 9))),
        ({"visit-3": "skip"}, None),
    ],
)
def test_each_answer_is_done(
    desk: Visitor, database: Database, clinic: Clinic, answer: dict[str, str], third: Any
) -> None:
    take(database, clinic, MONDAYS[2])
    assert desk.post("/series/new", repeated(clinic) | answer).status_code == 303
    own = [clock_time(10, day=day) for day in (MONDAYS[0], MONDAYS[1], MONDAYS[3])]
    others = [clock_time(10, day=MONDAYS[2])]
    assert starts(database) == sorted(own + others + ([third] if third else []))


def test_another_time_that_is_no_time_is_asked_again_with_all_else_kept(
    desk: Visitor, database: Database, clinic: Clinic
) -> None:
    take(database, clinic, MONDAYS[2])
    form = repeated(clinic, note="Ramp") | {"visit-3": "other", "day-3": "soon", "time-3": "14:33", "visit-2": "skip"}
    answer = desk.post("/series/new", form)
    assert answer.status_code == 422
    assert "Type a day and a time in steps of five minutes" in answer.text
    assert 'name="day-3" value="soon"' in answer.text
    assert "Left out" in answer.text
    assert 'value="Ramp"' in answer.text
    assert len(booked(database)) == 1


def test_a_chosen_time_that_somebody_took_meanwhile_is_asked_again(
    desk: Visitor, database: Database, clinic: Clinic
) -> None:
    take(database, clinic, MONDAYS[1])
    answer = desk.post("/series/new", repeated(clinic) | {"visit-1": "2026-11-30T15:00Z"})
    assert answer.status_code == 409
    assert "2 visits need another time" in answer.text


def test_the_patients_own_visit_is_told_apart(desk: Visitor, database: Database, clinic: Clinic) -> None:
    with database.administer() as connection:
        factories.appointment(
            connection,
            clinic,
            clock_time(10, day=MONDAYS[1]),
            provider_id=clinic.providers[1],
            room_id=clinic.rooms[1],
        )
    assert "The patient has another visit then" in desk.post("/book/series", repeated(clinic)).text


def test_pressed_twice_it_is_booked_once(desk: Visitor, database: Database, clinic: Clinic) -> None:
    key = uuid4()
    first, second = (desk.post("/series/new", repeated(clinic), key=key) for _ in range(2))
    assert (first.status_code, first.location) == (second.status_code, second.location)
    assert len(booked(database)) == 4


@pytest.mark.parametrize(
    ("other", "sentence"),
    [
        ({"repeat_unit": "hourly"}, "Choose days, weeks or months"),
        ({"repeat_every": "0"}, "Type a number from 1 to 52"),
        ({"repeat_every": "x" * 40}, "Type a number from 1 to 52"),
        ({"repeat_count": "105"}, "Type how many visits: 2 to 104"),
        ({"repeat_count": ""}, "Type how many visits: 2 to 104"),
        ({"repeat_ends": "until", "repeat_until": "soon"}, "Choose the last day"),
        ({"repeat_ends": "until", "repeat_until": "2026-11-24"}, "Choose a last day after the second visit"),
        ({"repeat_ends": "until", "repeat_until": "2032-01-01"}, "a series has at most 104 visits"),
        ({"starts_at": ""}, "Choose a time"),
    ],
)
def test_a_rule_that_says_nothing_is_asked_again_in_the_dialog(
    desk: Visitor, clinic: Clinic, other: dict[str, str], sentence: str
) -> None:
    answer = desk.post("/book/series", repeated(clinic, **other))
    assert answer.status_code == 422
    assert sentence in answer.text
    assert "First free times" in answer.text or "Nearest free times" in answer.text


def test_until_a_day_includes_that_day(desk: Visitor, clinic: Clinic) -> None:
    plan = desk.post("/book/series", repeated(clinic, repeat_ends="until", repeat_until="2026-12-07", repeat_every="2"))
    assert "Book 2 visits" in plan.text


def test_a_short_month_says_where_its_visit_went(desk: Visitor, clinic: Clinic) -> None:
    first = clock_time(10, day=date(2027, 1, 31)).strftime("%Y-%m-%dT%H:%MZ")
    plan = desk.post("/book/series", repeated(clinic, starts_at=first, repeat_unit="monthly"))
    assert plan.text.count("The last day of a month that has no such day") == 2


def test_from_the_dialog_the_plan_takes_its_place(desk: Visitor, clinic: Clinic) -> None:
    plan = desk.post("/book/series", repeated(clinic), fragment=True, headers={"HX-Target": "div#book-sheet"})
    assert "<html" not in plan.text
    assert 'id="plan-sheet"' in plan.text


def test_of_nobody_there_is_no_series(desk: Visitor, clinic: Clinic) -> None:
    assert desk.get(f"/series/{UUID(int=7)}").status_code == 404
    assert desk.post("/book/series", repeated(clinic, location=uuid4())).status_code == 404
    assert desk.post("/series/new", repeated(clinic, service=uuid4())).status_code in {404, 409, 422}
