"""A time from the waiting list that asks for a deposit: the money and the time come together, or neither does."""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests import factories
from tests.billing.at_counter import counter
from tests.booking.waiting_list import Worker
from tests.factories import NOW, clock_time
from tests.portal.own_money import at, card, found, mia, path, settle
from tests.portal.views.test_pay_hold import agreed
from webapp import clock
from webapp.billing.actions.confirm_paid import PAY_TIME
from webapp.billing.actions.pay import Part, TakeDeposit, take_deposit
from webapp.booking.actions import CancelRequest, cancel, close_payment, lapse
from webapp.db import Role, transactional
from webapp.identity.permissions import Purpose, Relation
from webapp.identity.person import Grant
from webapp.ids import new_id

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    from tests.billing.counter import Counter
    from tests.stack.people import SignIn, Visitor

__all__ = ["counter", "mia"]

ELEVEN, THREE = clock_time(11), clock_time(15)
ENDS = NOW + timedelta(minutes=30)
LATER = ENDS + PAY_TIME


@dataclass
class Offer:
    """Eleven o'clock is held for the patient, and somebody else waits for it; the deposit is $50.00 of $120.00."""

    counter: Counter
    mia: Visitor
    worker: Worker
    id: UUID
    hold: UUID
    next: UUID
    visit: UUID | None

    @property
    def page(self) -> str:
        return at(self.counter, f"/offers/{self.id}")

    @property
    def step(self) -> str:
        return at(self.counter, f"/held/{self.hold}/pay")

    def pays(self, **other: str) -> Any:
        return self.mia.post(self.step, agreed(self.mia, self.counter, self.hold, **other))

    def one(self, query: str, *values: object) -> object:
        return found(self.counter, query, *values)

    def stands(self) -> tuple[str, str, str]:
        """How the offer came out, how its wish did, and how its hold stands."""
        row = self.counter.owner.execute(
            "select outcome, w.status as wish, h.status from waiting_offer o join waiting_wish w on w.id = wish_id"
            " join appointment h on h.id = hold_id where o.id = %s", (self.id,)
        ).fetchone() or {}  # fmt: skip
        return row["outcome"], row["wish"], row["status"]

    def begins(self) -> object:
        return self.one("select starts_at as found from appointment where id = %s", self.visit)

    def sweeps(self, moment: datetime) -> None:
        """What the worker does about the list by some moment, and what comes of it."""
        with self.counter.app.app_context():
            self.worker.sweeps(moment)
            self.worker.works(moment)

    def offered_next(self) -> bool:
        """Whether the time is held for the next in line."""
        query = (
            "select count(*) as found from waiting_offer o join appointment h on h.id = o.hold_id"
            " where o.wish_id = %s and o.outcome = 'open' and h.starts_at = %s"
        )
        return self.one(query, self.next, ELEVEN) == 1


@pytest.fixture
def offer(counter: Counter, mia: Visitor) -> Offer:
    return made(counter, mia)


@pytest.fixture
def earlier(counter: Counter, mia: Visitor) -> Offer:
    """The offer is for somebody who has a visit at three."""
    return made(counter, mia, instead=factories.appointment(counter.owner, counter.clinic, THREE, price_cents=12_000))


def made(counter: Counter, mia: Visitor, *, instead: UUID | None = None) -> Offer:
    owner, clinic = counter.owner, counter.clinic
    owner.execute("update service set deposit_cents = 5000, online = true where id = %s", (clinic.service,))
    wish, offer, following = new_id(), new_id(), new_id()
    waits = {"service_id": clinic.service, "earliest": NOW.date(), "created_at": NOW}
    factories.insert(owner, "waiting_wish", id=wish, patient_id=counter.patient, appointment_id=instead, **waits)
    factories.insert(owner, "waiting_wish", id=following, patient_id=clinic.patients[1], **waits)
    hold = factories.appointment(owner, clinic, ELEVEN, status="held", held_until=ENDS, price_cents=12_000)
    factories.insert(
        owner, "waiting_offer", id=offer, wish_id=wish, patient_id=counter.patient, hold_id=hold, offered_at=NOW,
        expires_at=ENDS,
    )  # fmt: skip
    return Offer(counter, mia, Worker(counter.app, owner), offer, hold, following, instead)


def paid_before(counter: Counter, visit: UUID | None, cents: int) -> None:
    assert visit is not None
    with counter.app.app_context(), transactional(counter.scope):
        part = Part("cash", cents, cents, drawer_id=counter.drawer)
        take_deposit(TakeDeposit(visit, part, "USD"), actor=None, at=NOW)


@contextmanager
def desk(counter: Counter, moment: datetime) -> Iterator[None]:
    with counter.app.app_context(), transactional(factories.scope(Role.DESK, at=moment)):
        yield


def words(text: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", text).split())


def test_the_deposit_is_said_first_and_one_press_leads_to_its_step(offer: Offer) -> None:
    for address in ("/me", offer.page, at(offer.counter, "/waiting")):
        text = offer.mia.get(address).text
        assert "A deposit of $50.00 is paid before you have this time." in text
        assert f'href="{offer.step}"' in text
        assert f'action="{offer.page}"' not in text
    assert "Pay and take this time" in offer.mia.get(offer.step).text
    # A page from before the deposit was asked.
    assert "The deposit of this time is paid before it is yours." in offer.mia.post(offer.page).text
    assert offer.stands() == ("open", "waiting", "held")


def test_a_saved_card_books_the_time_and_ends_the_wish(offer: Offer) -> None:
    answer = offer.pays(how=f"card:{card(offer.counter)}")
    assert path(answer.location) == at(offer.counter, f"/visits/{offer.hold}/booked")
    assert offer.stands() == ("accepted", "taken", "booked")
    assert offer.one("select cents as found from payment where appointment_id = %s", offer.hold) == 5_000
    assert path(offer.mia.get(offer.step).location) == at(offer.counter, f"/visits/{offer.hold}/booked")
    offer.sweeps(LATER)
    assert not offer.offered_next()


def test_the_visit_moves_when_the_page_is_paid_however_late_and_not_before(earlier: Offer) -> None:
    page = path(earlier.pays().location)
    text = words(earlier.mia.get(earlier.step).text)
    assert "moves to this time and keeps its price of $120.00." in text
    with clock.stopped_at(ENDS + timedelta(seconds=1)):
        # The hold's own time is over: it is kept as long as its page is open, and no longer offered.
        earlier.counter.owner.execute("update attempt set expires_at = %s", (LATER,))
        earlier.counter.owner.execute("update simulated_page set expires_at = %s", (LATER,))
        earlier.sweeps(clock.now())
        assert (earlier.stands(), earlier.begins()) == (("open", "waiting", "held"), THREE)
        assert "Go on with the payment" in earlier.mia.get("/me").text
        back = path(earlier.mia.post(page, {"choice": "approve"}).location)
        settle(earlier.counter)
        assert path(earlier.mia.get(back).location) == at(earlier.counter, f"/visits/{earlier.visit}/booked")
    assert (earlier.stands(), earlier.begins()) == (("accepted", "taken", "lapsed"), ELEVEN)
    assert earlier.one("select cents as found from payment where appointment_id = %s", earlier.visit) == 5_000
    assert earlier.one("select sum(cents)::bigint as found from ledger_entry where account = 'deposits'") == -5_000
    # What they leave goes to the next in line, as for whoever moves without money.
    earlier.sweeps(LATER)
    assert earlier.one("select count(*) as found from waiting_offer o join appointment h on h.id = o.hold_id"
                       " where o.wish_id = %s and h.starts_at = %s", earlier.next, THREE) == 1  # fmt: skip


@pytest.mark.parametrize("part", ["asked", "price"])
def test_what_was_paid_for_the_visit_counts_and_only_the_rest_is_asked(earlier: Offer, part: str) -> None:
    paid_before(earlier.counter, earlier.visit, 2_000)
    text = words(earlier.mia.get(earlier.page).text)
    assert "The $20.00 that you paid for your visit counts. $30.00 of the deposit is missing" in text
    earlier.pays(part=part, how=f"card:{card(earlier.counter)}")
    assert (earlier.stands(), earlier.begins()) == (("accepted", "taken", "lapsed"), ELEVEN)
    paid = "select sum(cents)::bigint as found from payment where appointment_id = %s"
    assert earlier.one(paid, earlier.visit) == {"asked": 5_000, "price": 12_000}[part]


def test_whoever_has_paid_the_deposit_takes_the_time_with_one_tap(earlier: Offer) -> None:
    paid_before(earlier.counter, earlier.visit, 5_000)
    assert "Nothing more is asked now." in words(earlier.mia.get(earlier.page).text)
    assert path(earlier.mia.get(earlier.step).location) == earlier.page
    assert earlier.mia.post(earlier.page).status_code == 303
    assert (earlier.stands(), earlier.begins()) == (("accepted", "taken", "lapsed"), ELEVEN)
    assert earlier.counter.count("payment") == 1


def test_two_presses_pay_once_and_another_card_never_pays_again(earlier: Offer) -> None:
    sent = agreed(earlier.mia, earlier.counter, earlier.hold, how=f"card:{card(earlier.counter)}")
    other = agreed(earlier.mia, earlier.counter, earlier.hold, how=f"card:{card(earlier.counter)}")
    key = {"idempotency_key": str(new_id())}
    first, second = (earlier.mia.post(earlier.step, {**sent, **key}) for _ in range(2))
    assert path(first.location) == path(second.location) == at(earlier.counter, f"/visits/{earlier.visit}/booked")
    assert earlier.mia.post(earlier.step, other).status_code in {303, 409}
    assert (earlier.counter.count("payment"), earlier.counter.count("attempt")) == (1, 1)
    assert earlier.begins() == ELEVEN


def test_an_offer_that_ran_out_takes_no_money(earlier: Offer) -> None:
    sent = agreed(earlier.mia, earlier.counter, earlier.hold, how=f"card:{card(earlier.counter)}")
    with clock.stopped_at(ENDS):
        answer = earlier.mia.post(earlier.step, sent)
        assert answer.status_code in {303, 409}
        assert path(earlier.mia.get(earlier.step).location) == earlier.page
        assert "This offer is over" in earlier.mia.get(earlier.page).text
        earlier.sweeps(ENDS)
    assert (earlier.counter.count("attempt"), earlier.begins()) == (0, THREE)
    assert earlier.offered_next()


def test_a_page_that_nobody_paid_in_time_gives_the_time_to_the_next(earlier: Offer) -> None:
    page = path(earlier.pays().location)
    with clock.stopped_at(LATER):
        settle(earlier.counter)
        earlier.sweeps(LATER)
        assert earlier.offered_next()
        # The page is closed by then; whoever left it open and pays now, pays nothing.
        earlier.mia.post(page, {"choice": "approve"})
        settle(earlier.counter)
        assert earlier.offered_next()
    assert (earlier.stands(), earlier.begins()) == (("lapsed", "waiting", "lapsed"), THREE)
    assert earlier.counter.count("payment") == 0


@pytest.mark.parametrize("moves", [True, False])
def test_money_that_comes_after_the_time_has_lapsed_goes_back(counter: Counter, mia: Visitor, *, moves: bool) -> None:
    visit = factories.appointment(counter.owner, counter.clinic, THREE) if moves else None
    late = made(counter, mia, instead=visit)
    page = path(late.pays().location)
    with clock.stopped_at(ENDS):
        with desk(counter, ENDS):
            close_payment(late.hold, at=ENDS)
            lapse(late.hold, at=ENDS)
        counter.owner.execute("update attempt set expires_at = %s", (LATER,))
        counter.owner.execute("update simulated_page set expires_at = %s", (LATER,))
        # Nobody has offered it on yet, and still it is the next one's.
        mia.post(page, {"choice": "approve"})
        settle(counter)
        late.sweeps(ENDS)
    assert late.one("select state as found from attempt") == "voided"
    assert late.one("select count(*) as found from attempt_event where code = 'hold_over'") != 0
    assert counter.count("payment") == 0
    assert late.stands() == ("lapsed", "waiting", "lapsed")
    assert late.offered_next()
    if moves:
        assert late.begins() == THREE


def test_a_visit_that_is_canceled_while_it_is_paid_for_gets_the_money_back(earlier: Offer) -> None:
    page = path(earlier.pays().location)
    assert earlier.visit is not None
    with desk(earlier.counter, NOW):
        cancel(CancelRequest(earlier.visit, "ill"), at=NOW)
    earlier.mia.post(page, {"choice": "approve"})
    settle(earlier.counter)
    told = at(earlier.counter, f"/payments/{earlier.one('select id as found from attempt')}")
    assert "Your visit has not moved" in earlier.mia.get(told).text
    assert (earlier.counter.count("payment"), earlier.begins()) == (0, THREE)


def test_a_time_that_is_being_paid_for_is_neither_refused_nor_given_on(earlier: Offer) -> None:
    page = path(earlier.pays().location)
    assert earlier.mia.post(f"{earlier.page}/refuse").status_code == 409
    wish = earlier.one("select wish_id as found from waiting_offer where id = %s", earlier.id)
    earlier.mia.post(at(earlier.counter, f"/waiting/{wish}/withdraw"))
    earlier.sweeps(ENDS)
    assert earlier.stands() == ("open", "withdrawn", "held")
    # They said that they do not want to move any more, so they do not, and nothing is paid.
    earlier.mia.post(page, {"choice": "approve"})
    settle(earlier.counter)
    earlier.sweeps(ENDS)
    assert (earlier.stands(), earlier.begins()) == (("refused", "withdrawn", "lapsed"), THREE)
    assert earlier.counter.count("payment") == 0
    assert earlier.offered_next()


def test_whoever_may_not_pay_is_told_so(counter: Counter, mia: Visitor, sign_in: SignIn) -> None:
    offer = made(counter, mia)
    grant = Grant(counter.patient, may=frozenset({Purpose.VISITS}), relation=Relation.PARENT, name="Mia")
    helper = sign_in("patient", patients=(), grants=(grant,), at=NOW)
    text = helper.get(offer.page).text
    assert "You may not pay for this person." in text
    assert offer.step not in text
    assert helper.post(offer.page).status_code == 422
    assert helper.get(offer.step).status_code in {403, 404}
    assert offer.stands() == ("open", "waiting", "held")
