"""Payments, and giving them back, on their page."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from tests.billing.at_counter import biller, counter, desk
from tests.factories import NOW
from webapp.billing import charging
from webapp.ids import new_id

if TYPE_CHECKING:
    from tests.billing.counter import Counter
    from tests.stack.people import SignIn, Visitor

__all__ = ["biller", "counter", "desk"]


def paid(counter: Counter, desk: Visitor, how: str = "cash", amount: str = "86.50") -> str:
    """The page of a payment that was just taken."""
    made = counter.invoice()
    form = counter.form(made, amount, how)
    verb = "charge" if how == "reader" else "pay"
    assert desk.post(f"/billing/invoices/{made}/{verb}", form).status_code == 303
    row = counter.owner.execute("select id, attempt_id from payment order by at desc").fetchone()
    assert row is not None
    if row["attempt_id"] is not None:
        with counter.app.app_context():
            charging.carry_on(row["attempt_id"], counter.scope)
    return f"/billing/payments/{row['id']}"


def test_cash_goes_back_from_a_drawer(counter: Counter, desk: Visitor, biller: Visitor) -> None:
    page = paid(counter, desk)
    assert "At most $86.50" in biller.get(page).text
    form = {"amount": "20", "reason": "Came for less", "drawer": str(counter.drawer)}
    assert biller.post(f"{page}/refund", form).status_code == 303
    shown = biller.get(page).text
    assert "$20.00 refunded: Cash" in shown
    assert "At most $66.50" in shown
    row = counter.owner.execute(
        "select sum(cents)::bigint as n from ledger_entry where account = 'drawer_cash'"
    ).fetchone()
    assert row == {"n": 15_000 + 6_650}


def test_a_card_gets_its_money_back_by_a_job(counter: Counter, desk: Visitor, biller: Visitor) -> None:
    page = paid(counter, desk, "reader")
    answer = biller.post(f"{page}/refund", {"amount": "86.50", "reason": "Canceled"})
    assert "Sent to the card company" in biller.get(answer.location).text
    assert "on its way to the card" in biller.get(page).text
    with counter.app.app_context():
        charging.carry_on(UUID(answer.location.rpartition("/")[2]), counter.scope)
    assert "$86.50 refunded: Card" in biller.get(page).text
    assert "Refunded" in biller.get(answer.location).text


@pytest.mark.parametrize("how", ["cash", "reader"])
def test_never_more_goes_back_than_was_paid(counter: Counter, desk: Visitor, biller: Visitor, how: str) -> None:
    page = paid(counter, desk, how)
    before = counter.ledger()
    form = {"reason": "Too much", "drawer": str(counter.drawer)}
    for amount in ("86.51", "-1", "0", "", "1.001", "99999999999", "€5"):
        answer = biller.post(f"{page}/refund", {**form, "amount": amount})
        assert answer.status_code == 422, amount
        assert f'name="amount" type="text" value="{amount}"' in answer.text
    assert biller.post(f"{page}/refund", {**form, "amount": "5", "reason": " "}).status_code == 422
    assert counter.ledger() == before
    assert biller.post(f"{page}/refund", {**form, "amount": "50"}).status_code == 303
    late = biller.post(f"{page}/refund", {**form, "amount": "50"})
    assert late.status_code == 422
    assert "more than is left of this payment" in late.text


@pytest.mark.parametrize("how", ["cash", "reader"])
def test_one_press_twice_gives_back_once(counter: Counter, desk: Visitor, biller: Visitor, how: str) -> None:
    page, key = paid(counter, desk, how), str(new_id())
    form = {"amount": "40", "reason": "Half of it", "drawer": str(counter.drawer)}
    answers = [biller.post(f"{page}/refund", form, key=key) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert answers[0].location == answers[1].location
    assert counter.count("refund") + counter.count("attempt") == (1 if how == "cash" else 2)


def test_who_takes_money_does_not_give_it_back(counter: Counter, desk: Visitor, sign_in: SignIn) -> None:
    page = paid(counter, desk)
    assert "What it pays" in desk.get(page).text
    assert 'name="reason"' not in desk.get(page).text
    form = {"amount": "5", "reason": "x", "drawer": str(counter.drawer)}
    assert desk.post(f"{page}/refund", form).status_code == 403
    assert sign_in("manager", at=NOW).post(f"/billing/payments/{new_id()}/refund", form).status_code == 404
    assert counter.count("refund") == 0
