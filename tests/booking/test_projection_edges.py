"""What the projection does when something is late, spoilt, missing, out of order or away; and when a day begins."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from tests import factories
from tests.booking.projecting import DAY, WEEKS, Projection, answered
from tests.booking.wishes import TEN, Open, Owner, booked, wish
from tests.factories import NOW, Clinic, clock_time
from tests.identity.browsing import dynamo_away
from tests.stack.proxy import BlackHole, Proxy, Reset
from webapp import clock, dynamo
from webapp.booking.actions import CancelRequest, cancel
from webapp.booking.projection import project
from webapp.booking.projection.days import Day, read_days
from webapp.booking.projection.plan import key
from webapp.booking.projection.project import BEAT_KEY, MOST_AT_ONCE, Projector
from webapp.booking.queries import Search
from webapp.db import Role, transactional
from webapp.dynamo import DynamoUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable

TODAY = NOW.date()
SECOND = timedelta(seconds=1)


def agrees(projection: Projection, search: Search, at: object = NOW) -> bool:
    ours, computed = projection.both(search, at)  # type: ignore[arg-type]
    assert len(computed[0]) > 10
    return bool(ours == computed)


def reason(projection: Projection, search: Search, at: object = NOW) -> str:
    """Why PostgreSQL answered instead; its answer is right in any case."""
    names = ("projected", "late", "missing", "poisoned", "away", "unasked")
    before = {name: answered(name) for name in names}
    assert agrees(projection, search, at)
    (said,) = [name for name in names if answered(name) > before[name]]
    return said


@pytest.fixture
def search(owner: Owner, clinic: Clinic) -> Search:
    owner.execute("UPDATE service SET furthest_days = 14")
    return Search(clinic.service, WEEKS, location_id=clinic.location)


def test_a_projector_that_falls_silent_is_late_after_five_seconds(projection: Projection, search: Search) -> None:
    assert reason(projection, search) == "late"
    projection.project()
    assert reason(projection, search) == "projected"
    assert reason(projection, search, NOW + 5 * SECOND) == "projected"
    assert reason(projection, search, NOW + 6 * SECOND) == "late"
    projection.project(NOW + 6 * SECOND)
    assert reason(projection, search, NOW + 6 * SECOND) == "projected"


def test_a_projector_that_is_behind_says_so(
    owner: Owner, projection: Projection, search: Search, desk: Open, clinic: Clinic
) -> None:
    projection.project()
    with clock.stopped_at(NOW + 10 * SECOND), projection.worker.app_context():
        # A first pass of many days is not all of them.
        project.tell_all_again(NOW + 4 * SECOND)
        rows = "SELECT %s, date '2027-03-01' + n, 1, %s FROM generate_series(1, %s) AS n"
        owner.execute(
            f"INSERT INTO availability_day (location_id, day, version, stale_since) {rows}".encode(),
            (clinic.location, NOW + 4 * SECOND, MOST_AT_ONCE),
        )
        assert projection.projector.once()
    assert reason(projection, search, NOW + 10 * SECOND) == "late"
    projection.project(NOW + 10 * SECOND)
    assert reason(projection, search, NOW + 10 * SECOND) == "projected"


@pytest.mark.parametrize(
    "spoil",
    [
        lambda item: item | {"plan": "{"},
        lambda item: item | {"plan": item["plan"][:-40]},
        lambda item: item | {"plan": json.dumps({"zone": "America/New_York"})},
        lambda item: item | {"plan": item["plan"].replace('"busy":{', '"busy":{"nobody":[[1,0]],')},
        lambda item: item | {"plan": "[" * 100_000},
        lambda item: item | {"format": 2},
        lambda item: item | {"version": "many"},
        lambda item: item | {"version": 10**30, "plan": ""},
        lambda item: {"pk": item["pk"]},
    ],
    ids=["torn", "shortened", "half", "nonsense", "deep", "another format", "no version", "far ahead", "empty"],
)
def test_a_spoilt_item_is_not_believed_and_is_told_again_in_time(
    projection: Projection, search: Search, clinic: Clinic, spoil: Callable[[dict[str, object]], dict[str, object]]
) -> None:
    projection.project()
    whole = projection.item(key(clinic.location, TODAY))
    assert whole is not None
    projection.put(spoil(whole))
    assert reason(projection, search) == "poisoned"
    # Some of the days that nobody changed are told again once a minute.
    later = NOW + timedelta(hours=7)
    with clock.stopped_at(later), projection.worker.app_context():
        projection.projector.once()
    again = projection.item(key(clinic.location, TODAY))
    assert again is not None
    assert again["plan"] == whole["plan"]
    assert again["format"] == whole["format"]


def test_versions_from_before_a_backup_was_played_back_are_overtaken(
    projection: Projection, search: Search, desk: Open, clinic: Clinic
) -> None:
    projection.project()
    day = projection.item(key(clinic.location, TODAY))
    assert day is not None
    projection.put(day | {"version": day["version"] + 10**9})
    booked(desk, wish(clinic, TEN))
    projection.project(NOW + SECOND)
    assert reason(projection, search) == "projected"


def test_a_day_that_is_missing_is_computed(projection: Projection, search: Search, clinic: Clinic) -> None:
    projection.project()
    with projection.reader.app_context():
        dynamo.client().delete("availability", {"pk": key(clinic.location, TODAY)})
    assert reason(projection, search) == "missing"
    assert reason(projection, Search(search.service_id, WEEKS, location_id=clinic.location, asked=True)) == "missing"


def test_an_older_version_that_arrives_later_changes_nothing(
    projection: Projection, search: Search, desk: Open, clinic: Clinic
) -> None:
    projection.project()
    day = projection.item(key(clinic.location, TODAY))
    assert day is not None
    with projection.worker.app_context(), transactional(factories.scope(Role.JOB)):
        old = Day(clinic.location, TODAY, int(day["version"]), "America/New_York")
        (plan,) = read_days([old])
    booked(desk, wish(clinic, TEN))
    projection.project(NOW + SECOND)
    newer = projection.item(key(clinic.location, TODAY))
    with projection.worker.app_context():
        project.tell([(old, plan)], NOW)
    assert projection.item(key(clinic.location, TODAY)) == newer != day
    assert reason(projection, search) == "projected"


def test_what_was_not_told_because_of_an_outage_is_told_afterwards(
    projection: Projection, search: Search, desk: Open, clinic: Clinic, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    projection.project()
    booked(desk, wish(clinic, TEN))
    with dynamo_away(projection.worker, monkeypatch), pytest.raises(DynamoUnavailable):
        projection.project(NOW + SECOND)
    # Its marks are gone, the days still wait.
    assert owner.execute("SELECT FROM availability_dirty").rowcount == 0
    assert owner.execute("SELECT FROM availability_day WHERE published < version").rowcount == 1
    assert not projected_says_it(projection, search)
    projection.project(NOW + 2 * SECOND)
    assert projected_says_it(projection, search)


def projected_says_it(projection: Projection, search: Search) -> bool:
    ours, computed = projection.both(search)
    return bool(ours == computed)


@pytest.mark.parametrize("mode", [BlackHole(), Reset()], ids=lambda mode: type(mode).__name__)
def test_a_search_does_without_dynamodb_and_comes_back_to_it(
    projection: Projection, search: Search, monkeypatch: pytest.MonkeyPatch, settings: object, mode: object
) -> None:
    projection.project()
    with (
        Proxy.before(getattr(settings, "aws_endpoint_url", None)) as proxy,
        dynamo_away(projection.reader, monkeypatch, proxy.address),
    ):
        assert reason(projection, search) == "projected"
        with proxy.being(mode):  # type: ignore[arg-type]
            assert reason(projection, search) == "away"
        assert reason(projection, search) == "projected"


def test_a_worker_that_died_after_taking_marks_has_not_lost_them(
    projection: Projection, search: Search, desk: Open, clinic: Clinic
) -> None:
    projection.project()
    visit = booked(desk, wish(clinic, TEN))
    with clock.stopped_at(NOW + SECOND), projection.worker.app_context():
        assert project._taken(NOW + SECOND, fill=False)
    assert not projected_says_it(projection, search)
    with desk():
        cancel(CancelRequest(visit, "ill"), at=NOW)
    booked(desk, wish(clinic, clock_time(11)))
    Projection(desk, projection.worker, projection.reader, Projector()).project(NOW + 2 * SECOND)
    assert projected_says_it(projection, search)


def test_two_projectors_take_turns(
    projection: Projection, search: Search, desk: Open, clinic: Clinic, owner: Owner
) -> None:
    projection.project()
    booked(desk, wish(clinic, TEN))
    with owner.transaction():
        owner.execute("SELECT pg_advisory_xact_lock(5071905)")
        with clock.stopped_at(NOW + SECOND), projection.worker.app_context():
            assert projection.projector.once() is False
        assert owner.execute("SELECT FROM availability_dirty").rowcount == 1
    projection.project(NOW + SECOND)
    assert reason(projection, search) == "projected"


def test_the_days_roll_on_at_midnight_of_the_place(
    owner: Owner, projection: Projection, search: Search, clinic: Clinic
) -> None:
    def days() -> set[date]:
        return {row["day"] for row in owner.execute("SELECT day FROM availability_day").fetchall()}

    projection.project()
    assert days() == {TODAY + n * DAY for n in range(15)}
    before_midnight, after = clock_time(23, 59), clock_time(23, 59) + 61 * SECOND
    projection.project(before_midnight)
    assert days() == {TODAY + n * DAY for n in range(15)}
    projection.project(after)
    assert days() == {TODAY + n * DAY for n in range(1, 16)}
    tomorrow = Search(clinic.service, type(WEEKS)(after, after + 14 * DAY), location_id=clinic.location)
    assert reason(projection, tomorrow, after) == "projected"


def test_no_mark_and_no_item_tells_anything_about_a_patient(
    desk: Open, owner: Owner, projection: Projection, clinic: Clinic
) -> None:
    booked(desk, wish(clinic, TEN))
    marked = owner.execute("SELECT resource_ids FROM availability_dirty WHERE resource_ids <> '{}'").fetchall()
    (touched,) = [set(row["resource_ids"]) for row in marked]
    assert len(touched) == 2
    assert touched <= {clinic.providers[0], *clinic.rooms}
    projection.project()
    item = projection.item(key(clinic.location, TODAY))
    assert item is not None
    assert str(clinic.providers[0].hex) in str(item["plan"])
    for patient in clinic.patients:
        assert patient.hex not in str(item["plan"])
    assert set(projection.item(BEAT_KEY) or {}) == {"pk", "format", "as_of", "places"}


def test_a_provider_who_works_at_two_places_is_busy_at_both(
    desk: Open, owner: Owner, projection: Projection, search: Search, clinic: Clinic
) -> None:
    branch = factories.branch(owner, clinic)
    factories.hours(owner, clinic.providers[0], branch.location, weekday=3)
    projection.project()
    for day in (0, 2):
        booked(desk, wish(clinic, TEN + day * DAY))
    marks = owner.execute("SELECT FROM availability_dirty").rowcount
    assert marks == 2
    projection.project(NOW + SECOND)
    told = owner.execute("SELECT location_id, day FROM availability_day WHERE published_at = %s", (NOW + SECOND,))
    assert {(row["location_id"], row["day"]) for row in told.fetchall()} == {
        (clinic.location, TODAY), (clinic.location, TODAY + 2 * DAY), (branch.location, TODAY + 2 * DAY),
    }  # fmt: skip
    assert reason(projection, Search(clinic.service, WEEKS, location_id=branch.location)) == "projected"


def test_an_unknown_service_and_a_visit_that_moves(desk: Open, projection: Projection, search: Search) -> None:
    projection.project()
    assert projection.both(Search(uuid4(), WEEKS, location_id=search.location_id)) == (([], []), ([], []))
