"""`make storm`: many people book, move, swap and cancel at once, on a database of their own; 1 when a rule broke."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

import psycopg

from bench.storm.phases import Size
from bench.storm.run import Storm, Verdict
from tests.stack.services import copy_of_template, throw_away_stack

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deploy.local.stack import Stack

DATABASE = "storm"


def _arguments(given: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make storm", description=__doc__)
    parser.add_argument("command", nargs="?", default="storm", help=argparse.SUPPRESS)
    parser.add_argument("--bookers", type=int, default=200)
    parser.add_argument("--slots", type=int, default=500)
    parser.add_argument("--mixed", type=int, default=8000, help="bookings of phase (b)")
    parser.add_argument("--changes", type=int, default=8000, help="changes of phase (c)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--without-constraint", action="store_true", help="drop the guard; overlaps must show up")
    return parser.parse_args(given)


def actions(stack: Stack, chosen: argparse.Namespace) -> Verdict:
    """Storm the actions, each in its own transaction as the application's login and the desk's role."""
    copy_of_template(stack, DATABASE)
    admin = stack.postgres.address(DATABASE)
    if chosen.without_constraint:
        with psycopg.connect(admin, autocommit=True) as connection:
            connection.execute("ALTER TABLE occupancy DROP CONSTRAINT occupancy_busy")
    address = stack.postgres.address(DATABASE, "anteroom_app", stack.passwords["anteroom_app"])
    size = Size(chosen.bookers, chosen.slots, chosen.mixed, chosen.changes)
    return Storm(admin, address, size, lambda line: print(f"actions {line}", flush=True), chosen.seed).run()


def main(given: Sequence[str]) -> int:
    chosen = _arguments(given)
    with throw_away_stack() as stack:
        verdict = actions(stack, chosen)
    for fault, n in verdict.faults.items():
        print(f"fault: {fault} {n}")
    print(verdict)
    return 0 if verdict.holds else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
