"""Two weeks of a place and the first free time, from DynamoDB and from PostgreSQL side by side."""

from __future__ import annotations

from datetime import timedelta
from time import perf_counter, process_time
from typing import TYPE_CHECKING, Any

from bench.figures.figure import Figure, median, quantile
from bench.lag import lags
from bench.town import made
from webapp import clock
from webapp.booking import projected
from webapp.booking.projection.days import Day, read_days
from webapp.booking.projection.project import beat, put
from webapp.booking.queries import Search
from webapp.db import Role, transactional
from webapp.dynamo.client import Dynamo
from webapp.practice.hours import Span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bench.desk import Desk
    from deploy.local.stack import Stack
    from webapp.dynamo import Item

TIMES = 60
WEEKS = timedelta(days=14)
MOST_TRIPS, MOST_MS = 3, 15.0
BOOKINGS, LAG_MS = 50, 2000.0


def figures(desk: Desk) -> Iterator[Figure]:
    """Both ways by turns, so that both meet the same machine: milliseconds, CPU, and round trips."""
    place, now = made("location", 0), desk.town.now
    _project(desk)
    search = Search(made("service", 0), Span(now, now + WEEKS), location_id=place, via="portal")
    calls = _counted_calls()
    ways: dict[str, Callable[[], object]] = {
        "two weeks of a place, projected": lambda: _weeks(desk, search, projected.ahead(place, search.window, now)),
        "two weeks of a place, computed": lambda: _weeks(desk, search, None),
        "first free of a place, projected": lambda: _first(desk, search, projected.ahead(place, search.window, now)),
        "first free of a place, computed": lambda: _first(desk, search, None),
    }
    took: dict[str, list[tuple[float, float, int]]] = {name: [] for name in ways}
    with clock.stopped_at(now):
        for _ in range(TIMES):
            for name, way in ways.items():
                desk.statements.clear()
                calls.clear()
                wall, cpu = perf_counter(), process_time()
                way()
                # A lone `;` is the pool asking whether its connection lives.
                trips = len(calls) + sum(each != ";" for each in desk.statements)
                took[name].append((perf_counter() - wall, process_time() - cpu, trips))
    for name, spent in took.items():
        most = max(trips for _wall, _cpu, trips in spent)
        beside = f"{median([cpu for _wall, cpu, _trips in spent]) * 1000:.1f} ms CPU, {most} round trips"
        limited = name.startswith("two weeks of a place, projected")
        wall = median([wall for wall, _cpu, _trips in spent]) * 1000
        yield Figure(f"{name} (p50)", wall, "ms", MOST_MS if limited else None, beside=beside)
        if limited:
            yield Figure(f"{name}, round trips", most, "", MOST_TRIPS)


def lag(desk: Desk, stack: Stack, fixed: str, seconds: int) -> Iterator[Figure]:
    """From a booking's commit until DynamoDB shows it, with a worker beside fifty bookings a second."""
    waited = lags(desk, stack, fixed, rate=BOOKINGS, seconds=seconds)
    beside = f"{len(waited)} bookings, {BOOKINGS} a second; p50 {median(waited) * 1000:.0f} ms"
    yield Figure("booked to told (p99)", quantile(waited, 0.99) * 1000, "ms", LAG_MS, beside=beside)


def _weeks(desk: Desk, search: Search, known: projected.Ahead | None) -> None:
    with transactional(desk.scope(), read_only=True):
        found = projected.free_times(search, desk.town.now, known)
    if found is None or not found.starts:
        raise RuntimeError("nothing is free")


def _first(desk: Desk, search: Search, known: projected.Ahead | None) -> None:
    with transactional(desk.scope(), read_only=True):
        if not projected.first_free(search, desk.town.now, 1, known):
            raise RuntimeError("nothing is free")


def _project(desk: Desk) -> None:
    """Tell three weeks of one place, as the worker does."""
    place, today = made("location", 0), desk.town.today
    days = [Day(place, today + timedelta(days=n - 2), 1, "America/New_York") for n in range(21)]
    with transactional(desk.scope(Role.MANAGER), read_only=True):
        plans = read_days(days)
    for day, plan in zip(days, plans, strict=True):
        put(day, plan)
    beat(desk.town.now, frozenset({str(place)}))


def _counted_calls() -> list[str]:
    """Hear every read of DynamoDB from now on."""
    heard: list[str] = []
    read = Dynamo.batch_get

    def counted(client: Dynamo, *given: Any, **options: Any) -> dict[str, list[Item]]:  # noqa: ANN401 - as it is called
        heard.append("BatchGetItem")
        return read(client, *given, **options)

    Dynamo.batch_get = counted  # type: ignore[method-assign, assignment]
    return heard
