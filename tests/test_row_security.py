"""PostgreSQL enforces who sees what by itself: raw SQL as the application's login, without any of our code."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import psycopg
import pytest
from psycopg import sql

from tests import factories
from tests.factories import NOW
from tests.full_record import MONEY_TABLES, a_full_record
from webapp.ids import new_id

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.stack.database import Database

PATIENT_TABLES = (
    "patient",
    "patient_identifier",
    "patient_telecom",
    "patient_address",
    "patient_contact",
    "patient_alert",
    "clinical_alert",
    "encounter",
    "encounter_detail",
    "appointment",
    "appointment_history",
    "account_patient",
    "series",
    "waiting_wish",
    "waiting_offer",
    "patient_merge",
    "patient_merge_row",
    *MONEY_TABLES,
    "payment_link",
    "card_setup",
    "coverage",
    "message",
    "mailbox_item",
    "calendar_feed",
    "portal_invitation",
    "portal_registration",
)
NOT_FOR_PATIENTS = (
    "account_patient",
    "patient_merge",
    "patient_merge_row",
    "portal_invitation",
    "portal_registration",
    "mailbox_item",
)
CLINICAL = ("clinical_alert", "encounter_detail")

Owner = psycopg.Connection[Any]


@pytest.fixture
def owner(database: Database) -> Iterator[Owner]:
    with database.administer() as connection:
        yield connection


@pytest.fixture
def two_patients(owner: Owner) -> tuple[UUID, UUID]:
    clinic = factories.clinic(owner)
    a_full_record(owner, clinic, clinic.patients[0], 10)
    a_full_record(owner, clinic, clinic.patients[1], 11)
    return clinic.patients[0], clinic.patients[1]


def ids_in(connection: Owner, table: str) -> list[UUID]:
    column = "id" if table == "patient" else "patient_id"
    query = sql.SQL("SELECT {} FROM {}").format(sql.Identifier(column), sql.Identifier(table))
    return [row[0] for row in connection.execute(query)]


def names(owner: Owner, query: str) -> set[str]:
    return {row[0] for row in owner.execute(query.encode())}


def as_role(database: Database, role: str) -> Owner:
    return database.connect(role, login="anteroom_worker" if role == "app_job" else "anteroom_app")


@pytest.mark.parametrize("table", PATIENT_TABLES)
def test_a_patient_sees_only_rows_in_their_scope(
    database: Database, two_patients: tuple[UUID, UUID], table: str
) -> None:
    mine, foreign = two_patients
    with database.connect("app_patient") as connection:
        if table in NOT_FOR_PATIENTS:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                ids_in(connection, table)
            return
        assert ids_in(connection, table) == []  # no scope was ever set
        for scope, seen in (("", set()), (str(new_id()), set()), (str(mine), {mine}), (str(foreign), {foreign})):
            connection.execute("SELECT set_config('app.patients', %s, false)", (scope,))
            assert set(ids_in(connection, table)) == seen
        connection.execute("SELECT set_config('app.patients', %s, false)", (f"{mine},{foreign}",))
        assert set(ids_in(connection, table)) == {mine, foreign}


def test_patients_say_how_they_are_told_and_nobody_elses(database: Database, two_patients: tuple[UUID, UUID]) -> None:
    mine, foreign = two_patients
    with database.connect("app_patient") as connection:
        assert ids_in(connection, "contact_preference") == []
        connection.execute("SELECT set_config('app.patients', %s, false)", (str(mine),))
        assert ids_in(connection, "contact_preference") == [mine]
        changed = connection.execute("UPDATE contact_preference SET visits = 'none'")
        assert changed.rowcount == 1
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("UPDATE contact_preference SET patient_id = %s", (foreign,))


@pytest.mark.parametrize("scope", ["nonsense", "' or true --", "null", "*", "{}", ","])
def test_a_scope_that_is_no_list_of_ids_shows_nothing(
    database: Database, two_patients: tuple[UUID, UUID], scope: str
) -> None:
    with database.connect("app_patient") as connection:
        connection.execute("SELECT set_config('app.patients', %s, false)", (scope,))
        with pytest.raises(psycopg.errors.InvalidTextRepresentation):
            ids_in(connection, "patient")


def test_a_patient_changes_nothing_by_hand(database: Database, two_patients: tuple[UUID, UUID]) -> None:
    with database.connect("app_patient") as connection:
        connection.execute("SELECT set_config('app.patients', %s, false)", (str(two_patients[0]),))
        for table in (*PATIENT_TABLES, "occupancy", "audit", "resource", "schedule", "service", "account"):
            for statement in ("DELETE FROM {}", "INSERT INTO {} DEFAULT VALUES"):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute(sql.SQL(statement).format(sql.Identifier(table)))
        for table, column in (("patient", "family"), ("appointment", "status"), ("patient_telecom", "value")):
            change = sql.SQL("UPDATE {} SET {} = 'x'").format(sql.Identifier(table), sql.Identifier(column))
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(change)


def test_every_table_with_a_patient_has_forced_row_security_and_a_policy(owner: Owner) -> None:
    with_patients = names(
        owner,
        """
        SELECT c.relname FROM pg_class AS c
        WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace AND (
            c.relname = 'patient'
            OR EXISTS (SELECT FROM pg_attribute AS a
                WHERE a.attrelid = c.oid AND NOT a.attisdropped AND a.attname LIKE '%patient%' AND a.attnum > 0)
            OR EXISTS (SELECT FROM pg_constraint AS k
                WHERE k.conrelid = c.oid AND k.contype = 'f' AND k.confrelid = 'patient'::regclass)
            OR EXISTS (SELECT FROM pg_constraint AS k
                WHERE k.conrelid = c.oid AND k.contype = 'f' AND k.confrelid = 'appointment'::regclass))
        """,
    )
    assert with_patients >= {*PATIENT_TABLES, "audit"}
    secured = names(
        owner,
        """
        SELECT c.relname FROM pg_class AS c
        WHERE c.relrowsecurity AND c.relforcerowsecurity AND EXISTS (SELECT FROM pg_policy WHERE polrelid = c.oid)
        """,
    )
    assert with_patients - secured == set()
    # Whose time it is and what they sent are about patients too, though no column says so.
    assert {"occupancy", "idempotency"} <= secured


def test_policies_name_their_roles_and_use_only_the_two_measured_forms(owner: Owner) -> None:
    forms = names(owner, "SELECT DISTINCT coalesce(qual, with_check) FROM pg_policies WHERE schemaname = 'public'")
    column = r"(id|patient_id)"
    scoped = (
        rf"^\({column} = ANY \(\( SELECT \(string_to_array\(current_setting\('app.patients'::text, true\),"
        r" ','::text\)\)::uuid\[\] AS string_to_array\)::uuid\[\]\)\)$"
    )
    others = {form for form in forms - {"true"} if re.search(scoped, form) is None}
    assert len(others) <= 1
    assert all("doors.actor()" in form for form in others)
    assert (
        names(owner, "SELECT tablename FROM pg_policies WHERE 'public' = ANY (roles) OR permissive <> 'PERMISSIVE'")
        == set()
    )


def test_views_run_with_the_rights_of_who_asks(owner: Owner) -> None:
    open_views = """
        SELECT relname FROM pg_class
        WHERE relkind IN ('v', 'm') AND relnamespace = 'public'::regnamespace
          AND NOT coalesce('security_invoker=true' = ANY (reloptions), false)
    """
    assert names(owner, open_views) == set()


@pytest.mark.parametrize("role", ["app_desk", "app_biller", "app_manager", "app_auditor", "app_job", "app_identity"])
@pytest.mark.parametrize("table", CLINICAL)
def test_what_is_clinical_is_not_for(database: Database, role: str, table: str) -> None:
    with as_role(database, role) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        ids_in(connection, table)


@pytest.mark.parametrize("role", ["app_clinician", "app_coordinator"])
@pytest.mark.parametrize("table", CLINICAL)
def test_what_is_clinical_is_for(database: Database, two_patients: tuple[UUID, UUID], role: str, table: str) -> None:
    with as_role(database, role) as connection:
        assert set(ids_in(connection, table)) == set(two_patients)


def test_who_is_busy_is_told_without_saying_whom_it_is_for(
    database: Database, owner: Owner, two_patients: tuple[UUID, UUID]
) -> None:
    row = owner.execute("SELECT array_agg(DISTINCT provider_id) FROM appointment").fetchone()
    assert row is not None
    with database.connect("app_patient") as connection:
        span = "tstzrange(%s, %s)"
        busy = connection.execute(
            f"SELECT * FROM doors.busy(%s, {span}, %s)".encode(), (row[0], NOW, NOW + timedelta(days=1), NOW)
        )
        assert [column.name for column in busy.description or ()] == ["resource_id", "lane", "during", "lapses_at"]
        assert len(busy.fetchall()) == 2
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("SELECT FROM occupancy")


def test_a_patient_does_not_learn_when_another_patient_is_busy(
    database: Database, owner: Owner, two_patients: tuple[UUID, UUID]
) -> None:
    mine, other = two_patients
    busy = b"SELECT DISTINCT resource_id FROM doors.busy(%s, tstzrange(%s, %s), %s)"
    asked = ([mine, other], NOW, NOW + timedelta(days=1), NOW)
    with database.connect("app_patient") as connection:
        assert connection.execute(busy, asked).fetchall() == []
        connection.execute("SELECT set_config('app.patients', %s, false)", (str(mine),))
        assert connection.execute(busy, asked).fetchall() == [(mine,)]
    with database.connect("app_desk") as connection:
        assert len(connection.execute(busy, asked).fetchall()) == 2


def test_keys_belong_to_who_sent_them(database: Database, owner: Owner) -> None:
    mine, other = new_id(), new_id()
    for actor in (mine, other):
        factories.insert(
            owner,
            "idempotency",
            actor=actor,
            key=new_id(),
            request_hash=b"x",
            status=303,
            location="/",
            created_at=NOW,
        )
    with database.connect("app_desk") as connection:
        assert connection.execute("SELECT actor FROM idempotency").fetchall() == []
        connection.execute("SELECT set_config('app.actor', %s, false)", (str(mine),))
        assert connection.execute("SELECT actor FROM idempotency").fetchall() == [(mine,)]
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("UPDATE idempotency SET actor = %s", (other,))


def test_a_child_cannot_hang_on_another_patients_parent(owner: Owner, two_patients: tuple[UUID, UUID]) -> None:
    """Foreign keys bypass row security, so children point at (id, patient_id)."""
    mine, foreign = two_patients
    row = owner.execute("SELECT id FROM encounter WHERE patient_id = %s", (foreign,)).fetchone()
    assert row is not None
    owner.execute("DELETE FROM encounter_detail WHERE encounter_id = %s", row)
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        factories.insert(owner, "encounter_detail", encounter_id=row[0], patient_id=mine)
