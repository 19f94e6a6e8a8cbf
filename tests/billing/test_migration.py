"""A clinic that was open before money was kept: what it has goes on, with a price for every service."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
from psycopg import sql

from deploy.local import databases
from tests import factories
from tests.stack.services import migrate

if TYPE_CHECKING:
    from tests.stack.database import Database


def test_services_of_before_have_their_price_for_all_days(standing_database: Database) -> None:
    stack, name = standing_database.stack, f"{standing_database.name}_of_before"
    try:
        databases.prepare(stack.postgres, name, stack.passwords)
        migrate(stack, name, "0012")
        with psycopg.connect(stack.postgres.address(name), autocommit=True) as connection:
            clinic = factories.clinic(connection, price_cents=8_650)
            visit = factories.appointment(connection, clinic, factories.clock_time(10))
        migrate(stack, name)
        with psycopg.connect(stack.postgres.address(name), autocommit=True) as connection:
            prices = connection.execute("SELECT service_id, during::text, cents FROM service_price").fetchall()
            kept = connection.execute("SELECT price_cents, status FROM appointment WHERE id = %s", (visit,)).fetchone()
            site = connection.execute("SELECT currency FROM location").fetchone()
        assert prices == [(clinic.service, "(,)", 8_650)]
        assert (kept, site) == ((12_000, "booked"), ("USD",))
    finally:
        with standing_database.administer() as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
