"""Series, groups and walk-ins in a real browser: by keyboard, and without JavaScript."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from playwright.sync_api import expect

from tests import factories
from tests.browser.conftest import OpenClinic
from tests.browser.test_desk import Hands

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.stack.database import Database

MOST_TO_WALK_IN = 4
Desk = Callable[..., "Page"]


def rows(database: Database, query: str) -> list[Any]:
    with database.administer() as connection:
        return connection.execute(query.encode()).fetchall()


def dialog_for(open_clinic: OpenClinic, name: str = "Rosa Jimenez") -> str:
    patient, provider = open_clinic.patients[name], open_clinic.clinic.providers[0]
    return f"/book?patient={patient}&provider={provider}&at={open_clinic.soon:%Y-%m-%dT%H:%MZ}"


def test_a_series_with_a_conflict_is_booked_from_the_dialog(
    at_desk: Desk, open_clinic: OpenClinic, database: Database
) -> None:
    with database.administer() as connection:
        factories.appointment(
            connection,
            open_clinic.clinic,
            open_clinic.soon + timedelta(days=7),
            patient_id=open_clinic.patients["Paul Brandt"],
        )
    page = at_desk(dialog_for(open_clinic))
    expect(page.locator("#book-repeat")).not_to_have_attribute("open", "")
    page.locator("#book-repeat summary").click()
    page.get_by_label("Unit").select_option("weekly")
    page.get_by_role("textbox", name="Visits").fill("3")
    page.get_by_role("textbox", name="Visits").blur()
    expect(page.locator("#book-bar")).to_contain_text("See all dates")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("1 visit needs another time")).to_be_visible()
    expect(page.locator(".plan-state")).to_have_count(2)
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("All visits are booked.")).to_be_visible()
    assert len(rows(database, "select 1 from appointment where series_id is not null")) == 3


def test_a_series_is_booked_without_javascript(at_desk: Desk, open_clinic: OpenClinic, database: Database) -> None:
    page = at_desk(dialog_for(open_clinic), java_script_enabled=False)
    page.locator("#book-repeat summary").click()
    page.get_by_label("Unit").select_option("weekly")
    page.get_by_role("textbox", name="Visits").fill("3")
    page.get_by_role("button", name="See all dates").click()
    page.get_by_role("button", name="Book 3 visits").click()
    expect(page.get_by_text("weekly, 3 visits")).to_be_visible()
    assert len(rows(database, "select 1 from appointment where series_id is not null")) == 3


def test_somebody_who_walks_in_waits_after_four_interactions(
    at_desk: Desk, open_clinic: OpenClinic, database: Database
) -> None:
    page = at_desk("/board")
    hands = Hands(page)
    hands.press("i")
    expect(page.locator("#f-patient")).to_be_focused()
    hands.type("jime")
    expect(page.locator("#book-people a").first).to_be_visible()
    hands.press("Enter")
    expect(page.get_by_role("button", name="Check in now")).to_be_visible()
    hands.press("Control+Enter")
    expect(page.get_by_text("Checked in. The waiting time counts from now.")).to_be_visible()
    assert hands.count <= MOST_TO_WALK_IN
    assert rows(database, "select status, via from appointment") == [("arrived", "walk_in")]


def test_a_group_fills_and_its_roster_checks_people_in(
    at_desk: Desk, open_clinic: OpenClinic, database: Database
) -> None:
    clinic = open_clinic.clinic
    with database.administer() as connection:
        service = factories.service(
            connection, clinic.providers, [clinic.location], name="Back school", capacity=2, position=9
        )
    page = at_desk(f"/book?patient={open_clinic.patients['Rosa Jimenez']}&service={service}&provider=")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("The seat is booked.")).to_be_visible()
    page.goto(f"/book?patient={open_clinic.patients['Amy Dunn']}&service={service}&provider=")
    expect(page.get_by_text("1 left").first).to_be_visible()
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("The seat is booked.")).to_be_visible()
    page.goto(open_clinic.board)
    page.locator(".appt-group").click()
    expect(page.get_by_text("2 of 2")).to_be_visible()
    page.evaluate("window.print = () => document.body.classList.add('printed')")
    page.get_by_role("button", name="Print").click()
    expect(page.locator("body.printed")).to_be_visible()
    page.get_by_role("button", name="Check in").first.click()
    expect(page.get_by_role("button", name="Check in")).to_have_count(1)
    assert rows(database, "select status from appointment order by seat_no")[0] == ("arrived",)
