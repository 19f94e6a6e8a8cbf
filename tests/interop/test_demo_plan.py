from __future__ import annotations

import datetime as dt
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from webapp.booking.states import TRANSITIONS, Action, Status
from webapp.interop.demo.clinic import PROVIDERS, ROOMS, SERVICES, TIME_ZONE, services_of
from webapp.interop.demo.course import course
from webapp.interop.demo.day import Person, PlannedVisit, admin_time, plan_day
from webapp.interop.demo.people import COUNT, ROSA, SEED, generate
from webapp.patients import phones
from webapp.patients.birth_dates import age

FIRST = dt.date(2026, 11, 1)
YEAR = [FIRST + timedelta(days=each) for each in range(0, 370, 5)]
PEOPLE = [Person(uuid4(), person.patient.identifiers[0].value, person.patient.birth_date) for person in generate()]


def plan(day: dt.date) -> list[PlannedVisit]:
    return plan_day(day, PEOPLE, SEED, first=PEOPLE[0])


def fate(visit: PlannedVisit) -> Status:
    steps = course(SEED, visit.provider.family, visit.starts_at, visit.ends_at).steps
    return TRANSITIONS[steps[-1].action].after


def test_the_clinic_has_six_providers_four_rooms_and_services_for_each() -> None:
    assert (len(PROVIDERS), len(ROOMS)) == (6, 4)
    assert all(services_of(provider) for provider in PROVIDERS)
    rooms = [provider.room for provider in PROVIDERS if provider.room]
    assert len(rooms) == len(set(rooms))
    for provider in PROVIDERS:
        if provider.room is None:
            assert not any(service.needs_room for service, _ in services_of(provider))
    assert {family for service in SERVICES for family in service.weights} == {each.family for each in PROVIDERS}


def test_the_people_are_the_same_each_time_different_from_each_other_and_marked() -> None:
    people = generate()
    assert people == generate()
    assert len(people) == COUNT
    assert people[0] is ROSA
    assert len({(each.patient.given, each.patient.family) for each in people}) == COUNT
    assert all(each.patient.synthetic for each in people)
    assert any(each.alerts for each in people[1:])


def test_their_phones_ring_nowhere_and_their_mail_goes_nowhere() -> None:
    for person in generate():
        for telecom in person.patient.telecoms:
            if telecom.system == "phone":
                assert phones.parse(telecom.value) == telecom.value
                assert " 555-01" in telecom.value
            else:
                assert telecom.value.endswith("@example.com")


@pytest.mark.parametrize("day", YEAR)
def test_every_day_of_the_year_more_than_eighty_people_come_and_nobody_twice(day: dt.date) -> None:
    planned = plan(day)
    coming = [visit.person.key for visit in planned if fate(visit) is not Status.CANCELLED]
    assert len(coming) == len(set(coming)) > 80
    assert plan(day) == planned


@pytest.mark.parametrize("day", [*YEAR[:8], dt.date(2027, 3, 14), dt.date(2026, 11, 1)])
def test_visits_lie_in_the_hours_on_the_lattice_and_beside_each_other(day: dt.date) -> None:
    zone = ZoneInfo(TIME_ZONE)
    planned = plan(day)
    for provider in PROVIDERS:
        theirs = sorted((each for each in planned if each.provider is provider), key=lambda each: each.starts_at)
        spans = [
            (
                each.starts_at - timedelta(minutes=each.service.before),
                each.ends_at + timedelta(minutes=each.service.after),
            )
            for each in theirs
        ]
        spans += [(starts, ends) for who, starts, ends in admin_time(day) if who is provider]
        assert all(one[1] <= other[0] for one, other in pairwise(sorted(spans)))
        for visit in theirs:
            starts, ends = visit.starts_at.astimezone(zone), visit.ends_at.astimezone(zone)
            assert starts.minute % 5 == 0
            assert any(
                opens <= starts.time() and ends.time() <= closes for opens, closes in provider.hours(day.isoweekday())
            )
            assert age(visit.person.birth_date, day) >= visit.service.youngest


def test_rosa_is_on_the_first_providers_list() -> None:
    assert next(visit for visit in plan(FIRST) if visit.person is PEOPLE[0]).provider is PROVIDERS[0]


def test_a_course_goes_through_states_that_follow_each_other_at_times_that_do() -> None:
    fates: Counter[Status] = Counter()
    for day in YEAR:
        for visit in plan(day):
            drawn = course(SEED, visit.provider.family, visit.starts_at, visit.ends_at)
            status, at = Status.BOOKED, drawn.booked_at
            for step in drawn.steps:
                assert status in TRANSITIONS[step.action].before
                assert step.at > at or step.action in {Action.CONFIRM, Action.CANCEL}
                assert (step.action is Action.CANCEL) == bool(step.reason)
                status, at = TRANSITIONS[step.action].after, step.at
            fates[status] += 1
    assert set(fates) == {Status.FINISHED, Status.NOSHOW, Status.CANCELLED}
    assert fates[Status.FINISHED] > fates.total() * 0.85


def test_a_course_is_cut_at_the_present() -> None:
    starts_at = datetime(2026, 11, 23, 15, tzinfo=UTC)
    drawn = course(SEED, "Osei", starts_at, starts_at + timedelta(minutes=20))
    assert drawn.until(drawn.booked_at - timedelta(days=1)) == ()
    assert drawn.until(starts_at + timedelta(days=1)) == drawn.steps
