"""Finds refusals that were false: somebody was sent away although the time was free for the whole attempt."""

from __future__ import annotations

import math
from collections import defaultdict
from datetime import timedelta
from itertools import product
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date, datetime
    from uuid import UUID

    from bench.storm.deeds import Attempt, Placed, Want
    from bench.storm.ground import Ground


TAKEN = frozenset({"slot_taken", "several_taken"})
"""Outcomes that say somebody or something was busy."""


class Stay(NamedTuple):
    """A resource was, or may have been, busy for a visit: which span, and between which moments of the storm."""

    start: datetime
    end: datetime
    born: float
    died: float
    visit: UUID


class Register:
    """All stays of all visits, by resource and day."""

    def __init__(self, ground: Ground, attempts: Iterable[Attempt]) -> None:
        self._ground = ground
        self._stays: dict[tuple[UUID, date], list[Stay]] = defaultdict(list)
        lives: dict[UUID, list[tuple[int, Attempt, Placed | None]]] = defaultdict(list)
        for attempt in attempts:
            for placed in attempt.placed:
                lives[placed.visit].append((placed.version, attempt, placed))
            for visit, version in attempt.gone.items():
                lives[visit].append((version, attempt, None))
        for life in lives.values():
            life.sort(key=lambda change: change[0])
            ends = [change[1].ended for change in life[1:]] + [math.inf]
            for (_, attempt, after), died in zip(life, ends, strict=True):
                if after is not None:
                    self._enter(after, attempt.began, died)

    def was_free(self, attempt: Attempt) -> bool:
        """True when all that the attempt wished for was free from its first statement to its end."""
        return bool(attempt.wants) and all(self._some_place(attempt, want) for want in attempt.wants)

    def _some_place(self, attempt: Attempt, want: Want) -> bool:
        patient, staff = self._spans(want.service, want.starts)
        if self._met(want.patient, patient, attempt):
            return False
        providers = self._ground.providers if want.provider is None else (want.provider,)
        return any(
            not self._met(provider, staff, attempt) and not self._met(room, staff, attempt)
            for provider, room in product(providers, self._ground.rooms)
        )

    def _met(self, resource: UUID, span: tuple[datetime, datetime], attempt: Attempt) -> bool:
        return any(
            stay.start < span[1]
            and span[0] < stay.end
            and stay.born <= attempt.ended
            and attempt.began <= stay.died
            and stay.visit not in attempt.own
            for stay in self._stays.get((resource, span[0].date()), ())
        )

    def _enter(self, placed: Placed, born: float, died: float) -> None:
        for resource, (start, end) in self._resources(placed):
            self._stays[resource, start.date()].append(Stay(start, end, born, died, placed.visit))

    def _resources(self, placed: Placed) -> Iterator[tuple[UUID, tuple[datetime, datetime]]]:
        patient, staff = self._spans(placed.service, placed.starts)
        yield placed.patient, patient
        yield placed.provider, staff
        if placed.room is not None:
            yield placed.room, staff

    def _spans(self, service: UUID, starts: datetime) -> tuple[tuple[datetime, datetime], tuple[datetime, datetime]]:
        kind = self._ground.kind_of(service)
        ends = starts + timedelta(minutes=kind.length)
        return (starts, ends), (starts - timedelta(minutes=kind.before), ends + timedelta(minutes=kind.after))


def _needs_more(ground: Ground, attempt: Attempt) -> bool:
    """Whether equipment decides, too, which this register does not keep."""
    return any(want.service == ground.scan for want in attempt.wants)


def false_refusals(ground: Ground, attempts: list[Attempt], earlier: list[Attempt]) -> list[Attempt]:
    """List the attempts that were told the time is taken although it was free throughout; `earlier` phases count."""
    register = Register(ground, [*earlier, *attempts])
    return [
        attempt
        for attempt in attempts
        if attempt.outcome in {"slot_taken", "several_taken"}
        and not _needs_more(ground, attempt)
        and register.was_free(attempt)
    ]
