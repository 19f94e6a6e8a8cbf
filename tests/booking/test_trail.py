from collections.abc import Callable
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from tests import factories
from tests.booking.wishes import ACTOR, TEN, Open, Owner, booked, wish
from tests.factories import NOW, Clinic
from webapp.booking.actions import CancelRequest, MoveRequest, Once, block_time, book, cancel, check_in, confirm, move
from webapp.booking.actions.book import BOOK
from webapp.booking.actions.locking import settle
from webapp.booking.models import Appointment
from webapp.db import Role, constraint_of
from webapp.ids import new_id

LATER = NOW + timedelta(minutes=3)


def jobs(owner: Owner, request: str) -> list[dict[str, Any]]:
    rows = owner.execute(
        "SELECT queue_name, task_name, args FROM jobs.procrastinate_jobs WHERE args ->> 'request' = %s", (request,)
    )
    return rows.fetchall()


def test_every_change_has_its_audit_row_with_actor_time_role_and_request(
    desk: Open, clinic: Clinic, owner: Owner
) -> None:
    visit = booked(desk, wish(clinic))
    steps: tuple[tuple[str, Callable[[], object]], ...] = (
        ("req-move", lambda: move(MoveRequest(visit, TEN + timedelta(hours=1)), at=LATER)),
        ("req-confirm", lambda: confirm(visit, at=LATER)),
        ("req-arrive", lambda: check_in(visit, at=LATER)),
        ("req-cancel", lambda: cancel(CancelRequest(visit, "ill"), at=LATER)),
    )
    for request, step in steps:
        scope = factories.scope(actor=ACTOR, at=LATER, request=request)
        with desk(scope):
            step()
        (row,) = owner.execute("SELECT * FROM audit WHERE request = %s", (request,)).fetchall()
        assert (row["actor"], row["at"], row["role"]) == (ACTOR, LATER, "app_desk")
        assert (row["table_name"], row["row_id"], row["operation"]) == ("appointment", visit, "update")
        assert row["patient_id"] == clinic.patients[0]
        assert set(row["changes"]) >= {"version"}
        assert jobs(owner, request) == [
            {"queue_name": "activity", "task_name": "activity.project_changes", "args": {"request": request}}
        ]


def test_history_has_every_status_and_every_change_of_time_or_provider(
    desk: Open, clinic: Clinic, owner: Owner
) -> None:
    visit = booked(desk, wish(clinic))
    with desk(factories.scope(actor=ACTOR, at=LATER)):
        move(MoveRequest(visit, TEN, clinic.providers[1]), at=LATER)
        confirm(visit, at=LATER)
    rows = owner.execute("SELECT * FROM appointment_history WHERE appointment_id = %s ORDER BY id", (visit,)).fetchall()
    assert [(row["from_status"], row["to_status"], row["provider_id"]) for row in rows] == [
        (None, "booked", clinic.providers[0]),
        ("booked", "booked", clinic.providers[1]),
        ("booked", "confirmed", clinic.providers[1]),
    ]
    assert {(row["actor"], row["at"]) for row in rows[1:]} == {(ACTOR, LATER)}


def test_one_transaction_promises_one_job_however_much_it_changes(desk: Open, clinic: Clinic, owner: Owner) -> None:
    scope = factories.scope()
    with desk(scope):
        for n, person in enumerate(clinic.patients):
            book(wish(clinic, TEN + n * timedelta(hours=1), patient_id=person), actor=ACTOR, at=NOW)
    assert len(owner.execute("SELECT FROM audit WHERE request = %s", (scope.request,)).fetchall()) == 2
    assert len(jobs(owner, scope.request)) == 1


def test_a_savepoint_that_is_rolled_back_takes_its_job_along_and_the_next_change_brings_one(
    desk: Open, clinic: Clinic, owner: Owner
) -> None:
    scope = factories.scope()
    with desk(scope) as session:
        savepoint = session.begin_nested()
        book(wish(clinic), actor=ACTOR, at=NOW)
        savepoint.rollback()
        book(wish(clinic, TEN + timedelta(hours=1)), actor=ACTOR, at=NOW)
    assert len(jobs(owner, scope.request)) == 1


def test_what_is_rolled_back_leaves_no_trail(desk: Open, clinic: Clinic, owner: Owner) -> None:
    scope = factories.scope()
    with pytest.raises(ZeroDivisionError), desk(scope):  # noqa: PT012 - the failure comes after the change
        book(wish(clinic), actor=ACTOR, at=NOW)
        _ = 1 / 0
    assert owner.execute("SELECT FROM audit WHERE request = %s", (scope.request,)).fetchall() == []
    assert jobs(owner, scope.request) == []


def rows_of(owner: Owner, visit: object) -> dict[str, list[dict[str, Any]]]:
    """Everything a booking left, without what differs between any two: ids, and which of two equal rows came first."""
    queries = {
        "appointment": "SELECT * FROM appointment WHERE id = %s",
        "occupancy": "SELECT * FROM occupancy WHERE owner_id = %s ORDER BY resource_id",
        "history": "SELECT * FROM appointment_history WHERE appointment_id = %s ORDER BY id",
        "audit": "SELECT * FROM audit WHERE row_id = %s ORDER BY id",
        "jobs": "SELECT j.queue_name, j.task_name, j.priority, j.lock, j.queueing_lock, j.status, j.attempts"
        " FROM jobs.procrastinate_jobs AS j JOIN audit AS a ON a.request = j.args ->> 'request' WHERE a.row_id = %s",
    }
    found = {name: owner.execute(query.encode(), (visit,)).fetchall() for name, query in queries.items()}
    for rows in found.values():
        for row in rows:
            for column in ("id", "owner_id", "appointment_id", "row_id", "request"):
                row.pop(column, None)
            row.get("changes", {}).pop("id", None)
    return found


def test_plain_models_and_the_booking_statement_write_the_same_rows(desk: Open, clinic: Clinic, owner: Owner) -> None:
    request = wish(clinic, provider_id=clinic.providers[1], note="Brings X-rays")
    with desk(factories.scope(actor=ACTOR, request="by statement")):
        made = book(request, actor=ACTOR, at=NOW)
        by_statement, room = made.id, made.room_id
    statement_left = rows_of(owner, by_statement)
    for table in ("occupancy", "audit", "appointment_history", "jobs.procrastinate_jobs", "appointment"):
        owner.execute(f"SET session_replication_role = replica; DELETE FROM {table}".encode())
    with desk(factories.scope(actor=ACTOR, request="by models")) as session:
        plain = Appointment(
            id=new_id(),
            patient_id=request.patient_id,
            service_id=request.service_id,
            provider_id=request.provider_id,
            room_id=room,
            location_id=request.location_id,
            starts_at=TEN,
            ends_at=TEN + timedelta(minutes=20),
            status="booked",
            price_cents=12_000,
            note="Brings X-rays",
            booked_at=NOW,
            booked_by=ACTOR,
        )
        session.add(plain)
        settle(plain, NOW)
        by_models = plain.id
    assert rows_of(owner, by_models) == statement_left
    assert [len(rows) for rows in statement_left.values()] == [1, 3, 1, 1, 1]


def test_the_booking_statement_knows_every_column_that_a_model_requires(owner: Owner) -> None:
    row = owner.execute("SELECT prosrc FROM pg_proc WHERE proname = 'book' AND pronargs = 26").fetchone()
    assert row is not None
    inserted = row["prosrc"].split("INSERT INTO public.appointment (")[1].split(")")[0]
    written = {name.strip() for name in inserted.split(",")}
    columns = Appointment.__table__.columns
    required = {column.name for column in columns if not column.nullable and column.server_default is None}
    assert required <= written <= {column.name for column in columns}
    assert BOOK.count("%(") == 26


def test_a_visit_without_occupancy_is_refused_at_commit(desk: Open, clinic: Clinic) -> None:
    with pytest.raises(IntegrityError) as refused, desk() as session:
        session.add(
            Appointment(
                id=new_id(),
                patient_id=clinic.patients[0],
                service_id=clinic.service,
                provider_id=clinic.providers[0],
                location_id=clinic.location,
                starts_at=TEN,
                ends_at=TEN + timedelta(minutes=20),
                status="booked",
                price_cents=0,
                booked_at=NOW,
            )
        )
    assert constraint_of(refused.value) == "appointment_occupancy"


TAMPERINGS = {
    "gone": "DELETE FROM occupancy WHERE owner_id = %(visit)s AND resource_id = %(patient)s",
    "shorter": "UPDATE occupancy SET during = tstzrange(lower(during), upper(during) - interval '5 minutes')",
    "elsewhere": "UPDATE occupancy SET resource_id = %(other)s WHERE resource_id = %(patient)s",
    "another lane": "UPDATE occupancy SET lane = 3 WHERE owner_id = %(visit)s",
    "lapsing": "UPDATE occupancy SET lapses_at = now() WHERE owner_id = %(visit)s",
    "of nobody": "UPDATE occupancy SET owner_id = %(other)s WHERE owner_id = %(visit)s",
    "too much": "INSERT INTO occupancy (resource_id, during, owner_id, owner_kind)"
    " SELECT %(other)s, during, owner_id, owner_kind FROM occupancy WHERE resource_id = %(patient)s",
    "doubled": "INSERT INTO occupancy (resource_id, during, owner_id, owner_kind)"
    " SELECT resource_id, during, owner_id, owner_kind FROM occupancy WHERE resource_id = %(patient)s",
    "cancelled but kept": "UPDATE appointment SET status = 'cancelled', cancel_reason = 'ill' WHERE id = %(visit)s",
    "moved but not its time": "UPDATE appointment SET ends_at = ends_at + interval '5 minutes' WHERE id = %(visit)s",
}


@pytest.mark.parametrize("tampering", TAMPERINGS.values(), ids=TAMPERINGS)
def test_occupancy_that_does_not_match_its_visit_is_refused_at_commit(
    desk: Open, clinic: Clinic, owner: Owner, tampering: str
) -> None:
    visit = booked(desk, wish(clinic))
    values = {"visit": visit, "patient": clinic.patients[0], "other": clinic.patients[1]}
    with pytest.raises(psycopg.errors.CheckViolation) as refused, owner.transaction():
        owner.execute(tampering.encode(), values)
    assert refused.value.diag.constraint_name == "appointment_occupancy"


def test_the_desk_cannot_tamper_through_the_doors(desk: Open, clinic: Clinic) -> None:
    visit = booked(desk, wish(clinic))
    occupy = text(
        "select doors.occupy(:owner, 'appointment', array[cast(:resource as uuid)],"
        " array[tstzrange(:starts, :ends)], 0, null, :starts)"
    )
    values = {"owner": visit, "resource": clinic.rooms[1], "starts": TEN, "ends": TEN + timedelta(hours=1)}
    with pytest.raises(IntegrityError) as refused, desk() as session:
        session.execute(occupy, values)
    assert constraint_of(refused.value) == "appointment_occupancy"
    with pytest.raises(Exception, match="settled, not vacated"), desk() as session:
        session.execute(text("select doors.vacate(:owner)"), values)


def test_blocked_time_is_audited_and_needs_no_visit(desk: Open, clinic: Clinic, owner: Owner) -> None:
    scope = factories.scope(Role.MANAGER)
    with desk(scope):
        block_time(clinic.rooms[0], TEN, TEN + timedelta(hours=1), "Cleaning", at=NOW)
    (row,) = owner.execute("SELECT * FROM audit WHERE request = %s", (scope.request,)).fetchall()
    assert (row["table_name"], row["role"]) == ("blocked_time", "app_manager")


def test_a_key_is_kept_with_what_it_booked_in_one_transaction(desk: Open, clinic: Clinic, owner: Owner) -> None:
    form = Once(new_id(), b"\x01" * 32, "/board?visit={appointment}")
    with pytest.raises(ZeroDivisionError), desk(actor=ACTOR):  # noqa: PT012 - the failure comes after the change
        book(wish(clinic), actor=ACTOR, at=NOW, once=form)
        _ = 1 / 0
    assert owner.execute("SELECT FROM idempotency").fetchall() == []
