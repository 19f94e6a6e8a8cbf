"""Card readers, Stripe's page, and signed messages."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
import urllib3

from tests.factories import NOW
from tests.stack.stripe_books import Moved
from tests.stack.stripe_stand_in import message
from webapp.billing.gateways.protocol import Answered, BadSignature, ChargeOrder, KeepOrder, Page, Return
from webapp.billing.gateways.stripe_gateway import StripeGateway

if TYPE_CHECKING:
    from tests.stack.stripe_stand_in import StripeStandIn

BACK = Return("https://clinic.example/paid", "https://clinic.example/not", "Harbor Clinic", NOW + timedelta(hours=1))


def order(**other: object) -> ChargeOrder:
    return replace(ChargeOrder(uuid4(), 8650, "USD"), **other)  # type: ignore[arg-type]


def pay(page: Page, card: str) -> urllib3.BaseHTTPResponse:
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    return urllib3.request("POST", str(page.url), body=f"card={card}", headers=kind, redirect=False)


def test_a_reader_shows_the_amount_and_takes_the_card(gateway: StripeGateway, stand_in: StripeStandIn) -> None:
    reader = stand_in.counter.add_reader("Desk 1")
    wanted = order(reader=reader)
    assert gateway.authorise(wanted).kind is Answered.WAITING
    assert gateway.look(wanted).kind is Answered.WAITING
    stand_in.counter.present(reader, "pm_card_visa")
    assert gateway.look(wanted).kind is Answered.AUTHORISED
    assert gateway.authorise(wanted).kind is Answered.AUTHORISED, "asked again it shows nothing again"


def test_a_card_that_is_declined_at_the_reader_can_be_followed_by_another(
    gateway: StripeGateway, stand_in: StripeStandIn
) -> None:
    reader = stand_in.counter.add_reader("Desk 1")
    wanted = order(reader=reader)
    gateway.authorise(wanted)
    stand_in.counter.present(reader, "pm_card_chargeDeclined")
    assert gateway.look(wanted).kind is Answered.DECLINED
    again = replace(wanted, tries=2)
    assert gateway.authorise(again).kind is Answered.WAITING
    assert gateway.look(again).kind is Answered.WAITING, "the first card's no is not the second's"
    stand_in.counter.present(reader, "pm_card_visa")
    assert gateway.look(again).kind is Answered.AUTHORISED
    assert stand_in.statement() == {str(wanted.attempt): Moved(8650, 0, 0)}


def test_a_reader_that_is_offline_or_busy_took_nothing(gateway: StripeGateway, stand_in: StripeStandIn) -> None:
    offline = gateway.authorise(order(reader=stand_in.counter.add_reader("Desk 2", online=False)))
    assert (offline.kind, offline.code) == (Answered.UNREACHABLE, "reader_offline")
    reader = stand_in.counter.add_reader("Desk 1")
    gateway.authorise(order(reader=reader))
    busy = gateway.authorise(order(reader=reader))
    assert (busy.kind, busy.code) == (Answered.UNREACHABLE, "reader_busy")


def test_giving_up_clears_the_reader(gateway: StripeGateway, stand_in: StripeStandIn) -> None:
    reader = stand_in.counter.add_reader("Desk 1")
    wanted = order(reader=reader)
    gateway.authorise(wanted)
    assert gateway.void(wanted).kind is Answered.VOIDED
    assert gateway.authorise(order(reader=reader)).kind is Answered.WAITING


def test_readers_are_those_of_a_location(gateway: StripeGateway, stand_in: StripeStandIn) -> None:
    here, elsewhere = uuid4(), uuid4()
    stand_in.counter.add_reader("Here", str(here))
    stand_in.counter.add_reader("Elsewhere", str(elsewhere), online=False)
    stand_in.counter.add_reader("Anywhere")
    assert [reader.name for reader in gateway.readers(here)] == ["Here", "Anywhere"]
    assert [reader.online for reader in gateway.readers(elsewhere)] == [False, True]


def test_somebody_pays_on_a_page(gateway: StripeGateway, stand_in: StripeStandIn) -> None:
    wanted = order()
    page = gateway.checkout(wanted, BACK)
    assert page.outcome.kind is Answered.WAITING
    assert gateway.checkout(wanted, BACK).url == page.url, "one page, however often it is asked for"
    asked = replace(wanted, external_id=page.outcome.external_id)
    assert gateway.look(asked).kind is Answered.WAITING
    assert b"Harbor Clinic" in urllib3.request("GET", str(page.url)).data
    assert pay(page, "pm_card_chargeDeclined").status == 402
    assert gateway.look(asked).kind is Answered.WAITING, "the page is open, and another card may follow"
    assert pay(page, "pm_card_visa").headers["Location"] == BACK.success_url
    found = gateway.look(asked)
    assert (found.kind, str(found.external_id)[:3]) == (Answered.AUTHORISED, "pi_")
    assert pay(page, "pm_card_visa").status == 400
    assert stand_in.statement() == {str(wanted.attempt): Moved(8650, 0, 0)}


def test_a_page_that_was_given_up_takes_nothing_any_more(gateway: StripeGateway, stand_in: StripeStandIn) -> None:
    wanted = order()
    page = gateway.checkout(wanted, BACK)
    asked = replace(wanted, external_id=page.outcome.external_id)
    assert gateway.void(asked).kind is Answered.VOIDED
    assert gateway.void(asked).kind is Answered.VOIDED
    assert pay(page, "pm_card_visa").status == 400
    assert stand_in.statement() == {}


def test_a_page_whose_making_was_never_answered_is_found_again(gateway: StripeGateway, stand_in: StripeStandIn) -> None:
    wanted = order(back=BACK)
    page = gateway.checkout(wanted, BACK)
    assert gateway.look(wanted).external_id == page.outcome.external_id
    pay(page, "pm_card_visa")
    assert gateway.look(wanted).kind is Answered.AUTHORISED
    assert gateway.void(wanted).kind is Answered.VOIDED
    assert stand_in.statement() == {str(wanted.attempt): Moved(0, 0, 0)}


def test_a_page_that_was_never_made_can_be_given_up(gateway: StripeGateway, stand_in: StripeStandIn) -> None:
    wanted = order(back=BACK)
    assert gateway.void(wanted).kind is Answered.VOIDED
    late = gateway.checkout(wanted, BACK)
    assert pay(late, "pm_card_visa").status == 400, "an order that was still under way takes nothing"
    assert stand_in.statement() == {}


def test_a_page_whose_time_is_over_is_closed_whatever_was_declined_there(
    gateway: StripeGateway, stand_in: StripeStandIn
) -> None:
    wanted = order(back=BACK)
    page = gateway.checkout(wanted, BACK)
    pay(page, "pm_card_chargeDeclined")
    stand_in.counter.expire(str(page.outcome.external_id))
    assert gateway.look(replace(wanted, external_id=page.outcome.external_id)).kind is Answered.VOIDED


def test_a_card_is_left_charged_and_forgotten(gateway: StripeGateway, stand_in: StripeStandIn) -> None:
    customer = str(gateway.customer("someone"))
    wanted = KeepOrder(uuid4(), customer, "USD", BACK)
    page = gateway.keep_page(wanted)
    assert gateway.keep_page(wanted).url == page.url
    asked = replace(wanted, external_id=page.outcome.external_id)
    assert (gateway.kept(asked).card, gateway.kept(asked).outcome.kind) == (None, Answered.WAITING)
    assert pay(page, "pm_card_mastercard").headers["Location"] == BACK.success_url
    card = gateway.kept(asked).card
    assert card is not None
    assert (card.customer, card.brand, card.last4) == (customer, "mastercard", "4444")
    assert gateway.authorise(order(customer=customer, card=card.method)).kind is Answered.AUTHORISED
    assert gateway.forget(card.method).definite
    assert gateway.forget(card.method).definite, "forgotten before"
    assert list(gateway.cards(customer)) == []
    nobody = gateway.keep_page(replace(wanted, id=uuid4()))
    stand_in.counter.expire(str(nobody.outcome.external_id))
    assert gateway.kept(replace(wanted, external_id=nobody.outcome.external_id)).outcome.kind is Answered.VOIDED


def test_a_page_that_was_paid_just_before_is_given_back(gateway: StripeGateway, stand_in: StripeStandIn) -> None:
    wanted = order()
    page = gateway.checkout(wanted, BACK)
    pay(page, "pm_card_visa")
    assert gateway.void(replace(wanted, external_id=page.outcome.external_id)).kind is Answered.VOIDED
    assert stand_in.statement() == {str(wanted.attempt): Moved(0, 0, 0)}


def test_messages_name_the_charge_and_the_attempt(gateway: StripeGateway, stand_in: StripeStandIn) -> None:
    wanted = order(card="pm_card_visa")
    reserved = gateway.authorise(wanted)
    told = [gateway.event(one.body, one.signature, NOW) for one in stand_in.messages(NOW)]
    assert [one.kind for one in told] == ["payment_intent.created", "payment_intent.amount_capturable_updated"]
    assert {(one.external_id, one.attempt) for one in told} == {(reserved.external_id, wanted.attempt)}


def test_only_what_was_signed_now_and_by_the_gateway_is_a_message(
    gateway: StripeGateway, stand_in: StripeStandIn
) -> None:
    gateway.authorise(order(card="pm_card_visa"))
    genuine, *_ = stand_in.messages(NOW)
    assert gateway.event(genuine.body, genuine.signature, NOW + timedelta(minutes=5)).id == genuine.id
    forged = message(json.loads(genuine.body), NOW, "whsec_somebody_elses").signature
    for body, signature, at in [
        (genuine.body, genuine.signature, NOW + timedelta(minutes=5, seconds=1)),
        (genuine.body, genuine.signature, NOW - timedelta(minutes=5, seconds=1)),
        (genuine.body + b" ", genuine.signature, NOW),
        (genuine.body, forged, NOW),
        (genuine.body, "", NOW),
        (genuine.body, "t=,v1=", NOW),
        (b"\xff\xfe", genuine.signature, NOW),
    ]:
        with pytest.raises(BadSignature):
            gateway.event(body, signature, at)


@pytest.mark.parametrize("body", ["[]", "{}", '{"id": "evt_1", "type": "x", "data": {"object": 7}}', "not json"])
def test_a_signed_message_without_sense_is_refused(gateway: StripeGateway, body: str) -> None:
    import stripe

    from tests.stack.stripe_stand_in import WEBHOOK_SECRET

    signature = stripe.WebhookSignature.generate_signature_header(body, WEBHOOK_SECRET, int(NOW.timestamp()))
    with pytest.raises(BadSignature):
        gateway.event(body.encode(), signature, NOW)
