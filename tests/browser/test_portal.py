"""A patient on a telephone: booked in five taps, without JavaScript too, at any width, in light and in dark."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from tests import factories
from tests.browser.conftest import OpenClinic
from tests.interface.axe import overhang, violations
from webapp.booking.visit_links import Named, path_of
from webapp.ids import new_id

if TYPE_CHECKING:
    from flask import Flask
    from playwright.sync_api import Locator, Page

    from tests.stack.database import Database

MOST_TAPS = 5
TELEPHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True}
WINDOWS = [("light", 1440), ("dark", 1440), ("light", 390), ("dark", 390), ("light", 320)]
Desk = Callable[..., "Page"]


class Thumb:
    """What a person taps, counted."""

    def __init__(self) -> None:
        self.taps = 0

    def tap(self, target: Locator) -> None:
        target.tap()
        self.taps += 1


def look(page: Page, name: str) -> None:
    """Nothing in the way of anybody; a picture, too, where somebody asked for pictures."""
    if folder := os.environ.get("PICTURES"):
        page.screenshot(path=Path(folder) / f"{name}.png")
    assert violations(page) == [], page.url
    assert overhang(page) == [], page.url


def statuses(database: Database) -> list[str]:
    with database.administer() as connection:
        return [row[0] for row in connection.execute("select status from appointment")]


@pytest.mark.parametrize("script", [True, False])
def test_a_visit_is_booked_in_five_taps(
    at_desk: Desk, open_clinic: OpenClinic, database: Database, *, script: bool
) -> None:
    rosa = open_clinic.patients["Rosa Jimenez"]
    page = at_desk("/me", role="patient", patients=(rosa,), java_script_enabled=script, **TELEPHONE)
    thumb = Thumb()
    thumb.tap(page.get_by_role("link", name="Book a visit").last)
    thumb.tap(page.get_by_role("link", name="Follow-up"))
    expect(page.get_by_role("heading", name="Choose a time")).to_be_visible()
    thumb.tap(page.locator("label.slot:visible").nth(1))
    thumb.tap(page.get_by_role("button", name="Continue"))
    expect(page.get_by_role("heading", name="Check and book")).to_be_visible()
    thumb.tap(page.get_by_role("button", name="Book this visit"))
    expect(page.get_by_role("heading", name="Your visit is booked")).to_be_visible()
    assert thumb.taps <= MOST_TAPS
    page.reload()
    page.go_back()
    expect(page.get_by_role("heading", name="Your visit is booked")).to_be_visible()
    assert statuses(database) == ["booked"]


@pytest.mark.parametrize(("scheme", "width"), WINDOWS)
def test_every_page_of_the_way_is_for_everybody(
    at_desk: Desk, open_clinic: OpenClinic, scheme: str, width: int
) -> None:
    rosa = open_clinic.patients["Rosa Jimenez"]
    window = {"width": width, "height": 844}
    page = at_desk("/me", role="patient", patients=(rosa,), color_scheme=scheme, viewport=window)
    mark = f"{scheme}-{width}"
    look(page, f"home-empty-{mark}")
    page.get_by_role("link", name="Book a visit").locator("visible=true").click()
    look(page, f"reasons-{mark}")
    page.get_by_role("link", name="Follow-up").click()
    page.locator("label.slot:visible").nth(1).click()
    look(page, f"find-{mark}")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", name="Check and book")).to_be_visible()
    look(page, f"check-{mark}")
    page.get_by_role("button", name="Book this visit").click()
    expect(page.get_by_role("heading", name="Your visit is booked")).to_be_visible()
    look(page, f"booked-{mark}")
    page.goto("/me")
    look(page, f"home-{mark}")
    page.get_by_role("link", name="Move", exact=True).click()
    look(page, f"move-{mark}")
    page.goto("/me")
    page.get_by_role("link", name="Cancel", exact=True).click()
    look(page, f"cancel-{mark}")
    page.get_by_role("button", name="Cancel this visit").click()
    expect(page.get_by_text("Your visit is canceled.")).to_be_visible()
    look(page, f"visit-{mark}")


@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 390), ("light", 320)])
def test_the_waiting_list_the_calendar_and_the_link(
    at_desk: Desk, open_clinic: OpenClinic, database: Database, app: Flask, scheme: str, width: int
) -> None:
    rosa, clinic = open_clinic.patients["Rosa Jimenez"], open_clinic.clinic
    window, mark = {"width": width, "height": 844}, f"{scheme}-{width}"
    now = datetime.now(UTC)
    with database.administer() as connection, connection.transaction():
        wish, later = new_id(), open_clinic.soon + timedelta(days=1)
        visit = factories.appointment(connection, clinic, later)
        factories.insert(connection, "waiting_wish", id=wish, patient_id=rosa, service_id=clinic.service,
                         earliest=now.date(), created_at=now, appointment_id=visit)  # fmt: skip
        hold = factories.appointment(connection, clinic, open_clinic.soon, status="held",
                                     held_until=now + timedelta(minutes=20))  # fmt: skip
        factories.insert(connection, "waiting_offer", id=new_id(), wish_id=wish, patient_id=rosa, hold_id=hold,
                         offered_at=now, expires_at=now + timedelta(minutes=20))  # fmt: skip
    page = at_desk("/me", role="patient", patients=(rosa,), color_scheme=scheme, viewport=window)
    look(page, f"home-offer-{mark}")
    page.goto(f"/me/{rosa}/waiting")
    look(page, f"wishes-{mark}")
    page.goto(f"/me/{rosa}/waiting/new?service={clinic.service}")
    look(page, f"wish-{mark}")
    page.goto(f"/me/{rosa}/calendar")
    page.get_by_role("button", name="Make a calendar address").click()
    look(page, f"calendar-{mark}")
    page.goto(path_of(Named(visit, rosa), secret=str(app.secret_key)))
    look(page, f"link-{mark}")
    page.get_by_role("button", name="Yes, I will come").click()
    expect(page.get_by_role("heading", name="Thank you. We expect you.")).to_be_visible()
    page.goto("/me")
    page.get_by_role("button", name="Take this time").click()
    expect(page.get_by_role("heading", name="Your visit is booked")).to_be_visible()
