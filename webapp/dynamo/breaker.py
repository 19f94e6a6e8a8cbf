"""When to stop asking a service that does not answer, and how many threads may wait for it meanwhile."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING

from webapp import metrics

if TYPE_CHECKING:
    from collections.abc import Iterator

OPENS_AFTER = 5
REST_SECONDS = 2.0
SEATS = 6
QUEUE_SECONDS = 0.2


@dataclass(slots=True)
class Breaker:
    """Counts failures in a row and, once open, lets one probe through after each rest.

    Without it every request of an outage would hold its worker for the whole deadline.  One per process, shared by
    its threads; with 2 s of rest all is well again at most 2 s and one call after DynamoDB's return.
    """

    opens_after: int = OPENS_AFTER
    rest_seconds: float = REST_SECONDS
    _failures: int = 0
    _rests_until: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def is_open(self) -> bool:
        return self._failures >= self.opens_after

    def allows(self) -> bool:
        """Whether a call may go out now; the caller that is let through an open breaker is its probe."""
        with self._lock:
            if not self.is_open:
                return True
            now = monotonic()
            if now < self._rests_until:
                return False
            # The next probe waits for a rest even when this one never reports back.
            self._rests_until = now + self.rest_seconds
            return True

    def succeeded(self) -> None:
        if self._failures:
            with self._lock:
                self._failures = 0
                metrics.BREAKER.set(0)

    def failed(self) -> None:
        with self._lock:
            self._failures += 1
            if self.is_open:
                self._rests_until = monotonic() + self.rest_seconds
                metrics.BREAKER.set(1)


class Seats:
    """How many threads of a process may wait for a service at once; the others answer at once, pages without it too.

    gunicorn gives a process eight threads (`gunicorn.conf.py`).  Until the breaker opens, a first wave of an outage
    would take all of them for the whole deadline, and not even `/livez` would be answered.
    """

    def __init__(self, count: int = SEATS) -> None:
        self._free = threading.Semaphore(count)

    @contextmanager
    def taken(self, seconds: float) -> Iterator[bool]:
        """Sit down inside; False when none was free within `seconds`, 0.2 at most: a healthy service needs 0.01."""
        if not self._free.acquire(timeout=min(seconds, QUEUE_SECONDS)):
            yield False
            return
        try:
            yield True
        finally:
            self._free.release()
