"""What an open board costs while nothing happens: `python -m bench.poll`; 1 when it costs more than it may.

One process asks by turns for an empty page behind a session and for news of a board of 10 providers with 20 visits
each, so both meet the same machine. CPU is this process's (browser, application and driver in one thread), and apart
from it that of the PostgreSQL backend that answers. Then the board itself, whole.
"""

from __future__ import annotations

import argparse
import gzip
import os
import statistics
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import thread_time
from typing import TYPE_CHECKING, Any

import psycopg
from flask import Response

from bench.storm.server import signed_in
from tests import factories
from tests.stack.services import copy_of_template, throw_away_stack
from webapp import create_app
from webapp.identity.permissions import Permission
from webapp.routing import requires
from webapp.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from flask import Flask
    from flask.testing import FlaskClient

    from deploy.local.stack import Stack

DATABASE = "poll"
EMPTY = "/empty"
FRAGMENT = {"HX-Request": "true", "HX-Request-Type": "partial", "HX-Target": "div#board", "X-Poll": "1"}
MORE_MS = 0.5
BOARDS, EVERY_SECONDS, PART_OF_A_CORE = 30, 5, 0.05
BOARD_MS, BOARD_KB = 15.0, 60.0
PROVIDERS, VISITS = 10, 20
TICKS = os.sysconf("SC_CLK_TCK")


def _fill(connection: psycopg.Connection[Any], now: datetime) -> str:
    """Make the clinic with a full day today; returns the address of its board."""
    clinic = factories.clinic(connection, providers=PROVIDERS, rooms=PROVIDERS, patients=PROVIDERS * VISITS)
    today = now.astimezone(UTC).date()
    opens = factories.clock_time(9, day=today)
    for number, patient in enumerate(clinic.patients):
        column, row = number % PROVIDERS, number // PROVIDERS
        factories.appointment(
            connection,
            clinic,
            opens + timedelta(minutes=20 * row),
            patient_id=patient,
            provider_id=clinic.providers[column],
            room_id=clinic.rooms[column],
        )
    connection.execute("ANALYZE")
    return f"/board/{today}"


def _app(stack: Stack) -> Flask:
    environment = stack.environment(database=DATABASE)
    os.environ.update({name: value for name, value in environment.items() if name.startswith("AWS_")})
    app = create_app(Settings.from_environment(environment))
    app.add_url_rule(EMPTY, "bench_empty", requires(Permission.HOME_VIEW, role=None)(lambda: Response("")))
    return app


def _cpu_ms(ask: Callable[[], object]) -> float:
    started = thread_time()
    ask()
    return (thread_time() - started) * 1000


def _backends_ms(address: str) -> float:
    """CPU that the PostgreSQL backends of our application have used so far."""
    query = "select pid from pg_stat_activity where datname = %s and usename = 'anteroom_app'"
    with psycopg.connect(address) as connection:
        pids = [row[0] for row in connection.execute(query, (DATABASE,))]
    fields = [Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split() for pid in pids]
    return sum(int(each[11]) + int(each[12]) for each in fields) / TICKS * 1000


def _measure(client: FlaskClient, board: str, address: str, times: int) -> tuple[float, float, float, float, int]:
    """Median CPU in ms of the empty page, of a poll, of a poll in PostgreSQL, of the whole board; its bytes, packed."""
    page = client.get(board)
    poll = {**FRAGMENT, "HX-PTag": page.headers["HX-PTag"]}
    for _ in range(times // 10):
        client.get(EMPTY)
        _still(client, board, poll)
    before = _backends_ms(address)
    empty, polls = [], []
    for _ in range(times):
        empty.append(_cpu_ms(lambda: client.get(EMPTY)))
        polls.append(_cpu_ms(lambda: _still(client, board, poll)))
    inside = (_backends_ms(address) - before) / times
    boards = [_cpu_ms(lambda: client.get(board)) for _ in range(max(20, times // 10))]
    return (
        statistics.median(empty),
        statistics.median(polls),
        inside,
        statistics.median(boards),
        len(gzip.compress(page.data, 6)),
    )


def _still(client: FlaskClient, board: str, poll: dict[str, str]) -> None:
    """Ask for news; RuntimeError when there are some: a quarter of an hour began, so the board would be sent again."""
    status = client.get(board, headers=poll).status_code
    if status != 304:
        raise RuntimeError(f"the board was answered {status}: run it again, away from the quarter hour")


def main(given: Sequence[str]) -> int:
    """Exit status: 0 when every figure is within its limit."""
    parser = argparse.ArgumentParser(prog="python -m bench.poll", description=__doc__)
    parser.add_argument("--times", type=int, default=1000)
    times = parser.parse_args(given).times
    with throw_away_stack() as stack:
        copy_of_template(stack, DATABASE)
        with psycopg.connect(stack.postgres.address(DATABASE), autocommit=True) as connection:
            board = _fill(connection, datetime.now(UTC))
        app = _app(stack)
        client = signed_in(app)
        empty, poll, inside, whole, size = _measure(client, board, stack.postgres.address(DATABASE), times)
    core = BOARDS * (poll + inside) / 1000 / EVERY_SECONDS
    rows = (
        ("poll without change, CPU more than an empty page", poll - empty, MORE_MS, "ms"),
        (f"{BOARDS} open boards, part of a core with PostgreSQL", core * 100, PART_OF_A_CORE * 100, "%"),
        ("whole board, CPU with the session's read", whole, BOARD_MS, "ms"),
        ("whole board, compressed", size / 1000, BOARD_KB, "kB"),
    )
    print(
        f"empty page {empty:.2f} ms, poll {poll:.2f} ms ({poll / empty:.2f}x), of it in PostgreSQL {inside:.2f} ms more"
    )
    for name, value, limit, unit in rows:
        print(f"{name:<52} {value:8.2f} {unit:<3} limit {limit:6.2f}  {'ok' if value <= limit else 'MISSED'}")
    return 0 if all(value <= limit for _, value, limit, _ in rows) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
