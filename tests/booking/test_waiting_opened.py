"""Time that opens goes to those who wait for it: extra hours, leave and closures that end."""

from datetime import datetime, time, timedelta
from uuid import UUID

import pytest
from flask import Flask

from tests import factories
from tests.booking.waiting_list import TTL, Worker, offered_to, offers, waiter
from tests.booking.wishes import Open, Owner, booked, wish
from tests.factories import NOW, Clinic, clock_time
from webapp.booking.actions import ExtraHoursRemoval, end_closure, end_leave, work_more
from webapp.booking.actions.waiting.freed import OFFERED_AFTER
from webapp.booking.actions.waiting.offers import accept, refuse
from webapp.db import Role
from webapp.errors import NotFound
from webapp.ids import new_id
from webapp.practice.actions import NewExtraHours
from webapp.practice.hours import Span

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SOON = NOW + OFFERED_AFTER
SIX, EIGHT = clock_time(18), clock_time(20)


@pytest.fixture
def worker(booking: Flask, owner: Owner) -> Worker:
    return Worker(booking, owner)


def evening(clinic: Clinic, *, offer: bool = True, room: UUID | None = None) -> NewExtraHours:
    """The first provider works from six to eight, an hour after everybody has gone."""
    return NewExtraHours(clinic.providers[0], clinic.location, room, Span(SIX, EIGHT), offer=offer)


def works_more(desk: Open, wanted: NewExtraHours, at: datetime = NOW) -> bool:
    with desk(at=at):
        return work_more(wanted, at=at).offered


def starts(owner: Owner, outcome: str = "open") -> list[datetime]:
    return [offer["starts_at"] for offer in offers(owner, outcome)]


def test_extra_hours_go_to_as_many_as_they_have_room_for_each_at_a_time_of_their_own(
    desk: Open, clinic: Clinic, owner: Owner, worker: Worker
) -> None:
    wishes = [
        waiter(owner, clinic, created_at=NOW - n * MINUTE, from_time=time(18), earliest=NOW.date(), latest=NOW.date())
        for n in range(9, 0, -1)
    ]
    assert works_more(desk, evening(clinic))
    assert worker.works(NOW) == 0
    worker.works(SOON)
    # Two hours are six visits of twenty minutes; who has waited longest comes first.
    assert offered_to(owner) == wishes[:6]
    assert starts(owner) == [SIX + n * 20 * MINUTE for n in range(6)]
    assert {offer["provider_id"] for offer in offers(owner)} == {clinic.providers[0]}
    assert {offer["expires_at"] for offer in offers(owner)} == {SOON + TTL}
    worker.works(SOON)
    assert len(offers(owner)) == 6


def test_what_of_it_is_let_go_goes_to_the_next_and_what_is_taken_is_theirs(
    desk: Open, clinic: Clinic, owner: Owner, worker: Worker
) -> None:
    wishes = [waiter(owner, clinic, created_at=NOW - n * MINUTE, from_time=time(19, 40)) for n in (3, 2, 1)]
    works_more(desk, evening(clinic))
    worker.works(SOON)
    assert (offered_to(owner), starts(owner)) == (wishes[:1], [EIGHT - 20 * MINUTE])
    with desk(at=SOON):
        refuse(offers(owner)[0]["id"], at=SOON)
    worker.works(SOON)
    assert offered_to(owner) == wishes[1:2]
    with desk(at=SOON):
        visit = accept(offers(owner, "open")[0]["id"], actor=new_id(), at=SOON)
        assert visit.starts_at == EIGHT - 20 * MINUTE
    worker.works(SOON + TTL)
    assert offered_to(owner) == []


def test_somebody_is_asked_at_the_first_of_the_times_they_wait_for_and_at_no_other_persons(
    desk: Open, clinic: Clinic, owner: Owner, worker: Worker
) -> None:
    waiter(owner, clinic, provider_ids=[clinic.providers[1]])
    waiter(owner, clinic, earliest=NOW.date() + DAY)
    waiter(owner, clinic, to_time=time(18, 15))
    late = waiter(owner, clinic, from_time=time(19))
    works_more(desk, evening(clinic))
    worker.works(SOON)
    assert (offered_to(owner), starts(owner)) == ([late], [SIX + HOUR])


def test_nobody_is_asked_who_need_not_be(desk: Open, clinic: Clinic, owner: Owner, worker: Worker) -> None:
    assert not works_more(desk, evening(clinic))
    waiter(owner, clinic)
    assert not works_more(desk, evening(clinic, offer=False))
    assert worker.promised() == []


def test_hours_that_are_taken_back_within_three_minutes_are_offered_to_nobody(
    desk: Open, clinic: Clinic, owner: Owner, worker: Worker
) -> None:
    waiter(owner, clinic, from_time=time(18))
    works_more(desk, evening(clinic))
    row = owner.execute("SELECT id FROM extra_hours").fetchone()
    assert row is not None
    with desk(at=NOW):
        ExtraHoursRemoval(row["id"]).apply(NOW)
    assert worker.works(SOON) == 1
    assert offers(owner) == []


def test_a_provider_who_is_back_is_offered_from_then_on_where_they_work(
    desk: Open, clinic: Clinic, owner: Owner, worker: Worker
) -> None:
    leave = factories.leave(owner, clinic.providers[0], clock_time(9), clock_time(17))
    waits = waiter(owner, clinic, provider_ids=[clinic.providers[0]], to_time=time(14, 20))
    noon = clock_time(12)
    with desk(at=noon):
        assert end_leave(leave, at=noon) == (clinic.providers[0], True)
    worker.works(noon + OFFERED_AFTER)
    # It is 12:03, and nobody is offered what begins before they have had half an hour to answer.
    assert (offered_to(owner), starts(owner)) == ([waits], [clock_time(12, 40)])


def test_whoever_let_a_time_of_weeks_go_is_asked_about_another_one_a_day_later_but_not_before(
    desk: Open, clinic: Clinic, owner: Owner, worker: Worker
) -> None:
    leave = factories.leave(owner, clinic.providers[0], clock_time(9) + 2 * DAY, clock_time(17) + 9 * DAY)
    waits = waiter(owner, clinic, provider_ids=[clinic.providers[0]], earliest=NOW.date() + 2 * DAY)
    with desk(at=NOW):
        end_leave(leave, at=NOW)
    worker.works(SOON)
    worker.works(SOON + TTL)
    worker.works(SOON + DAY - MINUTE)
    assert (offered_to(owner, "lapsed"), offered_to(owner)) == ([waits], [])
    worker.works(SOON + DAY)
    assert starts(owner) == [clock_time(9, 20) + 2 * DAY]
    with desk(at=SOON + DAY):
        accept(offers(owner, "open")[0]["id"], actor=new_id(), at=SOON + DAY)
    worker.works(SOON + 3 * DAY)
    assert worker.promised() == []


def test_a_time_between_those_that_the_desk_is_shown_is_found_for_whom_no_other_suits(
    desk: Open, clinic: Clinic, owner: Owner, worker: Worker
) -> None:
    waits = waiter(owner, clinic, from_time=time(18, 5), to_time=time(18, 30))
    works_more(desk, evening(clinic))
    worker.works(SOON)
    assert (offered_to(owner), starts(owner)) == ([waits], [SIX + 5 * MINUTE])


def test_notice_that_binds_patients_keeps_nobody_from_being_asked(desk: Open, owner: Owner, worker: Worker) -> None:
    clinic = factories.clinic(owner, notice_minutes=2880)
    waits = waiter(owner, clinic, from_time=time(18))
    works_more(desk, evening(clinic))
    worker.works(SOON)
    assert offered_to(owner) == [waits]


def test_leave_of_weeks_is_looked_through_week_by_week(
    desk: Open, clinic: Clinic, owner: Owner, worker: Worker
) -> None:
    leave = factories.leave(owner, clinic.providers[0], clock_time(9) + DAY, clock_time(9) + 29 * DAY)
    wanted = NOW.date() + 24 * DAY
    waits = waiter(owner, clinic, provider_ids=[clinic.providers[0]], earliest=wanted, latest=wanted)
    with desk(at=NOW):
        end_leave(leave, at=NOW)
    assert worker.works(SOON) > 4
    assert (offered_to(owner), starts(owner)) == ([waits], [clock_time(9) + 24 * DAY])


def test_when_a_closure_ends_everybody_who_works_there_is_offered(
    desk: Open, clinic: Clinic, owner: Owner, worker: Worker
) -> None:
    closure = factories.closure(owner, clinic.location, clock_time(9), clock_time(17))
    other = factories.branch(owner, clinic)
    wishes = {
        waiter(owner, clinic, provider_ids=[who], location_id=site)
        for who, site in ((clinic.providers[0], clinic.location), (clinic.providers[1], None))
    }
    waiter(owner, clinic, provider_ids=list(other.providers))
    with desk(factories.scope(Role.MANAGER)):
        assert end_closure(closure, at=NOW).offered
    worker.works(SOON)
    assert set(offered_to(owner)) == wishes
    with pytest.raises(NotFound), desk(factories.scope(Role.MANAGER)):
        end_closure(closure, at=NOW)


def test_a_closure_that_has_begun_ends_once_and_only_the_rest_of_it_opens(
    desk: Open, clinic: Clinic, owner: Owner, worker: Worker
) -> None:
    closure = factories.closure(owner, clinic.location, clock_time(7), clock_time(17))
    waiter(owner, clinic)
    with desk(factories.scope(Role.MANAGER)):
        end_closure(closure, at=NOW)
    with pytest.raises(NotFound), desk(factories.scope(Role.MANAGER)):
        end_closure(closure, at=NOW)
    assert {job["args"]["starts"] for job in worker.promised()} == {NOW.isoformat()}
    assert len(worker.promised()) == len(clinic.providers)


def test_a_time_that_somebody_was_quicker_with_is_passed_over(
    desk: Open, clinic: Clinic, owner: Owner, worker: Worker
) -> None:
    waits = waiter(owner, clinic, from_time=time(18))
    works_more(desk, evening(clinic))
    booked(desk, wish(clinic, SIX))
    worker.works(SOON)
    assert (offered_to(owner), starts(owner)) == ([waits], [SIX + 20 * MINUTE])


def test_a_worker_killed_after_a_step_offers_nothing_twice(
    desk: Open, clinic: Clinic, owner: Owner, worker: Worker
) -> None:
    wishes = [waiter(owner, clinic, created_at=NOW - n * MINUTE, from_time=time(18)) for n in (2, 1)]
    works_more(desk, evening(clinic))
    for _ in range(3):
        worker.step(SOON, killed=True)
    worker.works(SOON)
    assert offered_to(owner) == wishes
    assert starts(owner) == [SIX, SIX + 20 * MINUTE]
