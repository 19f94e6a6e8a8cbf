"""A database of its own for each test process, empty again after each test."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg import sql

from tests.stack.services import copy_of_template

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deploy.local.aws import Deployed
    from deploy.local.stack import Stack

EXPIRING = ("sessions", "availability", "notifications", "counters")
TABLES = """
SELECT format('%I.%I', n.nspname, c.relname)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg_toast%'
"""
# Deleting beats TRUNCATE on small tables by far; as replica neither foreign keys nor append-only triggers object.
EMPTY = """
DO $$
DECLARE
    place text;
    filled boolean;
BEGIN
    SET LOCAL session_replication_role = replica;
    SET LOCAL lock_timeout = '5s';
    PERFORM pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid() AND state LIKE 'idle in transaction%';
    FOREACH place IN ARRAY {tables}::text[] LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM %s)', place) INTO filled;
        IF filled THEN
            EXECUTE format('DELETE FROM %s', place);
        END IF;
    END LOOP;
END
$$
"""


@dataclass(frozen=True, slots=True)
class Database:
    """One migrated database, and the ways into it."""

    name: str
    stack: Stack
    environment: dict[str, str]

    def connect(self, role: str | None = None, *, login: str = "anteroom_app") -> psycopg.Connection[Any]:
        """Open a connection as a login role, then as one of its scope roles: raw SQL under row security."""
        connection = psycopg.connect(
            self.stack.postgres.address(self.name, login, self.stack.passwords[login]), autocommit=True
        )
        if role is not None:
            connection.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(role)))
        return connection

    def administer(self) -> psycopg.Connection[Any]:
        """Open a connection as the superuser: sees and may do everything, for setting up and checking only."""
        return psycopg.connect(self.stack.postgres.address(self.name), autocommit=True)


@pytest.fixture(scope="session")
def worker_name() -> str:
    """The name of this test process, part of the names of all that belongs to it."""
    return os.environ.get("PYTEST_XDIST_WORKER", "gw0")


@pytest.fixture(scope="session")
def deployed(stack: Stack, worker_name: str) -> Deployed:
    """DynamoDB tables and a user pool of this test process.

    Tests stand still at moments that are past by now: the sweeper, which goes by the real time, must not take their
    sessions away.  That the template switches it on is tested on the tables of the stack.
    """
    deployed = stack.aws.deploy(f"{worker_name}-")
    dynamo = stack.aws.client("dynamodb")
    for table in EXPIRING:
        expiry = {"AttributeName": "expires_at", "Enabled": False}
        dynamo.update_time_to_live(TableName=deployed.prefix + table, TimeToLiveSpecification=expiry)
    return deployed


@pytest.fixture(scope="session")
def standing_database(stack: Stack, worker_name: str, deployed: Deployed) -> Database:
    """The database of this test process; tests ask for `database`, which leaves it empty."""
    name = f"test_{worker_name}"
    copy_of_template(stack, name)
    return Database(name, stack, stack.environment(kind="test", database=name, deployed=deployed))


@pytest.fixture(scope="session")
def tables_to_empty(standing_database: Database) -> list[str]:
    """All tables that a migration leaves empty."""
    with standing_database.administer() as connection:
        names = [row[0] for row in connection.execute(TABLES)]
        return [
            name
            for name in names
            if connection.execute(f"SELECT NOT EXISTS (SELECT FROM {name})".encode()).fetchone() == (True,)
        ]


@pytest.fixture
def database(standing_database: Database, tables_to_empty: list[str]) -> Iterator[Database]:
    """An empty migrated database; what a test commits to it, and to DynamoDB, is gone after the test."""
    yield standing_database
    with standing_database.administer() as connection:
        connection.execute(sql.SQL(EMPTY).format(tables=sql.Literal(tables_to_empty)))
    _empty_dynamo(standing_database)


def _empty_dynamo(database: Database) -> None:
    client = database.stack.aws.client("dynamodb")
    prefix = database.environment["DYNAMO_PREFIX"]
    keys = {"sessions": ("account", "sk"), "activity": ("pk", "sk"), "notifications": ("account", "sk")}
    for table in ("sessions", "activity", "availability", "notifications", "counters"):
        for page in client.get_paginator("scan").paginate(TableName=prefix + table):
            for item in page["Items"]:
                key = {name: item[name] for name in keys.get(table, ("pk",))}
                client.delete_item(TableName=prefix + table, Key=key)
