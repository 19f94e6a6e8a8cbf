"""Several people at one group visit at the same moment: the last seat, a move, an undo."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from uuid import UUID

import pytest
from flask import Flask

from bench.storm import judge
from tests import factories
from tests.booking.groups import CAPACITY, ELEVEN, begun, moved, seated, session_row
from tests.booking.stepping import Hand
from tests.booking.wishes import ACTOR, Open, Owner, count, visit_row, wish
from tests.factories import NOW, Clinic, clock_time
from webapp.booking.actions import CancelRequest, book, cancel, undo
from webapp.booking.actions.seats import JoinRequest, join
from webapp.booking.actions.sessions import (
    SessionMove,
    move_session,
)
from webapp.booking.refusals import (
    NotUndoable,
)
from webapp.db import Role, transactional
from webapp.errors import Refusal
from webapp.practice import actions as practice

THREADS = 50


@pytest.fixture
def clinic(owner: Owner) -> Clinic:
    """A clinic whose service is a group of three, with five patients."""
    return factories.clinic(owner, patients=5, capacity=CAPACITY)


def test_undoing_a_canceled_seat_finds_it_free_or_taken(desk: Open, clinic: Clinic, owner: Owner) -> None:
    session = begun(desk, clinic, capacity=2)
    seats = [seated(desk, session, patient) for patient in clinic.patients[:2]]
    with desk():
        cancel(CancelRequest(seats[0], "Ill"), at=NOW)
    with desk():
        undo(seats[0], 2, at=NOW)
    assert visit_row(owner, seats[0])["status"] == "booked"
    with desk():
        cancel(CancelRequest(seats[0], "Ill"), at=NOW)
    seated(desk, session, clinic.patients[2])
    with pytest.raises(Exception, match="appointment_seat_key"), desk():
        undo(seats[0], 4, at=NOW)


def test_a_seat_does_not_come_back_into_a_group_that_went_elsewhere(desk: Open, clinic: Clinic) -> None:
    session = begun(desk, clinic)
    seat = seated(desk, session, clinic.patients[0])
    with desk():
        cancel(CancelRequest(seat, "Ill"), at=NOW)
    moved(desk, session, ELEVEN)
    with pytest.raises(NotUndoable), desk():
        undo(seat, 2, at=NOW)


def test_fifty_people_want_three_seats_at_once(booking: Flask, clinic: Clinic, owner: Owner, desk: Open) -> None:
    session = begun(desk, clinic)
    people = [factories.patient(owner) for _ in range(THREADS)]

    def sit_down(patient: UUID) -> str:
        with booking.app_context():
            try:
                with transactional(factories.scope()):
                    join(JoinRequest(session, patient), actor=ACTOR, at=NOW)
            except Refusal as refusal:
                return refusal.code
            return "seated"

    with ThreadPoolExecutor(THREADS) as pool:
        ended = list(pool.map(sit_down, people))
    assert ended.count("seated") == CAPACITY
    assert ended.count("session_full") == THREADS - CAPACITY
    rows = owner.execute("select seat_no from appointment where group_session_id = %s order by 1", (session,))
    assert [row["seat_no"] for row in rows] == [1, 2, 3]


def test_two_for_the_last_seat_wait_for_each_other(booking: Flask, clinic: Clinic, owner: Owner, desk: Open) -> None:
    session = begun(desk, clinic, capacity=2)
    seated(desk, session, clinic.patients[0])
    with Hand(booking, owner) as first, Hand(booking, owner) as second:
        first.did(lambda: join(JoinRequest(session, clinic.patients[1]), actor=ACTOR, at=NOW))
        step = second.does(lambda: join(JoinRequest(session, clinic.patients[2]), actor=ACTOR, at=NOW))
        assert second.waits(step)
        first.commits()
        assert second.ends(step) == "session_full"


def test_a_group_that_moves_while_somebody_joins_takes_them_along(
    booking: Flask, clinic: Clinic, owner: Owner, desk: Open
) -> None:
    session = begun(desk, clinic)
    with Hand(booking, owner) as first, Hand(booking, owner) as second:
        seat = first.did(lambda: join(JoinRequest(session, clinic.patients[1]), actor=ACTOR, at=NOW).id)
        step = second.does(lambda: move_session(SessionMove(session, ELEVEN), at=NOW))
        assert second.waits(step)
        first.commits()
        assert second.ends(step) == "done"
    assert visit_row(owner, seat)["starts_at"] == ELEVEN


def test_a_group_that_moves_while_a_patient_is_booked_there_is_refused(
    booking: Flask, clinic: Clinic, owner: Owner, desk: Open
) -> None:
    session = begun(desk, clinic)
    seated(desk, session, clinic.patients[1])
    with Hand(booking, owner) as first, Hand(booking, owner) as second:
        first.did(lambda: booked_here(clinic))
        step = second.does(lambda: move_session(SessionMove(session, ELEVEN), at=NOW))
        assert second.waits(step)
        first.commits()
        assert second.ends(step) == "slot_taken"


def test_a_group_that_moves_keeps_nobody_away_from_other_times(
    booking: Flask, clinic: Clinic, owner: Owner, desk: Open
) -> None:
    session = begun(desk, clinic)
    seated(desk, session, clinic.patients[1])
    single = factories.service(owner, clinic.providers, [clinic.location])
    later = wish(clinic, clock_time(14), patient_id=clinic.patients[1], provider_id=clinic.providers[0])
    with Hand(booking, owner) as first, Hand(booking, owner) as second:
        first.did(lambda: move_session(SessionMove(session, ELEVEN), at=NOW))
        second.did(lambda: book(replace(later, service_id=single), actor=ACTOR, at=NOW))
        second.commits()
        first.commits()
    assert count(owner, "appointment") == 2


def test_two_groups_with_the_same_people_move_to_the_same_time_and_one_does(
    booking: Flask, clinic: Clinic, owner: Owner, desk: Open
) -> None:
    sessions = [begun(desk, clinic), begun(desk, clinic, clock_time(13), provider_id=clinic.providers[1])]
    for session, people in zip(sessions, (clinic.patients[:3], clinic.patients[2::-1]), strict=True):
        for patient in people:
            seated(desk, session, patient)
    with Hand(booking, owner) as first, Hand(booking, owner) as second:
        first.did(lambda: move_session(SessionMove(sessions[0], ELEVEN), at=NOW))
        step = second.does(lambda: move_session(SessionMove(sessions[1], ELEVEN), at=NOW))
        assert second.waits(step)
        first.commits()
        assert second.ends(step) == "slot_taken"
    assert judge.overlaps(owner) == judge.half(owner) == 0


def test_who_has_waited_longest_for_a_group_is_next(booking: Flask, clinic: Clinic, owner: Owner, desk: Open) -> None:
    session = begun(desk, clinic)
    with (
        Hand(booking, owner) as first,
        Hand(booking, owner) as second,
        Hand(booking, owner) as third,
    ):
        first.did(lambda: move_session(SessionMove(session, ELEVEN), at=NOW))
        joins = second.does(lambda: join(JoinRequest(session, clinic.patients[1]), actor=ACTOR, at=NOW).seat_no)
        assert second.waits(joins)
        follows = third.does(lambda: join(JoinRequest(session, clinic.patients[2]), actor=ACTOR, at=NOW).seat_no)
        assert third.waits(follows)
        first.commits()
        assert joins.result() == 1
        assert third.waits(follows)
        second.commits()
        assert follows.result() == 2


def test_hours_that_change_while_a_group_is_to_move_are_looked_at_again(
    booking: Flask, clinic: Clinic, owner: Owner, desk: Open
) -> None:
    session = begun(desk, clinic)
    with Hand(booking, owner, Role.MANAGER) as editor, Hand(booking, owner) as second:
        editor.did(lambda: _edits(clinic.providers[0]))
        step = second.does(lambda: move_session(SessionMove(session, ELEVEN), at=NOW))
        assert second.waits(step)
        editor.commits()
        assert second.ends(step) == "done"
    assert session_row(owner, session)["starts_at"] == ELEVEN


def _edits(provider: UUID) -> None:
    practice.lock_resources([provider], exclusive=True)
    practice.touch_hours(provider)


def booked_here(clinic: Clinic) -> UUID:
    wanted = wish(clinic, ELEVEN, patient_id=clinic.patients[1], provider_id=clinic.providers[1])
    return book(wanted, actor=ACTOR, at=NOW).id
