"""Moving and canceling one visit asks about those it is tied to; the drawer says what they are."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from tests import factories
from tests.booking.views.test_book import booked
from tests.booking.views.test_series import MONDAYS, repeated, take
from tests.factories import Clinic, clock_time
from tests.stack.database import Database
from tests.stack.people import Visitor


@pytest.fixture
def series(desk: Visitor, database: Database, clinic: Clinic) -> list[UUID]:
    """Four Mondays at ten."""
    assert desk.post("/series/new", repeated(clinic)).status_code == 303
    return [row[0] for row in booked(database)]


def states(database: Database) -> list[str]:
    with database.administer() as connection:
        return [row[0] for row in connection.execute("select status from appointment order by starts_at").fetchall()]


def starts(database: Database) -> list[Any]:
    return [row[1] for row in booked(database)]


def to(starts_at: str, which: str, **other: str) -> dict[str, str]:
    return {"starts_at": starts_at, "version": "1", "provider": "", "which": which, **other}


def test_the_drawer_counts_the_visits_of_a_series(desk: Visitor, series: list[UUID]) -> None:
    page = desk.get(f"/board/{MONDAYS[2]}?visit={series[2]}").text
    assert "3 of 4, weekly" in page
    desk.post(f"/appointments/{series[0]}/cancel", {"reason": "sick", "version": "1"})
    assert "2 of 3, weekly" in desk.get(f"/board/{MONDAYS[2]}?visit={series[2]}").text


def test_the_dialogs_ask_which_visits(desk: Visitor, series: list[UUID]) -> None:
    for verb in ("move", "cancel"):
        page = desk.get(f"/appointments/{series[1]}/{verb}").text
        assert "Only this visit" in page
        assert "This one and later ones, 3 visits" in page
        assert "All of the series, 4 visits" in page
        assert "All of the series" not in desk.get(f"/appointments/{series[0]}/{verb}").text


@pytest.mark.parametrize(("which", "moved"), [("one", {1}), ("later", {1, 2, 3}), ("all", {0, 1, 2, 3})])
def test_a_move_reaches_what_was_chosen(
    desk: Visitor, database: Database, series: list[UUID], which: str, moved: set[int]
) -> None:
    answer = desk.post(f"/appointments/{series[1]}/move", to("2026-12-01T16:30Z", which))
    assert answer.status_code == 303
    expected = [
        clock_time(11, 30, day=day + timedelta(days=1)) if n in moved else clock_time(10, day=day)
        for n, day in enumerate(MONDAYS[:4])
    ]
    assert starts(database) == expected


def test_a_move_that_not_all_can_make_shows_what_each_could_do(
    desk: Visitor, database: Database, clinic: Clinic, series: list[UUID]
) -> None:
    with database.administer() as connection:
        factories.appointment(connection, clinic, clock_time(11, day=MONDAYS[2]), patient_id=clinic.patients[1])
    before = starts(database)
    refused = desk.post(f"/appointments/{series[1]}/move", to("2026-11-30T16:00Z", "later"))
    assert refused.status_code == 409
    assert "1 visit needs another time" in refused.text
    assert "Leave it where it is" in refused.text
    assert starts(database) == before
    free = {f"visit-{series[n]}": f"2026-{day}T16:00Z" for n, day in ((1, "11-30"), (3, "12-14"))}
    answer = {f"visit-{series[2]}": "other", f"day-{series[2]}": "2026-12-08", f"time-{series[2]}": "09:00"}
    agreed = desk.post(f"/appointments/{series[1]}/move", to("2026-11-30T16:00Z", "later") | free | answer)
    assert agreed.status_code == 303
    assert clock_time(9, day=date(2026, 12, 8)) in starts(database)


def test_one_that_stays_and_none_that_goes(
    desk: Visitor, database: Database, clinic: Clinic, series: list[UUID]
) -> None:
    take(database, clinic, date(2026, 12, 8))
    form = to("2026-12-01T15:00Z", "later")
    stay = {f"visit-{series[2]}": "skip"}
    assert desk.post(f"/appointments/{series[1]}/move", form | stay).status_code == 303
    assert clock_time(10, day=MONDAYS[2]) in starts(database)
    every = {f"visit-{visit}": "skip" for visit in series}
    nothing = desk.post(f"/appointments/{series[2]}/move", form | {"which": "all"} | every)
    assert nothing.status_code == 422
    assert "Every visit stays where it is" in nothing.text


def test_a_cancellation_reaches_what_was_chosen(desk: Visitor, database: Database, series: list[UUID]) -> None:
    answer = desk.post(f"/appointments/{series[2]}/cancel", {"reason": "sick", "version": "1", "which": "later"})
    assert answer.status_code == 303
    assert states(database) == ["booked", "booked", "cancelled", "cancelled"]
    page = desk.get(f"/board/{MONDAYS[0]}?visit={series[0]}").text
    assert "1 of 2, weekly" in page


@pytest.mark.parametrize("verb", ["move", "cancel"])
def test_a_reach_that_we_never_offer_is_refused(desk: Visitor, series: list[UUID], verb: str) -> None:
    form = {"which": "everything", "starts_at": "2026-11-30T16:00Z", "reason": "sick"}
    del form["reason" if verb == "move" else "starts_at"]
    assert desk.post(f"/appointments/{series[0]}/{verb}", form).status_code == 422


def test_a_visit_alone_is_not_asked_about(desk: Visitor, database: Database, clinic: Clinic) -> None:
    with database.administer() as connection:
        visit = factories.appointment(connection, clinic, clock_time(10))
    for verb in ("move", "cancel"):
        assert "Which visits?" not in desk.get(f"/appointments/{visit}/{verb}").text


def test_the_series_page_lists_its_visits_and_leads_on(desk: Visitor, database: Database, series: list[UUID]) -> None:
    with database.administer() as connection:
        row = connection.execute("select id from series").fetchone()
    assert row is not None
    desk.post(f"/appointments/{series[1]}/cancel", {"reason": "sick", "version": "1"})
    page = desk.get(f"/series/{row[0]}").text
    assert "weekly, 3 visits" in page
    assert page.count("plan-gone") == 1
    assert f"/appointments/{series[0]}/move?which=later" in page
    assert "<html" not in desk.get(f"/series/{row[0]}", fragment=True, target="dialog").text
