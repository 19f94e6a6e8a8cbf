"""The storm in seconds: the same crowd and the same judges as `make storm`, with fewer deeds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest
from psycopg import sql

from bench.storm.phases import Size
from bench.storm.run import Storm, Verdict
from tests.stack.services import copy_of_template

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.stack.database import Database

BRIEF = Size(bookers=40, slots=40, mixed=800, changes=800)
FEW = Size(bookers=32, slots=16, mixed=160, changes=16)

pytestmark = pytest.mark.slow


@pytest.fixture
def storm(standing_database: Database) -> Iterator[Callable[..., Verdict]]:
    """Storm a database of its own, after some statements of the superuser."""
    stack, name = standing_database.stack, f"{standing_database.name}_storm"
    copy_of_template(stack, name)
    admin = stack.postgres.address(name)
    address = stack.postgres.address(name, "anteroom_app", stack.passwords["anteroom_app"])

    def run(size: Size, *before: str) -> Verdict:
        with psycopg.connect(admin, autocommit=True) as connection:
            for statement in before:
                connection.execute(statement.encode())
        return Storm(admin, address, size, print).run()

    yield run
    with standing_database.administer() as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def test_a_storm_leaves_every_rule_standing(storm: Callable[..., Verdict]) -> None:
    verdict = storm(BRIEF)
    assert verdict.faults == {}
    assert verdict.winners == verdict.slots == BRIEF.slots
    # How slow the slowest was depends on what else this machine does; `make storm` judges it.
    assert (verdict.overlaps, verdict.half, verdict.false_refusals, verdict.deadlocks) == (0, 0, 0, 0)


def test_without_the_constraint_the_storm_finds_overlaps(storm: Callable[..., Verdict]) -> None:
    verdict = storm(FEW, "ALTER TABLE occupancy DROP CONSTRAINT occupancy_busy")
    assert verdict.overlaps > 0
    assert not verdict.holds
