"""The one clock: aware UTC, replaceable in tests; asked by views, jobs and commands, which pass the time on."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def _system() -> datetime:
    return datetime.now(UTC)


_source: Callable[[], datetime] = _system


def now() -> datetime:
    """Tell the time as an aware UTC datetime."""
    return _source()


@contextmanager
def running(source: Callable[[], datetime]) -> Iterator[None]:
    """Run the block on another clock, in every thread of the process; for tests and generated days."""
    global _source  # noqa: PLW0603 - one clock for the process is the point
    previous = _source
    _source = source
    try:
        yield
    finally:
        _source = previous


@contextmanager
def stopped_at(moment: datetime) -> Iterator[None]:
    """Run the block with the clock standing still at an aware moment; raises ValueError for a naive one."""
    if moment.tzinfo is None:
        raise ValueError("the clock needs an aware datetime")
    still = moment.astimezone(UTC)
    with running(lambda: still):
        yield
