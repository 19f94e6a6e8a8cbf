"""Processes and threads, one connection each, that do their deeds at the same time."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing.synchronize import Barrier
from typing import TYPE_CHECKING, Protocol, Self

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager
    from types import TracebackType

    from bench.storm.deeds import Attempt, Deed

PROCESSES = 4
THREADS = 4
CONNECTIONS = PROCESSES * THREADS
PATIENCE_SECONDS = 120.0

Plan = list[list["Deed"]]
"""Rounds of one connection; all connections begin a round together."""


class Hands(Protocol):
    """One person at one connection."""

    def attempt(self, deed: Deed) -> Attempt:
        """Do it, and tell how it went."""


class Way(Protocol):
    """How people reach the clinic; sent to every process."""

    def hands(self, number: int) -> AbstractContextManager[Hands]:
        """The hands of the n-th person, for as long as a phase lasts."""


class Crowd:
    """Processes that stay for a whole storm; a context manager."""

    def __init__(self, way: Way) -> None:
        context = multiprocessing.get_context("spawn")
        barrier = context.Barrier(CONNECTIONS)
        self._pool = context.Pool(PROCESSES, initializer=_arrive, initargs=(barrier, way))

    def __enter__(self) -> Self:
        """Wait until everybody is there, connected."""
        self.do([[[]] for _ in range(CONNECTIONS)])
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close every connection, which makes PostgreSQL count what they met."""
        self._pool.close() if error is None else self._pool.terminate()
        self._pool.join()

    def do(self, plans: Sequence[Plan]) -> list[Attempt]:
        """Carry out one plan for each connection; returns all attempts."""
        shares = [list(enumerate(plans))[n::PROCESSES] for n in range(PROCESSES)]
        # One share a process: whoever has one waits at the barrier of its first round for all the others.
        jobs = [self._pool.apply_async(_share, (share,)) for share in shares]
        return [attempt for job in jobs for attempt in job.get()]


@dataclass(frozen=True, slots=True)
class _Here:
    """What a process of the crowd keeps: how it reaches the clinic, the common barrier, and its threads."""

    way: Way
    barrier: Barrier
    threads: ThreadPoolExecutor


_here: _Here


def _arrive(barrier: Barrier, way: Way) -> None:
    global _here  # noqa: PLW0603 - a barrier reaches a process only at its birth
    _here = _Here(way, barrier, ThreadPoolExecutor(THREADS))


def _share(plans: Sequence[tuple[int, Plan]]) -> list[Attempt]:
    return [attempt for attempts in _here.threads.map(_person, plans) for attempt in attempts]


def _person(numbered: tuple[int, Plan]) -> list[Attempt]:
    number, plan = numbered
    with _here.way.hands(number) as hands:
        done: list[Attempt] = []
        for deeds in plan:
            _here.barrier.wait(PATIENCE_SECONDS)
            done += [hands.attempt(deed) for deed in deeds]
        return done
