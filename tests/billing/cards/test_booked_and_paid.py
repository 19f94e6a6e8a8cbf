"""An appointment and its payment stand or fall together."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from tests import factories
from tests.billing.cards.card_desk import ACTOR, DECLINED, TEN, CardDesk, at_once
from tests.stack.stripe_books import Moved
from webapp.billing import charging, service
from webapp.billing.actions.attempts import order_of
from webapp.billing.actions.confirm_paid import PAY_TIME, open_confirm
from webapp.billing.actions.settle import heard
from webapp.billing.attempts import State
from webapp.billing.charging import Standing
from webapp.billing.gateways.protocol import Answered, Outcome
from webapp.billing.refusals import DueChanged
from webapp.booking.actions import BookRequest, HoldRequest, book, close_payment, hold, lapse, release
from webapp.booking.refusals import HoldBeingPaid, HoldOver, SlotTaken
from webapp.db import transactional
from webapp.idempotency import Claim
from webapp.ids import new_id

MINUTE = timedelta(minutes=1)
HALF_PAST = TEN + timedelta(minutes=30)


def live(till: CardDesk) -> list[tuple[str, bool]]:
    rows = till.owner.execute("select status, payment_open from appointment order by id").fetchall()
    return [(row["status"], row["payment_open"]) for row in rows]


def held(till: CardDesk, patient: UUID | None = None) -> UUID:
    """A hold that an earlier page made."""
    wish = HoldRequest(
        patient or till.patient, till.clinic.service, till.clinic.location, TEN, till.clinic.providers[0], via="desk"
    )
    with till.app.app_context(), transactional(till.scope()):
        return hold(wish, PAY_TIME, actor=ACTOR, at=till.now).id


def test_a_time_is_booked_and_paid_as_one(till: CardDesk) -> None:
    booked = till.book(till.booking(5_000, card_id=till.card()))
    assert (booked.state, booked.settled) == (State.CAPTURING, True)
    assert live(till) == [("booked", False)]
    assert (till.sum("deposits"), till.sum("card_clearing")) == (-5_000, 5_000)
    till.carry_on(booked.id)
    assert till.moved(booked.id) == Moved(0, 5_000, 0)


def test_all_of_the_price_can_be_paid_before(till: CardDesk) -> None:
    till.book(till.booking(12_000, card_id=till.card()))
    assert till.sum("deposits") == -12_000


def test_a_hold_of_an_earlier_page_is_paid(till: CardDesk) -> None:
    kept = held(till)
    booked = till.book(till.booking(5_000, kept, card_id=till.card()))
    assert booked.appointment_id == kept
    assert live(till) == [("booked", False)]


def test_another_price_than_the_page_showed_is_refused_with_the_new_one(till: CardDesk) -> None:
    with pytest.raises(DueChanged) as refused:
        till.book(till.booking(4_900, card_id=till.card()))
    assert refused.value.alternatives == (5_000,)
    assert (live(till), till.stand_in.statement()) == ([], {})


def test_fifty_presses_book_and_charge_once(till: CardDesk) -> None:
    request, key = till.booking(5_000, card_id=till.card()), new_id()
    presses = [till.booking(5_000, key=key, card_id=request.wanted.card_id) for _ in range(50)]
    got = at_once(50, lambda index: till.book(presses[index]))
    assert {type(one) for one in got} == {Standing}, got
    assert len({one.id for one in got}) == 1
    assert live(till) == [("booked", False)]
    assert list(till.stand_in.statement().values()) == [Moved(5_000, 0, 0)]


def test_of_many_who_pay_for_one_time_one_gets_it_and_nobody_else_pays(till: CardDesk) -> None:
    people = [factories.patient(till.owner) for _ in range(6)]
    requests = []
    for person in people:
        wish = HoldRequest(person, till.clinic.service, till.clinic.location, TEN, till.clinic.providers[0], via="desk")
        request = till.booking(5_000, TEN, card_id=till.card(patient=person), patient_id=person)
        requests.append(type(request)(wish, request.wanted))
    got = at_once(6, lambda index: till.book(requests[index]))
    assert sum(isinstance(one, Standing) for one in got) == 1, got
    assert {type(one) for one in got} == {Standing, SlotTaken}
    assert [moved.held for moved in till.stand_in.statement().values() if moved.held] == [5_000]


def test_a_time_that_is_being_paid_for_is_never_freed(till: CardDesk) -> None:
    waiting = till.book(till.booking(5_000, reader_id=till.reader))
    assert waiting.state is State.WAITING
    assert live(till) == [("held", True)]
    till.now += timedelta(hours=1)
    kept = waiting.appointment_id
    assert kept is not None
    with till.app.app_context(), transactional(till.scope()):
        assert not lapse(kept, at=till.now)
        assert not release(kept, at=till.now)
    other = BookRequest(
        till.clinic.patients[1], till.clinic.service, till.clinic.location, TEN, till.clinic.providers[0]
    )
    with till.app.app_context(), pytest.raises(SlotTaken), transactional(till.scope()):
        book(other, actor=ACTOR, at=till.now)
    till.stand_in.counter.present(till.reader, "pm_card_visa")
    till.carry_on(waiting.id)
    assert live(till) == [("booked", False)]


def test_two_payments_for_one_hold_are_one_too_many(till: CardDesk) -> None:
    kept = held(till)
    till.book(till.booking(5_000, kept, reader_id=till.reader))
    with pytest.raises(HoldBeingPaid):
        till.book(till.booking(5_000, kept, card_id=till.card()))


def test_a_declined_card_keeps_the_time_and_another_one_books_it(till: CardDesk) -> None:
    declined = till.book(till.booking(5_000, card_id=till.card(DECLINED)))
    assert declined.state is State.DECLINED
    assert live(till) == [("held", True)]
    press = Claim(ACTOR, new_id(), b"try again")
    with till.app.app_context():
        paid = charging.try_again(declined.id, press, till.scope(), card=till.card())
    assert (paid.state, live(till)) == (State.CAPTURING, [("booked", False)])


def test_who_gives_up_after_a_declined_card_frees_the_time(till: CardDesk) -> None:
    declined = till.book(till.booking(5_000, card_id=till.card(DECLINED)))
    with till.app.app_context():
        charging.end(declined.id, till.scope())
    assert live(till) == [("held", False)]
    till.reconcile(PAY_TIME)
    with till.app.app_context(), transactional(till.scope()):
        assert lapse(declined.appointment_id or new_id(), at=till.now)


def test_an_echo_of_a_payment_that_ended_does_not_free_the_time_for_the_next_one(till: CardDesk) -> None:
    kept = held(till)
    first = till.book(till.booking(5_000, kept, card_id=till.card(DECLINED)))
    with till.app.app_context():
        charging.end(first.id, till.scope())
    till.book(till.booking(5_000, kept, reader_id=till.reader))
    voided = Outcome(Answered.VOIDED, till.attempt(first.id)["external_id"])
    with till.app.app_context(), transactional(till.scope()):
        heard(first.id, voided, actor=None, at=till.now)
    assert live(till) == [("held", True)]


def test_a_time_nobody_pays_for_is_free_again_after_its_minutes(till: CardDesk) -> None:
    waiting = till.book(till.booking(5_000, reader_id=till.reader))
    till.reconcile(PAY_TIME)
    assert till.attempt(waiting.id)["state"] == "voided"
    assert live(till) == [("lapsed", False)]


def test_a_process_that_dies_before_the_card_is_asked_leaves_neither(till: CardDesk) -> None:
    request = till.booking(5_000, card_id=till.card())
    with till.app.app_context(), transactional(till.scope()):
        open_confirm(request, actor=ACTOR, at=till.now)
    till.reconcile(PAY_TIME)
    assert live(till) == [("lapsed", False)]
    assert till.moved(request.wanted.id) == Moved(0, 0, 0)


def test_a_process_that_dies_after_the_card_was_charged_leaves_both(till: CardDesk) -> None:
    request = till.booking(5_000, card_id=till.card())
    with till.app.app_context():
        with transactional(till.scope()):
            order = order_of(open_confirm(request, actor=ACTOR, at=till.now))
        service.gateway().authorise(order)
    till.reconcile()
    assert live(till) == [("booked", False)]
    assert (till.sum("deposits"), till.moved(request.wanted.id)) == (-5_000, Moved(0, 5_000, 0))


def lapsed(till: CardDesk, attempt: UUID) -> UUID:
    """What never happens by itself: a hold that ended although its payment was open, and then the card is held to."""
    kept: UUID = till.attempt(attempt)["appointment_id"]
    till.now += PAY_TIME
    with till.app.app_context(), transactional(till.scope()):
        assert close_payment(kept, at=till.now)
    assert till.visit(kept)["status"] == "lapsed"
    till.stand_in.counter.present(till.reader, "pm_card_visa")
    return kept


def test_late_money_takes_the_very_time_when_it_is_still_free(till: CardDesk) -> None:
    waiting = till.book(till.booking(5_000, reader_id=till.reader))
    before = lapsed(till, waiting.id)
    till.carry_on(waiting.id)
    row = till.attempt(waiting.id)
    assert row["state"] == "captured"
    assert row["appointment_id"] != before
    assert till.visit(row["appointment_id"])["status"] == "booked"
    assert till.visit(row["appointment_id"])["starts_at"] == TEN
    assert till.sum("deposits") == -5_000


def test_late_money_goes_back_when_somebody_has_the_time(till: CardDesk) -> None:
    waiting = till.book(till.booking(5_000, reader_id=till.reader))
    lapsed(till, waiting.id)
    other = BookRequest(
        till.clinic.patients[1],
        till.clinic.service,
        till.clinic.location,
        TEN,
        till.clinic.providers[0],
        deposit_seen_to=True,
    )
    with till.app.app_context(), transactional(till.scope()):
        book(other, actor=ACTOR, at=till.now)
    till.carry_on(waiting.id)
    row = till.attempt(waiting.id)
    assert (row["state"], row["settled_at"]) == ("voided", None)
    assert "slot_taken" in {each["code"] for each in till.owner.execute("select code from attempt_event").fetchall()}, (
        "the desk can say why"
    )
    assert till.moved(waiting.id) == Moved(0, 0, 0)
    assert till.sum("deposits", "credits", "card_clearing") == 0


def test_who_has_another_visit_by_then_gets_the_money_back_and_no_visit(till: CardDesk) -> None:
    kept = held(till)
    second = BookRequest(
        till.patient, till.clinic.service, till.clinic.location, TEN, till.clinic.providers[1], deposit_seen_to=True
    )
    with till.app.app_context(), transactional(till.scope()):
        book(second, actor=ACTOR, at=till.now)
    ended = till.book(till.booking(5_000, kept, card_id=till.card()))
    assert (ended.state, ended.settled) == (State.VOIDED, False)
    assert till.moved(ended.id) == Moved(0, 0, 0)
    assert till.visit(kept)["payment_open"] is False
    assert till.sum("deposits", "credits") == 0


def test_a_hold_that_is_over_is_not_paid_for(till: CardDesk) -> None:
    kept = held(till)
    till.now += PAY_TIME
    with pytest.raises(HoldOver):
        till.book(till.booking(5_000, kept, card_id=till.card()))
    assert till.stand_in.statement() == {}


def test_a_capture_that_fails_keeps_the_visit_and_takes_back_its_payment(till: CardDesk) -> None:
    booked = till.book(till.booking(5_000, card_id=till.card()))
    till.stand_in.expire_authorisations()
    till.carry_on(booked.id)
    assert till.attempt(booked.id)["state"] == "capture_failed"
    assert live(till) == [("booked", False)]
    assert till.sum("deposits", "card_clearing") == 0


def test_money_that_was_collected_by_hand_belongs_to_somebody(till: CardDesk) -> None:
    """Captured on the gateway's own pages, while the time went to somebody else: it is the patient's credit."""
    waiting = till.book(till.booking(5_000, reader_id=till.reader))
    lapsed(till, waiting.id)
    other = BookRequest(
        till.clinic.patients[1],
        till.clinic.service,
        till.clinic.location,
        TEN,
        till.clinic.providers[0],
        deposit_seen_to=True,
    )
    with till.app.app_context(), transactional(till.scope()):
        book(other, actor=ACTOR, at=till.now)
    till.stand_in.books.capture(next(iter(till.stand_in.books.intents)), {})
    till.carry_on(waiting.id)
    assert till.sum("credits") == -5_000
    till.reconcile()
    assert (till.rows("payment"), till.sum("credits")) == (1, -5_000)
