"""Signing in in a real browser: by keyboard, without JavaScript, and as somebody who needs assistive technology."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.identity.accounts import PASSWORD, MakeAccount
from tests.interface.axe import overhang, violations
from webapp.identity.permissions import StaffRole

if TYPE_CHECKING:
    from flask import Flask
    from playwright.sync_api import BrowserContext, Page

NewContext = Callable[..., "BrowserContext"]


def test_by_keyboard_alone(page: Page, make_account: MakeAccount) -> None:
    account = make_account(StaffRole.AUDITOR)
    page.goto("/home")
    expect(page).to_have_url("/sign-in?next=%2Fhome")
    page.get_by_label("Email address").focus()
    page.keyboard.type(account.email)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page).to_have_url("/home")


def test_without_javascript(new_context: NewContext, make_account: MakeAccount) -> None:
    account = make_account(StaffRole.AUDITOR)
    page = new_context(java_script_enabled=False).new_page()
    page.goto("/sign-in?next=/home")
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("Enter your password")
    page.get_by_label("Email address").fill(account.email)
    page.locator("#f-password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page).to_have_url("/home")


def test_the_error_summary_takes_focus_and_leads_to_the_field(page: Page) -> None:
    page.goto("/sign-in")
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.locator(".error-summary")).to_be_focused()
    page.get_by_role("link", name="Enter your password").click()
    expect(page.locator("#f-password")).to_be_focused()


def test_the_password_can_be_shown_and_pasted(new_context: NewContext) -> None:
    context = new_context()
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto("/sign-in")
    field = page.locator("#f-password")
    page.evaluate("navigator.clipboard.writeText('four words pasted here')")
    field.focus()
    page.keyboard.press("Control+V")
    expect(field).to_have_value("four words pasted here")
    expect(field).to_have_attribute("type", "password")
    page.get_by_role("button", name="Show").click()
    expect(field).to_have_attribute("type", "text")


def test_a_demo_account_is_one_press_away(app: Flask, page: Page) -> None:
    app.test_cli_runner().invoke(args=["accounts", "demo"])
    page.goto("/sign-in?next=/home")
    page.get_by_role("button", name="Auditor").click()
    expect(page).to_have_url("/home")


def test_back_after_signing_out_shows_no_page_of_before(page: Page, make_account: MakeAccount) -> None:
    account = make_account(StaffRole.AUDITOR)
    page.goto("/sign-in?next=/home")
    page.get_by_label("Email address").fill(account.email)
    page.locator("#f-password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Hello, Robin Example")).to_be_visible()
    page.locator("details.menu summary").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_text("You are signed out.")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", name="Sign in", exact=True)).to_be_visible()
    expect(page.get_by_text("Robin Example")).to_have_count(0)


@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("light", 390), ("light", 320), ("dark", 1440)])
def test_axe_finds_nothing(new_context: NewContext, make_account: MakeAccount, scheme: str, width: int) -> None:
    account = make_account(StaffRole.AUDITOR)
    page = new_context(viewport={"width": width, "height": 844}, color_scheme=scheme).new_page()
    page.goto("/sign-in?next=/home")
    assert violations(page) == []
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.locator(".error-summary")).to_be_visible()
    assert violations(page) == []
    assert overhang(page) == []
    page.get_by_label("Email address").fill(account.email)
    page.locator("#f-password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page).to_have_url("/home")
    assert violations(page) == []
    assert overhang(page) == []
