"""What the gateway says by itself: twice, late and in any order it counts once.

`WEBHOOKS=10000` sends so many; a few hundred without it.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.billing.cards.card_desk import CardDesk
from tests.stack.stripe_books import Moved
from tests.stack.stripe_stand_in import Message, message
from webapp.billing import service
from webapp.billing.attempts import State

if TYPE_CHECKING:
    from flask import Flask
    from werkzeug.test import TestResponse

    from webapp.billing.gateways.stripe_gateway import StripeGateway

MANY = int(os.environ.get("WEBHOOKS", "300"))
CHARGES = 5


@pytest.fixture
def site(app: Flask, gateway: StripeGateway) -> Iterator[Flask]:
    """The whole application, with Stripe as its gateway."""
    before = app.extensions[service.EXTENSION]
    app.extensions[service.EXTENSION] = gateway
    yield app
    app.extensions[service.EXTENSION] = before


def send(site: Flask, one: Message) -> TestResponse:
    return site.test_client().post("/webhooks/stripe", data=one.body, headers={"Stripe-Signature": one.signature})


def events(till: CardDesk) -> int:
    return till.rows("gateway_event")


def test_a_message_is_kept_and_promises_to_ask(site: Flask, till: CardDesk) -> None:
    asked = till.pay(till.wanted({till.invoice(): 12_000}, reader_id=till.reader))
    till.owner.execute("delete from jobs.procrastinate_jobs")
    till.stand_in.counter.present(till.reader, "pm_card_visa")
    told = [one for one in till.stand_in.messages(till.now) if b"amount_capturable_updated" in one.body]
    assert send(site, told[0]).status_code == 200
    assert (events(till), till.promised(asked.id)) == (1, 1)
    assert till.attempt(asked.id)["state"] == State.WAITING.value, "nothing is believed"
    till.carry_on(asked.id)
    assert till.attempt(asked.id)["state"] == "captured"
    handled = till.owner.execute("select handled_at from gateway_event").fetchone()
    assert handled["handled_at"] is not None


def test_many_messages_twice_late_and_in_any_order_count_once(site: Flask, till: CardDesk) -> None:
    attempts = []
    for _ in range(CHARGES):
        invoice = till.invoice()
        attempts.append((invoice, till.pay(till.wanted({invoice: 12_000}, reader_id=till.reader)).id))
        till.stand_in.counter.present(till.reader, "pm_card_visa")
    for _, attempt in attempts[: CHARGES // 2]:
        till.carry_on(attempt)
    once = till.stand_in.messages(till.now)
    copies = -(-MANY // len(once))
    told = till.stand_in.messages(till.now, copies=copies, seed=7)
    till.owner.execute("delete from jobs.procrastinate_jobs")
    assert {send(site, one).status_code for one in told} == {200}
    assert events(till) == len(once)
    jobs = till.owner.execute("select args ->> 'attempt' as attempt from jobs.procrastinate_jobs").fetchall()
    assert len(jobs) <= len(once), "a message that came before promises nothing"
    for row in jobs:
        till.carry_on(row["attempt"])
    till.reconcile()
    assert len(told) >= MANY
    for invoice, attempt in attempts:
        assert (till.due(invoice), till.moved(attempt)) == (0, Moved(0, 12_000, 0))
    assert (till.rows("payment"), till.sum("card_clearing")) == (CHARGES, CHARGES * 12_000)


def test_copies_that_come_at_once_are_kept_once(site: Flask, till: CardDesk) -> None:
    till.pay(till.wanted({till.invoice(): 12_000}, card_id=till.card()))
    told, answers = till.stand_in.messages(till.now)[0], []
    threads = [threading.Thread(target=lambda: answers.append(send(site, told).status_code)) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [200] * 12
    assert events(till) == 1


def test_what_is_not_signed_now_by_the_gateway_leaves_nothing(site: Flask, till: CardDesk) -> None:
    till.pay(till.wanted({till.invoice(): 12_000}, card_id=till.card()))
    genuine = till.stand_in.messages(till.now)[0]
    forged = message(json.loads(genuine.body), till.now, "whsec_somebody_elses")
    old = till.stand_in.messages(till.now - timedelta(minutes=6))[0]
    early = till.stand_in.messages(till.now + timedelta(minutes=6))[0]
    changed = Message(genuine.id, genuine.body.replace(b"evt_", b"evT_"), genuine.signature)
    for one in (forged, old, early, changed, Message("", genuine.body, ""), Message("", b"", genuine.signature)):
        assert send(site, one).status_code == 400
    assert events(till) == 0


def test_a_message_about_nothing_of_ours_is_kept_and_promises_nothing(site: Flask, till: CardDesk) -> None:
    till.stand_in.books.make_intent({"amount": "100", "currency": "usd"})
    till.owner.execute("delete from jobs.procrastinate_jobs")
    assert send(site, till.stand_in.messages(till.now)[0]).status_code == 200
    assert (events(till), till.rows("jobs.procrastinate_jobs")) == (1, 0)


def test_a_message_cannot_make_a_payment(site: Flask, till: CardDesk) -> None:
    """Even one that is signed: what counts is what the gateway answers."""
    invoice = till.invoice()
    asked = till.pay(till.wanted({invoice: 12_000}, reader_id=till.reader))
    intent = next(iter(till.stand_in.books.intents.values()))
    lie = {
        "id": "evt_lie",
        "type": "payment_intent.succeeded",
        "data": {"object": {**intent, "status": "succeeded", "amount_received": 12_000}},
    }
    assert send(site, message(lie, till.now)).status_code == 200
    till.carry_on(asked.id)
    assert (till.due(invoice), till.attempt(asked.id)["state"]) == (12_000, State.WAITING.value)


def test_the_signature_is_held_against_our_clock(gateway: StripeGateway, till: CardDesk) -> None:
    till.stand_in.books.make_intent({"amount": "100", "currency": "usd"})
    assert abs(till.now - datetime.now(UTC)) > timedelta(hours=1), "the machine's clock is another one"
    assert gateway.event(*_parts(till.stand_in.messages(till.now)[0]), till.now).kind == "payment_intent.created"


def _parts(one: Message) -> tuple[bytes, str]:
    return one.body, one.signature
