"""The real library against a Stripe of our own: each verb once, twice, too late, and on cards that say no."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from tests.stack.stripe_books import Moved
from webapp.billing.gateways.protocol import Answered, ChargeOrder, Outcome, RefundOrder
from webapp.billing.gateways.stripe_gateway import StripeGateway

if TYPE_CHECKING:
    from tests.stack.stripe_stand_in import StripeStandIn

NOTHING = Moved(0, 0, 0)


def order(**other: object) -> ChargeOrder:
    return replace(ChargeOrder(uuid4(), 8650, "USD", card="pm_card_visa"), **other)  # type: ignore[arg-type]


def captured(gateway: StripeGateway, wanted: ChargeOrder) -> str:
    made = gateway.authorise(wanted)
    assert made.external_id is not None
    assert gateway.capture(made.external_id, wanted.cents, wanted.key("capture")).kind is Answered.CAPTURED
    return made.external_id


def moved(stand_in: StripeStandIn, wanted: ChargeOrder) -> Moved:
    return stand_in.statement().get(str(wanted.attempt), NOTHING)


def test_an_amount_is_reserved_and_then_taken(gateway: StripeGateway, stand_in: StripeStandIn) -> None:
    wanted = order()
    reserved = gateway.authorise(wanted)
    assert (reserved.kind, reserved.cents) == (Answered.AUTHORISED, 8650)
    assert moved(stand_in, wanted) == Moved(8650, 0, 0)
    taken = gateway.capture(str(reserved.external_id), 8650, wanted.key("capture"))
    assert (taken.kind, taken.cents) == (Answered.CAPTURED, 8650)
    assert moved(stand_in, wanted) == Moved(0, 8650, 0)


def test_a_part_can_be_taken_and_the_rest_goes_back(gateway: StripeGateway, stand_in: StripeStandIn) -> None:
    wanted = order()
    reserved = gateway.authorise(wanted)
    assert gateway.capture(str(reserved.external_id), 2000, wanted.key("capture")).cents == 2000
    assert moved(stand_in, wanted) == Moved(0, 2000, 0)


@pytest.mark.parametrize(
    ("card", "code"),
    [
        ("pm_card_chargeDeclined", "generic_decline"),
        ("pm_card_chargeDeclinedInsufficientFunds", "insufficient_funds"),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card"),
        ("pm_card_authenticationRequired", "authentication_required"),
    ],
)
def test_a_card_that_says_no_says_why(gateway: StripeGateway, stand_in: StripeStandIn, card: str, code: str) -> None:
    wanted = order(card=card)
    answer = gateway.authorise(wanted)
    assert (answer.kind, answer.code) == (Answered.DECLINED, code)
    assert moved(stand_in, wanted) == NOTHING
    assert gateway.look(replace(wanted, external_id=answer.external_id)).kind is Answered.DECLINED


def test_after_a_card_that_said_no_another_one_pays_the_same_charge(
    gateway: StripeGateway, stand_in: StripeStandIn
) -> None:
    first = order(card="pm_card_chargeDeclined")
    declined = gateway.authorise(first)
    second = gateway.authorise(replace(first, card="pm_card_visa", tries=2, external_id=declined.external_id))
    assert (second.kind, second.external_id) == (Answered.AUTHORISED, declined.external_id)
    assert len(stand_in.books.intents) == 1


def test_the_same_order_again_is_done_once(gateway: StripeGateway, stand_in: StripeStandIn) -> None:
    wanted = order()
    answers = {gateway.authorise(wanted) for _ in range(5)}
    assert len(answers) == 1
    intent = str(answers.pop().external_id)
    assert {gateway.capture(intent, 8650, wanted.key("capture")).kind for _ in range(5)} == {Answered.CAPTURED}
    assert moved(stand_in, wanted) == Moved(0, 8650, 0)
    back = RefundOrder(uuid4(), intent, 1000, "USD")
    assert {gateway.refund(back).kind for _ in range(5)} == {Answered.REFUNDED}
    assert moved(stand_in, wanted) == Moved(0, 8650, 1000)


def test_another_order_under_a_used_key_is_not_taken_for_a_no(gateway: StripeGateway, stand_in: StripeStandIn) -> None:
    wanted = order()
    gateway.authorise(wanted)
    assert gateway.authorise(replace(wanted, cents=9999)).kind is Answered.UNKNOWN
    assert moved(stand_in, wanted) == Moved(8650, 0, 0)


def test_a_charge_whose_name_was_lost_is_found_again(gateway: StripeGateway, stand_in: StripeStandIn) -> None:
    wanted = order()
    assert gateway.look(wanted) == Outcome(
        Answered.UNKNOWN, next(iter(stand_in.books.intents)), "not_confirmed", 8650
    ), "nobody asked the card yet"
    reserved = gateway.authorise(wanted)
    assert gateway.look(wanted) == reserved
    assert len(stand_in.books.intents) == 1


def test_what_is_voided_can_never_be_reserved_by_an_order_that_comes_late(
    gateway: StripeGateway, stand_in: StripeStandIn
) -> None:
    wanted = order()
    assert gateway.void(wanted).kind is Answered.VOIDED, "although the order to charge never arrived"
    assert gateway.authorise(wanted).kind is Answered.VOIDED
    assert moved(stand_in, wanted) == NOTHING


def test_a_reserved_amount_is_given_back(gateway: StripeGateway, stand_in: StripeStandIn) -> None:
    wanted = order()
    gateway.authorise(wanted)
    assert gateway.void(wanted).kind is Answered.VOIDED
    assert gateway.void(wanted).kind is Answered.VOIDED
    assert moved(stand_in, wanted) == NOTHING


def test_what_was_taken_cannot_be_voided(gateway: StripeGateway, stand_in: StripeStandIn) -> None:
    wanted = order()
    captured(gateway, wanted)
    assert gateway.void(wanted).kind is Answered.CAPTURED
    assert moved(stand_in, wanted) == Moved(0, 8650, 0)


def test_an_amount_that_the_bank_gave_back_cannot_be_taken(gateway: StripeGateway, stand_in: StripeStandIn) -> None:
    wanted = order()
    reserved = gateway.authorise(wanted)
    stand_in.expire_authorisations()
    assert gateway.capture(str(reserved.external_id), 8650, wanted.key("capture")).kind is Answered.VOIDED


def test_refunds_are_never_more_than_was_taken(gateway: StripeGateway, stand_in: StripeStandIn) -> None:
    wanted = order()
    intent = captured(gateway, wanted)
    assert gateway.refund(RefundOrder(uuid4(), intent, 5000, "USD")).kind is Answered.REFUNDED
    assert gateway.refund(RefundOrder(uuid4(), intent, 5000, "USD")).kind is Answered.REFUSED
    assert gateway.refund(RefundOrder(uuid4(), intent, 3650, "USD")).kind is Answered.REFUNDED
    assert gateway.refund(RefundOrder(uuid4(), intent, 1, "USD")).kind is Answered.REFUSED
    assert moved(stand_in, wanted) == Moved(0, 8650, 8650)


def test_a_refund_whose_key_was_forgotten_is_found_and_not_made_again(
    gateway: StripeGateway, stand_in: StripeStandIn
) -> None:
    wanted = order()
    back = RefundOrder(uuid4(), captured(gateway, wanted), 1000, "USD")
    first = gateway.refund(back)
    stand_in._answers.clear()
    assert gateway.refund(back) == first
    assert moved(stand_in, wanted) == Moved(0, 8650, 1000)


def test_a_card_on_file_pays(gateway: StripeGateway, stand_in: StripeStandIn) -> None:
    customer = str(gateway.customer("anteroom-person-1"))
    assert gateway.customer("anteroom-person-1") == customer
    stand_in.books.attach("pm_card_mastercard", {"customer": customer})
    (card,) = gateway.cards(customer)
    assert (card.brand, card.last4, card.exp_month, card.exp_year) == ("mastercard", "4444", 8, 2031)
    assert gateway.authorise(order(customer=customer, card=card.method)).kind is Answered.AUTHORISED
    stranger = str(gateway.customer("anteroom-person-2"))
    answer = gateway.authorise(order(customer=stranger, card=card.method))
    assert (answer.kind, answer.code) == (Answered.DECLINED, "payment_method_customer_mismatch")


def test_the_gateway_learns_nothing_but_the_attempt(gateway: StripeGateway, stand_in: StripeStandIn) -> None:
    wanted = order()
    captured(gateway, wanted)
    (intent,) = stand_in.books.intents.values()
    assert intent["metadata"] == {"attempt": str(wanted.attempt)}
    unsafe = [key for method, _, key in stand_in.calls if method == "POST"]
    assert all(key is not None and str(wanted.attempt) in key for key in unsafe)


def test_an_amount_that_no_card_takes_is_refused(gateway: StripeGateway, stand_in: StripeStandIn) -> None:
    assert gateway.authorise(order(cents=0)).kind is Answered.REFUSED
    assert stand_in.statement() == {}
