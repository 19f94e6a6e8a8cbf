"""Settings in a real browser: accessible in every window, a sick day in seconds, and all of it without JavaScript."""

from __future__ import annotations

from collections.abc import Callable
from datetime import time, timedelta
from typing import TYPE_CHECKING
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import expect

from tests import factories
from tests.browser.conftest import OpenClinic, later
from tests.browser.test_accessible import WINDOWS
from tests.interface.axe import overhang, violations

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.stack.database import Database

Desk = Callable[..., "Page"]


@pytest.fixture
def busy_clinic(database: Database, open_clinic: OpenClinic) -> OpenClinic:
    """Two sites, equipment, a closure, and everybody comes to Dr. Osei tomorrow."""
    clinic = open_clinic.clinic
    with database.administer() as connection:
        east = factories.location(connection, name="Eastside", time_zone=open_clinic.zone)
        factories.hours(connection, clinic.providers[1], east, weekday=3, starts=time(19), ends=time(21), every_weeks=2)
        ecg = factories.resource(connection, "equipment")
        factories.insert(connection, "equipment", id=ecg, location_id=clinic.location, kind="ECG", name="ECG 1")
        soon = open_clinic.soon + timedelta(days=3)
        factories.closure(connection, clinic.location, soon, soon + timedelta(hours=4))
        for number, patient in enumerate(clinic.patients):
            factories.appointment(connection, clinic, later(open_clinic, 24 * 60 + 30 * number), patient_id=patient)
    return open_clinic


def tomorrow(open_clinic: OpenClinic) -> str:
    return later(open_clinic, 24 * 60).astimezone(ZoneInfo(open_clinic.zone)).date().isoformat()


@pytest.mark.parametrize(("scheme", "width"), WINDOWS)
def test_the_pages_of_the_settings(at_desk: Desk, busy_clinic: OpenClinic, scheme: str, width: int) -> None:
    clinic = busy_clinic.clinic
    schedule = f"/settings/schedules/{clinic.providers[0]}"
    page = at_desk("/settings", role="manager", color_scheme=scheme, viewport={"width": width, "height": 844})
    why = f"/why?service={clinic.service}&provider={clinic.providers[0]}&location={clinic.location}&time=03:00"
    for path in (
        "/settings",
        schedule,
        f"{schedule}/hours",
        "/settings/closures",
        "/settings/closures/new",
        "/settings/services",
        f"/settings/services/{clinic.service}",
        "/settings/rooms",
        f"/settings/rooms/{clinic.rooms[0]}",
        "/settings/equipment/new",
        f"/settings/providers/{clinic.providers[0]}",
        f"/settings/locations/{clinic.location}",
        "/exceptions/new?kind=extra",
        why,
    ):
        page.goto(path)
        expect(page.locator("#main")).to_be_visible()
        assert violations(page) == [], path
        assert overhang(page) == [], path
    sick_day(page, busy_clinic)
    expect(page.locator("#affected-sheet")).to_be_visible()
    assert violations(page) == []
    assert overhang(page) == []


def sick_day(page: Page, open_clinic: OpenClinic) -> None:
    """Who, sick, tomorrow: by the page that stands alone."""
    page.goto(f"/exceptions/new?provider={open_clinic.clinic.providers[0]}&day={tomorrow(open_clinic)}")
    page.locator("#exception-sheet .button-primary").click()


def places(database: Database) -> list[tuple[UUID, str]]:
    with database.administer() as connection:
        return connection.execute("select provider_id, status from appointment order by starts_at").fetchall()


def test_a_sick_day_from_the_schedule_moves_who_can_be_moved(
    at_desk: Desk, busy_clinic: OpenClinic, database: Database
) -> None:
    osei, nair = busy_clinic.clinic.providers
    page = at_desk(f"/settings/schedules/{osei}")
    page.get_by_role("link", name="Time off").click()
    page.locator("#dialog #f-first").fill(tomorrow(busy_clinic))
    page.keyboard.press("Control+Enter")
    expect(page.locator("#affected-sheet")).to_contain_text("3 booked visits are affected.")
    expect(page.locator("#dialog")).to_be_visible()
    first = page.locator(".affected").first
    first.get_by_text("with Dr. Priya Nair").first.click()
    page.locator(".affected").nth(1).get_by_text("Keep it as an exception").click()
    page.keyboard.press("Control+Enter")
    expect(page.locator(".error-summary")).to_contain_text("Choose what happens to this visit")
    expect(first.locator("input:checked")).to_have_count(1)
    page.locator(".affected").nth(2).get_by_text("Cancel it").click()
    page.keyboard.press("Control+Enter")
    expect(page.locator(".toast")).to_contain_text("The absence is saved.")
    expect(page).to_have_url(f"/settings/schedules/{osei}")
    assert sorted(places(database)) == sorted([(nair, "booked"), (osei, "booked"), (osei, "cancelled")])


def test_everything_works_without_javascript(at_desk: Desk, busy_clinic: OpenClinic, database: Database) -> None:
    page = at_desk("/settings", role="manager", java_script_enabled=False)
    page.get_by_role("link", name="Rooms", exact=False).first.click()
    page.get_by_role("link", name="Add a room").click()
    page.locator("#f-name").fill("Room 9")
    page.locator("#f-location_id").select_option(label="Eastside")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".toast")).to_contain_text("Saved.")
    expect(page.locator("table")).to_contain_text("Room 9")
    sick_day(page, busy_clinic)
    page.locator("select[name=rest]").select_option("keep")
    page.get_by_role("button", name="Save the change").click()
    expect(page.locator(".toast")).to_contain_text("The absence is saved.")
    with database.administer() as connection:
        assert connection.execute("select count(*) from leave").fetchone() == (1,)
