"""Paid on a page of the card company's: one page an invoice, charged once, and what nobody paid is free again."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
import urllib3

from tests.billing.cards.card_desk import ACTOR, CardDesk, at_once
from tests.stack.stripe_books import Moved
from webapp.billing import charging, jobs, keeping, paying_page, returns, service
from webapp.billing.actions.cards import forget
from webapp.billing.actions.events import keep_event
from webapp.billing.actions.links import PayByLink, end_link, make_link, pay_by_link
from webapp.billing.attempt_refusals import BeingPaid, NotPayable
from webapp.billing.attempts import State
from webapp.billing.models import Attempt
from webapp.billing.pay_links import address_of, hash_of, token_of
from webapp.billing.paying_page import Led
from webapp.billing.refusals import DueChanged, LinkOver
from webapp.db import Role, Scope, db, transactional
from webapp.idempotency import Claim
from webapp.ids import new_id

VISA, DECLINED = "pm_card_visa", "pm_card_chargeDeclined"


def nobody(till: CardDesk) -> Scope:
    return Scope(Role.DESK, None, till.now, "request")


def linked(till: CardDesk, invoice: UUID) -> bytes:
    """Make a link; the hash of its token."""
    made = new_id()
    with till.app.app_context():
        hashed = hash_of(token_of(made))
        with transactional(till.scope()):
            make_link(made, invoice, hashed, actor=ACTOR, at=till.now)
    return hashed


def press(till: CardDesk, link: bytes, seen: int = 12_000, key: UUID | None = None) -> Led:
    """A press on the page of a link."""
    wanted = PayByLink(link, seen, "USD", "stripe", Claim(UUID(int=0), key or new_id(), b"form"), returns.STAYS)
    with till.app.app_context():
        return paying_page.lead(lambda now: pay_by_link(wanted, at=now.at), nobody(till))


def pays(led: Led, card: str = VISA) -> int:
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    return urllib3.request("POST", str(led.url), body=f"card={card}", headers=kind, redirect=False).status


def truth(till: CardDesk, led: Led) -> str:
    with till.app.app_context(), transactional(nobody(till), read_only=True):
        return paying_page.truth_of(db.session.get_one(Attempt, led.standing.id), till.now)


def test_a_link_leads_to_a_page_that_pays_the_invoice(till: CardDesk) -> None:
    invoice = till.invoice()
    led = press(till, linked(till, invoice))
    assert led.standing.state is State.WAITING
    assert truth(till, led) == "waiting", "coming back by the success address is not having paid"
    assert pays(led) == 303
    till.carry_on(led.standing.id)
    assert truth(till, led) == "paid"
    assert (till.due(invoice), till.moved(led.standing.id)) == (0, Moved(0, 12_000, 0))
    row = till.owner.execute("select method, actor_id from payment").fetchone()
    assert row == {"method": "payment_link", "actor_id": None}


def test_the_gateway_learns_a_number_an_amount_and_an_attempt(till: CardDesk) -> None:
    led = press(till, linked(till, till.invoice()))
    (page,) = till.stand_in.books.sessions.values()
    number = till.owner.execute("select number from invoice").fetchone()["number"]
    assert page["text"].endswith(f"{number}")
    assert page["success_url"].endswith(f"/pay/back/{led.standing.id}")
    assert page["metadata"] == {"attempt": str(led.standing.id)}


def test_fifty_presses_lead_to_one_page(till: CardDesk) -> None:
    link, key = linked(till, till.invoice()), new_id()
    got = at_once(25, lambda _: press(till, link)) + at_once(25, lambda _: press(till, link, key=key))
    assert {type(one) for one in got} == {Led}, got
    assert len({one.standing.id for one in got}) == 1
    assert len({one.url for one in got}) == 1
    assert len(till.stand_in.books.sessions) == till.rows("attempt") == 1


def test_a_declined_card_keeps_the_page_waiting_and_another_one_pays(till: CardDesk) -> None:
    invoice = till.invoice()
    led = press(till, linked(till, invoice))
    assert pays(led, DECLINED) == 402
    till.carry_on(led.standing.id)
    assert till.attempt(led.standing.id)["state"] == "requires_action"
    assert pays(led) == 303
    till.carry_on(led.standing.id)
    assert till.due(invoice) == 0
    assert till.moved(led.standing.id) == Moved(0, 12_000, 0)


def test_the_desk_charges_nothing_while_the_page_is_open(till: CardDesk) -> None:
    invoice, card = till.invoice(), till.card()
    led = press(till, linked(till, invoice))
    with pytest.raises(BeingPaid):
        till.pay(till.wanted({invoice: 12_000}, card_id=card))
    with till.app.app_context():
        ended = charging.end(led.standing.id, till.scope())
    assert ended.state is State.VOIDED
    assert pays(led) == 400, "what the desk has ended can't be paid any more"
    till.pay(till.wanted({invoice: 12_000}, card_id=card))
    assert till.due(invoice) == 0
    assert sum(moved.held + moved.captured for moved in till.stand_in.statement().values()) == 12_000


def test_desk_and_patient_at_once_charge_once(till: CardDesk) -> None:
    invoice, card = till.invoice(), till.card()
    link = linked(till, invoice)

    def one(index: int) -> object:
        return press(till, link) if index % 2 else till.pay(till.wanted({invoice: 12_000}, card_id=card))

    for led in at_once(8, one):
        if isinstance(led, Led) and led.url is not None:
            pays(led)
    till.reconcile()
    till.reconcile()
    assert till.due(invoice) == 0
    assert sum(moved.held + moved.captured for moved in till.stand_in.statement().values()) == 12_000


@pytest.mark.parametrize("closed", ["by the gateway", "by us"])
def test_a_page_nobody_paid_on_frees_the_amount(till: CardDesk, closed: str) -> None:
    invoice = till.invoice()
    led = press(till, linked(till, invoice))
    if closed == "by the gateway":
        till.stand_in.counter.expire(next(iter(till.stand_in.books.sessions)))
        till.carry_on(led.standing.id)
    else:
        till.reconcile(returns.STAYS)
    assert till.attempt(led.standing.id)["state"] == "voided"
    assert truth(till, led) == "nothing"
    assert pays(led) == 400
    assert pays(press(till, linked(till, invoice))) == 303
    till.reconcile()
    assert till.due(invoice) == 0


def test_paid_in_the_last_second_counts(till: CardDesk) -> None:
    invoice = till.invoice()
    led = press(till, linked(till, invoice))
    assert pays(led) == 303
    till.reconcile(returns.STAYS + timedelta(minutes=5))
    assert till.due(invoice) == 0
    assert till.moved(led.standing.id) == Moved(0, 12_000, 0)


def test_a_message_of_the_gateway_settles(till: CardDesk) -> None:
    invoice = till.invoice()
    led = press(till, linked(till, invoice))
    pays(led)
    with till.app.app_context():
        events = [
            service.gateway().event(one.body, one.signature, till.now) for one in till.stand_in.messages(till.now)
        ]
        with transactional(nobody(till)):
            kept = [keep_event("stripe", one, at=till.now) for one in events]
    assert all(kept)
    assert till.promised(led.standing.id) > 1
    till.carry_on(led.standing.id)
    assert till.due(invoice) == 0


def test_a_page_whose_making_was_not_answered_is_not_lost(till: CardDesk) -> None:
    invoice = till.invoice()
    link = linked(till, invoice)
    with till.app.app_context():
        wanted = PayByLink(link, 12_000, "USD", "stripe", Claim(UUID(int=0), new_id(), b"form"), returns.STAYS)
        with transactional(nobody(till)):
            attempt = pay_by_link(wanted, at=till.now).id
    # The process died before or after the page was made: the job finds it, or makes it, and somebody may pay there.
    till.carry_on(attempt)
    assert till.attempt(attempt)["state"] == "requires_action"
    led = press(till, link)
    assert led.standing.id == attempt
    assert pays(led) == 303
    till.carry_on(attempt)
    assert till.due(invoice) == 0
    assert len(till.stand_in.books.sessions) == 1


def test_a_link_that_was_ended_replaced_or_is_too_old_opens_nothing(till: CardDesk) -> None:
    invoice = till.invoice()
    first, second = linked(till, invoice), linked(till, invoice)
    with pytest.raises(LinkOver):
        press(till, first)
    with till.app.app_context(), transactional(till.scope()):
        end_link(invoice, at=till.now)
    with pytest.raises(LinkOver):
        press(till, second)
    third = linked(till, invoice)
    till.now += timedelta(days=30)
    with pytest.raises(LinkOver):
        press(till, third)
    with pytest.raises(LinkOver):
        press(till, hash_of("made up"))
    assert till.rows("attempt") == 0


def test_what_is_due_by_now_is_what_a_link_asks_for(till: CardDesk) -> None:
    invoice = till.invoice()
    link = linked(till, invoice)
    till.pay(till.wanted({invoice: 5_000}, card_id=till.card()))
    with pytest.raises(DueChanged) as refused:
        press(till, link)
    assert refused.value.alternatives == (7_000,)
    assert pays(press(till, link, 7_000)) == 303
    till.reconcile()
    assert till.due(invoice) == 0
    with till.app.app_context(), transactional(till.scope()), pytest.raises(NotPayable):
        make_link(new_id(), invoice, hash_of("x"), actor=ACTOR, at=till.now)


def test_the_address_is_kept_nowhere(till: CardDesk) -> None:
    linked(till, till.invoice())
    row = till.owner.execute("select * from payment_link").fetchone()
    with till.app.app_context():
        token = token_of(row["id"])
        assert bytes(row["token_hash"]) == hash_of(token)
        assert address_of(_Link(row["id"], bytes(row["token_hash"]))).endswith(f"/pay/{token}")  # type: ignore[arg-type, union-attr]
        assert address_of(_Link(new_id(), bytes(row["token_hash"]))) is None  # type: ignore[arg-type]
    assert token not in str(row)


def test_a_card_is_left_on_a_page_charged_and_forgotten(till: CardDesk) -> None:
    key = new_id()
    with till.app.app_context():
        setups = [keeping.begin(till.patient, till.clinic.location, key, till.scope()) for _ in range(2)]
        assert len(set(setups)) == 1
        page = keeping.page(setups[0], till.scope())
        assert page is not None
        assert keeping.look(setups[0], till.scope()) == "open"
        assert pays(Led(None, page.url)) == 303  # type: ignore[arg-type]
    with till.worker.app_context():
        jobs.settle_setup(str(setups[0]))
        jobs.settle_setup(str(setups[0]))
    row = till.owner.execute("select id, last4, patient_id from card_on_file").fetchone()
    assert (row["last4"], row["patient_id"]) == ("4242", till.patient)
    invoice = till.invoice()
    assert till.pay(till.wanted({invoice: 12_000}, card_id=row["id"])).settled
    with till.app.app_context(), transactional(till.scope()):
        forget(row["id"], [till.patient], at=till.now)
    with till.worker.app_context():
        jobs.forget_card(str(row["id"]))
    assert {method["customer"] for method in till.stand_in.books.methods.values()} == {None}


def test_a_card_nobody_left_is_no_card(till: CardDesk) -> None:
    with till.app.app_context():
        setup = keeping.begin(till.patient, till.clinic.location, new_id(), till.scope())
        keeping.page(setup, till.scope())
        till.stand_in.counter.expire(next(iter(till.stand_in.books.sessions)))
        assert keeping.look(setup, till.scope()) == "ended"
    assert till.rows("card_on_file") == 0


class _Link:
    def __init__(self, link_id: UUID, token_hash: bytes) -> None:
        self.id, self.token_hash = link_id, token_hash
