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
from psycopg import sql

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
FLOOR = "floor"
GUARDED = ("occupancy", "audit")
"""Tables of a booking that row security keeps the desk from writing by itself."""
WRITTEN = (
    "appointment", "occupancy", "appointment_history", "audit", "availability_dirty", "idempotency",
    "jobs.procrastinate_jobs", "jobs.procrastinate_events",
)  # fmt: skip


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


def _floor(stack: Stack, town: Town) -> str:
    """Copy the town for PostgreSQL alone, and tell its address for the application's login.

    Foreign keys and row security stay, our triggers rest; the desk may write what only our functions write elsewhere.
    """
    databases.clone(stack.postgres, town.name, FLOOR)
    with psycopg.connect(stack.postgres.address(FLOOR), autocommit=True) as connection:
        for table in WRITTEN:
            name = sql.Identifier(*table.split("."))
            connection.execute(sql.SQL("ALTER TABLE {} DISABLE TRIGGER USER").format(name))
            connection.execute(sql.SQL("GRANT SELECT, INSERT ON {} TO app_desk").format(name))
        for table in GUARDED:
            name = sql.Identifier(table)
            connection.execute(sql.SQL("CREATE POLICY floor ON {} TO app_desk USING (true)").format(name))
        connection.execute("GRANT USAGE ON SCHEMA jobs TO app_desk")
        connection.execute("GRANT USAGE ON ALL SEQUENCES IN SCHEMA jobs TO app_desk")
    return stack.environment(database=FLOOR)["DATABASE_URL"]


def _figures(stack: Stack, chosen: argparse.Namespace, opened: ExitStack) -> Iterator[Figure]:
    town = _build(stack, "town", chosen.patients, chosen.visits)
    # Before anybody is connected to what it is a copy of.
    floor = _floor(stack, town) if "booking" in chosen.only else ""
    small = _build(stack, "village", FEW, FEW) if "growth" in chosen.only else town
    dynamo = opened.enter_context(fixed_answers())
    here = opened.enter_context(open_desk(stack, town, dynamo))
    for name, part in (("sessions", sessions), ("desk", desk), ("search", search), ("free", free), ("ahead", ahead)):
        if name in chosen.only:
            yield from part.figures(here)
    if "ahead" in chosen.only:
        yield from ahead.lag(here, stack, dynamo, chosen.seconds)
    if "growth" in chosen.only:
        yield booking.growth(opened.enter_context(open_desk(stack, small, dynamo)), here)
    if "booking" in chosen.only:
        yield from booking.figures(here, stack, floor, dynamo, chosen.seconds)
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
