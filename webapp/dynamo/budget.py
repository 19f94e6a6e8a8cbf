"""How long one request may wait for DynamoDB in all."""

from __future__ import annotations

from dataclasses import dataclass, field

from flask import has_request_context, request

REQUEST_SECONDS = 1.0
ENVIRON_KEY = "anteroom.dynamo_budget"


@dataclass(slots=True)
class Budget:
    """The waiting of one request: seconds spent so far and the calls made, as (operation, table).

    Waiting is counted, not wall-clock time since the first call: a request that spent a second in PostgreSQL must still
    be able to write its activity.
    """

    limit: float = REQUEST_SECONDS
    seconds: float = 0.0
    calls: list[tuple[str, str]] = field(default_factory=list)

    @property
    def left(self) -> float:
        return self.limit - self.seconds


def spent() -> Budget:
    """The budget of the current request; outside a request (a job, a command) every call gets its own."""
    if not has_request_context():
        return Budget()
    # Not in `g`: that belongs to the application context, which a test or a command may share between requests.
    budget: Budget = request.environ.setdefault(ENVIRON_KEY, Budget())
    return budget
