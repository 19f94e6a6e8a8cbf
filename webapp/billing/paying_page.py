"""Leading somebody to a page of the gateway's: an attempt under the lock of its invoice, then the page, then them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from webapp.billing import charging, returns, service
from webapp.billing.actions.attempts import locked, order_of
from webapp.billing.attempts import State
from webapp.billing.gateways.protocol import Answered

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from uuid import UUID

    from webapp.billing.charging import Standing
    from webapp.billing.gateways.protocol import ChargeOrder
    from webapp.billing.models import Attempt
    from webapp.db import Scope

PAYABLE = frozenset({State.AUTHORISING, State.UNKNOWN, State.WAITING})
"""As long as it is in one of these, somebody may still pay on the page of an attempt."""

FRESH = frozenset({"waiting", "asking", "closing"})
"""Truths that another one follows soon: pages with these look again by themselves."""


@dataclass(frozen=True, slots=True)
class Led:
    """How the attempt stands, and its page; None when there is nothing to pay there, or it can't be reached now."""

    standing: Standing
    url: str | None


def lead(open_one: Callable[[Scope], Attempt], scope: Scope) -> Led:
    """Open an attempt, or find the one that is open, and its page; the same page however often it is asked for.

    No transaction is open while the gateway is asked.  Raises what `open_one` raises.
    """

    def begin(now: Scope) -> tuple[Standing, ChargeOrder]:
        attempt = open_one(now)
        return charging.standing_of(attempt), replace(order_of(attempt), back=returns.back_of(attempt))

    return _led(*charging.within(scope, begin), scope)


def truth_of(attempt: Attempt, at: datetime) -> str:
    """Which of the sentences for somebody who comes back is true: of the attempt, whatever an address says.

    "paid", "failed_later" (paid, and yet not collected), "waiting" for them, "asking" the bank, "closing", "nothing".
    """
    state = State(attempt.state)
    if attempt.settled_at is not None:
        return "failed_later" if state is State.CAPTURE_FAILED else "paid"
    if state in PAYABLE:
        return "waiting" if attempt.expires_at > at else "closing"
    return {State.AUTHORISED: "asking", State.CAPTURED: "asking", State.VOIDING: "closing"}.get(state, "nothing")


def lead_on(attempt_id: UUID, scope: Scope) -> Led:
    """Lead somebody who came back without paying to the same page again (NotFound)."""
    return lead(lambda _now: locked(attempt_id), scope)


def _led(standing: Standing, order: ChargeOrder, scope: Scope) -> Led:
    if standing.state not in PAYABLE or order.back is None:
        return Led(standing, None)
    page = service.gateway().checkout(order, order.back)
    if standing.state is not State.WAITING:
        outcome = page.outcome
        if outcome.kind is Answered.UNREACHABLE:
            # Nobody heard it, and nothing is lost: whoever presses again, or the job, asks for the same page.
            outcome = replace(outcome, kind=Answered.UNKNOWN)
        standing = charging.hear(order.attempt, outcome, scope, charging=True)
    return Led(standing, page.url)
