"""How long after its commit a booking is to be seen in DynamoDB, under bookings at a steady rate."""

from __future__ import annotations

import sys
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any
from uuid import UUID

from bench.desk import environment
from bench.town import PROVIDERS, SLOT, ZONE, made
from deploy.local import processes
from tests.stack.services import REPOSITORY
from webapp import clock, dynamo
from webapp.booking.actions import BookRequest, book
from webapp.booking.projection.plan import DayPlan, key, read
from webapp.booking.projection.project import BEAT_KEY, TABLE
from webapp.booking.wording import local_date
from webapp.db import transactional

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bench.desk import Desk
    from deploy.local.stack import Stack

START_SECONDS = 180.0
LAST_SECONDS = 30.0
LOOK_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Booked:
    """One booking: when it had committed, the item it has to show in, and the provider's time that says so."""

    at: float
    item: str
    provider: UUID
    start: int


@dataclass
class Looker:
    """Reads the items of what was booked and is not seen yet, again and again."""

    waiting: list[Booked] = field(default_factory=list)
    lags: list[float] = field(default_factory=list)
    _known: dict[str, tuple[int, DayPlan | None]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def expect(self, booked: Booked) -> None:
        with self._lock:
            self.waiting.append(booked)

    def _learn(self, name: str, item: dict[str, Any]) -> None:
        # Read once each version: whoever measures would otherwise be what takes the time.
        if self._known.get(name, (0, None))[0] != item["version"]:
            place, _, day = name.partition("#")
            self._known[name] = (item["version"], read(item["plan"], UUID(place), date.fromisoformat(day)))

    def look(self) -> None:
        with self._lock:
            pending = list(self.waiting)
        keys = list(dict.fromkeys(each.item for each in pending))[:100]
        if not keys:
            return
        items = _items(keys)
        seen = monotonic()
        for name, item in items.items():
            self._learn(name, item)
        done = {each for each in pending if _shows(self._known.get(each.item, (0, None))[1], each)}
        with self._lock:
            self.lags += [seen - each.at for each in done]
            self.waiting = [each for each in self.waiting if each not in done]


def lags(desk: Desk, stack: Stack, fixed: str, *, rate: int, seconds: int) -> list[float]:
    """Seconds from commit to item of each booking at `rate` a second, with a worker as in production."""
    looker, over = Looker(), threading.Event()
    with _worker(desk, stack, fixed):
        thread = threading.Thread(target=_keep_looking, args=(desk, looker, over), daemon=True)
        thread.start()
        _book(desk, looker, rate, rate * seconds)
        _wait_for(lambda: not looker.waiting, LAST_SECONDS)
        over.set()
        thread.join()
    return looker.lags


def _book(desk: Desk, looker: Looker, rate: int, number: int) -> None:
    began = monotonic()
    for n in range(number):
        sleep(max(0.0, began + n / rate - monotonic()))
        # Far from the times that the other figures take: those begin with the first of the free ones.
        provider, starts = desk.town.free_slot(n + 3 * PROVIDERS)
        place = made("location", provider * 20 // PROVIDERS)
        patient = made("patient", n % desk.town.patients)
        wanted = BookRequest(patient, made("service", 0), place, starts, made("provider", provider))
        with transactional(desk.scope()):
            book(wanted, actor=desk.account, at=desk.town.now)
        item = key(place, local_date(starts, ZONE))
        looker.expect(Booked(monotonic(), item, wanted.provider_id or place, int(starts.timestamp())))


def _keep_looking(desk: Desk, looker: Looker, over: threading.Event) -> None:
    with desk.app.app_context():
        while not over.wait(LOOK_SECONDS):
            looker.look()


def _items(keys: list[str]) -> dict[str, dict[str, Any]]:
    found = dynamo.client().batch_get({TABLE: [{"pk": each} for each in keys]})[TABLE]
    return {str(item["pk"]): dict(item) for item in found}


def _shows(plan: DayPlan | None, booked: Booked) -> bool:
    busy = [] if plan is None else plan.busy.get(booked.provider, [])
    end = booked.start + int(SLOT.total_seconds())
    return any(start <= booked.start and end <= stop for start, stop in busy)


@contextmanager
def _worker(desk: Desk, stack: Stack, fixed: str) -> Iterator[None]:
    """A worker that has told all days there are."""
    server = processes.start(
        [sys.executable, "-m", "flask", "--app", "wsgi", "worker"],
        log=stack.folder / "log" / "bench-worker.log",
        env=processes.surroundings(environment(stack, desk.town, fixed)),
        cwd=REPOSITORY,
    )
    try:
        _wait_for(_is_current, START_SECONDS)
        yield
    finally:
        processes.stop(server, patience=5.0)


def _is_current() -> bool:
    item = dynamo.client().get(TABLE, {"pk": BEAT_KEY})
    as_of = 0 if item is None else item.get("as_of", 0)
    # Other figures say so as of eight in the morning, which may be still to come.
    return isinstance(as_of, int) and abs(clock.now().timestamp() - as_of / 1_000_000) < 1


def _wait_for(ready: Callable[[], bool], seconds: float) -> None:
    ends = monotonic() + seconds
    while not ready():
        if monotonic() > ends:
            raise RuntimeError("the worker did not tell in time")
        sleep(0.05)
