"""Background work of money: attempts that somebody has to carry on with."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import structlog

from webapp import jobs
from webapp.billing import charging, keeping, service
from webapp.billing.queries import cards
from webapp.billing.queries.attempts import direction_of, left_over
from webapp.billing.queries.cards import open_setups
from webapp.db import Role, transactional
from webapp.jobs import job, promise

if TYPE_CHECKING:
    from webapp.db import Scope


class NotHeard(Exception):  # noqa: N818  the queue tries again
    """The card company did not answer."""


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
        for setup in open_setups(scope.at - QUIET):
            promise(settle_setup, setup=str(setup))


@job("billing.settle_setup")
def settle_setup(setup: str) -> None:
    """Ask the gateway about a card that somebody was about to leave."""
    keeping.look(UUID(setup), jobs.scope())


@job("billing.forget_card")
def forget_card(card: str) -> None:
    """Have the gateway forget a card that the patient took away; said again until it has heard it."""
    scope = jobs.scope()
    with transactional(scope, read_only=True):
        method = cards.card(UUID(card)).method
    if not service.gateway().forget(method).definite:
        raise NotHeard


def _scope(attempt: UUID) -> Scope:
    """Nobody acts.  Charges book and take money, as the desk may; giving back is more than that."""
    scope = jobs.scope()
    with transactional(scope, read_only=True):
        direction = direction_of(attempt)
    return replace(scope, role=Role.DESK) if direction == "charge" else scope
