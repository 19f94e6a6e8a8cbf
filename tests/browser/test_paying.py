"""Money at the desk in a browser: two clicks, several ways, drafts, refunds; with and without JavaScript."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from psycopg.rows import dict_row

from tests.billing.counter import Counter
from webapp.billing.actions.drafts import Line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from flask import Flask
    from playwright.sync_api import Page

    from tests.browser.conftest import OpenClinic
    from tests.stack.database import Database

TIGHT = {"width": 390, "height": 844}


@pytest.fixture
def counter(app: Flask, database: Database, open_clinic: OpenClinic) -> Iterator[Counter]:
    with database.administer() as owner:
        owner.row_factory = dict_row
        yield Counter(app, owner, open_clinic.clinic, at=datetime.now(UTC))


def test_the_full_amount_is_two_clicks_away(counter: Counter, at_desk: Callable[..., Page]) -> None:
    made = counter.invoice()
    page = at_desk(f"/patients/{counter.patient}")
    page.get_by_role("link", name="Take payment").click()
    page.get_by_role("button", name="Charge $86.50 on reader").click()
    page.get_by_text("The card was charged.").wait_for()
    page.get_by_text("Paid", exact=True).first.wait_for()
    assert counter.due(made) == 0


def test_a_double_click_and_going_back_charge_once(counter: Counter, at_desk: Callable[..., Page]) -> None:
    made = counter.invoice()
    page = at_desk(f"/billing/invoices/{made}")
    page.get_by_role("button", name="Charge $86.50 on reader").dblclick()
    page.get_by_text("The card was charged.").wait_for()
    page.go_back()
    page.reload()
    assert page.get_by_role("button", name="Charge").count() == 0
    assert counter.count("payment") == 1


def test_a_payment_is_split_and_the_sums_follow_what_is_typed(counter: Counter, at_desk: Callable[..., Page]) -> None:
    made = counter.invoice()
    page = at_desk(f"/billing/invoices/{made}")
    page.get_by_role("radio", name="Cash").check()
    page.get_by_label("Amount").fill("50")
    page.get_by_label("Handed over").fill("60")
    assert page.locator("[data-pay-change]").text_content() == "$10.00"
    assert page.locator("[data-pay-after]").text_content() == "$36.50"
    page.get_by_role("button", name="Take $50.00 in cash").click()
    page.get_by_text("$36.50 due").wait_for()
    page.get_by_role("radio", name="Check").check()
    page.get_by_role("textbox", name="Number and bank").fill("1042 Key Bank")
    page.get_by_role("link", name="Half $18.25").click()
    page.keyboard.press("Control+Enter")
    page.get_by_role("button", name="Charge $18.25 on reader").click()
    page.get_by_text("The card was charged.").wait_for()
    assert counter.due(made) == 0
    ways = counter.owner.execute("select method, cents from payment order by at").fetchall()
    assert [tuple(row.values()) for row in ways] == [("cash", 5_000), ("check", 1_825), ("card_reader", 1_825)]


def test_what_a_browser_without_scripts_shows_is_what_it_does(counter: Counter, at_desk: Callable[..., Page]) -> None:
    made = counter.invoice()
    page = at_desk(f"/billing/invoices/{made}", java_script_enabled=False)
    assert not page.get_by_label("Handed over").is_visible()
    page.get_by_role("link", name="Half $43.25").click()
    page.get_by_role("radio", name="Cash").check()
    page.get_by_label("Handed over").fill("50")
    page.locator(".pay-foot button").click()
    page.get_by_text("$43.25 due").wait_for()
    row = counter.owner.execute("select change_cents from payment").fetchone()
    assert row == {"change_cents": 675}


def test_a_draft_is_checked_issued_and_paid(counter: Counter, at_desk: Callable[..., Page]) -> None:
    made = counter.draft(Line(1, 14_000, service_id=counter.clinic.service))
    page = at_desk("/billing")
    page.get_by_role("link", name="Check draft").click()
    page.get_by_label("Qty").fill("2")
    page.keyboard.press("Enter")  # Enter saves, and takes no line off
    page.get_by_text("The draft is saved.").wait_for()
    page.get_by_role("button", name="Issue $280.00").click()
    page.get_by_role("button", name="Charge $280.00 on reader").click()
    page.get_by_text("The card was charged.").wait_for()
    assert (counter.sum("revenue", made), counter.due(made)) == (0, 0)


def test_money_goes_back_to_the_drawer_it_came_from(counter: Counter, at_desk: Callable[..., Page]) -> None:
    made = counter.invoice()
    page = at_desk(f"/billing/invoices/{made}", role="biller")
    page.get_by_role("radio", name="Cash").check()
    page.keyboard.press("Control+Enter")
    page.get_by_role("link", name="$86.50 paid: Cash").click()
    page.get_by_label("Amount").fill("86.51")
    page.get_by_label("Reason").fill("Came for less")
    page.get_by_role("button", name="Refund").click()
    page.get_by_role("alert").get_by_text("more than is left").wait_for()
    assert page.get_by_label("Reason").input_value() == "Came for less"
    page.get_by_label("Amount").fill("20")
    page.get_by_role("button", name="Refund").click()
    page.get_by_text("$20.00 refunded: Cash").wait_for()
    assert counter.due(made) == 2_000


def test_a_declined_card_is_tried_again_on_a_phone(counter: Counter, at_desk: Callable[..., Page]) -> None:
    made = counter.invoice()
    counter.taps("decline")
    page = at_desk(f"/billing/invoices/{made}", viewport=TIGHT)
    page.get_by_role("button", name="Charge $86.50 on reader").click()
    page.get_by_text("Nothing was charged. Try again").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= TIGHT["width"]
    page.get_by_role("button", name="Try again").click()
    page.get_by_text("The payment counts.").wait_for()
    assert counter.due(made) == 0


def test_a_write_off_is_a_dialog_over_the_invoice(counter: Counter, at_desk: Callable[..., Page]) -> None:
    made = counter.invoice()
    page = at_desk(f"/billing/invoices/{made}", role="manager")
    page.get_by_label("More").click()
    page.get_by_role("link", name="Write off").click()
    dialog = page.locator("dialog[open]")
    dialog.get_by_label("Amount").fill("6.50")
    dialog.get_by_label("Reason").fill("Hardship")
    dialog.get_by_role("button", name="Write off").click()
    page.get_by_text("$80.00 due").wait_for()
    assert counter.due(made) == 8_000
