"""One storm over a database: its phases, a line each, and the verdict."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from random import Random
from time import monotonic
from typing import TYPE_CHECKING, Any

import psycopg

from bench.storm import fairness, hindsight, judge, phases, tied
from bench.storm.crowd import Crowd
from bench.storm.everybody import Everybody
from bench.storm.hands import ByActions
from bench.storm.waiting import Waiting
from bench.storm.web import ByWeb
from bench.storm.wire import NOTHING, SAVED

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.storm.crowd import Plan, Way
    from bench.storm.deeds import Attempt
    from bench.storm.ground import Ground
    from bench.storm.phases import Size

ANSWERS = frozenset(
    {"done", "slot_taken", "wrong_state", "version_conflict", "hold_over", "provider_away", "schedule_changed"}
    | {"several_taken", "session_full", NOTHING, SAVED}
)
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
    limit_ms: float = SLOWEST_MS

    def __add__(self, other: Verdict) -> Verdict:
        return Verdict(
            self.slots + other.slots,
            self.winners + other.winners,
            self.overlaps + other.overlaps,
            self.half + other.half,
            self.false_refusals + other.false_refusals,
            self.deadlocks + other.deadlocks,
            max(self.slowest_ms, other.slowest_ms),
            self.faults + other.faults,
            min(self.limit_ms, other.limit_ms),
        )

    @property
    def holds(self) -> bool:
        kept = self.overlaps == self.half == self.false_refusals == self.deadlocks == 0
        return kept and self.winners == self.slots and self.slowest_ms < self.limit_ms and not self.faults

    def __str__(self) -> str:
        return (
            f"storm: slots={self.slots} winners={self.winners} overlaps={self.overlaps} half={self.half}"
            f" false_refusals={self.false_refusals} deadlocks={self.deadlocks} slowest_ms={self.slowest_ms:.0f}"
        )


class Storm:
    """A storm over one migrated database; `say` gets a line for each phase, `admin` is the superuser's address."""

    def __init__(self, admin: str, ground: Ground, way: Way, size: Size, say: Callable[[str], None]) -> None:
        self._admin = admin
        self._ground = ground
        self._way = way
        self._size = size
        self._say = say
        self._attempts: list[Attempt] = []
        self.verdict = Verdict(slots=size.slots)

    def run(self, seed: int = 1) -> Verdict:
        """Run the phases and judge what they left; (d) to (f) are for those who reach the actions, (g) for browsers."""
        ground, size, random = self._ground, self._size, Random(seed)
        with psycopg.connect(self._admin, autocommit=True) as connection:
            before = judge.deadlocks(connection)
        with Crowd(self._way) as crowd:
            won = self._phase("(a) equal slots", crowd, phases.equal(ground, size, random))
            self.verdict.winners = sum(attempt.outcome in {"done", SAVED} for attempt in won)
            booked = self._phase("(b) mixed lengths, neighbours", crowd, phases.mixed(ground, size, random))
            swaps = isinstance(self._way, ByActions)
            plans = phases.changes(ground, size, random, phases.live(booked), swaps=swaps)
            self._phase("(c) moves, swaps, cancels, re-books", crowd, plans)
            if swaps:
                plans = phases.specials(ground, size, random, phases.live(self._attempts))
                self._phase("(d) holds, overbooking, equipment, leave, hours", crowd, plans)
                with psycopg.connect(self._admin, autocommit=True) as connection:
                    groups = tied.begin_groups(connection, ground)
                self._phase("(e) series, groups", crowd, phases.together(ground, size, random, groups))
            if isinstance(self._way, ByWeb) and size.everybody:
                self._everybody(crowd, self._way, random)
        if swaps:
            self._wait()
        with psycopg.connect(self._admin, autocommit=True) as connection:
            self._judge(connection, before)
        return self.verdict

    def _phase(self, name: str, crowd: Crowd, plans: list[Plan]) -> list[Attempt]:
        began = monotonic()
        attempts = crowd.do(plans)
        seconds = monotonic() - began
        outcomes = Counter(attempt.outcome for attempt in attempts)
        slowest = max((attempt.ended - attempt.began) * 1000 for attempt in attempts)
        self._attempts += self._complete(attempts)
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

    def _wait(self) -> None:
        """(f) Freed times go to one person of the waiting list; by actions only, because no page offers them."""
        waited = Waiting(self._admin, self._way, self._ground).run(self._size.freed)
        self.verdict.slots += self._size.freed
        self.verdict.winners += waited.taken
        self.verdict.faults += waited.faults
        self.verdict.slowest_ms = max(self.verdict.slowest_ms, waited.slowest_ms)
        self._say(str(waited))

    def _everybody(self, crowd: Crowd, way: ByWeb, random: Random) -> None:
        """(g) The portal, the desk, an import and the worker at once; by browsers only."""
        with Everybody(self._admin, self._ground, way) as everybody:
            plans = everybody.plans(self._size.everybody, random)
            attempts = self._phase("(g) portal, desk, import, jobs", crowd, plans)
            faults = everybody.aftermath(attempts)
            self.verdict.faults += faults
            self._say(f"(g) behind the pages: {everybody}, {sum(faults.values())} faults")

    def _complete(self, attempts: list[Attempt]) -> list[Attempt]:
        """Look up what the web does not say of what was booked or moved; returns what a worker did."""
        if isinstance(self._way, ByActions):
            return []
        with psycopg.connect(self._admin, autocommit=True) as connection:
            return hindsight.complete(connection, attempts)

    def _judge(self, connection: psycopg.Connection[Any], deadlocks_before: int) -> None:
        connection.execute("ANALYZE")
        self.verdict.overlaps = judge.overlaps(connection) + tied.overfull(connection)
        self.verdict.half = judge.half(connection)
        self.verdict.deadlocks = judge.deadlocks(connection) - deadlocks_before
