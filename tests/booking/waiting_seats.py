"""Seats that people leave in a full group: who has which, and what the worker offers then."""

from uuid import UUID

import pytest
from flask import Flask

from tests import factories
from tests.booking.groups import CAPACITY, begun, seated
from tests.booking.waiting_list import Worker, offers
from tests.booking.wishes import Open, Owner
from tests.factories import NOW, Clinic
from webapp.booking.actions import CancelRequest, cancel
from webapp.booking.actions.waiting.freed import OFFERED_AFTER

SOON = NOW + OFFERED_AFTER


@pytest.fixture
def clinic(owner: Owner) -> Clinic:
    """A clinic whose service is a group of three, with five patients."""
    return factories.clinic(owner, patients=5, capacity=CAPACITY)


@pytest.fixture
def worker(booking: Flask, owner: Owner) -> Worker:
    return Worker(booking, owner)


@pytest.fixture
def full(desk: Open, clinic: Clinic) -> UUID:
    """A group at ten with no seat left: the first three patients have them."""
    return filled(desk, clinic)


def filled(desk: Open, clinic: Clinic) -> UUID:
    """A group at ten with no seat left: the first patients have them."""
    session = begun(desk, clinic)
    for patient in clinic.patients[:CAPACITY]:
        seated(desk, session, patient)
    return session


def seats(owner: Owner, session: UUID) -> dict[int, tuple[str, UUID]]:
    """Seat number -> status and patient of who has it or is offered it."""
    rows = owner.execute(
        "SELECT seat_no, status, patient_id FROM appointment WHERE group_session_id = %s"
        " AND status NOT IN ('lapsed', 'cancelled', 'noshow') ORDER BY seat_no",
        (session,),
    )
    return {row["seat_no"]: (row["status"], row["patient_id"]) for row in rows}


def leaves(desk: Open, owner: Owner, session: UUID, number: int = 2, *, offer: bool = True) -> UUID:
    """Somebody cancels their seat; the seat."""
    query = "SELECT id FROM appointment WHERE group_session_id = %s AND seat_no = %s AND status = 'booked'"
    row = owner.execute(query, (session, number)).fetchone()
    assert row is not None
    with desk():
        cancel(CancelRequest(row["id"], "ill", offer=offer), at=NOW)
    return UUID(str(row["id"]))


def one_offer(desk: Open, owner: Owner, worker: Worker, session: UUID) -> UUID:
    leaves(desk, owner, session)
    worker.works(SOON)
    (offer,) = offers(owner, "open")
    return UUID(str(offer["id"]))
