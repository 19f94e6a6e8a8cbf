"""One press charges once, whatever becomes of the card, the answer, the process and the people at the next desk."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from tests import factories
from tests.billing.cards.card_desk import ACTOR, DECLINED, CardDesk, at_once
from tests.stack.stripe_books import Moved
from webapp import clock
from webapp.billing import charging, service
from webapp.billing.actions.attempts import open_attempt, order_of
from webapp.billing.attempt_refusals import AttemptOver, BeingPaid, CardGone, NotPayable
from webapp.billing.attempts import State
from webapp.billing.charging import Standing
from webapp.billing.refusals import DueChanged, MoreThanIsDue, WrongAmountOfMoney
from webapp.db import transactional
from webapp.errors import KeyReused, NotFound
from webapp.idempotency import Claim
from webapp.ids import new_id

OTHER = UUID("018f0000-0000-7000-8000-0000000000ad")
MINUTE = timedelta(minutes=1)


def press() -> Claim:
    return Claim(ACTOR, new_id(), b"try again")


def test_a_card_pays_an_invoice_and_is_collected_by_a_job(till: CardDesk) -> None:
    invoice = till.invoice()
    paid = till.pay(till.wanted({invoice: 12_000}, card_id=till.card()))
    assert (paid.state, paid.settled) == (State.CAPTURING, True)
    assert till.moved(paid.id) == Moved(12_000, 0, 0), "authorised is not collected, and shown as that"
    assert (till.due(invoice), till.sum("card_clearing")) == (0, 12_000)
    assert till.promised(paid.id) > 0
    till.carry_on(paid.id)
    assert till.attempt(paid.id)["state"] == "captured"
    assert till.moved(paid.id) == Moved(0, 12_000, 0)
    assert till.story(paid.id) == ["authorising", "authorised", "capturing", "captured"]


def test_a_reader_waits_for_the_card_and_the_next_look_settles(till: CardDesk) -> None:
    invoice = till.invoice()
    asked = till.pay(till.wanted({invoice: 12_000}, reader_id=till.reader))
    assert asked.state is State.WAITING
    till.stand_in.counter.present(till.reader, "pm_card_visa")
    till.carry_on(asked.id)
    assert till.attempt(asked.id)["state"] == "captured"
    assert till.due(invoice) == 0


def test_fifty_presses_of_one_form_charge_once(till: CardDesk) -> None:
    invoice, card, key = till.invoice(), till.card(), new_id()
    wanted = till.wanted({invoice: 12_000}, key=key, card_id=card)
    got = at_once(50, lambda _: till.pay(replace(wanted, id=new_id())))
    assert {type(one) for one in got} == {Standing}, got
    (attempt,) = {one.id for one in got}
    assert till.moved(attempt) == Moved(12_000, 0, 0)
    assert (till.rows("attempt"), till.rows("payment"), len(till.stand_in.books.intents)) == (1, 1, 1)
    assert till.due(invoice) == 0


def test_two_desks_at_once_charge_once(till: CardDesk) -> None:
    invoice, card = till.invoice(), till.card()
    got = at_once(8, lambda _: till.pay(till.wanted({invoice: 12_000}, card_id=card)))
    paid = [one for one in got if isinstance(one, Standing)]
    assert len(paid) == 1
    assert {type(one) for one in got} - {Standing} <= {BeingPaid, MoreThanIsDue}
    assert sum(moved.held for moved in till.stand_in.statement().values()) == 12_000
    assert till.due(invoice) == 0


def test_two_parts_of_an_invoice_go_to_two_cards(till: CardDesk) -> None:
    invoice, card = till.invoice(), till.card()
    got = at_once(2, lambda _: till.pay(till.wanted({invoice: 6_000}, card_id=card)))
    assert {type(one) for one in got} == {Standing}
    assert (till.due(invoice), till.rows("payment")) == (0, 2)


def test_the_same_form_with_another_amount_is_refused(till: CardDesk) -> None:
    invoice, card, key = till.invoice(), till.card(), new_id()
    wanted = till.wanted({invoice: 6_000}, key=key, card_id=card)
    till.pay(wanted)
    with pytest.raises(KeyReused):
        till.pay(replace(wanted, id=new_id(), once=replace(wanted.once, request_hash=b"another form")))
    assert till.due(invoice) == 6_000


def test_the_same_key_of_another_person_is_another_press(till: CardDesk) -> None:
    invoice, card, key = till.invoice(), till.card(), new_id()
    till.pay(till.wanted({invoice: 6_000}, key=key, card_id=card))
    till.pay(till.wanted({invoice: 6_000}, key=key, card_id=card), actor=OTHER)
    assert till.due(invoice) == 0


def test_a_declined_card_keeps_its_attempt_and_another_one_pays_it(till: CardDesk) -> None:
    invoice = till.invoice()
    declined = till.pay(till.wanted({invoice: 12_000}, card_id=till.card(DECLINED)))
    assert (declined.state, declined.code, declined.settled) == (State.DECLINED, "generic_decline", False)
    assert till.due(invoice) == 12_000
    with till.app.app_context():
        paid = charging.try_again(declined.id, press(), till.scope(), card=till.card())
        with pytest.raises(AttemptOver):
            charging.try_again(declined.id, press(), till.scope())
    assert (paid.id, paid.state) == (declined.id, State.CAPTURING)
    assert till.moved(paid.id) == Moved(12_000, 0, 0)
    assert till.story(paid.id) == ["authorising", "declined", "authorising", "authorised", "capturing"]


def test_trying_again_twice_by_one_press_asks_the_card_once(till: CardDesk) -> None:
    invoice, declines, once = till.invoice(), till.card(DECLINED), press()
    declined = till.pay(till.wanted({invoice: 12_000}, card_id=declines))
    with till.app.app_context():
        # The second sending comes when the first one's card was declined, too.
        got = [charging.try_again(declined.id, once, till.scope(), card=declines) for _ in range(2)]
        assert {one.state for one in got} == {State.DECLINED}
        assert till.attempt(declined.id)["tries"] == 2
        charging.try_again(declined.id, press(), till.scope(), card=till.card())
    assert till.due(invoice) == 0


def test_a_declined_attempt_is_not_in_the_way_of_cash(till: CardDesk) -> None:
    invoice, card = till.invoice(), till.card()
    declined = till.pay(till.wanted({invoice: 12_000}, card_id=till.card(DECLINED)))
    till.pay(till.wanted({invoice: 12_000}, card_id=card))
    assert till.due(invoice) == 0
    with till.app.app_context(), pytest.raises(MoreThanIsDue):
        charging.try_again(declined.id, press(), till.scope(), card=card)
    assert till.moved(declined.id) == Moved(0, 0, 0)


def test_an_attempt_that_is_given_up_reserves_nothing_any_more(till: CardDesk) -> None:
    invoice = till.invoice()
    asked = till.pay(till.wanted({invoice: 12_000}, reader_id=till.reader))
    with till.app.app_context():
        ended = charging.end(asked.id, till.scope())
    assert ended.state is State.VOIDED
    till.pay(till.wanted({invoice: 12_000}, card_id=till.card()))
    with till.app.app_context(), pytest.raises(NotFound):
        charging.end(new_id(), till.scope())


def test_money_in_the_ledger_is_not_given_up(till: CardDesk) -> None:
    paid = till.pay(till.wanted({till.invoice(): 12_000}, card_id=till.card()))
    with till.app.app_context(), pytest.raises(AttemptOver):
        charging.end(paid.id, till.scope())


def test_nobody_at_the_reader_is_given_up_after_its_time(till: CardDesk) -> None:
    invoice = till.invoice()
    asked = till.pay(till.wanted({invoice: 12_000}, reader_id=till.reader))
    till.reconcile()
    assert till.attempt(asked.id)["state"] == State.WAITING.value
    till.reconcile(3 * MINUTE)
    assert till.attempt(asked.id)["state"] == "voided"
    assert till.due(invoice) == 12_000


def test_a_process_that_dies_before_it_asks_leaves_nothing_charged(till: CardDesk) -> None:
    invoice = till.invoice()
    wanted = till.wanted({invoice: 12_000}, card_id=till.card())
    with till.app.app_context(), transactional(till.scope()):
        open_attempt(wanted, actor=ACTOR, at=till.now)
    till.reconcile(5 * MINUTE)
    assert till.attempt(wanted.id)["state"] == "voided"
    assert till.moved(wanted.id) == Moved(0, 0, 0)
    again = till.pay(replace(wanted, id=new_id()))
    assert (again.id, again.state) == (wanted.id, State.VOIDED), "the same press learns how it ended"


def test_a_process_that_dies_after_it_asked_is_settled_by_the_reconciler(till: CardDesk) -> None:
    invoice = till.invoice()
    wanted = till.wanted({invoice: 12_000}, card_id=till.card())
    with till.app.app_context():
        with transactional(till.scope()):
            order = order_of(open_attempt(wanted, actor=ACTOR, at=till.now))
        service.gateway().authorise(order)
    till.reconcile()
    assert till.attempt(wanted.id)["state"] == "captured"
    assert (till.due(invoice), till.moved(wanted.id)) == (0, Moved(0, 12_000, 0))


def test_a_capture_that_fails_later_is_taken_back_and_the_invoice_is_owed_again(till: CardDesk) -> None:
    invoice = till.invoice()
    paid = till.pay(till.wanted({invoice: 12_000}, card_id=till.card()))
    till.stand_in.expire_authorisations()
    till.carry_on(paid.id)
    assert till.attempt(paid.id)["state"] == "capture_failed"
    assert till.told() == [("not_collected", str(paid.id))]
    assert (till.due(invoice), till.sum("card_clearing"), till.moved(paid.id)) == (12_000, 0, Moved(0, 0, 0))
    till.carry_on(paid.id)
    assert len(till.told()) == 1
    till.reconcile()
    assert till.rows("ledger_transaction") == 3, "issued, paid, taken back; once"
    till.pay(till.wanted({invoice: 12_000}, card_id=till.card()))
    assert till.due(invoice) == 0


def test_done_twice_and_at_once_a_job_changes_nothing_more(till: CardDesk) -> None:
    invoice = till.invoice()
    paid = till.pay(till.wanted({invoice: 12_000}, card_id=till.card()))
    got = at_once(6, lambda _: till.carry_on(paid.id))
    assert got == [None] * 6
    assert till.moved(paid.id) == Moved(0, 12_000, 0)
    assert (till.rows("payment"), till.story(paid.id)[-1]) == (1, "captured")


def test_what_is_more_than_the_invoices_ask_becomes_credit(till: CardDesk) -> None:
    invoice = till.invoice()
    till.pay(till.wanted({invoice: 12_000}, cents=15_000, card_id=till.card()))
    assert (till.due(invoice), till.sum("credits")) == (0, -3_000)


def test_an_invoice_of_somebody_else_is_not_there(till: CardDesk) -> None:
    invoice = till.invoice(patient=till.clinic.patients[1])
    before = till.rows("ledger_entry")
    with pytest.raises(NotFound):
        till.pay(till.wanted({invoice: 12_000}, card_id=till.card()))
    with pytest.raises(NotFound):
        till.pay(till.wanted({new_id(): 12_000}, card_id=till.card()))
    assert (till.rows("attempt"), till.rows("ledger_entry"), till.stand_in.statement()) == (0, before, {})


def test_a_card_of_somebody_else_or_of_yesterday_is_not_charged(till: CardDesk) -> None:
    invoice = till.invoice()
    with pytest.raises(NotFound):
        till.pay(till.wanted({invoice: 12_000}, card_id=till.card(patient=till.clinic.patients[1])))
    gone = till.card()
    till.owner.execute("update card_on_file set retired_at = %s where id = %s", (factories.NOW, gone))
    with pytest.raises(CardGone):
        till.pay(till.wanted({invoice: 12_000}, card_id=gone))
    assert till.stand_in.statement() == {}


@pytest.mark.parametrize("cents", [0, -5, -12_000])
def test_nothing_and_less_is_no_payment(till: CardDesk, cents: int) -> None:
    with pytest.raises(WrongAmountOfMoney):
        till.pay(till.wanted({till.invoice(): cents}, card_id=till.card(), cents=max(cents, 1)))
    assert till.rows("attempt") == 0


def test_more_than_is_due_another_currency_and_a_price_that_changed_are_refused(till: CardDesk) -> None:
    invoice, card = till.invoice(), till.card()
    with pytest.raises(MoreThanIsDue):
        till.pay(till.wanted({invoice: 12_001}, card_id=card))
    with pytest.raises(NotPayable):
        till.pay(till.wanted({invoice: 12_000}, card_id=card, currency="EUR"))
    with pytest.raises(DueChanged):
        till.pay(till.wanted({invoice: 9_000}, card_id=card, seen={invoice: 9_000}))
    assert (till.rows("attempt"), till.stand_in.statement()) == (0, {})


def test_a_gateway_that_hears_nothing_leaves_a_question_that_the_reconciler_answers(till: CardDesk) -> None:
    from tests.stack.proxy import CutAt, Proxy
    from tests.stack.stripe_stand_in import SECRET_KEY, WEBHOOK_SECRET
    from webapp.billing.gateways.stripe_gateway import StripeGateway

    invoice, card = till.invoice(), till.card()
    with Proxy(till.stand_in.port) as proxy:
        cut = StripeGateway(SECRET_KEY, WEBHOOK_SECRET, f"http://127.0.0.1:{proxy.port}")
        till.app.extensions[service.EXTENSION] = cut
        proxy.mode = CutAt(b"/confirm", heard=True)
        asked = till.pay(till.wanted({invoice: 12_000}, card_id=card))
        cut.close()
    assert asked.state is State.UNKNOWN, "nobody says that it failed"
    with pytest.raises(BeingPaid):
        till.pay(till.wanted({invoice: 12_000}, card_id=card))
    till.reconcile()
    assert (till.due(invoice), till.moved(asked.id)) == (0, Moved(0, 12_000, 0))


def test_the_clock_of_an_answer_is_the_one_of_the_answer(till: CardDesk) -> None:
    invoice = till.invoice()
    with clock.stopped_at(till.now + MINUTE):
        paid = till.pay(till.wanted({invoice: 12_000}, card_id=till.card()))
    assert till.attempt(paid.id)["settled_at"] == till.now + MINUTE
