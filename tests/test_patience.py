"""A PostgreSQL that is there and says nothing holds nobody: neither at a ping, nor in the middle, nor at COMMIT."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from time import perf_counter
from typing import TYPE_CHECKING

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from tests import factories
from tests.stack.people import Visitor
from tests.stack.proxy import BlackHole, Pass, Proxy
from webapp import patience
from webapp.db import CONNECT_ARGS, db, transactional
from webapp.patience import LEAST_SECONDS, PAGE_SECONDS, PING_SECONDS, STATEMENT_SECONDS, Impatient, ImpatientWorker

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask

    from tests.stack.database import Database
    from tests.stack.people import SignIn

SPARE_SECONDS = 1.0
CONNECT_SECONDS: int = CONNECT_ARGS["connect_timeout"]


def test_a_page_waits_for_a_ping_and_a_connection_and_no_longer(wired: Flask, wire: Proxy, sign_in: SignIn) -> None:
    known = sign_in("receptionist")
    client = wired.test_client()
    client.set_cookie("anteroom", known.cookie)
    desk = Visitor(wired, client, known.account_id, known.secret)
    assert desk.get("/patients/new").status_code == 200
    assert desk.get("/board").status_code == 200
    with wire.being(BlackHole()):
        started = perf_counter()
        assert desk.get("/board").status_code == 503
        assert perf_counter() - started < PING_SECONDS + CONNECT_SECONDS + SPARE_SECONDS
        started = perf_counter()
        assert desk.post("/patients/new", {"given": "Robin"}).status_code == 503
        # Once for what was asked, and once more to show the form again with what was typed: of one budget.
        assert perf_counter() - started < PAGE_SECONDS + LEAST_SECONDS + SPARE_SECONDS
    assert desk.get("/board").status_code == 200


def test_silence_in_the_middle_ends_the_statement_and_the_connection(wired: Flask, wire: Proxy) -> None:
    with wired.app_context():
        started = perf_counter()
        with pytest.raises(OperationalError), transactional(factories.scope()) as session:  # noqa: PT012 - it ends there
            wire.mode = BlackHole()
            session.execute(text("select 1"))
        wire.mode = Pass()
        assert STATEMENT_SECONDS - 0.5 < perf_counter() - started < STATEMENT_SECONDS + SPARE_SECONDS
        with transactional(factories.scope()) as session:
            assert session.execute(text("select 1")).scalar_one() == 1


def test_a_slow_statement_is_ended_by_postgresql_itself_and_keeps_its_connection(wired: Flask) -> None:
    with wired.app_context():
        with pytest.raises(OperationalError) as refused, transactional(factories.scope()) as session:
            session.execute(text("select pg_sleep(60)"))
        assert refused.value.orig.sqlstate == "57014"  # type: ignore[union-attr]
        assert db.engine.pool.checkedin() == 1  # type: ignore[attr-defined]


def test_a_worker_gives_up_a_connection_that_says_nothing(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "WORKER_SECONDS", 0.5)

    async def work(address: str, wire: Proxy) -> bool:
        async with await ImpatientWorker.connect(address, autocommit=True) as connection:
            assert await (await connection.execute("select 1")).fetchone() == (1,)
            wire.mode = BlackHole()
            with pytest.raises(psycopg.OperationalError, match="did not answer in time"):
                await connection.execute("select 2")
            return connection.closed

    with Proxy(database.stack.postgres.port) as wire:
        address = database.stack.postgres.address(database.name)
        address = address.replace(f":{database.stack.postgres.port}/", f":{wire.port}/")
        assert asyncio.run(work(address, wire))


@pytest.fixture
def straight(database: Database) -> Iterator[Impatient]:
    """A connection of ours without anything above it."""
    with Impatient.connect(database.stack.postgres.address(database.name), autocommit=True) as connection:
        yield connection


def test_who_is_refused_leaves_what_is_prepared_to_the_next(straight: Impatient) -> None:
    for _ in range(7):
        straight.execute("select %s::int + 1", (1,))
    with suppress(ZeroDivisionError), straight.transaction():
        with suppress(psycopg.errors.DivisionByZero), straight.transaction():
            straight.execute("select 1 / %s::int", (0,))
        raise ZeroDivisionError
    prepared = straight.execute("select statement from pg_prepared_statements").fetchall()
    assert prepared == [("select $1::int + 1",)]
    assert straight.execute("select %s::int + 1", (2,)).fetchone() == (3,)


def test_a_statement_whose_table_has_changed_fails_once(straight: Impatient) -> None:
    straight.execute("create temp table changing as select 1 as one")
    for _ in range(7):
        straight.execute("select * from changing")
    straight.execute("alter table changing add two int default 2")
    with pytest.raises(psycopg.errors.FeatureNotSupported):
        straight.execute("select * from changing")
    assert straight.execute("select * from changing").fetchone() == (1, 2)
