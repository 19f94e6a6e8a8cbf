"""A transaction begins in one round trip, on a connection that lives, as whoever it is for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import InternalError

from tests import factories
from webapp.db import db, transactional
from webapp.opening import Opening

if TYPE_CHECKING:
    from flask import Flask

    from tests.stack.database import Database

WHO = text(
    "select current_setting('role'), current_setting('app.actor'), current_setting('transaction_read_only'),"
    " pg_backend_pid()"
)


def test_it_begins_as_its_role_and_leaves_nothing_behind(app: Flask) -> None:
    scope = factories.scope()
    with app.app_context():
        for reading in (True, False, True):
            with transactional(scope, read_only=reading) as session:
                role, actor, read_only, _pid = session.execute(WHO).one()
            assert (role, actor, read_only) == (scope.role.value, str(scope.actor), "on" if reading else "off")
        with db.engine.connect() as connection:
            assert connection.execute(text("select current_setting('role')")).scalar_one() == "none"
            assert not connection.execute(text("select current_setting('app.actor', true)")).scalar_one()


def test_who_only_reads_changes_nothing(app: Flask) -> None:
    with (
        app.app_context(),
        pytest.raises(InternalError) as refused,
        transactional(factories.scope(), read_only=True) as session,
    ):
        session.execute(text("delete from appointment"))
    assert isinstance(refused.value.orig, psycopg.errors.ReadOnlySqlTransaction)


def test_a_connection_that_died_while_it_rested_is_never_noticed(app: Flask, database: Database) -> None:
    with app.app_context():
        with transactional(factories.scope()) as session:
            *_who, first = session.execute(WHO).one()
        with database.administer() as connection:
            ended = "select pg_terminate_backend(pid, 5000) from pg_stat_activity where pid = %s and datname = %s"
            assert connection.execute(ended, (first, database.name)).fetchone() == (True,)
        with transactional(factories.scope()) as session:
            role, *_rest, second = session.execute(WHO).one()
    assert (role, second != first) == (factories.scope().role.value, True)


def test_who_is_let_into_no_role_gets_no_transaction(app: Flask) -> None:
    with app.app_context(), db.engine.connect() as held:
        connection = held.connection.driver_connection
        assert isinstance(connection, psycopg.Connection)
        connection.rollback()
        with pytest.raises(psycopg.Error, match="nobody_known"):
            Opening(("nobody_known", "", "", "", "", "", ""), read_only=False).say(connection)
        assert connection.closed
