"""One storm over a database: three phases, a line each, and the verdict."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from random import Random
from time import monotonic
from typing import TYPE_CHECKING, Any

import psycopg

from bench.storm import fairness, ground, judge, phases
from bench.storm.crowd import Crowd

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.storm.crowd import Plan
    from bench.storm.deeds import Attempt
    from bench.storm.phases import Size

ANSWERS = frozenset({"done", "slot_taken", "wrong_state", "version_conflict"})
"""What may come of a deed; anything else is a fault of ours."""
SLOWEST_MS = 500.0


@dataclass(slots=True)
class Verdict:
    """What one storm came to; `faults` are outcomes that nobody should meet, with how often they did."""

    slots: int = 0
    winners: int = 0
    overlaps: int = 0
    half: int = 0
    false_refusals: int = 0
    deadlocks: int = 0
    slowest_ms: float = 0.0
    faults: Counter[str] = field(default_factory=Counter)

    @property
    def holds(self) -> bool:
        kept = self.overlaps == self.half == self.false_refusals == self.deadlocks == 0
        return kept and self.winners == self.slots and self.slowest_ms < SLOWEST_MS and not self.faults

    def __str__(self) -> str:
        return (
            f"storm: slots={self.slots} winners={self.winners} overlaps={self.overlaps} half={self.half}"
            f" false_refusals={self.false_refusals} deadlocks={self.deadlocks} slowest_ms={self.slowest_ms:.0f}"
        )


class Storm:
    """A storm over one migrated, empty database; `say` gets a line for each phase."""

    def __init__(self, admin: str, address: str, size: Size, say: Callable[[str], None], seed: int = 1) -> None:
        self._admin = admin
        self._address = address
        self._size = size
        self._say = say
        self._random = Random(seed)
        self._attempts: list[Attempt] = []
        self.verdict = Verdict(slots=size.slots)

    def run(self) -> Verdict:
        """Run the three phases and judge what they left."""
        size, random = self._size, self._random
        with psycopg.connect(self._admin, autocommit=True) as connection:
            self._ground = ground.prepare(connection, size.bookers)
            before = judge.deadlocks(connection)
        with Crowd(self._address, self._ground.location) as crowd:
            won = self._phase("(a) equal slots", crowd, phases.equal(self._ground, size, random))
            self.verdict.winners = sum(attempt.outcome == "done" for attempt in won)
            booked = self._phase("(b) mixed lengths, neighbours", crowd, phases.mixed(self._ground, size, random))
            live = phases.live(booked)
            equals = [visit for visit, service in live.items() if service == self._ground.kinds[0].service]
            plans = phases.changes(self._ground, size, random, list(live), equals)
            self._phase("(c) moves, swaps, cancels, re-books", crowd, plans)
        with psycopg.connect(self._admin, autocommit=True) as connection:
            self._judge(connection, before)
        return self.verdict

    def _phase(self, name: str, crowd: Crowd, plans: list[Plan]) -> list[Attempt]:
        began = monotonic()
        attempts = crowd.do(plans)
        seconds = monotonic() - began
        outcomes = Counter(attempt.outcome for attempt in attempts)
        slowest = max((attempt.ended - attempt.began) * 1000 for attempt in attempts)
        wrong = fairness.false_refusals(self._ground, attempts, self._attempts)
        self._attempts += attempts
        self.verdict.slowest_ms = max(self.verdict.slowest_ms, slowest)
        self.verdict.false_refusals += len(wrong)
        self.verdict.faults.update({name: n for name, n in outcomes.items() if name not in ANSWERS})
        told = ", ".join(f"{outcome} {n}" for outcome, n in outcomes.most_common())
        rate = len(attempts) / seconds
        for attempt in wrong:
            self._say(f"{name}: falsely refused {attempt}")
        self._say(f"{name}: {len(attempts)} attempts, {rate:.0f}/s ({told}), slowest {slowest:.0f} ms")
        return attempts

    def _judge(self, connection: psycopg.Connection[Any], deadlocks_before: int) -> None:
        connection.execute("ANALYZE")
        self.verdict.overlaps = judge.overlaps(connection)
        self.verdict.half = judge.half(connection)
        self.verdict.deadlocks = judge.deadlocks(connection) - deadlocks_before
