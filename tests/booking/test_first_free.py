"""The first free times are the first of all free times, whatever is in the way."""

import random
from datetime import UTC, datetime, time, timedelta

import pytest
from psycopg.types.range import TimestamptzRange

from tests import factories
from tests.booking.wishes import TEN, Open, Owner, booked, visit_row, wish
from tests.factories import NOW, Clinic, clock_time
from webapp.booking.actions import MoveRequest, move
from webapp.booking.availability import one_each
from webapp.booking.models import Appointment
from webapp.booking.queries import Search, first_free, free_times
from webapp.db import db
from webapp.ids import new_id
from webapp.practice.hours import Span

WEEKS = Span(NOW, NOW + timedelta(days=21))
MINUTE = timedelta(minutes=1)


def both(desk: Open, search: Search, n: int) -> tuple[list[datetime], list[datetime]]:
    """The first n starts as they are found fast, and as they come first among all."""
    with desk():
        found = free_times(search, NOW)
        assert found is not None
        fast = [free.start for free in first_free(search, NOW, n)]
        return fast, [free.start for free in one_each(found.starts)][:n]


def crowd(owner: Owner, clinic: Clinic, chance: random.Random, days: int) -> None:
    """Fill most of some days, with holes here and there, and put leave, closures and extra hours among them."""
    for provider, room in zip(clinic.providers, clinic.rooms, strict=False):
        for day in range(days):
            start = clock_time(9) + timedelta(days=day)
            while start < clock_time(17) + timedelta(days=day):
                length = chance.choice((20, 25, 40, 60)) * MINUTE
                if chance.random() < 0.93:
                    during = TimestamptzRange(start, start + length)
                    factories.insert(
                        owner,
                        "occupancy",
                        resource_id=chance.choice((provider, room)),
                        during=during,
                        owner_id=new_id(),
                        owner_kind="blocked_time",
                    )
                start += length


@pytest.mark.parametrize("seed", range(6))
def test_they_are_the_first_of_all(desk: Open, owner: Owner, seed: int) -> None:
    chance = random.Random(seed)
    clinic = factories.clinic(
        owner, providers=4, rooms=3, buffer_before_minutes=5, buffer_after_minutes=10, notice_minutes=90
    )
    owner.execute("UPDATE schedule SET room_id = %s WHERE provider_id = %s", (clinic.rooms[0], clinic.providers[1]))
    factories.equipment(owner, clinic)
    factories.insert(owner, "service_equipment", service_id=clinic.service, kind="ultrasound")
    factories.hours(owner, clinic.providers[0], clinic.location, weekday=2, starts=time(17), ends=time(19))
    crowd(owner, clinic, chance, days=chance.choice((1, 3, 6)))
    factories.leave(owner, clinic.providers[2], TEN, TEN + timedelta(days=2))
    factories.closure(owner, clinic.location, clock_time(15), clock_time(16))
    factories.insert(
        owner,
        "extra_hours",
        id=new_id(),
        provider_id=clinic.providers[3],
        location_id=clinic.location,
        starts_at=clock_time(19),
        ends_at=clock_time(21),
    )
    for search in (
        Search(clinic.service, WEEKS),
        Search(clinic.service, WEEKS, clinic.providers[0]),
        Search(clinic.service, WEEKS, patient_id=clinic.patients[0]),
    ):
        for n in (1, 3, 40):
            fast, slow = both(desk, search, n)
            assert fast == slow
            assert len(fast) == n


def test_none_are_found_where_nobody_works_or_all_is_taken(desk: Open, owner: Owner) -> None:
    clinic = factories.clinic(owner, providers=1, rooms=1)
    owner.execute("UPDATE schedule SET valid_to = %s", (NOW.date(),))
    factories.leave(owner, clinic.providers[0], NOW, NOW + timedelta(days=1))
    assert both(desk, Search(clinic.service, WEEKS), 2) == ([], [])


def test_a_visit_that_moves_does_not_stand_in_its_own_way(desk: Open, owner: Owner) -> None:
    clinic = factories.clinic(owner, providers=1, rooms=1)
    visit = booked(desk, wish(clinic, clock_time(9)))
    with desk():
        moving = db.session.get_one(Appointment, visit)
        found = first_free(Search(clinic.service, WEEKS, patient_id=clinic.patients[0], moving=moving), NOW, 1)
        assert found[0].start == clock_time(9)
        assert found[0].room_ids == clinic.rooms
        # What is found can be booked.
        move(MoveRequest(visit, found[0].start + timedelta(minutes=10)), at=NOW)
    assert visit_row(owner, visit)["starts_at"] == clock_time(9, 10)


def test_a_patient_finds_what_patients_may_book(desk: Open, clinic: Clinic, owner: Owner) -> None:
    owner.execute("UPDATE service SET furthest_days = 1, notice_minutes = 60")
    days = {free.astimezone(UTC).date() for free in both(desk, Search(clinic.service, WEEKS), 100)[0]}
    assert days == {NOW.date(), (NOW + timedelta(days=1)).date()}
    for change, found in (("audience = 'returning'", False), ("audience = 'new'", True), ("online = false", False)):
        owner.execute(f"UPDATE service SET {change}".encode())
        search = Search(clinic.service, WEEKS, patient_id=clinic.patients[0], via="portal")
        fast, slow = both(desk, search, 2)
        assert fast == slow
        assert bool(fast) is found
        assert both(desk, Search(clinic.service, WEEKS), 1)[0]
