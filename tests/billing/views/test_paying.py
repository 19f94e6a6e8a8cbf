"""The panel that takes a payment."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.billing.at_counter import counter, desk
from tests.factories import NOW
from webapp.billing.actions import corrections
from webapp.billing.actions.corrections import WriteOffRequest
from webapp.db import transactional
from webapp.ids import new_id

if TYPE_CHECKING:
    from uuid import UUID

    from tests.billing.counter import Counter
    from tests.stack.people import SignIn, Visitor

__all__ = ["counter", "desk"]


def at(invoice: UUID, verb: str = "charge") -> str:
    return f"/billing/invoices/{invoice}/{verb}"


def press(desk: Visitor, invoice: UUID, form: dict[str, object], **options: object) -> int:
    """What a press answers, with the way that a browser is sent on."""
    answer = desk.post(at(invoice), form, **options)  # type: ignore[arg-type]
    if answer.status_code == 307:
        answer = desk.post(answer.location, form, **options)  # type: ignore[arg-type]
    return answer.status_code


def test_the_page_shows_what_the_button_will_do(counter: Counter, desk: Visitor) -> None:
    old, new = counter.invoice(3_350), counter.invoice()
    page = desk.get(f"/billing/invoices/{new}").text
    for words in ("$86.50 due", "Charge $86.50 on reader", "With old balance $120.00", "Half $43.25", "Desk 1, ready"):
        assert words in page
    assert page.count("$120.00") >= 2  # owes before
    half = desk.get(f"/billing/invoices/{new}?amount=43.25&pays={new}&how=cash:{counter.drawer}").text
    assert "Take $43.25 in cash" in half
    assert "$76.75" in half
    assert counter.due(old) == 3_350


def test_cash_is_taken_with_its_change(counter: Counter, desk: Visitor) -> None:
    made = counter.invoice()
    assert press(desk, made, counter.form(made, tendered="100")) == 303
    row = counter.owner.execute("select method, tendered_cents, change_cents from payment").fetchone()
    assert row == {"method": "cash", "tendered_cents": 10_000, "change_cents": 1_350}
    page = desk.get(f"/billing/invoices/{made}").text
    assert "$86.50 paid: Cash by Robin Example" in page
    assert "Take payment" not in page


def test_a_card_is_charged_at_the_reader(counter: Counter, desk: Visitor) -> None:
    made = counter.invoice()
    answer = desk.post(at(made), counter.form(made, how="reader"))
    assert (answer.status_code, answer.location) == (303, f"/billing/invoices/{made}")
    assert counter.due(made) == 0
    page = desk.get(answer.location).text
    assert "The card was charged." in page
    assert "$86.50 paid: Card reader" in page


def test_a_declined_card_leads_to_what_to_do_next(counter: Counter, desk: Visitor) -> None:
    made = counter.invoice()
    counter.taps("decline")
    answer = desk.post(at(made), counter.form(made, how="reader"))
    assert answer.location.startswith("/billing/attempts/")
    page = desk.get(answer.location).text
    assert "Nothing was charged. Try again" in page
    assert "the bank said no" in page
    assert counter.due(made) == 8_650
    assert desk.post(f"{answer.location}/again").status_code == 303
    assert "The payment counts" in desk.get(answer.location).text
    assert counter.due(made) == 0


def test_a_lost_answer_is_never_called_a_failure(counter: Counter, desk: Visitor) -> None:
    made = counter.invoice()
    counter.taps("time_out")
    attempt = desk.post(at(made), counter.form(made, how="reader")).location
    page = desk.get(attempt)
    assert "Do not charge it again" in page.text
    assert 'hx-trigger="tick from:body"' in page.text
    tag = page.headers["HX-PTag"]
    assert desk.get(attempt, fragment=True, headers={"HX-PTag": tag, "X-Poll": "1"}).status_code == 304
    assert "is on its way by card" in desk.get(f"/billing/invoices/{made}").text
    assert press(desk, made, counter.form(made)) == 409  # nobody pays it a second time meanwhile
    assert desk.post(f"{attempt}/look").status_code == 303
    assert counter.due(made) == 0
    assert desk.get(attempt, fragment=True, headers={"HX-PTag": tag, "X-Poll": "1"}).status_code == 200


@pytest.mark.parametrize("how", ["cash", "reader"])
def test_one_press_twice_and_a_reload_charge_once(counter: Counter, desk: Visitor, how: str) -> None:
    made, key = counter.invoice(), str(new_id())
    form = counter.form(made, how=how)
    assert [press(desk, made, form, key=key) for _ in range(3)] == [303, 303, 303]
    assert counter.count("payment") == 1
    assert press(desk, made, {**form, "amount": "10"}, key=key) == 409


@pytest.mark.parametrize("how", ["cash", "reader"])
def test_two_tabs_with_the_same_invoice_charge_once(counter: Counter, desk: Visitor, how: str) -> None:
    made = counter.invoice()
    form = counter.form(made, how=how)
    assert [press(desk, made, form) for _ in range(2)] == [303, 409]
    assert counter.count("payment") == 1


def test_what_is_due_changed_so_the_new_amount_is_shown(counter: Counter, desk: Visitor) -> None:
    made = counter.invoice()
    form, before = counter.form(made, how="reader"), counter.ledger()
    with counter.app.app_context(), transactional(counter.scope):
        corrections.write_off(WriteOffRequest(made, 1_000, "Hardship"), actor=None, at=NOW)
    answer = desk.post(at(made), form)
    assert answer.status_code == 409
    assert "What is due has changed" in answer.text
    assert "Charge $76.50 on reader" in answer.text
    assert counter.count("attempt") == before[1]


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        ("-5", "Money that goes back is a refund"),
        ("0", "Enter an amount above zero."),
        ("", "Enter an amount like 86.50."),
        ("86.505", "nothing smaller than a cent"),
        ("99999999999", "Check the amount."),
        ("€50", "is paid in USD"),
        ("50 CHF", "is paid in USD"),
        ("a lot", "Enter an amount like 86.50."),
        ("900", "more than is owed for what is chosen"),
    ],
)
@pytest.mark.parametrize("how", ["cash", "reader"])
def test_amounts_that_are_none_are_refused_with_what_was_typed(
    counter: Counter, desk: Visitor, how: str, amount: str, words: str
) -> None:
    made = counter.invoice()
    before = counter.ledger()
    form = counter.form(made, amount, how)
    answer = desk.post(at(made), form)
    answer = desk.post(answer.location, form) if answer.status_code == 307 else answer
    assert answer.status_code == 422
    assert words in answer.text
    assert "Error:" in answer.text
    assert f'value="{form["how"]}" data-kind="{how}"' in answer.text
    assert amount in answer.text
    assert counter.ledger() == before


def test_more_than_is_owed_becomes_credit_when_somebody_says_so(counter: Counter, desk: Visitor) -> None:
    made = counter.invoice()
    assert press(desk, made, counter.form(made, "100", keep_rest="1")) == 303
    assert "$13.50" in desk.get("/billing?list=credit").text
    new = counter.invoice(2_000)
    assert "Credit of $13.50 pays nothing yet" in desk.get(f"/billing/invoices/{new}").text
    assert desk.post(at(new, "credit")).status_code == 303
    assert counter.due(new) == 650


def test_somebody_elses_invoice_is_not_there_and_the_ledger_stays(counter: Counter, desk: Visitor) -> None:
    made, other = counter.invoice(), counter.invoice(5_000, patient=counter.clinic.patients[1])
    before = counter.ledger()
    for how in ("cash", "reader"):
        for wrong in (str(other), str(new_id())):
            form = counter.form(made, "10", how, pays=[str(made), wrong], seen=[f"{wrong}:5000"])
            assert press(desk, made, form) == 404
        assert press(desk, new_id(), counter.form(made, how=how)) == 404
        assert press(desk, made, counter.form(made, how=how, pays=["../etc"])) == 422
    assert desk.post("/billing/invoices/not-an-id/charge", counter.form(made)).status_code == 404
    assert counter.ledger() == before


def test_ways_to_pay_that_are_none_are_refused(counter: Counter, desk: Visitor) -> None:
    made = counter.invoice()
    before = counter.ledger()
    for how in ("", "gold", "cash", "cash:x", f"cash:{new_id()}", "reader", "card:x", f"card:{new_id()}", "check"):
        assert press(desk, made, counter.form(made, how=how) | {"how": how}) in {400, 404, 409, 422}, how
    assert press(desk, made, counter.form(made, tendered="5")) == 422
    assert press(desk, made, counter.form(made, pays=[])) == 422
    assert counter.ledger() == before


def test_a_split_payment_goes_on_with_what_is_left(counter: Counter, desk: Visitor) -> None:
    made = counter.invoice()
    assert press(desk, made, counter.form(made, "50")) == 303
    page = desk.get(f"/billing/invoices/{made}").text
    assert "Charge $36.50 on reader" in page
    assert press(desk, made, counter.form(made, "20", "check", reference="1042 Key")) == 303
    assert desk.post(at(made), counter.form(made, "16.50", "reader")).status_code == 303
    assert counter.due(made) == 0


def test_the_oldest_is_paid_first(counter: Counter, desk: Visitor) -> None:
    counter.at = NOW - timedelta(days=46)
    old = counter.invoice(3_350)
    counter.at = NOW
    new = counter.invoice()
    assert "46 days late" in desk.get(f"/billing/invoices/{new}").text
    form = counter.form(new, "50", pays=[str(new), str(old)], seen=[f"{old}:3350", f"{new}:8650"])
    assert press(desk, new, form) == 303
    assert (counter.due(old), counter.due(new)) == (0, 7_000)


def test_a_clinician_sees_no_money(counter: Counter, sign_in: SignIn) -> None:
    made = counter.invoice()
    assert sign_in("clinician", at=NOW).get(f"/billing/invoices/{made}").status_code == 403
