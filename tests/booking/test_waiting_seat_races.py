"""Several people at the last seat of a group at the same moment, one of them from the waiting list."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from flask import Flask

from tests import factories
from tests.booking.groups import ELEVEN
from tests.booking.stepping import Hand
from tests.booking.waiting_list import TTL, Worker, offered_to, offers, waiter
from tests.booking.waiting_seats import SOON, clinic, full, leaves, one_offer, seats, worker
from tests.booking.wishes import ACTOR, Open, Owner, visit_row
from tests.factories import NOW, Clinic, clock_time
from webapp.booking.actions.seats import JoinRequest, hold_seat, join
from webapp.booking.actions.sessions import SessionMove, move_session
from webapp.booking.actions.waiting.offers import accept, offer_next_seat

__all__ = ["clinic", "full", "worker"]

MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize("held_first", [True, False])
def test_the_last_seat_is_held_or_booked_and_never_both(
    booking: Flask, desk: Open, clinic: Clinic, owner: Owner, full: UUID, *, held_first: bool
) -> None:
    person = factories.patient(owner)
    leaves(desk, owner, full, offer=False)
    deeds: list[Callable[[], object]] = [
        lambda: hold_seat(JoinRequest(full, person), TTL, at=NOW),
        lambda: join(JoinRequest(full, clinic.patients[3]), actor=ACTOR, at=NOW),
    ]
    one, other = deeds if held_first else reversed(deeds)
    with Hand(booking, owner) as first, Hand(booking, owner) as second:
        first.did(one)
        step = second.does(other)
        assert second.waits(step)
        first.commits()
        assert second.ends(step) == "session_full"
    assert seats(owner, full)[2] == (("held", person) if held_first else ("booked", clinic.patients[3]))


def test_of_a_booking_and_an_acceptance_at_the_last_second_one_has_the_seat(
    booking: Flask, desk: Open, clinic: Clinic, owner: Owner, worker: Worker, full: UUID
) -> None:
    waiter(owner, clinic, patient_id=clinic.patients[4])
    offer = one_offer(desk, owner, worker, full)
    over = SOON + TTL
    with Hand(booking, owner) as desk_hand, Hand(booking, owner) as phone:
        desk_hand.did(lambda: join(JoinRequest(full, clinic.patients[3]), actor=ACTOR, at=over))
        step = phone.does(lambda: accept(offer, actor=ACTOR, at=over - MINUTE))
        assert phone.waits(step)
        desk_hand.commits()
        assert phone.ends(step) == "hold_over"
    assert seats(owner, full)[2] == ("booked", clinic.patients[3])


def test_nobody_is_passed_by_because_the_step_that_asked_them_died(
    booking: Flask, desk: Open, clinic: Clinic, owner: Owner, full: UUID
) -> None:
    first_in_line, _later = (waiter(owner, clinic, created_at=NOW - n * MINUTE) for n in (2, 1))
    seat = leaves(desk, owner, full)
    with Hand(booking, owner) as one, Hand(booking, owner) as other:
        assert one.did(lambda: offer_next_seat(full, seat, 2, at=SOON)) is not None
        step = other.does(lambda: offer_next_seat(full, seat, 2, at=SOON))
        assert other.waits(step)
        one.rolls_back()
        assert other.ends(step) == "done"
    assert offered_to(owner) == [first_in_line]


def test_two_desks_that_accept_one_offer_take_one_seat(
    booking: Flask, desk: Open, clinic: Clinic, owner: Owner, worker: Worker, full: UUID
) -> None:
    waiter(owner, clinic, patient_id=clinic.patients[4])
    offer = one_offer(desk, owner, worker, full)
    with Hand(booking, owner) as first, Hand(booking, owner) as second:
        first.did(lambda: accept(offer, actor=ACTOR, at=SOON))
        step = second.does(lambda: accept(offer, actor=ACTOR, at=SOON))
        assert second.waits(step)
        first.commits()
        assert second.ends(step) == "offer_answered"
    assert [status for status, who in seats(owner, full).values() if who == clinic.patients[4]] == ["booked"]


def test_a_group_that_moves_while_somebody_accepts_takes_them_along_or_lets_go_of_them(
    booking: Flask, desk: Open, clinic: Clinic, owner: Owner, worker: Worker, full: UUID
) -> None:
    """Nobody is left behind in a seat where the group no longer is."""
    waiter(owner, clinic, patient_id=clinic.patients[4])
    offer = one_offer(desk, owner, worker, full)
    with Hand(booking, owner) as mover, Hand(booking, owner) as phone:
        mover.did(lambda: move_session(SessionMove(full, ELEVEN), at=SOON))
        step = phone.does(lambda: accept(offer, actor=ACTOR, at=SOON))
        assert phone.waits(step)
        mover.commits()
        assert phone.ends(step) == "hold_over"
    worker.works(SOON)
    (again,) = offers(owner, "open")
    with Hand(booking, owner) as phone, Hand(booking, owner) as mover:
        seat = phone.did(lambda: accept(again["id"], actor=ACTOR, at=SOON).id)
        step_of_group = mover.does(lambda: move_session(SessionMove(full, clock_time(13)), at=SOON))
        assert mover.waits(step_of_group)
        phone.commits()
        assert mover.ends(step_of_group) == "done"
    assert visit_row(owner, seat)["starts_at"] == clock_time(13)
