"""The storm in seconds: the same crowd and the same judges as `make storm`, with fewer deeds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import psycopg
import pytest
from psycopg import sql

from bench.storm import ground
from bench.storm.hands import ByActions
from bench.storm.phases import Size
from bench.storm.run import Storm, Verdict
from bench.storm.server import serving
from tests.factories import NOW
from tests.stack.services import copy_of_template

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deploy.local.aws import Deployed
    from deploy.local.stack import Stack
    from tests.stack.database import Database

BRIEF = Size(bookers=40, slots=30, mixed=600, changes=600, specials=1600, tied=600, freed=2)
TINY = Size(bookers=16, slots=4, mixed=64, changes=64, specials=0, tied=0, everybody=64)
FEW = Size(bookers=32, slots=16, mixed=160, changes=16, specials=16, tied=16, freed=0)

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Field:
    """A database to storm: its name, the superuser's address and the application's."""

    stack: Stack
    name: str

    @property
    def admin(self) -> str:
        return self.stack.postgres.address(self.name)

    @property
    def application(self) -> str:
        return self.stack.postgres.address(self.name, "anteroom_app", self.stack.passwords["anteroom_app"])

    def clinic(self, size: Size, now: datetime, *before: str) -> ground.Ground:
        """Build the clinic, after some statements of the superuser."""
        with psycopg.connect(self.admin, autocommit=True) as connection:
            for statement in before:
                connection.execute(statement.encode())
            return ground.prepare(connection, size.bookers, now.date() + timedelta(days=1))

    def storm(self, size: Size, *before: str) -> Verdict:
        here = self.clinic(size, NOW, *before)
        return Storm(self.admin, here, ByActions(self.application, here.location), size, print).run()


@pytest.fixture
def field(standing_database: Database) -> Iterator[Field]:
    """A database of the storm's own."""
    stack, name = standing_database.stack, f"{standing_database.name}_storm"
    copy_of_template(stack, name)
    yield Field(stack, name)
    with standing_database.administer() as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def check(verdict: Verdict) -> None:
    """How slow the slowest was depends on what else this machine does: `make storm` judges that."""
    assert verdict.faults == {}
    assert verdict.winners == verdict.slots > 0
    assert (verdict.overlaps, verdict.half, verdict.false_refusals, verdict.deadlocks) == (0, 0, 0, 0)


def test_a_storm_leaves_every_rule_standing(field: Field) -> None:
    check(field.storm(BRIEF))


@pytest.mark.usefixtures("database")  # what the worker tells DynamoDB is gone afterwards
def test_a_storm_over_http_leaves_every_rule_standing(field: Field, deployed: Deployed) -> None:
    here = field.clinic(TINY, datetime.now(UTC))
    with serving(field.stack, field.name, here, deployed) as way:
        check(Storm(field.admin, here, way, TINY, print).run())


def test_without_the_constraint_the_storm_finds_overlaps(field: Field) -> None:
    verdict = field.storm(FEW, "ALTER TABLE occupancy DROP CONSTRAINT occupancy_busy")
    assert verdict.overlaps > 0
    assert not verdict.holds
