"""`make storm`: many people book, move, swap and cancel at once, on a database of their own; 1 when a rule broke."""

from __future__ import annotations

import argparse
import math
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import psycopg

from bench.storm import ground
from bench.storm.hands import ByActions
from bench.storm.phases import Size
from bench.storm.run import Storm, Verdict
from bench.storm.server import serving
from tests.factories import NOW
from tests.stack.services import copy_of_template, throw_away_stack

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.storm.ground import Ground
    from deploy.local.stack import Stack


def _arguments(given: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make storm", description=__doc__)
    parser.add_argument("command", nargs="?", default="storm", help=argparse.SUPPRESS)
    parser.add_argument("--mode", choices=("actions", "http", "both"), default="both")
    parser.add_argument("--bookers", type=int, default=200)
    parser.add_argument("--slots", type=int, default=500, help="equal slots of phase (a), by actions")
    parser.add_argument("--deeds", type=int, default=8000, help="deeds in each of the phases (b) and (c), by actions")
    parser.add_argument("--http-slots", type=int, default=20, help="the same over HTTP, 10 to 20 times slower")
    parser.add_argument("--http-deeds", type=int, default=800)
    parser.add_argument("--everybody", type=int, default=2400, help="deeds of phase (g), over HTTP only")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--without-constraint", action="store_true", help="drop the guard: overlaps must show up")
    return parser.parse_args(given)


def _clinic(stack: Stack, name: str, chosen: argparse.Namespace, now: datetime) -> tuple[str, Ground]:
    """Make a database with a clinic; returns the superuser's address of it too."""
    copy_of_template(stack, name)
    admin = stack.postgres.address(name)
    with psycopg.connect(admin, autocommit=True) as connection:
        if chosen.without_constraint:
            connection.execute("ALTER TABLE occupancy DROP CONSTRAINT occupancy_busy")
        return admin, ground.prepare(connection, chosen.bookers, now.date() + timedelta(days=1))


def _actions(stack: Stack, chosen: argparse.Namespace) -> Verdict:
    """Storm the actions, each in its own transaction as the application's login and the desk's role."""
    admin, here = _clinic(stack, "storm_actions", chosen, NOW)
    way = ByActions(
        stack.postgres.address("storm_actions", "anteroom_app", stack.passwords["anteroom_app"]), here.location
    )
    size = Size(chosen.bookers, chosen.slots, chosen.deeds, chosen.deeds)
    return Storm(admin, here, way, size, lambda line: print(f"actions {line}", flush=True)).run(chosen.seed)


def _http(stack: Stack, chosen: argparse.Namespace) -> Verdict:
    """Storm the pages of a server; how slow they are is no rule: the crowd shares the machine with it."""
    admin, here = _clinic(stack, "storm_http", chosen, datetime.now(UTC))
    size = Size(chosen.bookers, chosen.http_slots, chosen.http_deeds, chosen.http_deeds, everybody=chosen.everybody)
    with serving(stack, "storm_http", here) as way:
        verdict = Storm(admin, here, way, size, lambda line: print(f"http    {line}", flush=True)).run(chosen.seed)
    return replace(verdict, limit_ms=math.inf)


def main(given: Sequence[str]) -> int:
    """Exit status: 0 when every rule held in every mode; the last line sums them up."""
    chosen = _arguments(given)
    with throw_away_stack() as stack:
        verdicts = [_actions(stack, chosen)] if chosen.mode != "http" else []
        if chosen.mode != "actions":
            web = _http(stack, chosen)
            verdicts.append(replace(web, slowest_ms=0.0) if verdicts else web)
    verdict = sum(verdicts[1:], start=verdicts[0])
    for fault, n in verdict.faults.items():
        print(f"fault: {fault} {n}")
    print(verdict)
    return 0 if verdict.holds else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
