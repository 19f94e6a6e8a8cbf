"""A seat that somebody leaves in a full group is held for one after the other of those who wait for it."""

from datetime import time, timedelta
from uuid import UUID

import pytest
from flask import Flask

from tests import factories
from tests.booking.groups import ELEVEN, begun, moved, seated
from tests.booking.waiting_list import TTL, Worker, offered_to, offers, waiter, wish_row
from tests.booking.waiting_seats import SOON, clinic, full, leaves, one_offer, seats, worker
from tests.booking.wishes import ACTOR, TEN, Open, Owner, booked, visit_row, wish
from tests.factories import NOW, Clinic, clock_time
from webapp.booking.actions import CancelRequest, Costs, cancel, mark_no_show, open_payment, take_over
from webapp.booking.actions.seats import JoinRequest, change_session, join
from webapp.booking.actions.sessions import cancel_session
from webapp.booking.actions.waiting.freed import OFFERED_AFTER
from webapp.booking.actions.waiting.offers import accept, accept_paid, refuse
from webapp.booking.actions.waiting.wishes import WishTerms, add_wish, join_wished
from webapp.booking.plan_refusals import SessionFull
from webapp.booking.queries import day_sessions, group, groups_to_join
from webapp.booking.refusals import HoldOver, WishNotSingle
from webapp.db import Role
from webapp.errors import Refusal
from webapp.practice.hours import Span

__all__ = ["clinic", "full", "worker"]

MINUTE = timedelta(minutes=1)


def test_the_seat_is_held_for_the_first_in_line_and_goes_on_when_they_do_not_answer(
    desk: Open, clinic: Clinic, owner: Owner, worker: Worker, full: UUID
) -> None:
    waiter(owner, clinic, created_at=NOW - 2 * MINUTE, provider_ids=[clinic.providers[1]])
    longest = waiter(owner, clinic, created_at=NOW - MINUTE)
    urgent = waiter(owner, clinic, urgency=3)
    leaves(desk, owner, full)
    assert worker.works(NOW) == 0
    worker.works(SOON)
    (offer,) = offers(owner)
    assert (offer["wish_id"], offer["starts_at"], offer["hold_status"]) == (urgent, TEN, "held")
    assert offer["expires_at"] == SOON + TTL
    assert seats(owner, full)[2] == ("held", offer["patient_id"])
    worker.works(SOON + TTL)
    assert (offered_to(owner, "lapsed"), offered_to(owner)) == ([urgent], [longest])
    with desk(at=SOON + TTL):
        refuse(offers(owner, "open")[0]["id"], at=SOON + TTL)
    worker.works(SOON + TTL)
    assert offered_to(owner) == []
    assert sorted(seats(owner, full)) == [1, 3]
    seated(desk, full, clinic.patients[3], SOON + TTL)


def test_a_held_seat_is_taken_wherever_seats_are_counted_until_its_time_is_over(
    desk: Open, clinic: Clinic, owner: Owner, worker: Worker, full: UUID
) -> None:
    waiter(owner, clinic)
    leaves(desk, owner, full)
    worker.works(SOON)
    for at, left in ((SOON, 0), (SOON + TTL - MINUTE, 0), (SOON + TTL, 1)):
        with desk(at=at):
            (shown,) = day_sessions(clinic.location, Span(TEN, ELEVEN))
            (found,) = groups_to_join(clinic.service, None, None, at)
            assert (shown.left, found.left, group(full).left) == (left, left, left)
            assert shown.held == 1 - left
        if not left:
            with pytest.raises(SessionFull), desk(at=at):
                join(JoinRequest(full, clinic.patients[3]), actor=ACTOR, at=at)
    # Nobody has ended the hold yet; whoever books the seat does.
    seated(desk, full, clinic.patients[3], SOON + TTL)
    assert seats(owner, full)[2] == ("booked", clinic.patients[3])
    worker.works(SOON + TTL)
    assert (offered_to(owner, "lapsed"), len(offers(owner))) == ([offers(owner)[0]["wish_id"]], 1)


def test_whoever_accepts_is_in_the_group_and_off_the_list(
    desk: Open, clinic: Clinic, owner: Owner, worker: Worker, full: UUID
) -> None:
    waits = waiter(owner, clinic, patient_id=clinic.patients[4])
    leaves(desk, owner, full)
    worker.works(SOON)
    (offer,) = offers(owner)
    with desk(at=SOON):
        seat = accept(offer["id"], actor=ACTOR, at=SOON)
        assert (seat.id, seat.group_session_id) == (offer["hold_id"], full)
    assert seats(owner, full)[2] == ("booked", clinic.patients[4])
    assert wish_row(owner, waits)["status"] == "taken"
    worker.works(SOON + TTL)
    assert offered_to(owner, "accepted") == [waits]


def test_a_seat_in_a_later_group_moves_into_the_offered_one_and_is_offered_itself(
    desk: Open, clinic: Clinic, owner: Owner, worker: Worker, full: UUID
) -> None:
    later = begun(desk, clinic, clock_time(15))
    theirs = seated(desk, later, clinic.patients[4])
    mover = waiter(owner, clinic, patient_id=clinic.patients[4], appointment_id=theirs, urgency=3)
    next_one = waiter(owner, clinic)
    leaves(desk, owner, full)
    worker.works(SOON)
    (offer,) = offers(owner)
    assert offer["wish_id"] == mover
    with pytest.raises(HoldOver), desk(at=SOON + TTL):
        accept(offer["id"], actor=ACTOR, at=SOON + TTL)
    with desk(at=SOON):
        assert accept(offer["id"], actor=ACTOR, at=SOON).id == theirs
    row = visit_row(owner, theirs)
    assert (row["group_session_id"], row["seat_no"], row["starts_at"], row["status"]) == (full, 2, TEN, "booked")
    assert visit_row(owner, offer["hold_id"])["status"] == "lapsed"
    assert seats(owner, later) == {}
    worker.works(SOON + OFFERED_AFTER)
    (offer,) = offers(owner, "open")
    assert (offer["wish_id"], offer["starts_at"]) == (next_one, clock_time(15))
    assert wish_row(owner, mover)["status"] == "taken"


def test_a_seat_that_somebody_pays_for_is_theirs_however_late_that_is_known_and_nobody_elses(
    desk: Open, clinic: Clinic, owner: Owner, worker: Worker, full: UUID
) -> None:
    later = begun(desk, clinic, clock_time(15))
    theirs = seated(desk, later, clinic.patients[4])
    mover = waiter(owner, clinic, patient_id=clinic.patients[4], appointment_id=theirs)
    leaves(desk, owner, full)
    worker.works(SOON)
    (offer,) = offers(owner)
    with desk(at=SOON):
        open_payment(offer["hold_id"], at=SOON)
    late = SOON + TTL + OFFERED_AFTER
    worker.works(late)
    with pytest.raises(HoldOver), desk(at=SOON):
        take_over(offer["hold_id"], theirs, at=SOON)
    with desk(at=late):
        assert accept_paid(offer["id"], actor=ACTOR, at=late).id == theirs
    row = visit_row(owner, theirs)
    assert (row["group_session_id"], row["seat_no"], row["status"]) == (full, 2, "booked")
    assert (visit_row(owner, offer["hold_id"])["status"], wish_row(owner, mover)["status"]) == ("lapsed", "taken")


def test_a_seat_that_is_missed_or_changed_is_offered_and_one_whose_group_has_begun_is_not(
    desk: Open, clinic: Clinic, owner: Owner, worker: Worker, full: UUID
) -> None:
    other = begun(desk, clinic, clock_time(15))
    seat = owner.execute("SELECT id FROM appointment WHERE seat_no = 1").fetchone()
    missed = owner.execute("SELECT id FROM appointment WHERE seat_no = 2").fetchone()
    assert seat is not None
    assert missed is not None
    first, _second = (waiter(owner, clinic, created_at=NOW - n * MINUTE) for n in (2, 1))
    sooner = waiter(owner, clinic, patient_id=clinic.patients[0], appointment_id=seat["id"])
    with desk():
        change_session(seat["id"], other, at=NOW)
    worker.works(SOON)
    assert offered_to(owner) == [first]
    assert wish_row(owner, sooner)["status"] == "waiting"
    with desk(at=TEN):
        mark_no_show(missed["id"], at=TEN)
    worker.works(TEN + OFFERED_AFTER)
    assert [offer["wish_id"] for offer in offers(owner)] == [first]


def test_a_worker_that_dies_between_two_steps_offers_one_seat_to_one_person(
    desk: Open, clinic: Clinic, owner: Owner, worker: Worker, full: UUID
) -> None:
    first, second = (waiter(owner, clinic, created_at=NOW - n * MINUTE) for n in (2, 1))
    leaves(desk, owner, full)
    worker.step(SOON, killed=True)
    assert worker.works(SOON) == 1
    assert offered_to(owner) == [first]
    late = SOON + TTL
    worker.step(late, killed=True)
    worker.works(late)
    assert (offered_to(owner, "lapsed"), offered_to(owner)) == ([first], [second])
    # Nothing is left of the second's jobs: the sweep finds the offer.
    owner.execute("DELETE FROM jobs.procrastinate_jobs")
    worker.sweeps(late + TTL)
    assert (offered_to(owner), sorted(seats(owner, full))) == ([], [1, 3])


def test_a_group_that_moves_or_is_canceled_lets_go_of_what_it_offered(
    desk: Open, clinic: Clinic, owner: Owner, worker: Worker, full: UUID
) -> None:
    waits = waiter(owner, clinic)
    leaves(desk, owner, full)
    worker.works(SOON)
    (offer,) = offers(owner)
    moved(desk, full, ELEVEN)
    assert visit_row(owner, offer["hold_id"])["status"] == "lapsed"
    with pytest.raises(Refusal), desk(at=SOON):
        accept(offer["id"], actor=ACTOR, at=SOON)
    worker.works(SOON)
    (again,) = offers(owner, "open")
    assert (again["wish_id"], again["starts_at"]) == (waits, ELEVEN)
    with desk(at=SOON):
        cancel_session(full, "Ill", at=SOON)
    worker.works(SOON + OFFERED_AFTER)
    assert (offered_to(owner), wish_row(owner, waits)["status"]) == ([], "waiting")
    assert seats(owner, full) == {}


def test_a_seat_that_the_desk_gives_to_somebody_of_the_list_takes_them_off_it(
    desk: Open, clinic: Clinic, owner: Owner, worker: Worker, full: UUID
) -> None:
    person = clinic.patients[3]
    with desk():
        waits = add_wish(person, WishTerms(clinic.service, NOW.date()), actor=None, at=NOW).id
    with pytest.raises(SessionFull), desk():
        join_wished(JoinRequest(full, person), waits, actor=ACTOR, at=NOW)
    assert wish_row(owner, waits)["status"] == "waiting"
    leaves(desk, owner, full, offer=False)
    assert worker.promised() == []
    with desk():
        join_wished(JoinRequest(full, person), waits, actor=ACTOR, at=NOW)
    assert (seats(owner, full)[2], wish_row(owner, waits)["status"]) == (("booked", person), "taken")


def test_a_visit_of_before_the_service_was_a_group_waits_for_no_seat(desk: Open, clinic: Clinic, owner: Owner) -> None:
    owner.execute("UPDATE service SET capacity = 1")
    visit = booked(desk, wish(clinic))
    owner.execute("UPDATE service SET capacity = 3")
    terms = WishTerms(clinic.service, NOW.date())
    with pytest.raises(WishNotSingle), desk():
        add_wish(clinic.patients[0], terms, actor=None, at=NOW, appointment_id=visit)


def test_patients_answer_for_themselves_and_end_what_was_held_too_long_for_another(
    booking: Flask, desk: Open, clinic: Clinic, owner: Owner, worker: Worker, full: UUID
) -> None:
    later = begun(desk, clinic, clock_time(15))
    theirs, person = seated(desk, later, clinic.patients[4]), clinic.patients[4]
    waiter(owner, clinic, patient_id=person, appointment_id=theirs)
    offer = one_offer(desk, owner, worker, full)
    with desk(factories.scope(Role.PATIENT, patients=(person,), at=SOON)):
        assert accept(offer, actor=None, at=SOON).starts_at == TEN
    waiter(owner, clinic, to_time=time(12))
    with desk(factories.scope(Role.PATIENT, patients=(person,), at=SOON)):
        cancel(CancelRequest(theirs, "ill", costs=Costs.SEEN_TO), at=SOON)
    worker.works(SOON + OFFERED_AFTER)
    assert len(offers(owner, "open")) == 1
    late, other = SOON + OFFERED_AFTER + TTL, clinic.patients[3]
    for at, expected in ((late - MINUTE, False), (late, True)):
        try:
            with desk(factories.scope(Role.PATIENT, patients=(other,), at=at)):
                join(JoinRequest(full, other, via="portal"), actor=None, at=at)
        except SessionFull:
            assert not expected
            continue
        assert expected
    assert seats(owner, full)[2] == ("booked", other)
