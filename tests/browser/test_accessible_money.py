"""Pages of money: axe finds nothing, nothing is wider than the window."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from playwright.sync_api import expect
from psycopg.rows import dict_row

from tests import factories
from tests.billing.counter import Counter
from tests.interface.axe import overhang, violations
from webapp.billing.actions.drafts import Line
from webapp.ids import new_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from flask import Flask
    from playwright.sync_api import Page

    from tests.browser.conftest import OpenClinic
    from tests.stack.database import Database

WINDOWS = [("light", 1440), ("dark", 390), ("light", 320)]


@pytest.fixture
def counter(app: Flask, database: Database, open_clinic: OpenClinic) -> Iterator[Counter]:
    """Somebody insured who owes for two invoices, with a draft and a check that paid too much."""
    with database.administer() as owner:
        owner.row_factory = dict_row
        patient = open_clinic.clinic.patients[0]
        factories.insert(
            owner, "coverage", id=new_id(), patient_id=patient, payer_name="Aetna PPO", member="W88 204 17",
            reference="A7731", share_percent=25, copay_cents=3_000, valid_from=datetime(2020, 1, 1, tzinfo=UTC).date(),
        )  # fmt: skip
        yield Counter(app, owner, open_clinic.clinic, at=datetime.now(UTC) - timedelta(days=46))


@pytest.mark.parametrize(("scheme", "width"), WINDOWS)
def test_pages_of_money(counter: Counter, at_desk: Callable[..., Page], scheme: str, width: int) -> None:
    made, draft = counter.invoice(), counter.draft(Line(1, 14_000, service_id=counter.clinic.service))
    counter.taps("decline")
    page = at_desk(
        f"/billing/invoices/{made}", role="manager", color_scheme=scheme, viewport={"width": width, "height": 844}
    )
    page.keyboard.press("Control+Enter")
    page.get_by_role("button", name="Try again").wait_for()
    paths = [
        page.url,
        f"/billing/invoices/{made}",
        f"/billing/invoices/{made}?how=cash:{counter.drawer}",
        f"/billing/invoices/{made}?how=check",
        f"/billing/invoices/{made}/credit-note",
        f"/billing/invoices/{made}/write-off",
        f"/billing/invoices/{draft}",
        f"/billing/payments/{paid(page, counter, made)}",
        f"/patients/{counter.patient}",
        *(f"/billing?list={name}" for name in ("to-bill", "owed", "credit", "cards")),
    ]
    for path in paths:
        page.goto(path)
        expect(page.locator("#main")).to_be_visible()
        assert violations(page) == [], path
        assert overhang(page) == [], path


def paid(page: Page, counter: Counter, made: UUID) -> UUID:
    """More than is due, by check, after being told that it is more."""
    page.goto(f"/billing/invoices/{made}?how=check")
    page.get_by_label("Amount").fill("100")
    page.get_by_role("textbox", name="Number and bank").fill("1042 Key Bank")
    page.keyboard.press("Control+Enter")
    page.get_by_role("alert").wait_for()
    assert violations(page) == []
    assert overhang(page) == []
    page.get_by_label("Amount").fill("20")
    page.keyboard.press("Control+Enter")
    page.get_by_text("The payment is taken.").wait_for()
    row = counter.owner.execute("select id from payment").fetchone()
    assert row is not None
    found: UUID = row["id"]
    return found
