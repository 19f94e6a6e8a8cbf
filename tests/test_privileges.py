"""Who may do what in PostgreSQL, as it is granted: logins, scope roles, doors, and what nobody may ever change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg import sql

from tests import factories
from tests.full_record import a_full_record
from webapp.db import Role

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.stack.database import Database

LOGINS = ("anteroom_app", "anteroom_worker")
ROLES = tuple(role.value for role in Role)
STAFF = {"app_desk", "app_clinician", "app_biller", "app_coordinator", "app_manager"}

Owner = psycopg.Connection[Any]


@pytest.fixture
def owner(database: Database) -> Iterator[Owner]:
    with database.administer() as connection:
        yield connection


def names(owner: Owner, query: str) -> set[str]:
    return {row[0] for row in owner.execute(query.encode())}


@pytest.mark.parametrize("login", LOGINS)
def test_without_a_role_the_login_may_touch_nothing(database: Database, owner: Owner, login: str) -> None:
    tables = names(owner, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    assert len(tables) > 20
    with database.connect(login=login) as connection:
        for table in tables:
            for statement in ("SELECT FROM {}", "DELETE FROM {}", "TRUNCATE {}"):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute(sql.SQL(statement).format(sql.Identifier(table)))
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("SELECT doors.busy(ARRAY[]::uuid[], tstzrange(now(), now()), now())")


APPEND_ONLY = (
    "audit", "appointment_history", "ledger_transaction", "ledger_entry", "payment", "refund", "attempt_event",
    "attempt_allocation", "drawer_day_step",
)  # fmt: skip


@pytest.mark.parametrize("role", [*ROLES, "anteroom_owner", "anteroom_doors", "anteroom_migrator", "postgres"])
@pytest.mark.parametrize("table", APPEND_ONLY)
def test_what_happened_is_never_changed_by_anybody(owner: Owner, table: str, role: str) -> None:
    clinic = factories.clinic(owner)
    a_full_record(owner, clinic, clinic.patients[0], 10)
    column = sql.Identifier("cents" if table in {"ledger_entry", "attempt_allocation"} else "at")
    before = owner.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))).fetchone()
    owner.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(role)))
    for statement in ("UPDATE {} SET {column} = {column}", "DELETE FROM {}", "TRUNCATE {} CASCADE"):
        try:
            owner.execute(sql.SQL(statement).format(sql.Identifier(table), column=column))
        except psycopg.errors.InsufficientPrivilege:
            continue
        # Forced row security leaves the owner nothing to change; silence is as good as an error.
        assert role == "anteroom_owner"
        assert "TRUNCATE" not in statement
    owner.execute("RESET ROLE")
    assert owner.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))).fetchone() == before


@pytest.mark.parametrize("role", ROLES)
def test_nobody_but_the_worker_reads_the_arguments_of_jobs(database: Database, role: str) -> None:
    login = "anteroom_worker" if role == "app_job" else "anteroom_app"
    with database.connect(role, login=login) as connection:
        for column in ("args", "*"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(f"SELECT {column} FROM jobs.procrastinate_jobs".encode())


# function -> who may call it; the doors that are nobody's business are called by other doors only.
EVERY_BOOKER = STAFF | {"app_patient", "app_import", "app_job"}
CALLERS = {
    "doors.busy": EVERY_BOOKER,
    "doors.lock_resources": EVERY_BOOKER,
    "doors.settle": EVERY_BOOKER,
    "doors.occupy": STAFF | {"app_import"},
    "doors.vacate": STAFF | {"app_import"},
    "doors.trade": STAFF | {"app_import"},
    "doors.gaps": EVERY_BOOKER,
    "doors.minutes_booked": EVERY_BOOKER,
    "doors.lock_session": EVERY_BOOKER,
    "doors.seats_taken": EVERY_BOOKER,
    "doors.end_held_seats": EVERY_BOOKER,
    "doors.rest_like_wishes": {"app_manager"},
    "doors.wake_wishes": {"app_manager"},
    "doors.calendar": {"app_patient"},
    "doors.patients_keep_to": set(),
    "doors.settle_group": {"app_desk", "app_clinician", "app_manager", "app_import"},
    "doors.settle_session": {"app_desk", "app_clinician", "app_manager", "app_import"},
    "doors.settle_leave": {"app_desk", "app_manager", "app_import"},
    "doors.lock_if_held": STAFF | {"app_import", "app_patient"},
    "doors.lock_visit": STAFF | {"app_import", "app_patient"},
    "doors.lock_hold": STAFF | {"app_import", "app_patient"},
    "doors.free_lane": STAFF | {"app_import"},
    "doors.hand_over": STAFF | {"app_import", "app_patient"},
    "doors.end_lapsed_of": STAFF | {"app_import", "app_patient"},
    "doors.end_hold": STAFF | {"app_patient", "app_job"},
    "doors.free_lapsed": set(),
    "doors.take": set(),
    "doors.give_back": set(),
    "doors.lock_givers": set(),
    "doors.fill_leave": set(),
    "doors.check_leave": set(),
    "doors.expected_occupancy": set(),
    "doors.expected_session_occupancy": set(),
    "doors.actor": set(ROLES),
    "doors.moment": set(ROLES),
    "doors.occupancy_must_match": set(),
    "doors.appointment_history": set(),
    "doors.audit_change": set(),
    "doors.append_only": set(),
    "doors.appointment_within_reach": set(),
    "doors.keep_a_manager": set(),
    "doors.no_role_for_oneself": set(),
    "doors.access_ends": set(),
    "doors.app_since": {"app_desk"},
    "doors.forget_app": {"app_desk"},
    "doors.merged_tables": set(),
    "doors.keep_together": set(),
    "doors.point_at": set(),
    "doors.lock_people": set(),
    "doors.merge_patients": {"app_manager"},
    "doors.unmerge_patients": {"app_manager"},
    "doors.ledger_must_balance": set(),
    "doors.ledger_needs_leave": set(),
    "doors.refund_needs_leave": set(),
    "doors.money_within_reach": set(),
    "doors.invoice_must_be_in_ledger": set(),
    "doors.invoice_is_fixed": set(),
    "doors.invoice_line_is_fixed": set(),
    "doors.drawer_day_takes_money": set(),
    "doors.drawer_day_is_signed": set(),
    "doors.keep_price": set(),
    "doors.adult_from": {"app_desk", "app_manager"},
    "doors.language_of": {"app_identity", "app_manager"},
    "doors.helpers_of": {"app_desk", "app_manager", "app_identity"},
    "doors.hearers_of": {"app_job", "app_desk", "app_patient"},
    "doors.records_of": {"app_patient"},
    "doors.invitation_is_open": set(),
    "doors.invited": {"app_identity"},
    "doors.take_invitation": {"app_identity"},
    "doors.change_reach": {"app_patient"},
    "doors.grants_of": {"app_identity", "app_job", "app_manager"},
    "doors.mark_occupancy": set(),
    "doors.mark_plan": set(),
    "doors.one_change_of_accounts": {"app_identity", "app_manager"},
    "public.book": {"app_desk", "app_manager", "app_patient"},
    "public.guard_visit": {"app_desk", "app_manager", "app_patient"},
    "public.guard_place": {"app_desk", "app_clinician", "app_manager", "app_import", "app_patient"},
    "public.take_place": {"app_desk", "app_manager", "app_patient"},
    "public.take_held_place": {"app_desk", "app_manager", "app_patient"},
    "public.take_group_place": {"app_desk", "app_clinician", "app_manager", "app_import"},
    "public.take_session_place": {"app_desk", "app_clinician", "app_manager", "app_import"},
    "public.swap_places": {"app_desk", "app_manager"},
}


def test_each_function_may_be_called_by_those_who_need_it_and_by_nobody_else(owner: Owner) -> None:
    allowed: dict[str, set[str]] = {}
    query = """
        SELECT n.nspname || '.' || p.proname, r.rolname
        FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
        LEFT JOIN pg_roles AS r ON has_function_privilege(r.oid, p.oid, 'EXECUTE') AND r.rolname = ANY (%s)
        WHERE n.nspname IN ('doors', 'public')
          AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = p.oid AND deptype = 'e')
    """
    for function, role in owner.execute(query, ([*ROLES, *LOGINS],)):
        allowed.setdefault(function, set()).update({role} - {None})
    assert allowed == CALLERS


def test_doors_belong_to_a_role_that_cannot_log_in_and_look_things_up_in_one_place(owner: Owner) -> None:
    query = """
        SELECT p.proname, r.rolname, r.rolcanlogin, p.proconfig
        FROM pg_proc AS p JOIN pg_roles AS r ON r.oid = p.proowner
        WHERE p.prosecdef AND p.pronamespace IN ('doors'::regnamespace, 'public'::regnamespace)
    """
    doors = owner.execute(query).fetchall()
    assert len(doors) >= 8
    for name, role, may_log_in, settings in doors:
        assert (role, may_log_in) == ("anteroom_doors", False), name
        (path,) = [setting for setting in settings or () if setting.startswith("search_path=")]
        # Left out, pg_temp would be searched first, and a caller's temporary table would pose as one of ours.
        assert path.replace('"', "") in {
            "search_path=pg_catalog, public, pg_temp",
            "search_path=pg_catalog, pg_temp",
        }, name


def test_no_temporary_table_poses_as_one_of_the_job_queue(owner: Owner) -> None:
    """The doors put jobs into the queue, so its triggers run with their rights."""
    query = "SELECT p.proname, p.proconfig FROM pg_proc AS p WHERE p.pronamespace = 'jobs'::regnamespace"
    functions = owner.execute(query).fetchall()
    assert len(functions) > 10
    for name, settings in functions:
        assert settings is not None, name
        assert any(each.replace('"', "") == "search_path=jobs, pg_catalog, pg_temp" for each in settings), name


def test_login_roles_own_nothing_and_inherit_nothing(owner: Owner) -> None:
    queries = (
        "SELECT r.rolname FROM pg_shdepend AS d JOIN pg_roles AS r ON r.oid = d.refobjid WHERE d.deptype = 'o'",
        "SELECT rolname FROM pg_roles WHERE rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication",
        "SELECT member::regrole::text FROM pg_auth_members WHERE inherit_option OR admin_option",
    )
    for query in queries:
        assert names(owner, query).isdisjoint(LOGINS)
    with_login = "SELECT rolname FROM pg_roles WHERE rolcanlogin AND rolname LIKE 'app%'"
    assert names(owner, with_login) == set()


def test_the_web_cannot_become_the_worker(database: Database) -> None:
    with database.connect() as connection:
        for role in ("app_job", "anteroom_owner", "anteroom_doors", "anteroom_worker", "anteroom_migrator", "postgres"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(role)))
