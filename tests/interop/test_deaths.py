"""A death that an import brings ends what the desk's own would: helpers are out at once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from tests import factories
from tests.interop.bundles import Write, record
from tests.jobs.conftest import worker_app
from webapp.identity.jobs import helpers_sign_in_again
from webapp.identity.permissions import Purpose, Relation
from webapp.identity.person import Grant
from webapp.interop.importing import Import

if TYPE_CHECKING:
    from pathlib import Path

    import psycopg
    from flask import Flask

    from tests.stack.people import SignIn, Visitor

__all__ = ["worker_app"]

VISITS = frozenset({Purpose.VISITS})


def imported(app: Flask, path: Path) -> None:
    course = Import(datetime.now(UTC))
    with app.app_context():
        course.add(path)
    assert course.failed == []


def done(worker_app: Flask, admin: psycopg.Connection[Any]) -> int:
    """Do what was promised; how much that was."""
    query = "delete from jobs.procrastinate_jobs where task_name = 'identity.helpers_sign_in_again' returning args"
    promised = admin.execute(query.encode()).fetchall()
    with worker_app.app_context():
        for (args,) in promised:
            helpers_sign_in_again(**args)
    return len(promised)


@pytest.fixture
def person(app: Flask, admin: psycopg.Connection[Any], write: Write) -> UUID:
    """Somebody who came by import, alive."""
    imported(app, write(record()))
    row = admin.execute("select id from patient").fetchone()
    assert row is not None
    return UUID(str(row[0]))


def helper_of(sign_in: SignIn, admin: psycopg.Connection[Any], patient: UUID) -> Visitor:
    ends = datetime.now(UTC) + timedelta(days=30)
    helper = sign_in("patient", grants=(Grant(patient, ends, VISITS, Relation.CARER),))
    factories.insert(
        admin, "account_patient", account_id=helper.account_id, patient_id=patient, relation="carer",
        purposes=["visits"], ends_at=ends,
    )  # fmt: skip
    return helper


def test_an_imported_death_ends_the_sessions_of_helpers_and_of_nobody_else(
    app: Flask, worker_app: Flask, admin: psycopg.Connection[Any], sign_in: SignIn, person: UUID, write: Write
) -> None:
    helper, other, own = helper_of(sign_in, admin, person), sign_in("patient"), sign_in("patient", patients=(person,))
    factories.insert(admin, "account_patient", account_id=own.account_id, patient_id=person, relation="self")
    assert helper.get("/me/notices").status_code == 200
    imported(app, write(record(deceasedDateTime="2026-11-20T10:00:00Z")))
    assert done(worker_app, admin) == 1
    assert [each.get("/me/notices").status_code for each in (helper, other, own)] == [303, 200, 200]


def test_a_file_that_says_nothing_new_of_a_death_ends_no_session(
    app: Flask, worker_app: Flask, admin: psycopg.Connection[Any], sign_in: SignIn, person: UUID, write: Write
) -> None:
    helper = helper_of(sign_in, admin, person)
    imported(app, write(record(gender="other")))
    assert done(worker_app, admin) == 0
    assert helper.get("/me/notices").status_code == 200


def test_a_death_that_is_taken_back_by_import_lets_helpers_sign_in_anew(
    app: Flask, worker_app: Flask, admin: psycopg.Connection[Any], person: UUID, write: Write
) -> None:
    for changes, promised in (
        ({"deceasedBoolean": True}, 1),
        ({"deceasedBoolean": True, "gender": "other"}, 0),
        ({}, 1),
    ):
        imported(app, write(record(**changes)))
        assert done(worker_app, admin) == promised
    assert admin.execute("select deceased_at from patient where id = %s", (person,)).fetchone() == (None,)
