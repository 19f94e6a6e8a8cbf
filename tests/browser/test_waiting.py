"""The waiting list in a browser: found from the navigation, answered by mouse, at 390 px and without JavaScript."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from tests import factories
from tests.browser.conftest import OpenClinic, later
from tests.interface.axe import overhang, violations
from webapp.ids import new_id

if TYPE_CHECKING:
    from playwright.sync_api import Page
    from psycopg import Connection

    from tests.stack.database import Database

AtDesk = Callable[..., "Page"]


def waits(connection: Connection[Any], at: OpenClinic, name: str, **columns: Any) -> UUID:
    made = new_id()
    # Where the clinic is it may still be yesterday.
    earliest = datetime.now(UTC).date() - timedelta(days=1)
    defaults = {"service_id": at.clinic.service, "earliest": earliest, "patient_id": at.patients[name]}
    since = datetime.now(UTC) - timedelta(days=9)
    factories.insert(connection, "waiting_wish", id=made, **{"created_at": since, **defaults, **columns})
    return made


@pytest.fixture
def offer(database: Database, open_clinic: OpenClinic) -> UUID:
    """Paul Brandt is being offered a time; Amy Dunn waits for a morning, and Rosa Jimenez has a visit later on."""
    now = datetime.now(UTC)
    with database.administer() as connection:
        until = now + timedelta(minutes=24, seconds=30)
        hold = factories.appointment(
            connection, open_clinic.clinic, later(open_clinic, 60), status="held", held_until=until,
            patient_id=open_clinic.patients["Paul Brandt"],
        )  # fmt: skip
        visit = factories.appointment(connection, open_clinic.clinic, later(open_clinic, 240))
        paul = waits(connection, open_clinic, "Paul Brandt", urgency=2)
        every = [*range(1, 8)]
        mornings = {"weekdays": every, "from_time": time(9), "to_time": time(12), "note": "Can be here in ten minutes"}
        waits(connection, open_clinic, "Amy Dunn", provider_ids=[open_clinic.clinic.providers[1]], **mornings)
        waits(connection, open_clinic, "Rosa Jimenez", urgency=3, notice_minutes=120, appointment_id=visit)
        made = new_id()
        factories.insert(
            connection, "waiting_offer", id=made, wish_id=paul, patient_id=open_clinic.patients["Paul Brandt"],
            hold_id=hold, offered_at=now, expires_at=until,
        )  # fmt: skip
    return made


def test_the_list_is_found_from_the_navigation_and_an_offer_answered(
    at_desk: AtDesk, open_clinic: OpenClinic, offer: UUID
) -> None:
    page = at_desk("/board")
    page.locator("#waiting-beside").get_by_text("Amy Dunn").wait_for()
    page.locator("#waiting-beside").get_by_text("Offered").wait_for()
    if folder := os.environ.get("PICTURES"):
        page.screenshot(path=f"{folder}/board.png")
    page.get_by_role("navigation", name="Main", exact=True).get_by_role("link", name="Waiting list").click()
    page.get_by_text("call (207) 555-0142").wait_for()
    card = page.locator(f"#offer-{offer}")
    assert "24 min left" in card.inner_text()
    card.get_by_role("button", name="Accepted").click()
    page.get_by_text("They are off the waiting list").wait_for()
    assert page.get_by_text("Being offered now").count() == 0
    assert page.get_by_role("row", name="Paul Brandt").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_the_list_fits_the_screen(at_desk: AtDesk, offer: UUID, width: int, scheme: str) -> None:
    page = at_desk("/waiting", color_scheme=scheme, viewport={"width": width, "height": 900})
    page.get_by_role("button", name="Accepted").wait_for()
    assert overhang(page) == []
    assert violations(page) == []
    for name in ("Amy Dunn", "Rosa Jimenez"):
        assert page.get_by_role("link", name=name).is_visible()
    if folder := os.environ.get("PICTURES"):
        page.screenshot(path=f"{folder}/waiting-{width}-{scheme}.png", full_page=True)


def test_a_person_is_put_on_the_list_and_corrected_without_leaving_the_dialog(
    at_desk: AtDesk, open_clinic: OpenClinic
) -> None:
    page = at_desk(f"/patients/{open_clinic.patients['Amy Dunn']}")
    page.locator(".card", has=page.get_by_role("heading", name="Waiting list")).get_by_role("link", name="Add").click()
    dialog = page.locator("#dialog")
    dialog.get_by_text("Dr. Amara Osei").click()
    dialog.get_by_text("Wed", exact=True).click()
    dialog.get_by_label("First day").fill("")
    dialog.get_by_role("button", name="Put on the list").click()
    dialog.get_by_role("alert").get_by_text("Enter the first day").wait_for()
    assert dialog.get_by_label("Dr. Amara Osei").is_checked()
    dialog.get_by_label("First day").fill(datetime.now(UTC).date().isoformat())
    dialog.get_by_text("Soon", exact=True).click()
    if folder := os.environ.get("PICTURES"):
        page.screenshot(path=f"{folder}/wish.png")
    dialog.get_by_role("button", name="Put on the list").click()
    page.get_by_text("Dr. Amara Osei · Wed · any time").wait_for()


def test_without_javascript_everything_works(at_desk: AtDesk, offer: UUID) -> None:
    page = at_desk("/waiting", java_script_enabled=False, viewport={"width": 390, "height": 844})
    page.get_by_role("button", name="Show these").click()
    page.locator("tr", has_text="Amy Dunn").get_by_role("link", name="Edit").click()
    page.get_by_label("Note for the desk").fill("Evenings are fine, too")
    page.get_by_role("button", name="Save").click()
    assert "Evenings are fine, too" in page.locator("tr", has_text="Amy Dunn").inner_text()
    page.get_by_role("button", name="Refused").click()
    assert page.get_by_text("The time goes to the next in line").is_visible()
    page.goto("/waiting")  # without JavaScript a toast stays until then
    page.locator("tr", has_text="Amy Dunn").get_by_role("button", name="Take off").click()
    assert page.locator("tr", has_text="Amy Dunn").count() == 0


def test_a_free_time_and_a_cancellation_show_who_fits(
    at_desk: AtDesk, open_clinic: OpenClinic, visit: UUID, database: Database
) -> None:
    with database.administer() as connection:
        waits(connection, open_clinic, "Amy Dunn", urgency=3)
        waits(connection, open_clinic, "Paul Brandt")
    instant = later(open_clinic, 60).strftime("%Y-%m-%dT%H:%MZ")
    page = at_desk(f"/book?provider={open_clinic.clinic.providers[0]}&at={instant}")
    people = page.locator(".waiting-fits li")
    assert ["Amy" in people.nth(0).inner_text(), "Paul" in people.nth(1).inner_text()] == [True, True]
    if folder := os.environ.get("PICTURES"):
        page.screenshot(path=f"{folder}/from-the-list.png")
    people.nth(0).get_by_role("link", name="Book").click()
    page.get_by_role("button", name="Book ").last.click()
    page.get_by_text("Booked.").wait_for()
    page.goto(f"/appointments/{visit}/cancel")
    box = page.get_by_label("Offer the time to the waiting list")
    assert box.is_checked()
    assert page.get_by_text("1 person fits this time.").is_visible()
    if folder := os.environ.get("PICTURES"):
        page.screenshot(path=f"{folder}/cancel.png")


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (390, "dark")])
def test_a_seat_that_is_free_is_given_to_somebody_of_the_list_from_the_roster(
    at_desk: AtDesk, open_clinic: OpenClinic, database: Database, width: int, scheme: str
) -> None:
    starts, at = later(open_clinic, 60), open_clinic.clinic
    with database.administer() as connection:
        connection.execute("UPDATE service SET capacity = 8, name = 'Back school'")
        group = factories.group_session(connection, at, starts)
        seat = {"group_session_id": group, "ends_at": starts + timedelta(hours=1)}
        factories.appointment(connection, at, starts, seat_no=1, **seat)
        until = datetime.now(UTC) + timedelta(minutes=24)
        asked = {"status": "held", "held_until": until, "patient_id": open_clinic.patients["Paul Brandt"]}
        factories.appointment(connection, at, starts, seat_no=2, **seat, **asked)
        waits(connection, open_clinic, "Amy Dunn", urgency=3)
    page = at_desk(f"/groups/{group}", color_scheme=scheme, viewport={"width": width, "height": 900})
    page.get_by_text("offered until").wait_for()
    assert (overhang(page), violations(page)) == ([], [])
    if folder := os.environ.get("PICTURES"):
        page.screenshot(path=f"{folder}/roster-{width}.png")
    page.get_by_role("link", name="Add somebody").click()
    page.locator(".waiting-fits li").get_by_text("Amy Dunn").wait_for()
    if folder:
        page.screenshot(path=f"{folder}/seat-from-the-list-{width}.png")
    page.locator(".waiting-fits li").get_by_role("link", name="Book").click()
    page.get_by_role("button", name="Book seat").click()
    page.wait_for_url("**visit=**")
    with database.administer() as connection:
        row = connection.execute("SELECT status FROM waiting_wish").fetchone()
    assert row == ("taken",)
