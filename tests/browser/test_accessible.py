"""Every page of the desk and of a patient: axe finds nothing, nothing is wider than the window."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenClinic
from tests.interface.axe import overhang, violations

if TYPE_CHECKING:
    from playwright.sync_api import Page

WINDOWS = [("light", 1440), ("dark", 390), ("light", 320)]

Desk = Callable[..., "Page"]


@pytest.mark.parametrize(("scheme", "width"), WINDOWS)
def test_the_pages_of_the_desk(at_desk: Desk, open_clinic: OpenClinic, visit: UUID, scheme: str, width: int) -> None:
    rosa = open_clinic.patients["Rosa Jimenez"]
    page = at_desk("/board?view=day", color_scheme=scheme, viewport={"width": width, "height": 844})
    for path in (
        open_clinic.board + "?view=day",
        f"{open_clinic.board}?view=day&visit={visit}",
        f"{open_clinic.board}?view=list",
        "/patients",
        "/search",
        f"/patients/{rosa}",
        f"/patients/{rosa}?tab=visits",
        "/patients/new",
        "/book",
        f"/book?patient={rosa}",
        f"/appointments/{visit}/move",
        f"/appointments/{visit}/cancel",
        "/waiting",
        f"/waiting/new?patient={rosa}&appointment={visit}",
    ):
        page.goto(path)
        expect(page.locator("#main")).to_be_visible()
        assert violations(page) == [], path
        assert overhang(page) == [], path


@pytest.mark.parametrize(("scheme", "width"), WINDOWS)
def test_the_dialogs_over_the_board(
    at_desk: Desk, open_clinic: OpenClinic, visit: UUID, scheme: str, width: int
) -> None:
    page = at_desk(
        f"{open_clinic.board}?view=day&visit={visit}", color_scheme=scheme, viewport={"width": width, "height": 844}
    )
    for key, field in (("b", "#f-patient"), ("n", "#f-given"), ("m", "#move-sheet"), ("x", "#cancel-sheet")):
        page.keyboard.press(key)
        expect(page.locator(f"#dialog {field}")).to_be_visible()
        assert violations(page) == [], key
        page.keyboard.press("Escape")
        expect(page.locator("#dialog")).to_be_hidden()


@pytest.mark.parametrize(("scheme", "width"), WINDOWS)
def test_a_patients_home(at_desk: Desk, open_clinic: OpenClinic, visit: UUID, scheme: str, width: int) -> None:
    rosa = open_clinic.patients["Rosa Jimenez"]
    page = at_desk(
        "/me", role="patient", patients=(rosa,), color_scheme=scheme, viewport={"width": width, "height": 844}
    )
    expect(page.locator(".next-visit")).to_be_in_viewport()
    assert violations(page) == []
    assert overhang(page) == []
