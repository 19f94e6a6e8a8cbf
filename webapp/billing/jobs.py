"""Background work of money: attempts that somebody has to carry on with."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import structlog

from webapp import jobs
from webapp.billing import charging
from webapp.billing.queries.attempts import direction_of, left_over
from webapp.db import Role, transactional
from webapp.jobs import job, promise

if TYPE_CHECKING:
    from webapp.db import Scope

log = structlog.get_logger(__name__)
# Whoever opened an attempt has had its answer by then, or died.
QUIET = timedelta(seconds=30)


@job("billing.settle_attempt")
def settle_attempt(attempt: str) -> None:
    """Ask the gateway about an attempt and do what is left to do."""
    charging.carry_on(UUID(attempt), _scope(UUID(attempt)))


@job("billing.reconcile", every="* * * * *")
def reconcile(timestamp: int) -> None:
    """Find attempts that are not at their end and that nothing has happened to for a while; each is its own job."""
    del timestamp
    scope = jobs.scope()
    with transactional(scope):
        for attempt in left_over(scope.at - QUIET):
            promise(settle_attempt, attempt=str(attempt))


def _scope(attempt: UUID) -> Scope:
    """Nobody acts.  Charges book and take money, as the desk may; giving back is more than that."""
    scope = jobs.scope()
    with transactional(scope, read_only=True):
        direction = direction_of(attempt)
    return replace(scope, role=Role.DESK) if direction == "charge" else scope
