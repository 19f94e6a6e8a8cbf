"""A clinic group at the size that is asked for, in a database of its own, and names for what is in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import md5
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID
from zoneinfo import ZoneInfo

import psycopg
from psycopg import sql

from tests.stack.services import copy_of_template

if TYPE_CHECKING:
    from datetime import date

    from deploy.local.stack import Stack

ZONE = "America/New_York"
PROVIDERS = 200
SITES = 20
DAILY_SLOTS = 20
FREE_SLOTS = 4
SLOT = timedelta(minutes=20)
_SQL = Path(__file__).with_name("town.sql")


def made(kind: str, n: int) -> UUID:
    """The id that town.sql gives to the n-th of a kind, from 0."""
    return UUID(md5(f"{kind}{n}".encode(), usedforsecurity=False).hexdigest())


@dataclass(frozen=True, slots=True)
class Town:
    """One database: its name and address for the superuser, how many people and visits it has, and its day."""

    name: str
    admin: str
    patients: int
    visits: int
    today: date

    @property
    def now(self) -> datetime:
        """Eight in the morning of its day."""
        return datetime.combine(self.today, datetime.min.time(), ZoneInfo(ZONE)).astimezone(UTC) + timedelta(hours=8)

    def free_slot(self, number: int) -> tuple[int, datetime]:
        """Provider and start of the n-th time that nobody has, from tomorrow on: the last hours of each day."""
        slot, provider = divmod(number, PROVIDERS)
        day, late = divmod(slot, FREE_SLOTS)
        wall = datetime.combine(self.today + timedelta(days=1 + day), datetime.min.time(), ZoneInfo(ZONE))
        return provider, (wall + timedelta(hours=9) + (DAILY_SLOTS + late) * SLOT).astimezone(UTC)


def build(stack: Stack, name: str, *, patients: int, visits: int, today: date) -> Town:
    """Fill a fresh copy of the migrated template; a million of each takes some minutes."""
    copy_of_template(stack, name)
    admin = stack.postgres.address(name)
    with psycopg.connect(admin, autocommit=True) as connection:
        for setting, value in (("patients", patients), ("visits", visits), ("today", today.isoformat())):
            connection.execute(sql.SQL("SET bench.{} = {}").format(sql.Identifier(setting), sql.Literal(str(value))))
        for statement in _SQL.read_text("utf-8").split(";\n\n"):
            connection.execute(statement.encode())
    return Town(name, admin, patients, visits, today)
