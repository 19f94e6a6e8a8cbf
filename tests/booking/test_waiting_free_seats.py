"""Seats of a group are offered when the desk asks, and the time of one that is gone goes to whoever waits for it."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from flask import Flask

from tests import factories
from tests.booking.groups import CAPACITY, begun, seated
from tests.booking.waiting_list import Worker, offered_to, offers, waiter, wish_row
from tests.booking.wishes import TEN, Open, Owner
from tests.factories import NOW, Clinic, clock_time
from webapp.booking.actions.sessions import SessionMove, cancel_session, move_session
from webapp.booking.actions.waiting.freed import OFFERED_AFTER
from webapp.booking.actions.waiting.offers import refuse
from webapp.booking.actions.waiting.opening import offer_seats
from webapp.booking.plan_refusals import NoSeatToOffer, SessionClosed
from webapp.booking.refusals import NotAllowedHere
from webapp.errors import NotFound
from webapp.ids import new_id

MINUTE = timedelta(minutes=1)
SOON = NOW + OFFERED_AFTER


@pytest.fixture
def worker(booking: Flask, owner: Owner) -> Worker:
    return Worker(booking, owner)


@pytest.fixture
def groups(owner: Owner) -> Clinic:
    """A clinic whose service is a group of three, with five patients."""
    return factories.clinic(owner, patients=5, capacity=CAPACITY)


def asks(desk: Open, session: UUID, at: datetime = NOW) -> None:
    with desk(at=at):
        offer_seats(session, at=at)


def test_free_seats_go_to_as_many_as_there_are_when_the_desk_asks_twice_or_once(
    desk: Open, groups: Clinic, owner: Owner, worker: Worker
) -> None:
    session = begun(desk, groups)
    seated(desk, session, groups.patients[0])
    wishes = [waiter(owner, groups, created_at=NOW - n * MINUTE) for n in (4, 3, 2, 1)]
    asks(desk, session)
    asks(desk, session)
    worker.works(NOW)
    assert set(offered_to(owner)) == set(wishes[:2])
    with pytest.raises(NoSeatToOffer):
        asks(desk, session)
    (longest,) = (offer["id"] for offer in offers(owner) if offer["wish_id"] == wishes[0])
    with desk(at=NOW):
        refuse(longest, at=NOW)
    worker.works(NOW)
    assert set(offered_to(owner)) == set(wishes[1:3])


def test_somebody_who_waits_twice_is_held_one_seat(desk: Open, groups: Clinic, owner: Owner, worker: Worker) -> None:
    session = begun(desk, groups)
    waits = waiter(owner, groups, urgency=2)
    person = wish_row(owner, waits)["patient_id"]
    later = seated(desk, begun(desk, groups, clock_time(15)), person)
    waiter(owner, groups, patient_id=person, appointment_id=later)
    asks(desk, session)
    worker.works(NOW)
    assert offered_to(owner) == [waits]
    with pytest.raises(NoSeatToOffer):
        asks(desk, session)


def test_the_time_of_a_group_that_is_canceled_or_moved_opens_to_others(
    desk: Open, clinic: Clinic, groups: Clinic, owner: Owner, worker: Worker
) -> None:
    factories.insert(owner, "service_location", service_id=clinic.service, location_id=groups.location)
    factories.insert(owner, "service_provider", service_id=clinic.service, provider_id=groups.providers[0])
    canceled, kept, moved = (begun(desk, groups, clock_time(hour)) for hour in (10, 12, 14))
    wishes = [waiter(owner, clinic, provider_ids=[groups.providers[0]], created_at=NOW - n * MINUTE) for n in (2, 1)]
    with desk():
        cancel_session(canceled, "ill", at=NOW)
        cancel_session(kept, "ill", at=NOW, offer=False)
        move_session(SessionMove(moved, clock_time(15)), at=NOW)
    worker.works(SOON)
    assert offered_to(owner) == wishes
    assert [offer["starts_at"] for offer in offers(owner)] == [TEN, clock_time(14)]


def test_seats_of_a_group_that_is_over_canceled_unknown_or_elsewhere_are_not_offered(
    desk: Open, groups: Clinic, owner: Owner, worker: Worker
) -> None:
    waiter(owner, groups)
    session = begun(desk, groups)
    with pytest.raises(NoSeatToOffer):
        asks(desk, session, TEN)
    with pytest.raises(NotFound):
        asks(desk, new_id())
    with pytest.raises(NotAllowedHere), desk(factories.scope(locations=frozenset())):
        offer_seats(session, at=NOW)
    with desk():
        cancel_session(session, "ill", at=NOW, offer=False)
    with pytest.raises(SessionClosed):
        asks(desk, session)
    assert worker.promised() == []
