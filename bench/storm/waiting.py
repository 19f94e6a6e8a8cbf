"""The waiting list in the storm: many workers offer one freed time, offers lapse, then everybody presses Accept."""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

import psycopg

from bench.storm.phases import EQUAL_DAYS, MIXED_DAYS, SPECIAL_DAYS
from tests import factories
from tests.factories import NOW
from webapp.booking.actions import BookRequest, CancelRequest, book, cancel
from webapp.booking.actions.waiting.offers import accept, close_offer, offer_next
from webapp.db import transactional
from webapp.errors import Refusal
from webapp.ids import new_id

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from bench.storm.crowd import Way
    from bench.storm.ground import Ground

HANDS = 16
TAKERS = 50
LAPSES = 3
TTL = timedelta(minutes=30)
EXPECTED = frozenset({"done", "slot_taken", "offer_answered"})
_OPEN = "SELECT id, hold_id, wish_id FROM waiting_offer WHERE outcome = 'open'"


@dataclass(slots=True)
class Waited:
    """What came of it: freed times, those that one person has in the end, and what nobody should meet."""

    times: int = 0
    taken: int = 0
    slowest_ms: float = 0.0
    faults: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        told = ", ".join(f"{name} {n}" for name, n in self.outcomes.most_common())
        return (
            f"(f) waiting list: {self.times} freed times, {self.taken} with one taker of {TAKERS} ({told}),"
            f" slowest {self.slowest_ms:.0f} ms"
        )


class Waiting:
    """A crowd of threads around one freed time after the other."""

    def __init__(self, admin: str, way: Way, ground: Ground) -> None:
        self._admin = admin
        self._way = way
        self._ground = ground
        self.found = Waited()

    def run(self, times: int) -> Waited:
        """Free so many times, one after the other."""
        with psycopg.connect(self._admin, autocommit=True) as watch, ThreadPoolExecutor(HANDS) as pool:
            for number in range(times):
                self._freed(watch, pool, number)
        return self.found

    def _freed(self, watch: psycopg.Connection[Any], pool: ThreadPoolExecutor, number: int) -> None:
        """Free one time, let offers of it lapse, then let everybody accept the one that is left."""
        line, visit = self._queue(watch), self._canceled(number)
        at, stranger = NOW, factories.patient(watch)
        for lapse in range(LAPSES + 1):
            # Somebody who is on no list wants the time, too; while it is held they never get it.
            wants: list[Callable[[], object]] = [partial(self._books, stranger, number, at)] if lapse else []
            offering: Callable[[], object] = partial(offer_next, *visit, at=at)
            self._all(pool, [*[offering] * (TAKERS - len(wants)), *wants])
            offer = self._only_offer(watch, line[lapse])
            if offer is None:
                return
            if lapse < LAPSES:
                at += TTL
                self._all(pool, [partial(close_offer, offer[0], at=at)] * TAKERS)
                visit = offer[1], 2
            else:
                self.found.taken += self._all(pool, [partial(accept, offer[0], actor=None, at=at)] * TAKERS) == 1
        self.found.times += 1
        watch.execute("UPDATE waiting_wish SET status = 'withdrawn' WHERE status = 'waiting'")

    def _queue(self, watch: psycopg.Connection[Any]) -> list[UUID]:
        """Fifty people who wait for anything, in the order in which they came."""
        line = []
        for n in range(TAKERS):
            made = new_id()
            factories.insert(
                watch, "waiting_wish", id=made, patient_id=factories.patient(watch),
                service_id=self._ground.kinds[0].service, earliest=NOW.date(), created_at=NOW + timedelta(seconds=n),
            )  # fmt: skip
            line.append(made)
        return line

    def _canceled(self, number: int) -> tuple[UUID, int]:
        """Book a time that nothing else of the storm is about, and cancel it; the visit and its version."""
        with self._way.hands(0), transactional(factories.scope()):
            visit = book(self._wanted(self._ground.patients[0], number), actor=None, at=NOW)
            gone = cancel(CancelRequest(visit.id, "storm"), at=NOW)
            return gone.id, gone.version

    def _wanted(self, patient: UUID, number: int) -> BookRequest:
        ground = self._ground
        starts = ground.minute(EQUAL_DAYS + MIXED_DAYS + SPECIAL_DAYS + 1 + number // 20, 20 * (number % 20))
        return BookRequest(patient, ground.kinds[0].service, ground.location, starts, ground.providers[0])

    def _books(self, patient: UUID, number: int, at: datetime) -> object:
        return book(self._wanted(patient, number), actor=None, at=at - timedelta(seconds=1))

    def _only_offer(self, watch: psycopg.Connection[Any], first: UUID) -> tuple[UUID, UUID] | None:
        """The one open offer, to who is first in line; anything else is a fault."""
        found = watch.execute(_OPEN).fetchall()
        if len(found) != 1 or found[0][2] != first:
            self.found.faults[f"{len(found)} offers, or out of line"] += 1
            return None
        return found[0][0], found[0][1]

    def _all(self, pool: ThreadPoolExecutor, deeds: list[Callable[[], object]]) -> int:
        """Do everything at once, each in a transaction of its own; how many were not refused."""
        outcomes = Counter(pool.map(self._one, deeds))
        self.found.outcomes += outcomes
        self.found.faults += Counter({name: n for name, n in outcomes.items() if name not in EXPECTED})
        return outcomes["done"]

    def _one(self, deed: Callable[[], object]) -> str:
        with self._way.hands(0):
            began = time.monotonic()
            try:
                with transactional(factories.scope()):
                    deed()
            except Refusal as refusal:
                return refusal.code
            except Exception as error:  # noqa: BLE001 - the storm counts every way to fail
                return type(getattr(error, "orig", error)).__name__
            finally:
                self.found.slowest_ms = max(self.found.slowest_ms, (time.monotonic() - began) * 1000)
            return "done"
