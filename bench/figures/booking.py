"""Booking through the whole stack, beside PostgreSQL writing the same rows and beside an empty route."""

from __future__ import annotations

import itertools
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING

from bench.desk import Desk, environment, sign_in
from bench.figures.figure import Figure, median, quantile
from bench.pressing import Browser, press, same_rows
from bench.town import PROVIDERS, made
from deploy.local import processes
from tests.stack.services import REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from bench.town import Town
    from deploy.local.stack import Stack

PAIRS = 5
CPU_TIMES = 100
START_SECONDS = 30.0
LEAST_OF_FLOOR = {8: 28.0, 1: 45.0}
CPU_RATIO = 5.0
GROWTH = 1.25
_far = itertools.count(0, 10_000_000)


@dataclass
class Wishes:
    """Forms for times that nobody has, each one once."""

    town: Town
    number: int = 0

    def form(self) -> dict[str, str]:
        provider, starts = self.town.free_slot(self.number)
        self.number += 1
        return {
            "patient": str(made("patient", self.number % self.town.patients)),
            "service": str(made("service", 0)),
            "location": str(made("location", provider * 20 // PROVIDERS)),
            "provider": str(made("provider", provider)),
            "starts_at": f"{starts:%Y-%m-%dT%H:%MZ}",
        }


def figures(desk: Desk, stack: Stack, floor: str, dynamo: str, seconds: int) -> Iterator[Figure]:
    """CPU beside the empty route, then rates and waits with one and with eight people who press."""
    # Beyond the times that others in this run have booked.
    wishes = Wishes(desk.town, number=2_500)
    yield cpu_ratio(desk, wishes)
    with _serving(stack, desk, dynamo) as address:
        browsers = [_browser(desk) for _ in range(max(LEAST_OF_FLOOR))]
        press(address, browsers, wishes.form, 2)
        for clients, least in LEAST_OF_FLOOR.items():
            ratios, rates, took = [], [], []
            for _ in range(PAIRS):
                pressed = press(address, browsers[:clients], wishes.form, seconds)
                alone = same_rows(_pgbench(), floor, clients, seconds, next(_far))
                ratios.append(pressed.rate / alone * 100)
                rates.append((pressed.rate, alone))
                took += pressed.took
            ours, theirs = median([rate for rate, _ in rates]), median([rate for _, rate in rates])
            beside = f"{ours:.0f} of {theirs:.0f} a second"
            yield Figure(
                f"booking, part of PostgreSQL alone, {clients} at once", median(ratios), "%", None, least, beside
            )
            yield Figure(f"booking POST, {clients} at once (p50)", median(took) * 1000, "ms")
            yield Figure(f"booking POST, {clients} at once (p99)", quantile(took, 0.99) * 1000, "ms")


def cpu_ratio(desk: Desk, wishes: Wishes) -> Figure:
    """How much of the application's CPU a booking takes, in empty routes of the same run."""
    pairs = desk.beside_empty(lambda: desk.post("/book", wishes.form()), CPU_TIMES, expected=303)
    booked, empty = median([cost.cpu for cost, _ in pairs]) * 1000, median([cost.cpu for _, cost in pairs]) * 1000
    beside = f"{booked:.2f} of {empty:.2f} ms"
    return Figure("booking POST, CPU in empty routes", booked / empty, "x", at_most=CPU_RATIO, beside=beside)


def growth(small: Desk, large: Desk) -> Figure:
    """Time of a booking among many rows, in bookings among few, by turns; the first ones of both warm up."""
    few, many = Wishes(small.town), Wishes(large.town)
    many.number = 2_000
    pairs = []
    for _ in range(2 * CPU_TIMES):
        with small.app.app_context():
            first = small.cost(lambda: small.post("/book", few.form()), 303).wall
        with large.app.app_context():
            pairs.append((first, large.cost(lambda: large.post("/book", many.form()), 303).wall))
    measured = pairs[CPU_TIMES:]
    ratio = median([second for _, second in measured]) / median([first for first, _ in measured])
    name = f"booking, {small.town.visits:,} to {large.town.visits:,} visits"
    return Figure(name, ratio, "x", at_most=GROWTH)


def _browser(desk: Desk) -> Browser:
    person = sign_in(desk.app, desk.town)
    cookie = person.client.get_cookie("anteroom")
    if cookie is None:
        raise RuntimeError("signing in left no cookie")
    return Browser(f"anteroom={cookie.value}", person.guard()["csrf_token"])


@contextmanager
def _serving(stack: Stack, desk: Desk, dynamo: str) -> Iterator[tuple[str, int]]:
    """Gunicorn as in production, on the same database and the same fixed answers."""
    port = processes.free_port()
    log = stack.folder / "log" / "bench-server.log"
    server = processes.start(
        [sys.executable, "-m", "gunicorn", "--bind", f"{processes.LOOPBACK}:{port}", "wsgi:app"],
        log=log,
        env=processes.surroundings(environment(stack, desk.town, dynamo, port)),
        cwd=REPOSITORY,
    )
    try:
        _wait_for(lambda: processes.answers(f"http://{processes.LOOPBACK}:{port}/readyz"), log)
        yield processes.LOOPBACK, port
    finally:
        processes.stop(server, patience=5.0)


def _wait_for(ready: Callable[[], bool], log: Path) -> None:
    ends = monotonic() + START_SECONDS
    while not ready():
        if monotonic() > ends:
            raise RuntimeError(f"the server did not start:\n{processes.last_lines(log, 20)}")


def _pgbench() -> Path:
    from deploy.local.postgres_files import programs, system_user

    return programs(system_user()) / "pgbench"
