"""Models are the schema: what the migrations build, and what the models say, is one and the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import alembic.command
import alembic.config
import psycopg
import pytest
import sqlalchemy
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from psycopg import sql
from sqlalchemy.dialects.postgresql import ExcludeConstraint

import webapp.billing.models
import webapp.billing.refusals
import webapp.booking.models
import webapp.booking.plan_refusals
import webapp.booking.refusals
import webapp.identity.models
import webapp.identity.refusals
import webapp.models
import webapp.notify.models
import webapp.notify.refusals
import webapp.patients.models
import webapp.patients.refusals
import webapp.practice.models
import webapp.practice.price_refusals
import webapp.practice.refusals  # noqa: F401 - importing the models fills the metadata
from deploy.local import databases
from tests.stack.services import REPOSITORY, migrate
from webapp.db import Base
from webapp.errors import known_constraints, refusal_named

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.engine import Connection

    from tests.stack.database import Database

RAISED = {
    "schedule_changed",
    "location_closed",
    "provider_absent",
    "hold_over",
    "patient_not_bookable",
    "idempotency_reused",
    "appointment_resource",
    "appointment_location_allowed",
    "account_last_manager",
    "account_own_role",
    "patient_merge_merged",
    "patient_merge_death",
    "patient_merge_accounts",
    "patient_merge_overlap",
    "patient_merge_undone",
    "money_location_allowed",
    "ledger_transaction_leave",
    "refund_leave",
    "invoice_issued_stays",
    "ledger_invoice_overpaid",
    "ledger_payment_spent",
    "drawer_day_closed_stays",
    "drawer_day_signed",
}
"""Names that functions raise where no constraint of a table can say it."""


@pytest.fixture
def schema(standing_database: Database) -> Iterator[Connection]:
    url = standing_database.stack.postgres.address(standing_database.name)
    engine = sqlalchemy.create_engine(url.replace("postgresql://", "postgresql+psycopg://", 1))
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def test_models_and_migrations_agree_on_tables_columns_indexes_and_keys(schema: Connection) -> None:
    context = MigrationContext.configure(schema, opts={"compare_type": True, "compare_server_default": True})
    assert compare_metadata(context, Base.metadata) == []


def test_every_check_and_exclusion_of_the_models_exists_under_its_name(schema: Connection) -> None:
    wanted = {
        (table.name, str(constraint.name))
        for table in Base.metadata.tables.values()
        for constraint in table.constraints
        if isinstance(constraint, sqlalchemy.CheckConstraint | ExcludeConstraint)
    }
    query = "SELECT conrelid::regclass::text, conname FROM pg_constraint WHERE contype IN ('c', 'x') AND convalidated"
    query += " AND connamespace = 'public'::regnamespace"
    found = {(row[0], row[1]) for row in schema.exec_driver_sql(query)}
    assert found == wanted


def test_checks_say_the_same_in_models_and_database(schema: Connection) -> None:
    """A table made from the model in a temporary schema has the definitions that the migrated one has."""
    definitions = (
        "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE contype IN ('c', 'x') AND connamespace = {}::regnamespace"
    )
    migrated = {tuple(row) for row in schema.exec_driver_sql(definitions.format("'public'"))}
    schema.exec_driver_sql("CREATE SCHEMA from_models")
    schema.exec_driver_sql("SET LOCAL search_path = from_models, public")
    Base.metadata.create_all(schema, checkfirst=False)
    made = {
        (table.removeprefix("from_models."), name, text)
        for table, name, text in schema.exec_driver_sql(definitions.format("'from_models'"))
    }
    schema.rollback()
    assert made == migrated


def test_every_constraint_with_a_refusal_exists(schema: Connection) -> None:
    query = "SELECT conname FROM pg_constraint UNION SELECT relname FROM pg_class WHERE relkind = 'i'"
    names = {row[0] for row in schema.exec_driver_sql(query)}
    ours = {name for name in known_constraints() if type(refusal_named(name)).__module__.startswith("webapp.")}
    assert ours <= names | RAISED
    sources = (
        "SELECT string_agg(prosrc, ' ') FROM pg_proc"
        " WHERE pronamespace IN ('doors'::regnamespace, 'public'::regnamespace)"
    )
    functions = str(schema.exec_driver_sql(sources).scalar_one())
    assert {name for name in RAISED if f"CONSTRAINT = '{name}'" not in functions} == set()
    assert ours >= RAISED | {"occupancy_busy"}


def test_an_empty_database_migrates_to_the_newest_version_in_one_go(standing_database: Database) -> None:
    stack, name = standing_database.stack, f"{standing_database.name}_from_empty"
    try:
        databases.prepare(stack.postgres, name, stack.passwords)
        migrate(stack, name)
        migrate(stack, name)  # a second time changes nothing
        config = alembic.config.Config(REPOSITORY / "migrations" / "alembic.ini")
        config.set_main_option("script_location", str(REPOSITORY / "migrations"))
        with psycopg.connect(stack.postgres.address(name)) as connection:
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        assert row == (ScriptDirectory.from_config(config).get_current_head(),)
    finally:
        with standing_database.administer() as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def test_migrations_are_numbered_sentences_in_one_line() -> None:
    config = alembic.config.Config()
    config.set_main_option("script_location", str(REPOSITORY / "migrations"))
    scripts = ScriptDirectory.from_config(config)
    revisions = sorted(scripts.walk_revisions(), key=lambda script: script.revision)
    assert len(scripts.get_heads()) == 1
    assert [script.revision for script in revisions] == [f"{n:04}" for n in range(1, len(revisions) + 1)]
    assert all((script.doc or "").endswith(".") for script in revisions)


def test_every_foreign_key_of_a_patient_table_has_an_index_to_delete_and_look_up_by(schema: Connection) -> None:
    query = """
        SELECT k.conrelid::regclass::text, k.conname FROM pg_constraint AS k
        WHERE k.contype = 'f' AND k.connamespace = 'public'::regnamespace AND k.confrelid = 'patient'::regclass
          AND k.conname <> 'patient_merged_into_fkey'
          AND NOT EXISTS (SELECT FROM pg_index AS i WHERE i.indrelid = k.conrelid AND i.indkey[0] = k.conkey[1])
    """
    assert [tuple(row) for row in schema.exec_driver_sql(query)] == []
