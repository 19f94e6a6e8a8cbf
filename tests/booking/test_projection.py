"""What the projection answers is what PostgreSQL answers; where it can't, PostgreSQL does."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest

from tests import factories
from tests.booking.projecting import DAY, Changes, Projection, answered
from tests.booking.wishes import Open, Owner, booked, wish
from tests.factories import NOW, clock_time
from webapp.booking.queries import Search
from webapp.practice.hours import Span


@pytest.mark.parametrize("seed", range(6))
def test_after_any_changes_it_answers_what_postgresql_answers(
    desk: Open, owner: Owner, projection: Projection, seed: int
) -> None:
    chance = random.Random(seed)
    clinic = factories.clinic(
        owner, providers=3, rooms=2, buffer_before_minutes=5, buffer_after_minutes=10, furthest_days=12
    )
    branch = factories.branch(owner, clinic, time_zone=chance.choice(("America/New_York", "Asia/Tokyo")))
    scan = factories.service(
        owner, clinic.providers, [clinic.location], length_minutes=45, notice_minutes=120, furthest_days=9
    )
    factories.equipment(owner, clinic)
    factories.insert(owner, "service_equipment", service_id=scan, kind="ultrasound")
    factories.insert(owner, "service_room", service_id=scan, room_id=clinic.rooms[1])
    owner.execute("UPDATE schedule SET room_id = %s WHERE provider_id = %s", (clinic.rooms[0], clinic.providers[1]))
    changes = Changes(desk, owner, (clinic, branch), chance)
    found, before = 0, answered("projected")
    for _ in range(4):
        changes.happen(14)
        projection.project()
        for service in (clinic.service, scan):
            begins = NOW + chance.randrange(5 * 288) * timedelta(minutes=5)
            search = Search(
                service,
                Span(begins, begins + chance.randrange(1, 9) * DAY),
                provider_id=chance.choice((None, *clinic.providers)),
                location_id=chance.choice((None, clinic.location, branch.location)),
                patient_id=chance.choice((None, *clinic.patients)),
                via=chance.choice(("desk", "portal")),
            )
            # The same items before and after holds lapse: their ends are judged when they are read.
            for later in (0, 7, 20):
                at = NOW + timedelta(minutes=later)
                projection.beat(at)
                ours, computed = projection.both(search, at)
                assert ours == computed
                found += len(ours[0])
    assert found > 100
    # Both its answers, each time: nobody asked PostgreSQL in its place.
    assert answered("projected") - before == 4 * 2 * 3 * 2


def test_a_busy_morning_is_told_once_a_day_however_many_book(desk: Open, owner: Owner, projection: Projection) -> None:
    clinic = factories.clinic(owner, providers=2, rooms=2, furthest_days=12)
    projection.project()
    versions = "SELECT day FROM availability_day WHERE published_at = %s"
    for day in (0, 0, 0, 1):
        for provider in clinic.providers:
            place = 0 if provider == clinic.providers[0] else 1
            taken = owner.execute("SELECT count(*) AS n FROM appointment").fetchone()
            assert taken is not None
            start = clock_time(9) + day * DAY + timedelta(minutes=20 * taken["n"])
            booked(desk, wish(clinic, start, provider_id=provider, patient_id=clinic.patients[place]))
    assert owner.execute("SELECT FROM availability_dirty").rowcount == 8
    later = NOW + timedelta(seconds=1)
    projection.project(later)
    assert {row["day"] for row in owner.execute(versions, (later,)).fetchall()} == {NOW.date(), NOW.date() + DAY}
    assert owner.execute("SELECT FROM availability_dirty").rowcount == 0
