"""Refusals: one meaning for each constraint, words for people, codes for logs."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from webapp.clock import now
from webapp.db import Role, Scope, transactional
from webapp.errors import FormInvalid, Refusal, known_constraints, refusal_of, refuses

if TYPE_CHECKING:
    from flask import Flask

    from tests.stack.database import Database

RAISED_BY_FUNCTIONS = """
select pg_get_functiondef(oid) from pg_proc
where pronamespace in ('public'::regnamespace, 'doors'::regnamespace)
and prolang = (select oid from pg_language where lanname = 'plpgsql')
"""


@refuses("trial_only")
class TrialRefusal(Refusal):
    code = "trial"
    message = "Robin Example is taken."


def test_a_constraint_has_one_meaning() -> None:
    refuses("trial_only")(TrialRefusal)
    with pytest.raises(ValueError, match="two refusals"):
        refuses("trial_only")(type("Other", (Refusal,), {}))


def test_logs_get_the_code_and_people_get_the_sentence() -> None:
    refusal = TrialRefusal(field="name")
    assert str(refusal) == "trial"
    assert "Robin" not in repr(refusal)
    assert refusal.errors == {"name": ["Robin Example is taken."]}
    assert TrialRefusal("Other words.").message == "Other words."


def test_a_form_names_all_its_errors_at_once(app: Flask) -> None:
    with app.app_context():
        refusal = FormInvalid({"given": ["Enter a name."], "born": ["Enter a date.", "Use a past date."]})
    assert refusal.status == 422
    assert list(refusal.errors) == ["given", "born"]


def test_a_database_error_is_found_by_its_constraint_and_never_by_its_message(app: Flask) -> None:
    scope = Scope(Role.DESK, uuid4(), now(), str(uuid4()))
    named = "do $$ begin raise exception 'x' using errcode = '23P01', constraint = 'trial_only'; end $$"
    quoted = "do $$ begin raise exception 'constraint \"trial_only\" was hurt' using errcode = '23P01'; end $$"
    for statement, found in ((named, TrialRefusal), (quoted, type(None))):
        with app.app_context(), pytest.raises(DBAPIError) as raised, transactional(scope) as session:
            session.execute(text(statement))
        assert type(refusal_of(raised.value)) is found


def test_every_registered_constraint_exists(app: Flask, database: Database) -> None:
    with database.administer() as connection:
        in_tables = {row[0] for row in connection.execute("select conname from pg_constraint")}
        indexes = {row[0] for row in connection.execute("select indexname from pg_indexes")}
        bodies = " ".join(row[0] for row in connection.execute(RAISED_BY_FUNCTIONS.encode()))
    unknown = {
        name
        for name in known_constraints()
        if not name.startswith("trial_") and name not in in_tables | indexes and f"'{name}'" not in bodies
    }
    assert unknown == set()
