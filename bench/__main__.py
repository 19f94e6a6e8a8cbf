"""`make bench`: figures of the product beside their floors in the same run; 1 when a limit is missed.

All as the application's role with row security on, among as many people and visits as are asked for, on a PostgreSQL
that writes to the disk before it says that it has.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import psycopg

from bench.desk import fixed_answers, open_desk
from bench.figures import ahead, booking, desk, free, log, search, sessions
from bench.town import ZONE, Town, build
from deploy.local import databases
from tests.stack.services import throw_away_stack

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bench.figures.figure import Figure
    from deploy.local.stack import Stack

PARTS = ("sessions", "desk", "search", "free", "ahead", "booking", "growth", "log")
FEW = 10_000


def _arguments(given: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("command", nargs="?", default="bench", help=argparse.SUPPRESS)
    parser.add_argument("--patients", type=int, default=1_000_000)
    parser.add_argument("--visits", type=int, default=1_000_000)
    parser.add_argument("--records", type=int, default=1_000_000, help="of who looked at whom")
    parser.add_argument("--seconds", type=int, default=6, help="of each of the runs that are compared")
    parser.add_argument("--only", nargs="*", choices=PARTS, default=PARTS)
    parser.add_argument("--json", type=Path, default=Path("var/bench.json"))
    return parser.parse_args(given)


def _build(stack: Stack, name: str, patients: int, visits: int) -> Town:
    started = perf_counter()
    today = datetime.now(ZoneInfo(ZONE)).date()
    town = build(stack, name, patients=patients, visits=visits, today=today)
    print(f"{visits:,} visits of {patients:,} people: made in {perf_counter() - started:.0f} s", flush=True)
    return town


def _floor(stack: Stack, town: Town) -> Town:
    """A copy of the town for PostgreSQL alone: foreign keys stay, our triggers rest."""
    databases.clone(stack.postgres, town.name, "floor")
    floor = Town("floor", stack.postgres.address("floor"), town.patients, town.visits, town.today)
    with psycopg.connect(floor.admin, autocommit=True) as connection:
        for table in ("appointment", "occupancy", "appointment_history", "audit", "jobs.procrastinate_jobs"):
            connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER".encode())
    return floor


def _figures(stack: Stack, chosen: argparse.Namespace, opened: ExitStack) -> Iterator[Figure]:
    town = _build(stack, "town", chosen.patients, chosen.visits)
    floor = _floor(stack, town) if "booking" in chosen.only else town
    small = _build(stack, "village", FEW, FEW) if "growth" in chosen.only else town
    dynamo = opened.enter_context(fixed_answers())
    here = opened.enter_context(open_desk(stack, town, dynamo))
    for name, part in (("sessions", sessions), ("desk", desk), ("search", search), ("free", free), ("ahead", ahead)):
        if name in chosen.only:
            yield from part.figures(here)
    if "ahead" in chosen.only:
        yield from ahead.lag(here, stack, dynamo, chosen.seconds)
    if "booking" in chosen.only:
        yield from booking.figures(here, stack, floor, dynamo, chosen.seconds)
    if "growth" in chosen.only:
        yield booking.growth(opened.enter_context(open_desk(stack, small, dynamo)), here)
    if "log" in chosen.only:
        yield from log.figures(stack, town, chosen.records)


def main(given: Sequence[str]) -> int:
    """Exit status: 0 when every limit is kept; the table is printed as it grows, the facts go to a file."""
    chosen = _arguments(given)
    found = []
    with throw_away_stack(durable=True) as stack, ExitStack() as opened:
        for figure in _figures(stack, chosen, opened):
            found.append(figure)
            print(figure.row(), flush=True)
    facts = {
        "machine": f"{platform.machine()}, Python {platform.python_version()}",
        "patients": chosen.patients,
        "visits": chosen.visits,
        "figures": [figure.facts() for figure in found],
    }
    chosen.json.write_text(json.dumps(facts, indent=1), "utf-8")
    missed = [figure.name for figure in found if not figure.holds]
    print(f"bench: {len(found) - len(missed)} kept, {len(missed)} missed{': ' if missed else ''}{'; '.join(missed)}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
