"""A morning at the front desk in a real browser: find, book, check in, finish; every press counted."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from playwright.sync_api import expect

from tests import factories
from tests.browser.conftest import OpenClinic, later
from tests.identity.accounts import new_account

if TYPE_CHECKING:
    from flask import Flask
    from playwright.sync_api import Page

    from tests.stack.database import Database

MOST_TO_BOOK = 4
SIX_SECONDS = 6_000

Desk = Callable[..., "Page"]


class Hands:
    """A person's hands on a page; a click, a key chord or one filled field is one interaction."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self.count = 0

    def press(self, chord: str) -> None:
        self.count += 1
        self._page.keyboard.press(chord)

    def type(self, text: str) -> None:
        self.count += 1
        self._page.keyboard.type(text)

    def click(self, selector: str) -> None:
        self.count += 1
        self._page.locator(selector).click()


def status_of(database: Database, visit: UUID) -> str:
    with database.administer() as connection:
        row = connection.execute("select status from appointment where id = %s", (visit,)).fetchone()
    assert row is not None
    return str(row[0])


def test_a_returning_patient_is_booked_in_four_interactions_from_anywhere(
    at_desk: Desk, open_clinic: OpenClinic
) -> None:
    page = at_desk("/board")
    hands = Hands(page)
    hands.press("Control+k")
    hands.type("jim")
    hands.click("#omnibox a:has-text('Book for Rosa Jimenez')")
    expect(page.locator("#dialog h1")).to_have_text("Book a visit")
    hands.press("Control+Enter")
    expect(page.locator("#drawer-name")).to_have_text("Rosa Jimenez")
    expect(page.locator("#toasts")).to_contain_text("Booked.")
    assert hands.count <= MOST_TO_BOOK


def test_a_returning_patient_is_booked_into_a_chosen_time_in_four_interactions(
    at_desk: Desk, open_clinic: OpenClinic
) -> None:
    page = at_desk(open_clinic.board)
    hands = Hands(page)
    hands.click(".col:nth-of-type(2) .free >> nth=1")
    expect(page.locator("#f-patient")).to_be_focused()
    hands.type("brandt")
    hands.press("Enter")
    expect(page.locator("#dialog .person-box")).to_contain_text("Paul Brandt")
    chosen = page.locator("#book-bar strong").inner_text()
    hands.press("Control+Enter")
    expect(page.locator("#drawer-name")).to_have_text("Paul Brandt")
    assert chosen.split(", ")[-1].split(" to ")[0] in page.locator("#drawer").inner_text()
    assert hands.count <= MOST_TO_BOOK


def test_check_in_is_one_click_in_the_list_and_one_key_in_the_drawer(
    at_desk: Desk, open_clinic: OpenClinic, database: Database, visit: UUID
) -> None:
    with database.administer() as connection:
        other = factories.appointment(
            connection,
            open_clinic.clinic,
            later(open_clinic, 60),
            patient_id=open_clinic.patients["Paul Brandt"],
        )
    page = at_desk(f"{open_clinic.board}?view=list")
    page.locator(f"#row-{visit}").get_by_role("button", name="Check in").click()
    expect(page.locator(f"#row-{visit}")).to_contain_text("Waiting")
    assert status_of(database, visit) == "arrived"
    page.goto(f"{open_clinic.board}?visit={other}")
    page.keyboard.press("c")
    expect(page.locator("#drawer .stepper [aria-current]")).to_have_text("Waiting")
    expect(page.locator(f"#visit-{other}")).to_contain_text("Waiting")
    assert status_of(database, other) == "arrived"


def test_a_morning_by_keyboard_alone(app: Flask, page: Page, open_clinic: OpenClinic, database: Database) -> None:
    with app.app_context():
        account = new_account()
    page.goto("/sign-in")
    page.locator("#f-email").focus()
    page.keyboard.type(account.email)
    page.keyboard.press("Tab")
    page.keyboard.type(account.password)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/board$"))
    page.keyboard.press("b")
    expect(page.locator("#f-patient")).to_be_focused()
    page.keyboard.type("jimenez")
    page.keyboard.press("Enter")
    expect(page.locator("#dialog input[name=starts_at]:checked")).to_be_focused()
    page.keyboard.press("Control+Enter")
    expect(page.locator("#drawer-name")).to_have_text("Rosa Jimenez")
    for word in ("Waiting", "In room", "Done"):
        page.keyboard.press("c")
        expect(page.locator("#drawer .stepper [aria-current]")).to_have_text(word)
    page.keyboard.press("Escape")
    expect(page.locator("#drawer > *")).to_have_count(0)
    with database.administer() as connection:
        assert connection.execute("select status from appointment").fetchall() == [("finished",)]


def test_cards_are_walked_with_the_arrow_keys(
    at_desk: Desk, open_clinic: OpenClinic, database: Database, visit: UUID
) -> None:
    page = at_desk(open_clinic.board)
    page.locator(f"#visit-{visit}").focus()
    page.keyboard.press("ArrowDown")
    expect(page.locator(f"#visit-{visit}")).not_to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(page.locator(f"#visit-{visit}")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#drawer-name")).to_have_text("Rosa Jimenez")


def test_moving_and_canceling_by_key(at_desk: Desk, open_clinic: OpenClinic, database: Database, visit: UUID) -> None:
    page = at_desk(f"{open_clinic.board}?visit={visit}")
    page.keyboard.press("m")
    expect(page.locator("#dialog h1")).to_have_text("Move visit")
    page.locator("#dialog .week .slot:has(input:not(:checked))").last.click()
    expect(page.locator("#move-bar button")).to_contain_text("Move to")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#toasts")).to_contain_text("Moved.")
    page.keyboard.press("x")
    expect(page.locator("#dialog h1")).to_have_text("Cancel visit")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#dialog .error-summary")).to_be_focused()
    page.get_by_label("The patient asked for it").check()
    page.keyboard.press("Control+Enter")
    expect(page.locator("#toasts")).to_contain_text("Canceled.")
    assert status_of(database, visit) == "cancelled"


def test_all_of_it_without_javascript(at_desk: Desk, open_clinic: OpenClinic, database: Database) -> None:
    page = at_desk("/board", java_script_enabled=False)
    page.get_by_role("link", name="Search patients, invoices, or type an action").click()
    page.locator("#search-q").fill("dunn")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Book for Amy Dunn").click()
    page.get_by_label("Note for the desk").fill("Walks with a cane")
    page.locator("#book-bar button").click()
    expect(page.locator("#drawer-name")).to_have_text("Amy Dunn")
    for step in ("Check in", "To room", "Finish visit"):
        page.locator("#drawer").get_by_role("button", name=step).click()
    expect(page.locator("#drawer .stepper [aria-current]")).to_have_text("Done")
    page.goto("/patients/new")
    for label, text in (("First name", "Nora"), ("Last name", "Byrne"), ("Date of birth", "3/4/1990")):
        page.get_by_label(label).fill(text)
    page.get_by_role("button", name="Register").click()
    expect(page.locator(".error-summary")).to_contain_text("Enter a phone number")
    page.get_by_label("Phone").fill("207 555 0123")
    page.get_by_role("button", name="Register").click()
    expect(page.get_by_role("heading", name="Nora Byrne")).to_be_visible()
    with database.administer() as connection:
        assert connection.execute("select status, note from appointment").fetchall() == [
            ("finished", "Walks with a cane")
        ]


def test_a_new_patient_needs_four_fields(at_desk: Desk, open_clinic: OpenClinic) -> None:
    page = at_desk("/board")
    page.keyboard.press("n")
    page.get_by_label("First name").fill("Theo")
    page.get_by_label("Last name").fill("Greene")
    page.get_by_label("Date of birth").fill("12/24/1999")
    page.get_by_label("Phone").fill("2075550199")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("heading", name="Theo Greene")).to_be_visible()


def test_somebody_new_is_registered_on_the_way_to_a_booking(at_desk: Desk, open_clinic: OpenClinic) -> None:
    page = at_desk("/board")
    page.keyboard.press("b")
    page.locator("#dialog").get_by_role("link", name="New patient").click()
    for label, text in (
        ("First name", "Kira"),
        ("Last name", "Novak"),
        ("Date of birth", "5/6/1980"),
        ("Phone", "2075550188"),
    ):
        page.locator("#dialog").get_by_label(label).fill(text)
    page.keyboard.press("Control+Enter")
    expect(page.locator("#dialog .person-box")).to_contain_text("Kira Novak")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#drawer-name")).to_have_text("Kira Novak")


def test_another_desks_change_is_seen_while_focus_scroll_and_drawer_stay(
    at_desk: Desk, open_clinic: OpenClinic, database: Database, visit: UUID
) -> None:
    with database.administer() as connection:
        later_visit = factories.appointment(
            connection, open_clinic.clinic, later(open_clinic, 120), patient_id=open_clinic.patients["Amy Dunn"]
        )
    watching, working = at_desk(open_clinic.board), at_desk(f"{open_clinic.board}?visit={visit}")
    watching.locator(f"#visit-{later_visit}").click()
    expect(watching.locator("#drawer-name")).to_have_text("Amy Dunn")
    watching.locator(f"#visit-{later_visit}").focus()
    watching.evaluate("document.querySelector('.board-scroll').scrollTop = 77")
    working.keyboard.press("c")
    expect(working.locator("#drawer .stepper [aria-current]")).to_have_text("Waiting")
    expect(watching.locator(f"#visit-{visit}.s-arrived")).to_be_attached(timeout=SIX_SECONDS)
    expect(watching.locator(f"#visit-{later_visit}")).to_be_focused()
    expect(watching.locator("#drawer-name")).to_have_text("Amy Dunn")
    expect(watching.locator(f"#visit-{later_visit}")).to_have_attribute("aria-current", "true")
    assert watching.evaluate("document.querySelector('.board-scroll').scrollTop") == pytest.approx(77, abs=1)


def test_a_time_that_another_desk_takes_first_leaves_what_was_typed_and_offers_others(
    at_desk: Desk, open_clinic: OpenClinic, database: Database
) -> None:
    rosa = open_clinic.patients["Rosa Jimenez"]
    page = at_desk(f"/book?patient={rosa}&provider={open_clinic.clinic.providers[0]}")
    page.get_by_label("Note for the desk").fill("Half a sentence")
    with database.administer() as connection:
        chosen = page.locator("input[name=starts_at]:checked").get_attribute("value")
        assert chosen is not None
        factories.appointment(
            connection,
            open_clinic.clinic,
            open_clinic.soon.fromisoformat(chosen.replace("Z", "+00:00")),
            patient_id=open_clinic.patients["Paul Brandt"],
        )
    page.keyboard.press("Control+Enter")
    expect(page.locator(".error-summary")).to_be_focused()
    expect(page.locator(".error-summary")).to_contain_text("That time was just taken")
    expect(page.get_by_label("Note for the desk")).to_have_value("Half a sentence")
    expect(page.get_by_text("Nearest free times")).to_be_visible()
    page.locator(".slot-large").first.click()
    expect(page.locator("#book-bar button")).to_contain_text("Book ")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#drawer-name")).to_have_text("Rosa Jimenez")


def test_back_returns_to_a_whole_page(at_desk: Desk, open_clinic: OpenClinic, visit: UUID) -> None:
    page = at_desk(open_clinic.board)
    page.locator(f"#visit-{visit}").click()
    expect(page.locator("#drawer-name")).to_be_visible()
    page.go_back()
    expect(page.locator("#drawer > *")).to_have_count(0)
    expect(page.locator(".topbar")).to_be_visible()
    page.go_forward()
    expect(page.locator("#drawer-name")).to_have_text("Rosa Jimenez")
