"""How long a request may wait for Cognito, and when it stops asking."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING

from flask import has_request_context, request

from webapp.dynamo.breaker import Breaker, Seats

if TYPE_CHECKING:
    from collections.abc import Iterator

CONNECT_SECONDS = 0.3
READ_SECONDS = 0.7
"""A call of a request waits a second at most: a sign-in at AWS takes 0.1 to 0.4 s."""
REQUEST_SECONDS = 2.0
"""When the calls of one request took this long no other one begins: it waits 3 s at most, for a page that says so."""
JOB_SECONDS = 5.0
"""Nobody waits for a job or a command."""
ENVIRON_KEY = "anteroom.cognito_seconds"


class AtRest(Exception):  # noqa: N818  a state of the world
    """This request or too many others have waited enough, or Cognito did not answer a moment ago; it is not asked."""


@dataclass(slots=True)
class Patience:
    """One per process: after failures in a row only a probe goes out, so that an outage holds no workers."""

    breaker: Breaker = field(default_factory=Breaker)
    seats: Seats = field(default_factory=Seats)

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Make one call inside; raises AtRest instead where it must not be made."""
        spent = request.environ.get(ENVIRON_KEY, 0.0) if has_request_context() else 0.0
        if spent >= REQUEST_SECONDS or not self.breaker.allows():
            raise AtRest
        started = monotonic()
        try:
            with self.seats.taken(REQUEST_SECONDS) as seated:
                if not seated:
                    raise AtRest
                yield
        finally:
            if has_request_context():
                request.environ[ENVIRON_KEY] = spent + monotonic() - started
