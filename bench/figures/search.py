"""Finding people among as many as there are."""

from __future__ import annotations

from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING

from bench.figures.figure import Figure, median, quantile
from webapp.db import transactional
from webapp.patients import queries

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.desk import Desk

PREFIXES = ("smi", "gar", "jim", "oka", "ros", "joh", "ros jim", "john sm", "noor ha", "tan")
INSIDE = ("menez", "kafor", "indqv", "uyen", "urphy", "addad")
ROUNDS = 30
PAGES = 5


def figures(desk: Desk) -> Iterator[Figure]:
    """Search by the beginning and by the middle of names, in SQL as the desk's role and as the page."""
    prefix, inside = _times(desk, PREFIXES), _times(desk, INSIDE)
    yield Figure("search, beginnings of names (p99)", quantile(prefix, 0.99) * 1000, "ms", at_most=5)
    yield Figure("search, middles of names (p99)", quantile(inside, 0.99) * 1000, "ms", at_most=30)
    pages = [desk.cost(partial(desk.post, "/search", {"q": typed})) for typed in (*PREFIXES, *INSIDE) * PAGES]
    beside = f"CPU {median([page.cpu for page in pages]) * 1000:.1f} ms"
    yield Figure(
        "search page (p95)", quantile([page.wall for page in pages], 0.95) * 1000, "ms", at_most=150, beside=beside
    )


def _times(desk: Desk, words: tuple[str, ...]) -> list[float]:
    """Seconds of a whole search, statements and objects, in one transaction each."""
    times = []
    for typed in words * ROUNDS:
        with transactional(desk.scope(), read_only=True):
            started = perf_counter()
            queries.search(typed, today=desk.town.today)
            times.append(perf_counter() - started)
    return times
