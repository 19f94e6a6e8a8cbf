"""Every page of the desk and of a patient: axe finds nothing, nothing is wider than the window."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from playwright.sync_api import expect

from tests import factories
from tests.browser.conftest import OpenClinic
from tests.interface.axe import overhang, violations
from webapp.ids import new_id

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.stack.database import Database

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
        open_clinic.board.replace("board", "sheets"),
        "/waiting",
        f"/waiting/new?patient={rosa}&appointment={visit}",
    ):
        page.goto(path)
        expect(page.locator("#main")).to_be_visible()
        assert violations(page) == [], path
        assert overhang(page) == [], path


@pytest.mark.parametrize(("scheme", "width"), WINDOWS)
def test_a_clinicians_own_day(
    at_desk: Desk, open_clinic: OpenClinic, visit: UUID, database: Database, scheme: str, width: int
) -> None:
    with database.administer() as connection:
        wait = timedelta(minutes=12)
        columns = {"patient_id": open_clinic.patients["Amy Dunn"], "status": "arrived"}
        soon = open_clinic.soon
        factories.appointment(
            connection, open_clinic.clinic, soon - timedelta(minutes=20), arrived_at=soon - wait, **columns
        )
        alert = {"patient_id": columns["patient_id"], "label": "Penicillin"}
        factories.insert(connection, "clinical_alert", id=new_id(), **alert)
    own = {"role": "clinician", "provider": open_clinic.clinic.providers[0]}
    page = at_desk("/my-day", color_scheme=scheme, viewport={"width": width, "height": 844}, **own)
    expect(page.locator(".own-visit")).to_contain_text("Amy Dunn")
    expect(page.locator(".own-visit")).to_contain_text("Penicillin")
    assert violations(page) == []
    assert overhang(page) == []


@pytest.mark.parametrize(("scheme", "width"), WINDOWS)
def test_the_figures(at_desk: Desk, open_clinic: OpenClinic, visit: UUID, scheme: str, width: int) -> None:
    today = open_clinic.board.rpartition("/")[2]
    address = f"/figures?first={today}&last={today}"
    page = at_desk(address, role="manager", color_scheme=scheme, viewport={"width": width, "height": 844})
    expect(page.locator("svg.chart").first).to_be_visible()
    assert violations(page) == []
    assert overhang(page) == []


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
