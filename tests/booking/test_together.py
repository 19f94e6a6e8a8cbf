"""Visits that belong together: where all of them fit, and booked as one."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from tests import factories
from tests.booking.wishes import ACTOR, TEN, Open, Owner, booked, count, visit_row, wish
from tests.factories import NOW, Clinic, clock_time
from webapp.booking.actions import BookRequest
from webapp.booking.actions.together import book_together
from webapp.booking.actions.walk_in import WalkIn, next_step, walk_in
from webapp.booking.availability import FreeStart
from webapp.booking.queries import Search, visit
from webapp.booking.queries.several import coming_together
from webapp.booking.queries.together import any_times
from webapp.booking.refusals import NotOffered, OutsideHours, SlotTaken
from webapp.booking.together import Step, comings, starts_of, thinned
from webapp.db import db
from webapp.ids import new_id
from webapp.practice.hours import Span

SITE, ELSEWHERE = new_id(), new_id()
NURSE, DOCTOR = new_id(), new_id()
ROOM, OTHER_ROOM = new_id(), new_id()
MORNING = datetime(2026, 11, 23, 14, tzinfo=UTC)


def at(minutes: int) -> datetime:
    return MORNING + timedelta(minutes=minutes)


def free(start: int, length: int, provider: UUID, *rooms: UUID, site: UUID = SITE) -> FreeStart:
    return FreeStart(at(start), at(start + length), provider, site, rooms)


def test_the_second_begins_where_the_first_ends_and_the_gap() -> None:
    steps = (Step(10), Step(20, gap=5))
    found = comings(steps, ([free(n, 10, NURSE) for n in (0, 5, 30)], [free(n, 20, DOCTOR) for n in (15, 40)]))
    assert [(way.start, way.end) for way in found] == [(at(0), at(35))]
    assert starts_of(at(0), steps) == [at(0), at(15)]


def test_both_are_at_one_site() -> None:
    steps = (Step(10), Step(20))
    assert comings(steps, ([free(0, 10, NURSE)], [free(10, 20, DOCTOR, site=ELSEWHERE)])) == []


def test_one_provider_does_both_unless_a_buffer_is_between() -> None:
    starts = ([free(0, 10, DOCTOR)], [free(10, 20, DOCTOR)])
    assert len(comings((Step(10), Step(20)), starts)) == 1
    assert comings((Step(10, buffer_after=5), Step(20)), starts) == []
    assert comings((Step(10), Step(20, buffer_before=5)), starts) == []


def test_a_room_that_is_being_tidied_is_not_the_next_ones_only_room() -> None:
    steps = (Step(10, buffer_after=5), Step(20))
    only = ([free(0, 10, NURSE, ROOM)], [free(10, 20, DOCTOR, ROOM)])
    two = ([free(0, 10, NURSE, ROOM)], [free(10, 20, DOCTOR, ROOM, OTHER_ROOM)])
    none = ([free(0, 10, NURSE, ROOM)], [free(10, 20, DOCTOR)])
    assert [len(comings(steps, each)) for each in (only, two, none)] == [0, 1, 1]


def test_another_way_is_tried_when_the_first_leads_nowhere() -> None:
    steps = (Step(10, buffer_after=5), Step(20))
    starts = ([free(0, 10, DOCTOR), free(0, 10, NURSE)], [free(10, 20, DOCTOR)])
    assert [visit.provider_id for visit in comings(steps, starts)[0].visits] == [NURSE, DOCTOR]


def test_nothing_of_nothing() -> None:
    assert comings((), ()) == []
    assert comings((Step(10),), ([],)) == []


slots = st.lists(st.integers(0, 40), max_size=30, unique=True).map(sorted)


@given(slots, slots, st.integers(0, 6))
def test_every_instant_that_fits_is_found_and_no_other(first: list[int], second: list[int], gap: int) -> None:
    steps = (Step(10), Step(20, gap=5 * gap))
    starts = ([free(5 * n, 10, NURSE) for n in first], [free(5 * n, 20, DOCTOR) for n in second])
    found = {way.start for way in comings(steps, starts)}
    assert found == {at(5 * n) for n in first if n + 2 + gap in second}


@given(slots)
def test_what_is_thinned_out_keeps_the_earliest_of_every_stretch(instants: list[int]) -> None:
    ways = comings((Step(10),), ([free(5 * n, 10, NURSE) for n in instants],))
    kept = [way.start for way in thinned(ways, 15)]
    begins = [at(5 * n) for n in instants if n - 1 not in instants]
    assert set(begins) <= set(kept) <= {way.start for way in ways}
    for one, other in pairwise(kept):
        assert other in begins or other - one >= timedelta(minutes=15)


@pytest.fixture
def clinic(owner: Owner) -> Clinic:
    """Nurse (first provider) for 10 minutes, 5 minutes later the doctor (second) for 20; `service` is both."""
    made = factories.clinic(owner)
    nurse = factories.service(owner, made.providers[:1], [made.location], name="Vitals", length_minutes=10)
    doctor = factories.service(owner, made.providers[1:], [made.location], name="Consult", buffer_after_minutes=5)
    factories.insert(owner, "service_part", service_id=made.service, position=1, part_id=nurse)
    factories.insert(owner, "service_part", service_id=made.service, position=2, part_id=doctor, gap_minutes=5)
    return made


def together(desk: Open, clinic: Clinic, starts: datetime = TEN) -> list[UUID]:
    wanted = BookRequest(clinic.patients[0], clinic.service, clinic.location, starts)
    with desk():
        return [visit.id for visit in book_together(wanted, actor=ACTOR, at=NOW)]


def test_the_parts_are_booked_as_one(desk: Open, clinic: Clinic, owner: Owner) -> None:
    nurse, doctor = (visit_row(owner, visit) for visit in together(desk, clinic))
    assert (nurse["starts_at"], nurse["ends_at"]) == (TEN, TEN + timedelta(minutes=10))
    assert (doctor["starts_at"], doctor["ends_at"]) == (TEN + timedelta(minutes=15), TEN + timedelta(minutes=35))
    assert (nurse["provider_id"], doctor["provider_id"]) == clinic.providers
    assert nurse["together_id"] == doctor["together_id"] is not None


def test_one_part_without_a_place_and_none_is_booked(desk: Open, clinic: Clinic, owner: Owner) -> None:
    taken = wish(clinic, TEN + timedelta(minutes=30), provider_id=clinic.providers[1], patient_id=clinic.patients[1])
    booked(desk, taken)
    with desk():
        wanted = BookRequest(clinic.patients[0], clinic.service, clinic.location, TEN)
        with pytest.raises(SlotTaken):
            book_together(wanted, actor=ACTOR, at=NOW)
    assert count(owner, "appointment") == 1


def test_a_service_without_parts_is_no_coming(desk: Open, owner: Owner) -> None:
    with pytest.raises(NotOffered):
        together(desk, factories.clinic(owner))


def found(desk: Open, search: Search) -> list[datetime]:
    with desk():
        times = any_times(search, NOW, step=5)
        assert times is not None
        return [start.start for start in times.starts]


def test_the_times_offered_are_those_at_which_all_can_be_booked(desk: Open, clinic: Clinic, owner: Owner) -> None:
    booked(desk, wish(clinic, clock_time(10), provider_id=clinic.providers[1], patient_id=clinic.patients[1]))
    window = Span(clock_time(9), clock_time(12))
    search = Search(clinic.service, window, patient_id=clinic.patients[0])
    offered = found(desk, search)
    for minutes in range(0, 180, 5):
        starts = clock_time(9) + timedelta(minutes=minutes)
        with desk():
            wanted = BookRequest(clinic.patients[0], clinic.service, clinic.location, starts)
            try:
                for one in book_together(wanted, actor=ACTOR, at=NOW):
                    one.status, one.cancelled_at, one.cancel_reason = "cancelled", NOW, "test"
                    desk_settles(one.id)
            except (SlotTaken, OutsideHours):
                assert starts not in offered
            else:
                assert starts in offered


def desk_settles(visit_id: UUID) -> None:
    db.session.flush()
    db.session.execute(text("select doors.settle(:visit, :at)"), {"visit": visit_id, "at": NOW})


def test_moving_together_counts_their_own_time_as_free(desk: Open, clinic: Clinic) -> None:
    nurse, doctor = together(desk, clinic)
    with desk():
        first, second = (visit(each) for each in (nurse, doctor))
        assert first is not None
        assert second is not None
        one, other = first.appointment, second.appointment
        assert [each.id for each in coming_together(one.together_id or new_id())] == [nurse, doctor]
        window = Span(TEN - timedelta(minutes=10), TEN + timedelta(minutes=40))
        search = Search(
            other.service_id,
            window,
            patient_id=clinic.patients[0],
            location_id=clinic.location,
            provider_id=other.provider_id,
            moving=other,
            beside=(one,),
        )
        times = any_times(search, NOW, step=5)
        assert times is not None
        # The doctor's own start: a quarter of an hour after the nurse's.
        assert TEN + timedelta(minutes=20) in [start.start for start in times.starts]


def test_a_walk_in_is_booked_for_the_next_five_minutes_and_waits(desk: Open, owner: Owner) -> None:
    clinic = factories.clinic(owner)
    now = clock_time(9, 32) + timedelta(seconds=40)
    with desk(at=now):
        wanted = WalkIn(clinic.patients[0], clinic.service, clinic.location)
        visit_id = walk_in(wanted, actor=ACTOR, at=now).id
    row = visit_row(owner, visit_id)
    assert (row["starts_at"], row["via"], row["status"]) == (clock_time(9, 35), "walk_in", "arrived")
    assert row["arrived_at"] == now
    assert next_step(clock_time(9, 35)) == clock_time(9, 35)


def test_a_walk_in_with_nobody_free_leaves_nothing(desk: Open, owner: Owner) -> None:
    clinic = factories.clinic(owner, providers=1)
    booked(desk, wish(clinic, clock_time(9, 30), patient_id=clinic.patients[1]))
    now = clock_time(9, 32)
    wanted = WalkIn(clinic.patients[0], clinic.service, clinic.location)
    with pytest.raises(SlotTaken), desk(at=now):
        walk_in(wanted, actor=ACTOR, at=now)
    with pytest.raises(OutsideHours), desk(at=clock_time(20)):
        walk_in(wanted, actor=ACTOR, at=clock_time(20))
    assert count(owner, "appointment") == 1


def test_a_walk_in_for_a_coming_waits_for_all_of_it(desk: Open, clinic: Clinic, owner: Owner) -> None:
    now = clock_time(9, 31)
    with desk(at=now):
        walk_in(WalkIn(clinic.patients[0], clinic.service, clinic.location), actor=ACTOR, at=now)
    rows = owner.execute("select status, starts_at from appointment order by starts_at").fetchall()
    assert [(row["status"], row["starts_at"]) for row in rows] == [
        ("arrived", clock_time(9, 35)),
        ("arrived", clock_time(9, 50)),
    ]
