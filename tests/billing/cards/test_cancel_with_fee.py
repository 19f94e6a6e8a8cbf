"""Canceling costs what the service says, gives back what is left, and is never refused to who has paid."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.billing.cards.card_desk import ACTOR, DECLINED, TEN, CardDesk, at_once
from tests.stack.stripe_books import Moved
from webapp.billing.actions.cancel_with_fee import CancelWithFee, Terms, cancel_with_fee, terms_of
from webapp.billing.actions.refund_by_card import CardRefund, open_refund
from webapp.billing.refusals import DueChanged, MoneyReasonMissing, MoreThanWasPaid, WrongAmountOfMoney
from webapp.booking.actions import CancelRequest
from webapp.booking.refusals import WrongState
from webapp.db import transactional
from webapp.idempotency import Claim
from webapp.ids import new_id

DAY = timedelta(days=1)


def rule(till: CardDesk, fee: int, notice: int = 1_440) -> None:
    till.owner.execute("update service set cancel_fee_cents = %s, cancel_notice_minutes = %s", (fee, notice))


def prepaid(till: CardDesk, cents: int = 5_000, *, collected: bool = True) -> tuple[UUID, UUID]:
    """A visit that was booked and paid; its id and its attempt."""
    booked = till.book(till.booking(cents, card_id=till.card()))
    if collected:
        till.carry_on(booked.id)
    assert booked.appointment_id is not None
    return booked.appointment_id, booked.id


def cancel(till: CardDesk, visit: UUID, seen: int, **other: Any) -> None:
    request = CancelWithFee(
        CancelRequest(visit, "Is ill"), Claim(ACTOR, new_id(), b"form"), "Late cancellation", seen, **other
    )
    with till.app.app_context(), transactional(till.scope()):
        cancel_with_fee(request, actor=ACTOR, at=till.now)


def terms(till: CardDesk, visit: UUID) -> Terms:
    with till.app.app_context(), transactional(till.scope(), read_only=True):
        return terms_of(visit, at=till.now)


def refunds(till: CardDesk) -> list[UUID]:
    rows = till.owner.execute("select id from attempt where direction = 'refund' order by id").fetchall()
    return [row["id"] for row in rows]


def test_in_time_all_of_it_goes_back_to_the_card(till: CardDesk) -> None:
    rule(till, 3_000, notice=60)
    visit, attempt = prepaid(till)
    assert terms(till, visit) == Terms(0, 5_000)
    cancel(till, visit, 0)
    (back,) = refunds(till)
    assert till.attempt(back)["state"] == "refunding"
    till.carry_on(back)
    assert till.moved(attempt) == Moved(0, 5_000, 5_000)
    assert till.sum("deposits", "credits", "card_clearing") == 0
    assert till.visit(visit)["status"] == "cancelled"
    till.carry_on(back)
    till.reconcile()
    assert (till.rows("refund"), till.moved(attempt)) == (1, Moved(0, 5_000, 5_000))


def test_too_late_the_fee_is_kept_and_the_rest_goes_back(till: CardDesk) -> None:
    rule(till, 3_000)
    visit, attempt = prepaid(till)
    shown = terms(till, visit)
    assert (shown.fee, shown.back, shown.owed) == (3_000, 2_000, 0)
    cancel(till, visit, 3_000)
    till.carry_on(refunds(till)[0])
    assert till.moved(attempt) == Moved(0, 5_000, 2_000)
    assert (till.sum("fees"), till.sum("patient_receivable"), till.sum("deposits", "credits")) == (-3_000, 0, 0)


def test_a_fee_that_is_more_than_was_paid_is_owed_for_the_rest(till: CardDesk) -> None:
    rule(till, 8_000)
    visit, _ = prepaid(till)
    assert terms(till, visit).owed == 3_000
    cancel(till, visit, 8_000)
    assert (refunds(till), till.sum("patient_receivable"), till.sum("deposits")) == ([], 3_000, 0)


def test_a_fee_can_be_waived_with_a_reason(till: CardDesk) -> None:
    rule(till, 3_000)
    visit, attempt = prepaid(till)
    cancel(till, visit, 3_000, waive="Snow storm")
    till.carry_on(refunds(till)[0])
    assert (till.moved(attempt), till.sum("fees")) == (Moved(0, 5_000, 5_000), 0)
    row = till.owner.execute("select status, void_reason from invoice").fetchone()
    assert (row["status"], row["void_reason"]) == ("void_draft", "Snow storm")


def test_another_fee_than_the_page_showed_cancels_nothing(till: CardDesk) -> None:
    rule(till, 3_000)
    visit, _ = prepaid(till)
    with pytest.raises(DueChanged) as refused:
        cancel(till, visit, 0)
    assert refused.value.alternatives == (3_000,)
    assert till.visit(visit)["status"] == "booked"


def test_a_prepayment_that_is_not_collected_yet_goes_back_once_it_is(till: CardDesk) -> None:
    visit, attempt = prepaid(till, collected=False)
    cancel(till, visit, 0)
    (back,) = refunds(till)
    till.carry_on(back)
    assert till.attempt(back)["state"] == "refunding", "it waits for the charge"
    till.carry_on(attempt)
    till.carry_on(back)
    assert till.moved(attempt) == Moved(0, 5_000, 5_000)


def test_a_prepayment_that_never_was_collected_does_not_go_back(till: CardDesk) -> None:
    visit, attempt = prepaid(till, collected=False)
    cancel(till, visit, 0)
    till.stand_in.expire_authorisations()
    till.carry_on(attempt)
    (back,) = refunds(till)
    till.carry_on(back)
    row = till.attempt(back)
    assert (row["state"], row["code"]) == ("failed", "never_collected")
    assert till.sum("deposits", "credits", "card_clearing") == 0


def test_a_hold_whose_card_was_declined_can_be_canceled(till: CardDesk) -> None:
    rule(till, 3_000)
    declined = till.book(till.booking(5_000, card_id=till.card(DECLINED)))
    assert declined.appointment_id is not None
    cancel(till, declined.appointment_id, 0)
    till.carry_on(declined.id)
    assert till.attempt(declined.id)["state"] == "voided"
    assert till.visit(declined.appointment_id)["status"] == "cancelled"


def test_two_who_cancel_give_back_once(till: CardDesk) -> None:
    visit, attempt = prepaid(till)
    got = at_once(4, lambda _: cancel(till, visit, 0))
    assert sorted(type(one).__name__ for one in got) == ["NoneType", *["WrongState"] * 3], got
    assert WrongState.__name__ == "WrongState"
    (back,) = refunds(till)
    till.carry_on(back)
    assert till.moved(attempt) == Moved(0, 5_000, 5_000)


def refund(till: CardDesk, payment: UUID, cents: int, reason: str = "Paid twice", key: UUID | None = None) -> UUID:
    wanted = CardRefund(new_id(), payment, cents, reason, Claim(ACTOR, key or new_id(), b"form"))
    with till.app.app_context(), transactional(till.scope()):
        return open_refund(wanted, actor=ACTOR, at=till.now).id


def paid(till: CardDesk) -> tuple[UUID, UUID, UUID]:
    """A paid invoice, its payment and its attempt."""
    invoice = till.invoice()
    attempt = till.pay(till.wanted({invoice: 12_000}, card_id=till.card())).id
    till.carry_on(attempt)
    row = till.owner.execute("select id from payment where attempt_id = %s", (attempt,)).fetchone()
    return invoice, row["id"], attempt


def test_fifty_desks_that_refund_at_once_give_back_no_more_than_was_paid(till: CardDesk) -> None:
    invoice, payment, attempt = paid(till)
    got = at_once(50, lambda _: refund(till, payment, 1_000))
    made = [one for one in got if isinstance(one, UUID)]
    assert len(made) == 12
    assert {type(one) for one in got} == {UUID, MoreThanWasPaid}
    for one in made:
        till.carry_on(one)
    assert till.moved(attempt) == Moved(0, 12_000, 12_000)
    assert (till.due(invoice), till.rows("refund")) == (12_000, 12)


def test_the_same_press_refunds_once(till: CardDesk) -> None:
    _, payment, attempt = paid(till)
    key = new_id()
    got = at_once(10, lambda _: refund(till, payment, 1_000, key=key))
    assert len(set(got)) == 1
    till.carry_on(got[0])
    assert till.moved(attempt) == Moved(0, 12_000, 1_000)


def test_a_refund_that_the_gateway_refuses_changes_nothing(till: CardDesk) -> None:
    invoice, payment, attempt = paid(till)
    till.stand_in.books.refund({"payment_intent": till.attempt(attempt)["external_id"], "amount": "12000"})
    back = refund(till, payment, 1_000)
    till.carry_on(back)
    assert till.attempt(back)["state"] == "failed"
    assert till.told() == [("not_refunded", str(back))]
    assert (till.due(invoice), till.rows("refund"), till.sum("card_clearing")) == (0, 0, 12_000)


def test_a_refund_needs_an_amount_and_a_reason(till: CardDesk) -> None:
    _, payment, _ = paid(till)
    with pytest.raises(WrongAmountOfMoney):
        refund(till, payment, 0)
    with pytest.raises(MoneyReasonMissing):
        refund(till, payment, 1_000, reason="  ")
    with pytest.raises(MoreThanWasPaid):
        refund(till, payment, 12_001)
    assert refunds(till) == []


def test_the_rule_counts_to_the_minute(till: CardDesk) -> None:
    rule(till, 3_000, notice=60)
    visit, _ = prepaid(till)
    till.now = TEN - timedelta(minutes=60)
    assert terms(till, visit).fee == 0
    till.now += timedelta(seconds=1)
    assert terms(till, visit).fee == 3_000
