"""Two managers who remove each other: one of them stays, in whatever order their steps come."""

from __future__ import annotations

import time
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg.rows import dict_row

from tests.booking.stepping import Hand
from tests.factories import NOW
from webapp.db import Role, db
from webapp.errors import NotAllowed
from webapp.identity import actions
from webapp.identity.actions import RolesChange
from webapp.identity.permissions import StaffRole

if TYPE_CHECKING:
    from flask import Flask

    from tests.stack.database import Database

PATIENCE_SECONDS = 10
TAKE_AWAY = {
    "the role": "delete from account_role where account_id = %s and role = 'manager'",
    "the account": "update account set disabled_at = '2026-11-22T12:00Z' where id = %s",
}
MANAGERS = (
    "select count(*) from account a join account_role r on r.account_id = a.id"
    " where r.role = 'manager' and a.disabled_at is null"
)


@pytest.fixture
def managers(database: Database) -> tuple[UUID, UUID]:
    """Two accounts, each of a manager."""
    both = uuid4(), uuid4()
    with database.administer() as connection:
        for account in both:
            connection.execute(
                "insert into account (id, email, display_name, created_at) values (%s, %s, 'Robin Example', %s)",
                (account, f"{account}@anteroom.example", NOW),
            )
            connection.execute("insert into account_role values (%s, 'manager', %s)", (account, NOW))
    return both


def left(database: Database) -> int:
    with database.administer() as connection:
        row = connection.execute(MANAGERS).fetchone()
    assert row is not None
    return int(row[0])


def until_it_waits(database: Database, connection: psycopg.Connection[Any], step: Future[Any]) -> bool:
    deadline = time.monotonic() + PATIENCE_SECONDS
    with database.administer() as watch:
        while not step.done() and time.monotonic() < deadline:
            query = "select wait_event_type from pg_stat_activity where pid = %s"
            if watch.execute(query, (connection.info.backend_pid,)).fetchone() == ("Lock",):
                return True
    return False


@pytest.mark.parametrize("second", TAKE_AWAY)
@pytest.mark.parametrize("first", TAKE_AWAY)
def test_the_second_of_two_waits_and_is_refused_by_the_database(
    database: Database, managers: tuple[UUID, UUID], first: str, second: str
) -> None:
    ours, theirs = managers
    with (
        database.connect("app_manager") as one,
        database.connect("app_manager") as other,
        ThreadPoolExecutor(1) as thread,
    ):
        for connection in (one, other):
            connection.commit()
            connection.autocommit = False
        one.execute(TAKE_AWAY[first], (theirs,))
        step = thread.submit(other.execute, TAKE_AWAY[second], (ours,))
        assert until_it_waits(database, other, step)
        one.commit()
        with pytest.raises(psycopg.errors.CheckViolation) as refused:
            step.result(PATIENCE_SECONDS)
        assert refused.value.diag.constraint_name == "account_last_manager"
        other.rollback()
    assert left(database) == 1


def test_when_the_first_gives_up_the_second_goes_on(database: Database, managers: tuple[UUID, UUID]) -> None:
    ours, theirs = managers
    with (
        database.connect("app_manager") as one,
        database.connect("app_manager") as other,
        ThreadPoolExecutor(1) as thread,
    ):
        for connection in (one, other):
            connection.commit()
            connection.autocommit = False
        one.execute(TAKE_AWAY["the role"], (theirs,))
        step = thread.submit(other.execute, TAKE_AWAY["the account"], (ours,))
        assert until_it_waits(database, other, step)
        one.rollback()
        step.result(PATIENCE_SECONDS)
        other.commit()
    assert left(database) == 1


def test_a_manager_who_was_just_removed_removes_nobody(
    app: Flask, database: Database, managers: tuple[UUID, UUID]
) -> None:
    ours, theirs = managers
    seen = frozenset({StaffRole.MANAGER})

    def removes(who: UUID, whom: UUID) -> None:
        change = RolesChange(whom, frozenset({StaffRole.AUDITOR}), seen)
        actions.change_roles(db.session(), change, by=who, at=NOW)

    with database.administer() as watch:
        watch.row_factory = dict_row
        with Hand(app, watch, Role.MANAGER) as one, Hand(app, watch, Role.MANAGER) as other:
            one.did(lambda: removes(ours, theirs))
            step = other.does(lambda: removes(theirs, ours))
            assert other.waits(step)
            one.commits()
            with pytest.raises(NotAllowed):
                step.result(PATIENCE_SECONDS)
    assert left(database) == 1


def test_the_database_lets_nobody_give_a_role_to_themselves(database: Database, managers: tuple[UUID, UUID]) -> None:
    with database.connect("app_manager") as connection:
        connection.execute("select set_config('app.actor', %s, false)", (str(managers[0]),))
        with pytest.raises(psycopg.errors.CheckViolation) as refused:
            connection.execute("insert into account_role values (%s, 'auditor', %s)", (managers[0], NOW))
        assert refused.value.diag.constraint_name == "account_own_role"


def test_others_than_managers_may_be_disabled_in_a_clinic_without_one(database: Database) -> None:
    account = uuid4()
    with database.administer() as connection:
        connection.execute(
            "insert into account (id, email, display_name, created_at) values (%s, 'a@b.example', 'Robin', %s)",
            (account, NOW),
        )
    with database.connect("app_manager") as connection:
        connection.execute(TAKE_AWAY["the account"], (account,))
