"""The end of a session in a real browser: warned, stayed, left alone, handed on; the page's clock is the test's."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.identity.accounts import PASSWORD, Account, MakeAccount, new_account
from tests.interface.axe import overhang, violations
from tests.stack.people import Visitor
from webapp import dynamo
from webapp.identity.permissions import StaffRole
from webapp.identity.person import Standing
from webapp.identity.service import identity
from webapp.identity.session_items import SESSION, TABLE
from webapp.identity.tokens import Token

if TYPE_CHECKING:
    from uuid import UUID

    from flask import Flask
    from playwright.sync_api import BrowserContext, Page

    from tests.browser.conftest import OpenClinic
    from tests.stack.people import SignIn
    from tests.stack.web import ProductionServer

NewContext = Callable[..., "BrowserContext"]
Arrive = Callable[..., "Page"]
WARNED = timedelta(minutes=13, seconds=2)


@pytest.fixture
def away(app: Flask) -> Callable[[UUID, timedelta], None]:
    """Let somebody have done nothing for so long, as the server sees it."""

    def set_seen(account_id: UUID, span: timedelta) -> None:
        with app.app_context():
            client = dynamo.client()
            where, values = "account = :a AND begins_with(sk, :s)", {":a": str(account_id), ":s": SESSION}
            seen = int((datetime.now(UTC) - span).timestamp())
            for item in client.query(TABLE, where, values).items:
                key = {"account": item["account"], "sk": item["sk"]}
                client.update(TABLE, key, "SET seen_at = :seen", values={":seen": seen})

    return set_seen


@pytest.fixture
def make_account(app: Flask) -> MakeAccount:
    """Make an account that can really sign in."""

    def make(*roles: StaffRole) -> Account:
        with app.app_context():
            return new_account(*roles)

    return make


@pytest.fixture
def arrive(new_context: NewContext, live_server: ProductionServer) -> Arrive:
    """Open a page with this cookie and a clock that the test can move."""

    def arrived(cookie: str, path: str, **options: object) -> Page:
        context = new_context(**{"viewport": {"width": 1440, "height": 900}, "reduced_motion": "reduce", **options})
        context.add_cookies([{"name": "anteroom", "value": cookie, "url": live_server.url("/")}])
        page = context.new_page()
        page.clock.install()
        page.goto(path)
        return page

    return arrived


def test_one_press_keeps_a_half_filled_form(
    arrive: Arrive, sign_in: SignIn, open_clinic: OpenClinic, away: Callable[[UUID, timedelta], None]
) -> None:
    person = sign_in("receptionist")
    page = arrive(person.cookie, "/patients/new")
    page.get_by_label("First name").fill("Half")
    assert person.account_id is not None
    away(person.account_id, WARNED)
    page.clock.fast_forward(WARNED.seconds * 1000)
    dialog = page.get_by_role("alertdialog", name="Stay signed in?")
    expect(dialog).to_be_visible()
    expect(dialog.get_by_role("button", name="Stay signed in")).to_be_focused()
    assert violations(page) == []
    page.keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    expect(page.get_by_label("First name")).to_have_value("Half")
    page.clock.fast_forward(120_000)
    expect(dialog).to_be_hidden()
    expect(page.get_by_label("First name")).to_have_value("Half")


def test_an_open_board_left_alone_becomes_the_sign_in_page(
    arrive: Arrive,
    sign_in: SignIn,
    open_clinic: OpenClinic,
    visit: UUID,
    away: Callable[[UUID, timedelta], None],
) -> None:
    person = sign_in("receptionist")
    page = arrive(person.cookie, open_clinic.board)
    expect(page.get_by_text("Rosa Jimenez").first).to_be_visible()
    assert person.account_id is not None
    away(person.account_id, timedelta(minutes=15, seconds=1))
    page.clock.fast_forward(15 * 60_000 + 2000)
    expect(page.get_by_role("heading", name="Sign in", exact=True)).to_be_visible()
    expect(page.get_by_text("Rosa Jimenez")).to_have_count(0)
    page.go_back()
    expect(page.get_by_text("Rosa Jimenez")).to_have_count(0)


def test_without_the_server_the_page_hides_at_its_end_all_the_same(
    arrive: Arrive, sign_in: SignIn, open_clinic: OpenClinic, visit: UUID
) -> None:
    page = arrive(sign_in("receptionist").cookie, open_clinic.board)
    expect(page.get_by_text("Rosa Jimenez").first).to_be_visible()
    page.context.set_offline(offline=True)
    page.clock.fast_forward(15 * 60_000 + 2000)
    expect(page.get_by_text("Rosa Jimenez")).to_have_count(0)


def test_a_tab_that_was_used_keeps_the_other_tab_in(
    arrive: Arrive, sign_in: SignIn, away: Callable[[UUID, timedelta], None]
) -> None:
    person = sign_in("biller")
    page = arrive(person.cookie, "/home")
    page.clock.fast_forward(14 * 60_000)
    expect(page.get_by_role("heading", name="Hello, Robin Example")).to_be_visible()
    expect(page.get_by_role("alertdialog")).to_have_count(0)


@pytest.fixture
def nearly_over(app: Flask, make_account: MakeAccount) -> Visitor:
    """A receptionist who can really sign in, and whose hour has a minute and a half to go."""
    account, now = make_account(StaffRole.RECEPTIONIST), datetime.now(UTC)
    standing = Standing(account.id, "Robin Example", frozenset({StaffRole.RECEPTIONIST}))
    token = Token(text="a.b.c", subject="-", expires_at=now + timedelta(seconds=90))
    visitor = Visitor(app, app.test_client(), account.id)
    with app.app_context(), visitor.client.session_transaction() as session:
        sessions = identity().sessions
        session["_user_id"] = str(sessions.create(standing, token=token, epoch=sessions.epoch(account.id), now=now))
    return visitor


@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 390)])
def test_the_hour_goes_on_with_the_password_and_half_filled_forms_still_post(
    arrive: Arrive, nearly_over: Visitor, scheme: str, width: int
) -> None:
    page = arrive(nearly_over.cookie, "/patients/new", color_scheme=scheme, viewport={"width": width, "height": 844})
    dialog = page.get_by_role("alertdialog", name="Stay signed in?")
    expect(dialog.get_by_label("Password", exact=True)).to_be_focused()
    expect(dialog.get_by_role("timer").last).to_have_text(re.compile(r"1:[0-3]\d"))
    assert violations(page) == []
    assert overhang(page) == []
    page.keyboard.press("Escape")
    for label, text in (("First name", "Half"), ("Last name", "Filled"), ("Phone", "2075550142")):
        page.get_by_label(label).fill(text)
    page.get_by_label("Date of birth").fill("2/3/1980")
    other = page.context.new_page()
    other.goto("/patients/new")
    expect(other.get_by_role("alertdialog").get_by_label("Password", exact=True)).to_be_focused()
    other.keyboard.type("wrong")
    other.keyboard.press("Enter")
    expect(other.get_by_role("alertdialog").locator(".error-summary")).to_be_focused()
    other.get_by_role("alertdialog").get_by_label("Password", exact=True).fill(PASSWORD)
    other.keyboard.press("Enter")
    expect(other.get_by_role("alertdialog")).to_have_count(0)
    page.clock.fast_forward(100_000)
    expect(page.get_by_label("First name")).to_have_value("Half")
    page.get_by_role("button", name="Register").click()
    expect(page.get_by_role("heading", name="Half Filled")).to_be_visible()


def enter(page: Page, account: Account) -> None:
    page.get_by_label("Email address").fill(account.email)
    page.locator("#f-password").fill(PASSWORD)
    page.keyboard.press("Enter")


def test_switching_user_locks_the_page_and_keeps_the_form_for_its_own_person(
    page: Page, make_account: MakeAccount
) -> None:
    first, second = make_account(StaffRole.RECEPTIONIST), make_account(StaffRole.AUDITOR)
    page.goto("/sign-in?next=/patients/new")
    enter(page, first)
    page.get_by_label("First name").fill("Half")
    page.get_by_label("Sex").select_option(label="Female")
    page.get_by_role("heading", name="New patient").click()
    page.keyboard.press("l")
    expect(page.get_by_text("The page is locked.")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", name="Sign in", exact=True)).to_be_visible()
    enter(page, second)
    expect(page).to_have_url(re.compile(r"/(home|activity)$"))
    assert page.evaluate("Object.keys({...localStorage, ...sessionStorage})") == []
    page.locator("details.menu summary").click()
    assert violations(page) == []
    page.get_by_role("button", name="Switch user").click()
    enter(page, first)
    expect(page).to_have_url("/patients/new")
    expect(page.get_by_text("What you had typed here is back.")).to_be_visible()
    expect(page.get_by_label("First name")).to_have_value("Half")
    expect(page.get_by_label("Sex")).to_have_value("female")
    page.reload()
    expect(page.get_by_label("First name")).to_have_value("")


def test_a_form_in_a_dialog_comes_back_as_its_page(
    page: Page, make_account: MakeAccount, open_clinic: OpenClinic
) -> None:
    first = make_account(StaffRole.RECEPTIONIST)
    page.goto("/sign-in")
    enter(page, first)
    page.wait_for_url("**/board*")
    page.keyboard.press("n")
    page.get_by_label("First name").fill("Half")
    page.evaluate("document.querySelector('[data-switches] button').click()")
    expect(page.get_by_text("The page is locked.")).to_be_visible()
    enter(page, first)
    expect(page).to_have_url("/patients/new")
    expect(page.get_by_label("First name")).to_have_value("Half")


@pytest.mark.parametrize(
    ("role", "scheme", "width"),
    [("receptionist", "dark", 1440), ("receptionist", "light", 390), ("patient", "light", 390)],
)
def test_the_list_of_sessions_is_fit_for_everybody(
    arrive: Arrive, sign_in: SignIn, role: str, scheme: str, width: int
) -> None:
    page = arrive(sign_in(role).cookie, "/me/sessions", color_scheme=scheme, viewport={"width": width, "height": 844})
    expect(page.get_by_role("heading", name="Where you are signed in")).to_be_visible()
    assert violations(page) == []
    assert overhang(page) == []
