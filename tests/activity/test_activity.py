"""The log of who saw and did what: one record for one fact, in order, whoever writes it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from flask import g

from tests.identity.browsing import dynamo_away
from webapp import activity, create_app, dynamo
from webapp.activity import queries
from webapp.activity.items import DAY_SHARDS, Origin, item_of, stamp
from webapp.activity.jobs import project_changes, unfold_lists
from webapp.activity.lists import LISTS, PARTITION
from webapp.activity.notes import Note
from webapp.db import Role, Scope, transactional
from webapp.practice.models import Location

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask

    from tests.stack.database import Database

AT = datetime(2026, 11, 22, 15, 42, 7, 120034, tzinfo=UTC)
PATIENT, OTHER, ACTOR = uuid4(), uuid4(), uuid4()


@pytest.fixture
def _context(app: Flask) -> Iterator[None]:
    with app.test_request_context("/board"):
        g.request_id = "request-1"
        yield


def written(*notes: Note, at: datetime = AT, request: str = "request-1") -> None:
    activity.write(list(notes), Origin(ACTOR, at, request, "desk.board", "203.0.113.7"))


@pytest.mark.usefixtures("_context")
def test_opening_a_chart_is_a_record_of_the_patient() -> None:
    written(Note("opened", PATIENT))
    (record,) = queries.of_patient(PATIENT)
    assert (record.action, record.actor, record.at, record.patient) == ("opened", ACTOR, AT, PATIENT)
    assert queries.of_patient(OTHER) == []


@pytest.mark.usefixtures("_context")
def test_a_list_is_one_record_of_the_actor_with_the_ids_it_showed_and_one_of_each_patient() -> None:
    written(Note("listed", listed=frozenset({PATIENT, OTHER})))
    (record,) = queries.of_actor(ACTOR)
    assert record.listed == {PATIENT, OTHER}
    for patient in (PATIENT, OTHER):
        (own,) = queries.of_patient(patient)
        assert (own.action, own.actor, own.at, own.patient, own.listed) == ("listed", ACTOR, AT, patient, frozenset())
        assert (own.request, own.route, own.address) == (record.request, record.route, record.address)
    assert queries.of_day(AT.date()) == [record]


@pytest.mark.usefixtures("_context")
@pytest.mark.parametrize("patients", [1, 10, 11, 250])
def test_a_list_costs_one_round_trip_and_everybody_on_it_has_a_record_soon(app: Flask, patients: int) -> None:
    shown = [uuid4() for _ in range(patients)]
    activity.note("listed", listed=shown)
    activity.flush(actor=ACTOR, at=AT)
    assert len(dynamo.spent().calls) == 1
    (whole,) = queries.of_actor(ACTOR)
    assert whole.listed == set(shown)
    for _ in range(2):
        unfold(app)
        for patient in shown[::25]:
            (own,) = queries.of_patient(patient)
            assert (own.action, own.actor, own.at, own.request) == ("listed", ACTOR, AT, whole.request)
    assert promised_lists() == []


@pytest.mark.usefixtures("_context")
def test_a_worker_that_was_cut_off_leaves_a_list_to_the_next(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = [uuid4() for _ in range(150)]
    activity.note("listed", listed=shown)
    activity.flush(actor=ACTOR, at=AT)
    with dynamo_away(app, monkeypatch), pytest.raises(dynamo.DynamoUnavailable):
        unfold(app)
    assert len(promised_lists()) == 1
    unfold(app)
    assert all(queries.of_patient(patient) for patient in shown)


@pytest.mark.usefixtures("_context")
def test_two_lists_of_a_request_lose_nobody() -> None:
    written(Note("listed", listed=frozenset({PATIENT})), Note("listed", listed=frozenset({OTHER}), detail="search"))
    (record,) = queries.of_actor(ACTOR)
    assert record.listed == {PATIENT, OTHER}
    assert all(queries.of_patient(patient) for patient in record.listed)


def unfold(app: Flask) -> None:
    with app.app_context():
        unfold_lists(0)


def promised_lists() -> list[dynamo.Item]:
    return dynamo.client().query(LISTS, "account = :lists", {":lists": PARTITION}).items


@pytest.mark.usefixtures("_context")
def test_records_come_newest_first() -> None:
    for minutes in (3, 1, 2):
        written(Note("opened", PATIENT), at=AT + timedelta(minutes=minutes), request=f"request-{minutes}")
    assert [record.request for record in queries.of_patient(PATIENT)] == ["request-3", "request-2", "request-1"]
    assert [record.request for record in queries.of_day(AT.date())] == ["request-3", "request-2", "request-1"]
    assert [record.request for record in queries.of_day(AT.date(), limit=2)] == ["request-3", "request-2"]


@pytest.mark.usefixtures("_context")
def test_the_same_fact_written_twice_is_one_record() -> None:
    written(Note("changed", PATIENT, detail="visit.check_in"))
    again = activity.write_once(Note("changed", PATIENT), Origin(ACTOR, AT, "request-1"))
    assert again is False
    (record,) = queries.of_patient(PATIENT)
    assert record.detail == "visit.check_in"


@pytest.mark.usefixtures("_context")
def test_the_notes_of_a_request_are_written_once_and_together() -> None:
    for _ in range(2):
        activity.note("opened", patient=PATIENT)
    activity.note("changed", patient=PATIENT)
    activity.note("listed", listed=[OTHER])
    activity.flush(actor=ACTOR, at=AT)
    activity.flush(actor=ACTOR, at=AT)
    assert [record.action for record in queries.of_patient(OTHER)] == ["listed"]
    assert [record.action for record in queries.of_patient(PATIENT)] == ["opened", "changed"]
    assert [call for call in dynamo.spent().calls if call[1] == "activity" and call[0] != "Query"] == [
        ("TransactWriteItems", "activity")
    ]


@pytest.mark.usefixtures("_context")
def test_notes_of_an_attempt_that_was_rolled_back_are_forgotten() -> None:
    activity.note("opened", patient=PATIENT)
    activity.start()
    activity.flush(actor=ACTOR, at=AT)
    assert queries.of_patient(PATIENT) == []


def as_worker(app: Flask) -> Flask:
    settings = app.config["ANTEROOM"]
    return create_app(replace(settings, database_url=settings.worker_database_url))


def test_a_change_is_recorded_by_its_job_even_when_the_request_could_not(app: Flask, database: Database) -> None:
    patient, request = uuid4(), str(uuid4())
    with database.administer() as connection:
        connection.execute(
            "insert into audit (at, actor, role, request, table_name, row_id, patient_id, operation, changes)"
            " select %s, %s, 'app_desk', %s, 'appointment', gen_random_uuid(), %s, 'update', '{}'"
            " from generate_series(1, 3)",
            (AT, ACTOR, request, patient),
        )
    with as_worker(app).app_context():
        project_changes(request)
        project_changes(request)
        (record,) = queries.of_patient(patient)
    assert (record.action, record.actor, record.at, record.request) == ("changed", ACTOR, AT, request)


def test_the_audit_trigger_promises_one_job_for_all_changes_of_a_transaction(app: Flask, database: Database) -> None:
    scope = Scope(Role.MANAGER, ACTOR, AT, str(uuid4()))
    with app.app_context(), transactional(scope) as session:
        for number in range(2):
            session.add(Location(id=uuid4(), name=f"Place {number}", time_zone="America/New_York"))
    with database.administer() as connection:
        jobs = connection.execute("select task_name, args from jobs.procrastinate_jobs").fetchall()
    assert jobs == [("activity.project_changes", {"request": scope.request})]


def test_keys_hold_ids_and_times_only() -> None:
    item = item_of(Note("opened", PATIENT, detail="x"), Origin(ACTOR, AT, "request-1", "desk.board", "203.0.113.7"))
    assert item["pk"] == f"P#{PATIENT}"
    assert item["sk"] == "2026-11-22T15:42:07.120034Z#request-1#opened"


def test_stamps_sort_as_the_moments_do() -> None:
    moments = [AT + timedelta(microseconds=step * 700_001) for step in range(50)]
    assert sorted(map(stamp, moments)) == [stamp(moment) for moment in moments]


def test_a_day_is_spread_over_all_its_shards() -> None:
    shards = {item_of(Note("opened", PATIENT), Origin(ACTOR, AT, str(number)))["day_shard"] for number in range(200)}
    assert len(shards) == DAY_SHARDS
