"""Each race is won as it is, and lost when the lock or constraint that decides it is taken away."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from flask import Flask
from psycopg import sql
from psycopg.rows import dict_row
from sqlalchemy import event

from tests import factories
from tests.booking.arena import Arena
from tests.booking.case import Case
from tests.booking.cases import CASES
from tests.booking.wishes import Owner, application
from tests.stack.services import copy_of_template
from webapp.db import db

if TYPE_CHECKING:
    from tests.stack.database import Database


NAMES = [case.race.__name__ for case in CASES]


def arena_on(address: str, owner: Owner) -> Iterator[Arena]:
    app = application(address)
    clinic = factories.clinic(owner, rooms=0, needs_room=False)
    yield Arena(app, owner, clinic)
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def arena(database: Database, owner: Owner) -> Iterator[Arena]:
    """The clinic as it is."""
    yield from arena_on(database.environment["DATABASE_URL"], owner)


@pytest.fixture
def sabotaged(database: Database, case: Case) -> Iterator[Arena]:
    """A copy of the clinic's database, or of its application, that lacks one guard."""
    stack, name = database.stack, f"{database.name}_sabotaged"
    copy_of_template(stack, name)
    address = stack.postgres.address(name, "anteroom_app", stack.passwords["anteroom_app"])
    try:
        with psycopg.connect(stack.postgres.address(name), autocommit=True, row_factory=dict_row) as owner:
            _sabotage(owner, case)
            for arena in arena_on(address, owner):
                if case.unlocked:
                    _unlock(arena.app)
                yield arena
    finally:
        with database.administer() as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def _sabotage(owner: Owner, case: Case) -> None:
    for statement in case.sabotage:
        owner.execute(statement.encode())
    if case.rewritten is not None:
        function, guard, without = case.rewritten
        # Of a name there may be a second one, which the version of before calls.
        known = """
            SELECT pg_get_functiondef(oid) AS source FROM pg_proc
            WHERE pronamespace = %s::regnamespace AND proname = %s
        """
        sources = [row["source"] for row in owner.execute(known, function.split("."))]
        (source,) = [each for each in sources if guard in each]
        owner.execute(source.replace(guard, without).encode())


def _unlock(app: Flask) -> None:
    """Take FOR UPDATE out of what this application asks."""

    def unlock(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> tuple[str, Any]:
        return statement.replace(" FOR UPDATE", ""), parameters

    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", unlock, retval=True)


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_the_race_is_won(arena: Arena, case: Case) -> None:
    assert case.race(arena) == case.won


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_the_race_is_lost_without_its_guard(sabotaged: Arena, case: Case) -> None:
    assert case.race(sabotaged) == {**case.won, **case.lost}
