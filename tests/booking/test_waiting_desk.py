"""What a desk may expect of the waiting list's chain: Undo, each place's own minutes, two wishes of one person."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from flask import Flask

from tests import factories
from tests.booking.waiting_list import TTL, Worker, offered_to, offers, waiter, wish_row
from tests.booking.wishes import Open, Owner, booked, visit_row, wish
from tests.factories import NOW, Clinic
from webapp.booking.actions import CancelRequest, cancel, undo
from webapp.booking.actions.waiting.freed import OFFERED_AFTER
from webapp.booking.actions.waiting.wishes import WishTerms, add_wish, withdraw_wish
from webapp.booking.refusals import WishNotSingle
from webapp.booking.states import UNDO_GRACE
from webapp.ids import new_id

MINUTE = timedelta(minutes=1)
SOON = NOW + OFFERED_AFTER


@pytest.fixture
def worker(booking: Flask, owner: Owner) -> Worker:
    return Worker(booking, owner)


def canceled(desk: Open, visit: UUID, at: datetime = NOW) -> None:
    with desk(at=at):
        cancel(CancelRequest(visit, "ill"), at=at)


def test_what_is_taken_back_within_its_grace_was_offered_to_nobody(
    desk: Open, clinic: Clinic, owner: Owner, worker: Worker
) -> None:
    visit = booked(desk, wish(clinic))
    waiter(owner, clinic)
    canceled(desk, visit)
    last = NOW + UNDO_GRACE
    assert worker.works(last) == 0
    with desk(at=last):
        undo(visit, 2, at=last)
    assert visit_row(owner, visit)["status"] == "booked"
    worker.works(SOON)
    assert offers(owner) == []


def test_each_place_holds_an_offer_as_long_as_it_likes(
    desk: Open, clinic: Clinic, owner: Owner, worker: Worker
) -> None:
    owner.execute("UPDATE location SET waiting_offer_minutes = 12")
    waiter(owner, clinic)
    canceled(desk, booked(desk, wish(clinic)))
    worker.works(SOON)
    assert offers(owner)[0]["expires_at"] == SOON + 12 * MINUTE


def test_a_person_with_two_wishes_is_asked_about_one_time_once(
    desk: Open, clinic: Clinic, owner: Owner, worker: Worker
) -> None:
    person = factories.patient(owner)
    other = factories.service(owner, clinic.providers, [clinic.location])
    urgent = waiter(owner, clinic, patient_id=person, urgency=3)
    waiter(owner, clinic, patient_id=person, service_id=other, urgency=2)
    last = waiter(owner, clinic)
    canceled(desk, booked(desk, wish(clinic)))
    worker.works(SOON)
    assert offered_to(owner) == [urgent]
    worker.works(SOON + TTL)
    assert offered_to(owner) == [last]


def test_a_wish_that_ends_where_its_desk_does_not_reach_lets_go_by_a_job(
    desk: Open, clinic: Clinic, owner: Owner, worker: Worker
) -> None:
    first, second = (waiter(owner, clinic, created_at=NOW - n * MINUTE) for n in (2, 1))
    canceled(desk, booked(desk, wish(clinic)))
    worker.works(SOON)
    elsewhere = factories.scope(at=SOON, locations=frozenset())
    with desk(elsewhere):
        withdraw_wish(first, version=None, at=SOON)
    assert wish_row(owner, first)["status"] == "withdrawn"
    assert offered_to(owner) == [first]
    worker.works(SOON)
    assert (offered_to(owner, "refused"), offered_to(owner)) == ([first], [second])


def test_nobody_waits_for_what_the_chain_can_not_hold(desk: Open, clinic: Clinic, owner: Owner) -> None:
    whole = factories.service(owner, clinic.providers, [clinic.location])
    factories.insert(owner, "service_part", service_id=whole, position=1, part_id=clinic.service, gap_minutes=0)
    visit = booked(desk, wish(clinic))
    owner.execute("UPDATE appointment SET together_id = %s", (new_id(),))
    person = clinic.patients[0]
    for service, appointment in ((whole, None), (clinic.service, visit)):
        with pytest.raises(WishNotSingle), desk():
            add_wish(person, WishTerms(service, NOW.date()), actor=None, at=NOW, appointment_id=appointment)
    with desk():
        add_wish(person, WishTerms(clinic.service, NOW.date()), actor=None, at=NOW)
