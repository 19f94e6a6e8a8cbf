"""People pay by themselves in a browser: by a link without an account, and in the portal in three pages."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect
from psycopg.rows import dict_row

from tests import factories
from tests.billing.counter import Counter
from tests.interface.axe import overhang, violations
from webapp.billing import charging
from webapp.db import Role, Scope

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from flask import Flask
    from playwright.sync_api import BrowserContext, Page

    from tests.browser.conftest import OpenClinic
    from tests.stack.database import Database

WINDOWS = [("light", 1440), ("dark", 1440), ("light", 390), ("dark", 390)]


@pytest.fixture
def counter(app: Flask, database: Database, open_clinic: OpenClinic) -> Iterator[Counter]:
    with database.administer() as owner:
        owner.row_factory = dict_row
        yield Counter(app, owner, open_clinic.clinic, at=datetime.now(UTC))


def settle(counter: Counter) -> None:
    """What the worker does: no worker runs beside these tests."""
    rows = counter.owner.execute("select id from attempt").fetchall()
    with counter.app.app_context():
        for row in rows:
            charging.carry_on(row["id"], Scope(Role.DESK, None, datetime.now(UTC), "job"))


def window(scheme: str, width: int) -> dict[str, Any]:
    return {"color_scheme": scheme, "viewport": {"width": width, "height": 900}}


def seen(page: Page, name: str, scheme: str, width: int) -> None:
    """Readable, and nothing hangs over; a picture is kept where PICTURES says."""
    folder = os.environ.get("PICTURES")
    if folder:
        page.screenshot(path=Path(folder) / f"{name}-{scheme}-{width}.png", full_page=True)
    assert violations(page) == []
    assert overhang(page) == []


def test_a_link_is_made_at_the_desk_and_paid_by_whoever_has_it(
    counter: Counter, at_desk: Callable[..., Page], new_context: Callable[..., BrowserContext]
) -> None:
    made = counter.invoice()
    desk = at_desk(f"/billing/invoices/{made}")
    desk.get_by_role("radio", name="Payment link").check()
    desk.get_by_role("button", name="Show the payment link").click()
    desk.get_by_role("button", name="Make a link").click()
    address = desk.get_by_label("Address").input_value()
    page = new_context().new_page()
    page.goto(address)
    page.get_by_role("button", name="Pay $86.50 by card").click()
    page.get_by_role("button", name="Use a card that is declined").click()
    page.get_by_text("The card was declined.").wait_for()
    page.get_by_role("button", name="Leave without paying").click()
    page.get_by_role("heading", name="You have not paid yet").wait_for()
    page.get_by_role("button", name="Go on to the payment page").click()
    page.get_by_role("button", name="Pay with a card that works").click()
    page.get_by_role("heading", name="We are checking your payment").wait_for()
    settle(counter)
    page.get_by_role("button", name="Check now").click()
    page.get_by_role("heading", name="Paid. Thank you.").wait_for()
    assert counter.due(made) == 0
    desk.goto(desk.url.removesuffix("/link"))
    expect(desk.get_by_text("$86.50 paid: Payment link")).to_be_visible()


@pytest.mark.parametrize(("locale", "pay"), [("en-US", "Pay $86.50"), ("es-US", "Pagar $86.50")])
def test_what_is_owed_is_seen_on_a_telephone_without_scrolling(
    counter: Counter, at_desk: Callable[..., Page], open_clinic: OpenClinic, locale: str, pay: str
) -> None:
    counter.invoice()
    for days, status in enumerate(("confirmed", "booked", "booked", "booked"), 1):
        at = open_clinic.soon + timedelta(days=days)
        factories.appointment(counter.owner, counter.clinic, at, status=status)
    telephone: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "locale": locale}
    page = at_desk("/me", role="patient", patients=(counter.patient,), **telephone)
    link, foot = page.get_by_role("link", name=pay).bounding_box(), page.locator(".book-foot").bounding_box()
    assert link is not None
    assert foot is not None
    assert link["y"] + link["height"] < foot["y"] < 844


def test_an_invoice_is_paid_in_the_portal_in_three_pages(counter: Counter, at_desk: Callable[..., Page]) -> None:
    made = counter.invoice()
    page = at_desk("/me", role="patient", patients=(counter.patient,))
    seen: dict[str, None] = {}
    page.on("framenavigated", lambda frame: seen.setdefault(frame.url))
    page.get_by_role("link", name="Pay $86.50").click()
    page.get_by_role("button", name="Pay", exact=True).click()
    page.get_by_role("button", name="Pay with a card that works").click()
    settle(counter)
    page.get_by_role("button", name="Check now").click()
    page.get_by_role("heading", name="Paid. Thank you.").wait_for()
    assert counter.due(made) == 0
    assert len(seen) <= 3, seen


def test_a_card_is_saved_in_the_portal_and_pays_with_one_press(counter: Counter, at_desk: Callable[..., Page]) -> None:
    made = counter.invoice()
    page = at_desk(f"/me/{counter.patient}/cards", role="patient", patients=(counter.patient,))
    page.get_by_role("button", name="Save a card").click()
    page.get_by_role("button", name="Save a card that works").click()
    page.get_by_role("button", name="Check now").click()
    page.get_by_role("heading", name="The card is saved").wait_for()
    page.goto(page.url.partition("/cards")[0] + f"/invoices/{made}")
    page.get_by_role("button", name="Pay", exact=True).dblclick()
    page.get_by_text("Paid. Thank you.").first.wait_for()
    assert (counter.due(made), counter.count("payment")) == (0, 1)


@pytest.mark.parametrize(("scheme", "width"), WINDOWS)
def test_pages_on_which_people_pay_are_readable(
    counter: Counter, at_desk: Callable[..., Page], new_context: Callable[..., BrowserContext], scheme: str, width: int
) -> None:
    made, patient = counter.invoice(), counter.patient
    counter.invoice(3_350)
    desk = at_desk(f"/billing/invoices/{made}/link", **window(scheme, width))
    desk.get_by_role("button", name="Make a link").click()
    address = desk.get_by_label("Address").input_value()
    seen(desk, "link", scheme, width)
    page = new_context(**window(scheme, width)).new_page()
    page.goto(address)
    seen(page, "pay-link", scheme, width)
    page.get_by_role("button", name="Pay $86.50 by card").click()
    seen(page, "terminal-page", scheme, width)
    page.get_by_role("button", name="Leave without paying").click()
    seen(page, "paid-back", scheme, width)
    own = at_desk(f"/me/{patient}/invoices", role="patient", patients=(patient,), **window(scheme, width))
    seen(own, "own-invoices", scheme, width)
    own.get_by_role("main").get_by_role("link", name="Invoice").nth(1).click()
    seen(own, "own-invoice-being-paid", scheme, width)
    own.goto(own.url.rpartition("/")[0])
    own.get_by_role("main").get_by_role("link", name="Invoice").first.click()
    own.get_by_label("A part").check()
    seen(own, "own-invoice", scheme, width)
    own.goto(own.url.partition("/invoices")[0] + "/cards")
    seen(own, "own-cards", scheme, width)
    desk.goto(desk.url.partition("/billing")[0] + f"/billing/patients/{patient}/cards")
    seen(desk, "cards", scheme, width)
    desk.get_by_role("button", name="Save a card").click()
    seen(desk, "card-setup", scheme, width)
