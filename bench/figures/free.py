"""Finding the first free times."""

from __future__ import annotations

from datetime import timedelta
from time import perf_counter
from typing import TYPE_CHECKING

from bench.figures.figure import Figure, median
from bench.town import made
from webapp.booking import queries
from webapp.booking.queries import Search
from webapp.db import transactional
from webapp.practice.hours import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.desk import Desk

TIMES = 20


def figures(desk: Desk) -> Iterator[Figure]:
    """Who is free first, among 200 providers at 20 places and over three months."""
    times = []
    for _ in range(TIMES):
        started = perf_counter()
        with transactional(desk.scope(), read_only=True):
            window = Span(desk.town.now, desk.town.now + timedelta(days=90))
            if not queries.first_free(Search(made("service", 0), window), desk.town.now):
                raise RuntimeError("nothing is free")
        times.append(perf_counter() - started)
    yield Figure("first free of 200 providers (median)", median(times) * 1000, "ms", at_most=20)
