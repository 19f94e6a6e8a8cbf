"""Where a role holds, as a manager chooses it in a browser."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests import factories
from tests.browser.conftest import OpenClinic
from tests.interface.axe import overhang, violations

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.stack.database import Database

Desk = Callable[..., "Page"]


@pytest.fixture
def bath(database: Database, open_clinic: OpenClinic) -> factories.Clinic:
    with database.administer() as connection:
        return factories.branch(connection, open_clinic.clinic, name="Bath")


@pytest.mark.parametrize("script", [True, False])
def test_locations_are_asked_once_the_role_is_ticked(at_desk: Desk, bath: factories.Clinic, *, script: bool) -> None:
    page = at_desk("/accounts/invite", role="manager", java_script_enabled=script)
    everywhere = page.locator('input[name="reach-receptionist"][value="everywhere"]')
    site = page.locator(f'input[name="site-receptionist"][value="{bath.location}"]')
    expect(everywhere).to_be_hidden()
    page.get_by_label("Receptionist", exact=True).check()
    expect(everywhere).to_be_checked()
    expect(site).to_be_hidden()
    page.locator("#f-site-receptionist").check()
    expect(site).to_be_visible()
    page.get_by_role("button", name="Invite").click()
    expect(page.get_by_text("Choose at least one location for Receptionist").first).to_be_visible()
    expect(site).to_be_visible()


@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 390), ("light", 320)])
def test_the_pages_that_ask_are_accessible(
    at_desk: Desk, database: Database, bath: factories.Clinic, scheme: str, width: int
) -> None:
    with database.administer() as connection:
        account = factories.account(connection, "receptionist", "clinician")
        factories.limit(connection, account, "receptionist", [bath.location])
    page = at_desk("/accounts", role="manager", color_scheme=scheme, viewport={"width": width, "height": 844})
    for path in ("/accounts", f"/accounts/{account}", "/accounts/invite"):
        page.goto(path)
        expect(page.locator("#main")).to_be_visible()
        assert violations(page) == [], path
        assert overhang(page) == [], path
