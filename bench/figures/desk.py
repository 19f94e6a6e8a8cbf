"""The day board and its polls."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

from bench.desk import FRAGMENT, Desk
from bench.figures.figure import Figure, median, quantile
from bench.town import made
from webapp.db import transactional
from webapp.desk import queries

if TYPE_CHECKING:
    from collections.abc import Iterator

BOARD_TIMES = 60
POLL_TIMES = 200
SQL_TIMES = 200
LOCATIONS = 20
BOARDS = 30
POLL_EVERY_SECONDS = 5
TAG = "HX-PTag"


def figures(desk: Desk) -> Iterator[Figure]:
    """Day board of 10 providers with 20 visits each, and what it costs to leave it open."""
    url = f"/board/{desk.town.today}?location={made('location', 3)}"
    yield from _board(desk, url)
    yield from _poll(desk, url)


def _board(desk: Desk, url: str) -> Iterator[Figure]:
    desk.cost(lambda: desk.get(url))
    pairs = desk.beside_empty(lambda: desk.get(url), BOARD_TIMES)
    whole, empty = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    cpu, floor = median([cost.cpu for cost in whole]) * 1000, median([cost.cpu for cost in empty]) * 1000
    yield Figure("day board, statements", max(cost.statements for cost in whole), "", at_most=5)
    yield Figure("day board, server CPU (median)", cpu, "ms", at_most=15, beside=f"empty route {floor:.2f} ms")
    packed = len(gzip.compress(desk.get(url).get_data(), 6)) / 1000
    yield Figure("day board, compressed", packed, "kB", at_most=60)
    desk.take_sql_seconds()
    # The first board of a day reads its pages from the disk; the others are asked for again every five seconds.
    first = _sql_times(desk, LOCATIONS)
    yield Figure("first board of a location, SQL (p50)", quantile(first, 0.5) * 1000, "ms")
    yield Figure("day board, SQL (p99)", quantile(_sql_times(desk, SQL_TIMES), 0.99) * 1000, "ms", at_most=8)


def _sql_times(desk: Desk, times: int) -> list[float]:
    """Seconds that the statements of one board take together, from sending each until its rows are there."""
    taken = []
    for n in range(times):
        with transactional(desk.scope(), read_only=True):
            queries.day(made("location", n % LOCATIONS), desk.town.today, desk.town.now)
        taken.append(desk.take_sql_seconds())
    return taken


def _poll(desk: Desk, url: str) -> Iterator[Figure]:
    head = FRAGMENT | {"HX-Target": "main#board", "X-Poll": "1"}
    tag = desk.get(url, **head).headers[TAG]
    head |= {TAG: tag}
    pairs = desk.beside_empty(lambda: desk.get(url, **head), POLL_TIMES, expected=304)
    more = median([(poll.cpu - empty.cpu) * 1000 for poll, empty in pairs])
    poll = median([cost.cpu for cost, _ in pairs]) * 1000
    yield Figure("poll without change, CPU above empty (median)", more, "ms", at_most=0.5, beside=f"poll {poll:.2f} ms")
    share = BOARDS / POLL_EVERY_SECONDS * poll / 10
    yield Figure(f"{BOARDS} open boards, share of a core", share, "%", at_most=5)
