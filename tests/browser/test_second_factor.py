"""Setting up an authenticator app and signing in with it, in a real browser and as in production."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from deploy.local import processes
from tests.identity.accounts import PASSWORD, Account, new_account
from tests.identity.authenticator import code_of
from tests.interface.axe import overhang, violations
from tests.stack.web import ProductionServer
from webapp.identity.permissions import StaffRole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from flask import Flask
    from playwright.sync_api import BrowserContext, Page

    from tests.stack.database import Database

    NewContext = Callable[..., BrowserContext]

KEY = re.compile(r"([A-Z2-7]{4} )+[A-Z2-7]{1,4}")


@pytest.fixture
def strict(app: Flask, database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a clinic whose staff need a second factor."""
    port = processes.free_port()
    address = f"http://{processes.LOOPBACK}:{port}"
    environment = {**database.environment, "PUBLIC_URL": address, "REQUIRE_SECOND_FACTOR": "1"}
    server = ProductionServer(app, port, environment, tmp_path_factory.mktemp("strict") / "log")
    server.start()
    yield address
    server.stop()


@pytest.fixture
def account(app: Flask) -> Account:
    with app.app_context():
        return new_account(StaffRole.AUDITOR)


def enter(page: Page, address: str, account: Account) -> None:
    page.goto(f"{address}/sign-in?next=/home")
    page.get_by_label("Email address").fill(account.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def check(page: Page) -> None:
    assert violations(page) == []
    assert overhang(page) == []


@pytest.mark.parametrize(
    "looks",
    [
        {"viewport": {"width": 1280, "height": 900}},
        {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"},
        {"java_script_enabled": False},
    ],
    ids=["desk", "dark phone", "no JavaScript"],
)
def test_an_app_is_set_up_and_asked_for_from_then_on(
    strict: str, account: Account, new_context: NewContext, looks: dict[str, object]
) -> None:
    judged = looks.get("java_script_enabled", True)
    page = new_context(**looks).new_page()
    enter(page, strict, account)
    expect(page.get_by_role("heading", name="Set up your authenticator app")).to_be_visible()
    expect(page.get_by_role("img", name="QR code for your authenticator app")).to_be_visible()
    page.get_by_text("I can't scan it").click()
    if judged:
        check(page)
    secret = page.get_by_text(KEY).inner_text().replace(" ", "")
    page.get_by_role("textbox", name="Code").fill(code_of(secret, -1))
    page.get_by_role("button", name="Save and sign in").click()
    expect(page.get_by_role("list", name="Recovery codes").get_by_role("listitem")).to_have_count(10)
    if judged:
        check(page)
    page.get_by_role("link", name="I have kept them: go on").click()
    expect(page).to_have_url(f"{strict}/home")
    page.context.clear_cookies()
    enter(page, strict, account)
    expect(page.get_by_role("heading", name="Enter your code")).to_be_visible()
    if judged:
        check(page)
    page.get_by_role("textbox", name="Code").fill(code_of(secret))
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(f"{strict}/home")


@pytest.mark.parametrize("path", ["/sign-in/forgot", "/sign-in/reset"])
def test_a_forgotten_password_can_be_asked_for_by_everybody(page: Page, path: str) -> None:
    page.goto(path)
    check(page)
    page.get_by_role("button").last.click()
    expect(page.get_by_role("alert").first).to_be_visible()
    check(page)
