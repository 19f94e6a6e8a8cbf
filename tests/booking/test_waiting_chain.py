"""A freed time goes to one person after the other, whatever dies between two steps."""

from datetime import datetime, time, timedelta
from uuid import UUID

import pytest
from flask import Flask

from tests import factories
from tests.booking.waiting_list import TTL, Worker, offered_to, offers, waiter, wish_row
from tests.booking.wishes import ACTOR, TEN, Open, Owner, booked, visit_row, wish
from tests.factories import NOW, Clinic, clock_time
from webapp.booking.actions import (
    CancelRequest,
    MoveRequest,
    cancel,
    mark_no_show,
    move,
)
from webapp.booking.actions.waiting.freed import OFFERED_AFTER
from webapp.booking.actions.waiting.offers import accept, offer_next, refuse

MINUTE = timedelta(minutes=1)
SOON = NOW + OFFERED_AFTER


@pytest.fixture
def worker(booking: Flask, owner: Owner) -> Worker:
    return Worker(booking, owner)


def canceled(desk: Open, visit: UUID, at: datetime = NOW, *, offer: bool = True) -> None:
    with desk(at=at):
        cancel(CancelRequest(visit, "ill", offer=offer), at=at)


def test_nothing_is_promised_while_nobody_waits(desk: Open, clinic: Clinic, worker: Worker) -> None:
    canceled(desk, booked(desk, wish(clinic)))
    assert worker.promised() == []


def test_a_canceled_time_is_held_for_the_first_in_line_after_the_time_to_take_it_back(
    desk: Open, clinic: Clinic, owner: Owner, worker: Worker
) -> None:
    visit = booked(desk, wish(clinic))
    waiter(owner, clinic, created_at=NOW - 2 * MINUTE)
    longest = waiter(owner, clinic, created_at=NOW - 3 * MINUTE)
    urgent = waiter(owner, clinic, urgency=3)
    canceled(desk, visit)
    assert worker.works(NOW) == 0
    worker.works(SOON)
    (offer,) = offers(owner)
    assert (offer["wish_id"], offer["starts_at"], offer["provider_id"]) == (urgent, TEN, clinic.providers[0])
    assert (offer["offered_at"], offer["expires_at"], offer["hold_status"]) == (SOON, SOON + TTL, "held")
    assert visit_row(owner, offer["hold_id"])["held_until"] == SOON + TTL
    worker.works(SOON + TTL)
    assert offered_to(owner, "lapsed") == [urgent]
    assert offered_to(owner) == [longest]


def test_a_time_that_was_not_to_be_offered_stays_free(desk: Open, clinic: Clinic, owner: Owner, worker: Worker) -> None:
    visit = booked(desk, wish(clinic))
    waiter(owner, clinic)
    canceled(desk, visit, offer=False)
    assert worker.promised() == []


def test_a_refused_time_goes_to_the_next_and_never_back_to_who_refused_it(
    desk: Open, clinic: Clinic, owner: Owner, worker: Worker
) -> None:
    first, second = (waiter(owner, clinic, created_at=NOW - n * MINUTE) for n in (2, 1))
    canceled(desk, booked(desk, wish(clinic)))
    worker.works(SOON)
    for expected in (first, second):
        assert offered_to(owner) == [expected]
        with desk(at=SOON):
            refuse(offers(owner, "open")[0]["id"], at=SOON)
        worker.works(SOON)
    assert set(offered_to(owner, "refused")) == {first, second}
    assert offers(owner, "open") == []
    assert wish_row(owner, first)["status"] == "waiting"
    booked(desk, wish(clinic, patient_id=clinic.patients[1]), SOON)


def test_somebody_without_a_visit_who_accepts_is_booked(
    desk: Open, clinic: Clinic, owner: Owner, worker: Worker
) -> None:
    first, second = (waiter(owner, clinic, created_at=NOW - n * MINUTE) for n in (2, 1))
    canceled(desk, booked(desk, wish(clinic)))
    worker.works(SOON)
    (offer,) = offers(owner)
    with desk(at=SOON):
        visit = accept(offer["id"], actor=ACTOR, at=SOON).id
    assert visit == offer["hold_id"]
    assert visit_row(owner, visit)["status"] == "booked"
    row = wish_row(owner, first)
    assert (row["status"], row["ended_at"]) == ("taken", SOON)
    worker.works(SOON + TTL)
    assert offered_to(owner, "accepted") == [first]
    assert [offer["wish_id"] for offer in offers(owner)] == [first]
    assert wish_row(owner, second)["status"] == "waiting"


def test_a_visit_that_moves_into_the_offered_time_leaves_its_own_to_the_next(
    desk: Open, clinic: Clinic, owner: Owner, worker: Worker
) -> None:
    theirs = booked(desk, wish(clinic, clock_time(15), patient_id=clinic.patients[1]))
    mover = waiter(owner, clinic, patient_id=clinic.patients[1], appointment_id=theirs, urgency=2)
    after = waiter(owner, clinic, from_time=time(14))
    canceled(desk, booked(desk, wish(clinic)))
    worker.works(SOON)
    assert offered_to(owner) == [mover]
    with desk(at=SOON):
        accept(offers(owner)[0]["id"], actor=ACTOR, at=SOON)
    row = visit_row(owner, theirs)
    assert (row["starts_at"], row["status"]) == (TEN, "booked")
    assert offers(owner)[0]["hold_status"] == "lapsed"
    worker.works(SOON + OFFERED_AFTER)
    assert offered_to(owner) == [after]
    assert offers(owner, "open")[0]["starts_at"] == clock_time(15)


def test_a_visit_that_is_moved_by_hand_to_where_it_was_wished_is_one_wish_less(
    desk: Open, clinic: Clinic, owner: Owner, worker: Worker
) -> None:
    visit = booked(desk, wish(clinic, clock_time(15)))
    mornings = waiter(owner, clinic, patient_id=clinic.patients[0], appointment_id=visit, to_time=time(12))
    # Later, earlier but in the afternoon, and earlier as it was wished.
    for starts, ends in ((clock_time(16), "waiting"), (clock_time(14), "waiting"), (TEN, "taken")):
        with desk():
            move(MoveRequest(visit, starts), at=NOW)
        worker.works(SOON)
        assert wish_row(owner, mornings)["status"] == ends


def test_a_visit_moved_away_and_one_nobody_came_to_leave_their_time_too(
    desk: Open, clinic: Clinic, owner: Owner, worker: Worker
) -> None:
    first, second = (waiter(owner, clinic, created_at=NOW - n * MINUTE) for n in (2, 1))
    visit = booked(desk, wish(clinic))
    with desk():
        move(MoveRequest(visit, clock_time(12)), at=NOW)
    worker.works(SOON)
    assert offers(owner)[0]["starts_at"] == TEN
    late = clock_time(12, 3)
    with desk(at=late):
        mark_no_show(visit, at=late)
    worker.works(late + OFFERED_AFTER)
    # Half an hour of nobody's answer has passed the first offer on; by now what is left of noon begins at ten past.
    started = {offer["starts_at"]: offer["wish_id"] for offer in offers(owner)}
    assert started[clock_time(12, 10)] in {first, second}


def test_the_rest_of_a_long_time_goes_to_others(desk: Open, clinic: Clinic, owner: Owner, worker: Worker) -> None:
    long = factories.service(owner, clinic.providers, [clinic.location], length_minutes=60)
    visit = booked(desk, wish(clinic, service_id=long))
    people = [waiter(owner, clinic, created_at=NOW - n * MINUTE) for n in (4, 3, 2, 1)]
    canceled(desk, visit)
    worker.works(SOON)
    assert [(offer["wish_id"], offer["starts_at"]) for offer in offers(owner)] == [
        (person, TEN + n * 20 * MINUTE) for n, person in enumerate(people[:3])
    ]


def test_a_longer_visit_is_offered_when_what_follows_is_free_and_not_when_it_is_not(
    desk: Open, clinic: Clinic, owner: Owner, worker: Worker
) -> None:
    long = factories.service(owner, clinic.providers, [clinic.location], length_minutes=40)
    first, second = booked(desk, wish(clinic)), booked(desk, wish(clinic, TEN + 60 * MINUTE))
    booked(desk, wish(clinic, TEN + 80 * MINUTE, patient_id=clinic.patients[1]))
    wanted = waiter(owner, clinic, service_id=long)
    canceled(desk, second)
    worker.works(SOON)
    assert offers(owner) == []
    canceled(desk, first, SOON)
    worker.works(SOON + OFFERED_AFTER)
    assert offered_to(owner) == [wanted]


def test_who_is_elsewhere_then_or_dead_or_merged_is_passed_by(
    desk: Open, clinic: Clinic, owner: Owner, worker: Worker
) -> None:
    visit = booked(desk, wish(clinic))
    busy = clinic.patients[1]
    booked(desk, wish(clinic, provider_id=clinic.providers[1], patient_id=busy))
    waiter(owner, clinic, patient_id=busy, urgency=3)
    dead, merged = factories.patient(owner, deceased_at=NOW), factories.patient(owner, merged_into=clinic.patients[0])
    for person in (dead, merged):
        waiter(owner, clinic, patient_id=person, urgency=3)
    last = waiter(owner, clinic)
    canceled(desk, visit)
    worker.works(SOON)
    assert offered_to(owner) == [last]


def test_one_person_is_offered_one_time_at_a_time(desk: Open, clinic: Clinic, owner: Owner, worker: Worker) -> None:
    visits = [booked(desk, wish(clinic, starts)) for starts in (TEN, clock_time(12))]
    only = waiter(owner, clinic)
    for visit in visits:
        canceled(desk, visit)
    worker.works(SOON)
    assert offered_to(owner) == [only]


def test_notice_shortens_how_long_a_time_is_held(desk: Open, clinic: Clinic, owner: Owner, worker: Worker) -> None:
    waiter(owner, clinic, notice_minutes=105)
    canceled(desk, booked(desk, wish(clinic)))
    worker.works(SOON)
    assert offers(owner)[0]["expires_at"] == TEN - 105 * MINUTE


@pytest.mark.parametrize("kill", range(6))
def test_a_worker_that_dies_after_any_step_loses_and_doubles_nothing(
    desk: Open, clinic: Clinic, owner: Owner, worker: Worker, kill: int
) -> None:
    people = [waiter(owner, clinic, created_at=NOW - n * MINUTE) for n in (3, 2, 1)]
    canceled(desk, booked(desk, wish(clinic)))
    at, done = SOON, 0
    for _ in range(4):
        while worker.step(at, killed=done == kill):
            done += 1
        at += TTL
    assert offered_to(owner, "lapsed") == people
    assert offers(owner, "open") == []


def test_a_step_that_dies_before_its_commit_leaves_nothing_and_is_done_again(
    desk: Open, clinic: Clinic, owner: Owner, worker: Worker
) -> None:
    person = waiter(owner, clinic)
    visit = booked(desk, wish(clinic))
    canceled(desk, visit)
    before = worker.promised()

    def dies() -> None:
        with desk(at=SOON):
            offer_next(visit, 2, at=SOON)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        dies()
    assert offers(owner) == []
    assert worker.promised() == before
    worker.works(SOON)
    assert offered_to(owner) == [person]


def test_the_sweep_does_what_a_lost_job_left_behind(desk: Open, clinic: Clinic, owner: Owner, worker: Worker) -> None:
    first, second = (waiter(owner, clinic, created_at=NOW - n * MINUTE) for n in (2, 1))
    canceled(desk, booked(desk, wish(clinic)))
    worker.works(SOON)
    owner.execute("DELETE FROM jobs.procrastinate_jobs")
    worker.sweeps(SOON + TTL - timedelta(seconds=1))
    assert offered_to(owner) == [first]
    worker.sweeps(SOON + TTL)
    worker.sweeps(SOON + TTL)
    worker.works(SOON + TTL)
    assert (offered_to(owner, "lapsed"), offered_to(owner)) == ([first], [second])


def test_a_hold_that_is_canceled_on_the_board_counts_as_refused(
    desk: Open, clinic: Clinic, owner: Owner, worker: Worker
) -> None:
    first, second = (waiter(owner, clinic, created_at=NOW - n * MINUTE) for n in (2, 1))
    canceled(desk, booked(desk, wish(clinic)))
    worker.works(SOON)
    canceled(desk, offers(owner)[0]["hold_id"], SOON)
    worker.sweeps(SOON)
    worker.works(SOON + OFFERED_AFTER)
    assert (offered_to(owner, "refused"), offered_to(owner)) == ([first], [second])


def test_whoever_books_over_a_lapsed_offer_has_the_time(
    desk: Open, clinic: Clinic, owner: Owner, worker: Worker
) -> None:
    first, second = (waiter(owner, clinic, created_at=NOW - n * MINUTE) for n in (2, 1))
    canceled(desk, booked(desk, wish(clinic)))
    worker.works(SOON)
    booked(desk, wish(clinic, patient_id=clinic.patients[1]), SOON + TTL)
    worker.works(SOON + TTL)
    assert offered_to(owner, "lapsed") == [first]
    assert offers(owner, "open") == []
    assert wish_row(owner, second)["status"] == "waiting"


def test_a_provider_who_is_away_leaves_nothing_to_offer(
    desk: Open, clinic: Clinic, owner: Owner, worker: Worker
) -> None:
    waiter(owner, clinic)
    visit = booked(desk, wish(clinic))
    factories.leave(owner, clinic.providers[0], clock_time(9), clock_time(17))
    canceled(desk, visit)
    assert worker.works(SOON) == 1
    assert offers(owner) == []
