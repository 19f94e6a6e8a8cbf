"""A patient on a telephone: booked in five taps, without JavaScript too, at any width, in light and in dark."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenClinic
from tests.interface.axe import overhang, violations

if TYPE_CHECKING:
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
    look(page, f"check-{mark}")
    page.get_by_role("button", name="Book this visit").click()
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
