"""Two records become one and two again, and a death is recorded, by keyboard alone."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests import factories
from tests.browser.conftest import OpenClinic, later, person
from tests.interface.axe import violations

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.stack.database import Database

Desk = Callable[..., "Page"]


@pytest.mark.parametrize("colors", ["light", "dark"])
def test_two_records_are_merged_and_parted(
    at_desk: Desk, open_clinic: OpenClinic, database: Database, colors: str
) -> None:
    with database.administer() as connection:
        other = person(connection, "Rosita", "Jimenez")
        factories.appointment(connection, open_clinic.clinic, later(open_clinic, 60), patient_id=other)
    rosa = open_clinic.patients["Rosa Jimenez"]
    page = at_desk(f"/patients/{rosa}", role="manager", color_scheme=colors)
    page.get_by_role("link", name="Merge with another record").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Records that look alike")).to_be_visible()
    assert violations(page) == []
    page.locator("#merge-q").focus()
    page.keyboard.type("rosit")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Is this one person?")).to_be_visible()
    assert violations(page) == []
    page.locator(f"[name=stays][value='{rosa}']").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#toasts")).to_contain_text("Merged.")
    assert violations(page) == []
    page.goto(f"/patients/{other}")
    expect(page).to_have_url(re.compile(f"/patients/{rosa}$"))
    expect(page.locator("#toasts")).to_contain_text("merged into this one")
    page.get_by_role("link", name="What came here").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Undo this merge").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#toasts")).to_contain_text("Undone.")
    page.goto(f"/patients/{other}")
    expect(page.locator("h1")).to_contain_text("Rosita Jimenez")


def test_a_death_is_recorded_and_taken_back(at_desk: Desk, open_clinic: OpenClinic, database: Database) -> None:
    rosa = open_clinic.patients["Rosa Jimenez"]
    with database.administer() as connection:
        factories.appointment(connection, open_clinic.clinic, later(open_clinic, 60))
    page = at_desk(f"/patients/{rosa}")
    page.get_by_role("link", name="Record a death").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#f-died_on")).to_be_focused()
    assert violations(page) == []
    page.keyboard.press("Control+Enter")
    expect(page.locator("#dialog .error-summary")).to_be_focused()
    page.locator("#f-died_on").fill("1 Jan 2020")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".record-alerts")).to_contain_text("Deceased")
    with database.administer() as connection:
        assert connection.execute("select status from appointment").fetchone() == ("cancelled",)
    page.get_by_role("link", name="Take back the death").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#dialog h1")).to_have_text("Take back a death")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#toasts")).to_contain_text("Taken back.")
    expect(page.locator("main")).not_to_contain_text("Deceased")
