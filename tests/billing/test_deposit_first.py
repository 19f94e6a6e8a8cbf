"""A service with a deposit is booked by billing only: each other way of booking is refused, or has its reason."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest

from tests import factories
from tests.factories import NOW, clock_time
from webapp.billing.actions.book_with_payment import BookWithPayment, book_with_payment
from webapp.billing.actions.pay import Part
from webapp.booking.actions import BookRequest, HoldRequest, Overbook, book, hold
from webapp.booking.actions.seats import JoinRequest, begin_and_join
from webapp.booking.actions.series import Chosen, SeriesRequest, book_series
from webapp.booking.actions.sessions import SessionRequest
from webapp.booking.actions.together import book_together
from webapp.booking.actions.waiting import offers
from webapp.booking.actions.waiting.wishes import WishTerms, add_wish
from webapp.booking.actions.walk_in import WalkIn, walk_in
from webapp.booking.money_refusals import DepositFirst
from webapp.booking.recurrence import Frequency, Repeat
from webapp.db import Role
from webapp.ids import new_id

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from tests.billing.till import Till

TEN = clock_time(10)
WEEK = dt.timedelta(days=7)


@pytest.fixture
def deposit(till: Till) -> Till:
    till.owner.execute("update service set deposit_cents = 5000")
    return till


def request(till: Till, **other: Any) -> BookRequest:
    return BookRequest(till.patient, till.clinic.service, till.clinic.location, TEN, till.clinic.providers[0], **other)


def refused(till: Till, action: Callable[[], Any]) -> None:
    with pytest.raises(DepositFirst):
        till.does(action, Role.DESK)
    assert till.one("select count(*) as n from appointment")["n"] == 0


def test_a_visit_is_refused(deposit: Till) -> None:
    refused(deposit, lambda: book(request(deposit), actor=None, at=NOW))
    refused(deposit, lambda: book(request(deposit, via="portal"), actor=None, at=NOW))
    refused(deposit, lambda: book(request(deposit), actor=None, at=NOW, overbook=Overbook("In pain")))


def test_billing_books_it_and_anybody_may_hold_a_time(deposit: Till) -> None:
    wish = HoldRequest(deposit.patient, deposit.clinic.service, deposit.clinic.location, clock_time(12), via="desk")
    deposit.does(lambda: hold(wish, dt.timedelta(minutes=5), actor=None, at=NOW), Role.DESK)
    deposit.does(lambda: book(request(deposit, deposit_seen_to=True), actor=None, at=NOW), Role.DESK)
    assert deposit.one("select count(*) as n from appointment")["n"] == 2


def test_a_series_is_refused_in_one_sentence(deposit: Till) -> None:
    wanted = SeriesRequest(
        deposit.patient, deposit.clinic.service, deposit.clinic.location, Repeat(Frequency.WEEKLY, count=2), TEN,
        (Chosen(1, TEN), Chosen(2, TEN + WEEK)), deposit.clinic.providers[0],
    )  # fmt: skip
    refused(deposit, lambda: book_series(wanted, actor=None, at=NOW))


def test_visits_of_one_coming_are_refused(deposit: Till) -> None:
    whole = factories.service(deposit.owner, deposit.clinic.providers, [deposit.clinic.location], name="Both")
    factories.insert(
        deposit.owner, "service_part", service_id=whole, position=1, part_id=deposit.clinic.service,
    )  # fmt: skip
    wanted = BookRequest(deposit.patient, whole, deposit.clinic.location, TEN)
    refused(deposit, lambda: book_together(wanted, actor=None, at=NOW))


def test_a_seat_is_refused(deposit: Till) -> None:
    deposit.owner.execute("update service set capacity = 8")
    wanted = SessionRequest(deposit.clinic.service, deposit.clinic.location, TEN, deposit.clinic.providers[0])
    join = JoinRequest(new_id(), deposit.patient)
    refused(deposit, lambda: begin_and_join(wanted, join, actor=None, at=NOW))


def test_who_walks_in_pays_at_the_desk(deposit: Till) -> None:
    wanted = WalkIn(deposit.patient, deposit.clinic.service, deposit.clinic.location)
    deposit.does(lambda: walk_in(wanted, actor=None, at=TEN), Role.DESK)
    assert deposit.one("select status from appointment")["status"] == "arrived"


def test_a_time_offered_from_the_list_is_accepted_with_its_deposit_only(deposit: Till) -> None:
    terms = WishTerms(deposit.clinic.service, NOW.date())
    wish = deposit.does(lambda: add_wish(deposit.patient, terms, actor=None, at=NOW).id, Role.DESK)
    wanted = HoldRequest(deposit.patient, deposit.clinic.service, deposit.clinic.location, TEN, via="desk")
    kept = deposit.does(lambda: hold(wanted, dt.timedelta(hours=1), actor=None, at=NOW).id, Role.DESK)
    offer = new_id()
    factories.insert(
        deposit.owner, "waiting_offer", id=offer, wish_id=wish, patient_id=deposit.patient, hold_id=kept,
        offered_at=NOW, expires_at=TEN, outcome="open",
    )  # fmt: skip
    with pytest.raises(DepositFirst):
        deposit.does(lambda: offers.accept(offer, actor=None, at=NOW), Role.DESK)
    assert deposit.one("select status from appointment")["status"] == "held"


@pytest.mark.parametrize(
    ("terms", "status"),
    [
        ({}, "taken"),
        ({"from_time": dt.time(10), "to_time": dt.time(12)}, "taken"),
        ({"from_time": dt.time(13)}, "waiting"),
        ({"earliest": NOW.date() + dt.timedelta(days=30)}, "waiting"),
        ({"weekdays": (6, 7)}, "waiting"),
        ({"provider_ids": "another"}, "waiting"),
    ],
)
def test_a_booking_ends_the_wish_that_it_fulfils_and_no_other(
    deposit: Till, terms: dict[str, Any], status: str
) -> None:
    clinic = deposit.clinic
    if "provider_ids" in terms:
        terms = {"provider_ids": (clinic.providers[1],)}
    wanted = WishTerms(clinic.service, **{"earliest": NOW.date(), **terms})
    deposit.does(lambda: add_wish(deposit.patient, wanted, actor=None, at=NOW), Role.DESK)
    paid = BookWithPayment(
        HoldRequest(deposit.patient, clinic.service, clinic.location, TEN, clinic.providers[0], via="desk"),
        Part("cash", 5_000, 5_000, drawer_id=deposit.drawer),
        "USD",
    )
    deposit.does(lambda: book_with_payment(paid, actor=None, at=NOW), Role.DESK)
    assert deposit.one("select status from waiting_wish")["status"] == status
