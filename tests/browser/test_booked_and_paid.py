"""A visit that is paid for before, in a real browser: cash, the terminal's answers, canceling with fee and refund."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect
from psycopg.rows import dict_row

from tests import factories
from tests.browser.conftest import OpenClinic
from webapp.ids import new_id

if TYPE_CHECKING:
    from uuid import UUID

    from playwright.sync_api import Page

    from tests.stack.database import Database

Desk = Callable[..., "Page"]


class Till:
    """A drawer and a reader at the clinic, whose service asks for 50.00 before and 30.00 from who cancels late."""

    def __init__(self, database: Database, clinic: OpenClinic) -> None:
        self._database, self.clinic, self.reader = database, clinic, new_id()
        place, drawer = clinic.clinic.location, new_id()
        with database.administer() as owner:
            owner.execute(
                "update service set deposit_cents = 5000, cancel_notice_minutes = 1440, cancel_fee_cents = 3000"
            )
            factories.insert(owner, "simulated_reader", id=self.reader, location_id=place, name="Desk 1")
            factories.insert(owner, "drawer", id=drawer, location_id=place, name="Drawer 1", kind="cash")
            factories.insert(
                owner, "drawer_day", id=new_id(), drawer_id=drawer,
                day=factories.NOW.date(), opened_at=factories.NOW, float_cents=0,
            )  # fmt: skip

    def taps(self, tap: str) -> None:
        with self._database.administer() as owner:
            owner.execute("update simulated_reader set next_tap = %s where id = %s", (tap, self.reader))

    def rows(self, query: str) -> list[dict[str, Any]]:
        with self._database.administer() as owner:
            owner.row_factory = dict_row
            return list(owner.execute(query.encode()).fetchall())

    def dialog(self, at_desk: Desk, **options: Any) -> Page:
        patient: UUID = self.clinic.patients["Rosa Jimenez"]
        page = at_desk(f"/book?patient={patient}", **options)
        expect(page.get_by_text("Deposit $50.00 now")).to_be_visible()
        return page


@pytest.fixture
def till(database: Database, open_clinic: OpenClinic) -> Till:
    return Till(database, open_clinic)


def statuses(till: Till) -> list[str]:
    return [row["status"] for row in till.rows("select status from appointment")]


def deposits(till: Till) -> int:
    (row,) = till.rows("select coalesce(sum(cents), 0)::bigint as n from ledger_entry where account = 'deposits'")
    return -int(row["n"])


def press(page: Page) -> None:
    page.get_by_role("button", name="Book and take $50.00").click()


def test_cash_books_and_pays(at_desk: Desk, till: Till) -> None:
    page = till.dialog(at_desk)
    expect(page.get_by_label("Handed over")).to_be_hidden()
    page.get_by_role("radio", name="Cash").check()
    page.get_by_label("Handed over").fill("60")
    press(page)
    expect(page.get_by_text("Booked, and the deposit is taken.")).to_be_visible()
    expect(page).to_have_url(re.compile(r"/board/.*visit="))
    assert (statuses(till), deposits(till)) == (["booked"], 5_000)


def test_the_terminal_approves(at_desk: Desk, till: Till) -> None:
    page = till.dialog(at_desk)
    press(page)
    expect(page.get_by_text("Booked, and the deposit is taken.")).to_be_visible()
    assert (statuses(till), deposits(till)) == (["booked"], 5_000)


def test_without_scripts_the_terminal_declines_then_approves(at_desk: Desk, till: Till) -> None:
    till.taps("decline")
    page = till.dialog(at_desk, java_script_enabled=False)
    press(page)
    expect(page.get_by_text("Nothing was charged. Try again")).to_be_visible()
    assert (statuses(till), deposits(till)) == (["held"], 0)
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_text("Booked, and the deposit is taken.")).to_be_visible()
    assert (statuses(till), deposits(till)) == (["booked"], 5_000)


def test_an_answer_that_is_lost_is_told_as_that(at_desk: Desk, till: Till) -> None:
    till.taps("time_out")
    page = till.dialog(at_desk)
    press(page)
    expect(page.get_by_text("Do not charge it again")).to_be_visible(timeout=15_000)
    assert (statuses(till), deposits(till)) == (["held"], 0)


def test_canceling_shows_the_fee_and_gives_the_rest_back(at_desk: Desk, till: Till) -> None:
    page = till.dialog(at_desk)
    press(page)
    expect(page.get_by_text("Booked, and the deposit is taken.")).to_be_visible()
    (row,) = till.rows("select id from appointment")
    page.goto(f"/appointments/{row['id']}/cancel")
    expect(page.get_by_text("$20.00 goes back to the card")).to_be_visible()
    page.get_by_text("The patient is sick").click()
    page.get_by_role("button", name="Cancel visit").click()
    expect(page.get_by_text("What is left of the payment goes back.")).to_be_visible()
    assert statuses(till) == ["cancelled"]
    assert till.rows("select cents from attempt where direction = 'refund'") == [{"cents": 2_000}]
