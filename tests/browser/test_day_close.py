"""The day is closed by keyboard: fifty visits, four drawers, a difference that is explained, and a signature."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from playwright.sync_api import expect
from psycopg.rows import dict_row

from tests import factories
from tests.browser.conftest import OpenClinic
from tests.full_record import an_attempt
from webapp.billing.actions import drafts, drawers, issue, pay
from webapp.billing.actions.pay import Part, TakePayment
from webapp.db import Role, transactional

if TYPE_CHECKING:
    from flask import Flask
    from playwright.sync_api import Page
    from psycopg import Connection

    from tests.stack.database import Database

VISITS, UNBILLED, UNPAID = 50, 12, 2
PRICE = 12_000
KEY_SECONDS, THINK_SECONDS = 0.28, 1.35
"""What a key takes an average typist, and what it takes to look where to go next (Card, Moran and Newell)."""
THREE_MINUTES = 180
MOST_KEYS = 60


@dataclass
class Fingers:
    """A keyboard that counts: keys pressed, and how often somebody has to look where they are."""

    page: Page
    keys: int = 0
    looks: int = 0
    began: float = field(default_factory=time.monotonic)

    def press(self, *keys: str) -> None:
        self.looks += 1
        for key in keys:
            self.keys += 1
            self.page.keyboard.press(key)

    def type(self, text: str) -> None:
        self.keys += len(text)
        self.page.keyboard.type(text)

    def seconds(self) -> float:
        """What a person takes for it, waiting for the pages included."""
        return self.keys * KEY_SECONDS + self.looks * THINK_SECONDS + (time.monotonic() - self.began)


@pytest.fixture
def owner(database: Database) -> Iterator[Connection[Any]]:
    with database.administer() as connection:
        connection.row_factory = dict_row
        yield connection


@pytest.fixture
def evening(app: Flask, owner: Connection[Any], open_clinic: OpenClinic) -> list[UUID]:
    """Fifty visits that are over, most of them billed and paid at two desks; the counts of the two drawers."""
    clinic, now = open_clinic.clinic, datetime.now(UTC)
    scope = factories.scope(Role.MANAGER, at=now)
    with app.app_context():
        with transactional(scope):
            desks = [drawers.add_drawer(clinic.location, name, at=now).id for name in ("Desk 1", "Desk 2")]
        with transactional(scope):
            days = [drawers.open_drawer(desk, 15_000, actor=scope.actor, at=now).id for desk in desks]
        for number in range(VISITS):
            visit = _over(owner, open_clinic, number)
            if number < UNBILLED:
                continue
            with transactional(scope):
                invoice = issue.issue(drafts.draft_visit(visit, actor=scope.actor, at=now).id, actor=None, at=now)
                person, bill = invoice.patient_id, invoice.id
            if number >= UNBILLED + UNPAID:
                _pays(scope, owner, clinic.location, person, bill, desks[number % 2], number)
    return days


def _over(owner: Connection[Any], at: OpenClinic, number: int) -> UUID:
    starts = at.soon - timedelta(minutes=150) + timedelta(minutes=5 * (number // 2))
    return factories.appointment(
        owner, at.clinic, starts, ends_at=starts + timedelta(minutes=5), status="finished",
        provider_id=at.clinic.providers[number % 2], room_id=None, patient_id=at.clinic.patients[number % 3],
    )  # fmt: skip


def _pays(scope: Any, owner: Connection[Any], site: UUID, person: UUID, bill: UUID, desk: UUID, n: int) -> None:
    if n % 3:
        attempt = an_attempt(owner, {"patient_id": person, "location_id": site}, state="authorised", cents=PRICE)
        part = Part("card_reader", PRICE, attempt_id=attempt)
    elif n % 2:
        part = Part("check", PRICE)
    else:
        part = Part("cash", PRICE, drawer_id=desk)
    with transactional(scope):
        pay.take_payment(
            TakePayment(person, site, (part,), "USD", exactly={bill: PRICE}), actor=scope.actor, at=scope.at
        )


def expected(owner: Connection[Any], kind: str) -> list[int]:
    rows = owner.execute(
        "SELECT sum(e.cents) AS cents FROM ledger_entry AS e JOIN drawer AS d ON d.id = e.drawer_id"
        " WHERE d.kind = %s AND e.account IN ('drawer_cash','checks','card_clearing')"
        " GROUP BY d.id, d.name ORDER BY d.name",
        (kind,),
    )
    return [int(row["cents"]) for row in rows]


def test_a_day_of_fifty_visits_is_closed_by_keyboard_in_three_minutes(
    at_desk: Callable[..., Page], owner: Connection[Any], open_clinic: OpenClinic, evening: list[UUID]
) -> None:
    page = at_desk("/billing/day", role="receptionist")
    fingers = Fingers(page)
    expect(page.get_by_text("12 visits with no invoice")).to_be_visible()
    fingers.press("a")
    expect(page.get_by_text("14 visits not paid")).to_be_visible()
    one, two = expected(owner, "cash")
    (checks,), (cards,) = expected(owner, "checks"), expected(owner, "cards")
    fingers.press("c")
    for cents in (one - 500, two, checks, cards):
        fingers.type(f"{cents / 100:.2f}")
        fingers.press("Tab")
    short = page.locator(f"#why-{evening[0]}")
    expect(short).to_contain_text("$5.00 short")
    expect(page.locator("#day-sign")).to_contain_text("Sign and close, $5.00 short")
    fingers.press(*["Tab"] * 14)
    expect(page.get_by_label("Reason")).to_be_focused()
    fingers.type("W")
    fingers.press("Control+Enter")
    expect(page.get_by_text("4 of 4 signed")).to_be_visible()
    took = fingers.seconds()
    assert took < THREE_MINUTES, f"keys={fingers.keys} looks={fingers.looks} seconds={took:.0f}"
    assert fingers.keys <= MOST_KEYS
    row = owner.execute("SELECT count(*) AS n FROM drawer_day WHERE closed_at IS NOT NULL").fetchone()
    assert row is not None
    assert row["n"] == 4
    assert [*expected(owner, "cash"), *expected(owner, "checks"), *expected(owner, "cards")] == [0, 0, 0, 0]


def test_without_javascript_notes_are_added_up_by_a_button(
    at_desk: Callable[..., Page], owner: Connection[Any], open_clinic: OpenClinic, evening: list[UUID]
) -> None:
    page = at_desk("/billing/day", java_script_enabled=False)
    notes = page.get_by_role("group", name="Desk 2, notes and coins")
    notes.get_by_label("$100").fill("1")
    notes.get_by_label("Coins").fill("12.50")
    page.get_by_role("button", name="Work out the differences").click()
    assert "$112.50" in page.locator(f"#sum-{evening[1]}").inner_text()
    assert notes.get_by_label("Coins").input_value() == "12.50"
    expect(page.locator(f"#why-{evening[1]}").get_by_label("Reason")).to_be_visible()
