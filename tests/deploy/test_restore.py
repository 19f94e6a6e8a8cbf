"""A copy of the record is worth what comes out of it: every row, every right, every rule; and nobody may spoil it."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import psycopg
import pytest
from psycopg import sql
from psycopg.errors import InsufficientPrivilege
from sqlalchemy import func, select

from bench.storm import judge
from deploy.local import backup
from deploy.local.postgres import Postgres
from deploy.local.problem import Problem
from tests import factories
from tests.booking.wishes import ACTOR, application, wish
from tests.factories import NOW, clock_time
from tests.full_record import a_full_record
from webapp.booking.actions import book
from webapp.booking.models import Appointment
from webapp.booking.refusals import SlotTaken
from webapp.db import Role, db, transactional

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.stack.database import Database

UNBALANCED = "select count(*) from (select from ledger_entry group by transaction_id having sum(cents) <> 0) as wrong"


@pytest.fixture
def full(database: Database) -> factories.Clinic:
    """A clinic with a row in every table with patient data."""
    with database.administer() as connection:
        clinic = factories.clinic(connection)
        for hour, patient in enumerate(clinic.patients, start=10):
            a_full_record(connection, clinic, patient, hour)
    return clinic


@pytest.fixture
def restored(database: Database, full: factories.Clinic, tmp_path: Path) -> Iterator[str]:
    """The name of a database made of a copy of the test's."""
    cluster, name = database.stack.postgres, f"{database.name}_restored"
    backup.dump(address_for_copies(database), tmp_path / "copy")
    try:
        backup.restore(cluster, name, database.stack.passwords, tmp_path / "copy")
        yield name
    finally:
        with database.administer() as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def address_for_copies(database: Database) -> str:
    return database.stack.postgres.address(database.name, backup.BACKUP, database.stack.passwords[backup.BACKUP])


def written_out(cluster: Postgres, database: str) -> list[str]:
    """All there is of a database as text: tables, rows, constraints, policies, triggers, functions, rights."""
    command = [str(backup.program("pg_dump")), f"--dbname={cluster.address(database)}"]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    # PostgreSQL writes the parentheses of a rule that it has read from its own words once more than the first time.
    lines = text.translate(dict.fromkeys(map(ord, "()"))).splitlines()
    return [line for line in lines if not line.startswith(("\\restrict", "\\unrestrict"))]


def test_what_comes_out_is_to_the_letter_what_went_in(database: Database, restored: str) -> None:
    cluster = database.stack.postgres
    before, after = written_out(cluster, database.name), written_out(cluster, restored)
    assert "FORCE ROW LEVEL SECURITY" in "\n".join(before)
    assert sum(line.startswith("COPY ") for line in before) > 50
    assert after == before


def test_its_files_and_its_invariants_are_whole(database: Database, restored: str) -> None:
    cluster = database.stack.postgres
    command = [str(backup.program("pg_amcheck")), "--install-missing", "--heapallindexed", "--checkunique"]
    outcome = subprocess.run([*command, cluster.address(restored)], capture_output=True, text=True, check=False)
    assert (outcome.returncode, outcome.stdout, outcome.stderr) == (0, "", "")
    with psycopg.connect(cluster.address(restored), autocommit=True) as connection:
        assert judge.overlaps(connection) == 0
        assert judge.half(connection) == 0
        assert connection.execute(UNBALANCED).fetchone() == (0,)
        assert connection.execute("select count(*) from pg_constraint where not convalidated").fetchone() == (0,)
        assert connection.execute("select count(*) from ledger_entry").fetchone() != (0,)


def test_the_clinic_goes_on_in_it_and_its_rules_still_refuse(
    database: Database, full: factories.Clinic, restored: str
) -> None:
    app = application(database.environment["DATABASE_URL"].rpartition("/")[0] + f"/{restored}")
    with app.app_context():
        with transactional(factories.scope()), pytest.raises(SlotTaken):
            book(wish(full, clock_time(10), patient_id=full.patients[1]), actor=ACTOR, at=NOW)
        with transactional(factories.scope()):
            book(wish(full, clock_time(14)), actor=ACTOR, at=NOW)
        for patients, seen in (((), 0), (full.patients[:1], 2)):
            with transactional(factories.scope(Role.PATIENT, patients=patients)) as session:
                assert session.scalar(select(func.count()).select_from(Appointment)) == seen
        db.session.remove()
        db.engine.dispose()


def test_the_role_for_copies_reads_everything_and_changes_nothing(database: Database, full: factories.Clinic) -> None:
    with database.connect(login=backup.BACKUP) as connection:
        assert connection.execute("select count(*) from patient").fetchone() != (0,)
        for statement in ("update patient set given = 'x'", "delete from appointment", "create table spoils (id int)"):
            with pytest.raises(InsufficientPrivilege):
                connection.execute(statement.encode())


def test_a_copy_is_never_poured_over_a_database_that_is_in_use(database: Database, tmp_path: Path) -> None:
    backup.dump(address_for_copies(database), tmp_path / "copy")
    with pytest.raises(Problem, match="not empty"):
        backup.restore(database.stack.postgres, database.name, database.stack.passwords, tmp_path / "copy")
