"""Money by card from press to ledger: short transactions of ours, and the gateway asked only between them.

Whatever dies on the way leaves an attempt that says how far it came; `carry_on` takes it from there, asks what is true,
and finishes or gives it back.  Every step may happen twice.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import TYPE_CHECKING, TypeVar

from webapp import clock, idempotency
from webapp.billing import returns, service
from webapp.billing.actions import attempts as opening
from webapp.billing.actions.confirm_paid import open_confirm
from webapp.billing.actions.settle import handled, heard
from webapp.billing.attempts import FINAL, State
from webapp.billing.gateways.protocol import Answered, Outcome, RefundOrder
from webapp.billing.models import Attempt, Payment
from webapp.db import db, is_retryable, transactional
from webapp.errors import NotFound, Refusal, refusal_of
from webapp.problems import DATABASE_ERRORS

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from uuid import UUID

    from webapp.billing.actions.confirm_paid import ConfirmPaid
    from webapp.billing.gateways.protocol import ChargeOrder
    from webapp.db import Scope
    from webapp.idempotency import Claim

R = TypeVar("R")
TRIES = 3
SEE_OTHER = 303
# More steps than any attempt has left: asked, settled, captured, given back.
MOST_STEPS = 8


class _Todo(Enum):
    NOTHING = auto()
    LOOK = auto()
    SETTLE = auto()
    CAPTURE = auto()
    VOID = auto()
    REFUND = auto()
    REFUSE = auto()


@dataclass(frozen=True, slots=True)
class Standing:
    """How an attempt stands: its state, why, whether its money is in the ledger, and the visit it is for."""

    id: UUID
    state: State
    code: str
    settled: bool
    appointment_id: UUID | None


@dataclass(frozen=True, slots=True)
class _Known:
    """What is read of an attempt before the gateway is asked about it."""

    standing: Standing
    todo: _Todo
    order: ChargeOrder
    refund: RefundOrder | None
    over: bool


def pay(open_one: Callable[[Scope], Attempt], own: UUID, scope: Scope) -> Standing:
    """Open an attempt in a transaction of its own, charge the card without one, and settle in another.

    `open_one` makes the attempt with the id `own`, or finds the one that the same press made before: that one is not
    charged again.  What it refuses is raised before the card is asked.
    """

    def begin(now: Scope) -> tuple[Standing, ChargeOrder]:
        attempt = open_one(now)
        return standing_of(attempt), opening.order_of(attempt)

    standing, order = within(scope, begin)
    return _charge(order, scope) if standing.id == own else standing


def pay_by_card(wanted: opening.Wanted, scope: Scope) -> Standing:
    """Pay invoices by card.  The same press again, in any tab, leads to the same attempt and charges nothing."""
    return pay(lambda now: opening.open_attempt(wanted, actor=now.actor, at=now.at), wanted.id, scope)


def confirm_paid(request: ConfirmPaid, scope: Scope) -> Standing:
    """Book a time and pay for it, both or neither: never paid without the visit, never the visit without the payment.

    When somebody was quicker than the payment (a hold that lapsed, another visit of the patient), what was reserved on
    the card goes back and the standing's code says why.
    """
    return pay(lambda now: open_confirm(request, actor=now.actor, at=now.at), request.wanted.id, scope)


def try_again(attempt_id: UUID, once: Claim, scope: Scope, *, card: UUID | None = None) -> Standing:
    """Charge another card for an attempt whose last one was declined; the same press again charges nothing.

    Raises AttemptOver, KeyReused, and what is due by now.
    """

    def again(now: Scope) -> ChargeOrder | None:
        if idempotency.claim(db.session(), once, now.at) is not None:
            return None
        order = opening.order_of(opening.send_again(attempt_id, actor=now.actor, at=now.at, card=card))
        idempotency.store(db.session(), once, idempotency.Outcome(SEE_OTHER, f"/billing/attempts/{attempt_id}", {}))
        return order

    order = within(scope, again)
    if order is not None:
        return _charge(order, scope)
    return within(scope, lambda _now: standing_of(opening.locked(attempt_id)))


def end(attempt_id: UUID, scope: Scope) -> Standing:
    """Give an attempt up, and what it reserved back (NotFound, AttemptOver when its money is in the ledger)."""
    within(scope, lambda now: opening.give_up(attempt_id, actor=now.actor, at=now.at, code="ended"))
    return carry_on(attempt_id, scope)


def carry_on(attempt_id: UUID, scope: Scope) -> Standing:
    """Do whatever is left to do about an attempt: ask, settle, collect, give back; raises NotFound."""
    known = _read(attempt_id, scope)
    for _ in range(MOST_STEPS):
        if known.todo is _Todo.NOTHING:
            break
        outcome = _ask(known)
        hear(attempt_id, outcome, scope)
        after = _read(attempt_id, scope)
        if after.todo is known.todo and after.standing == known.standing:
            if known.todo is not _Todo.LOOK or not after.over:
                break
            # Nobody paid in its time, and the gateway knows of nothing: what comes now is too late.
            within(scope, lambda now: opening.give_up(attempt_id, actor=None, at=now.at, code="time_over"))
            after = _read(attempt_id, scope)
        known = after
    within(scope, lambda now: handled(attempt_id, at=now.at))
    return known.standing


def _charge(order: ChargeOrder, scope: Scope) -> Standing:
    outcome = service.gateway().authorise(order)
    standing = hear(order.attempt, outcome, scope, charging=True)
    # What can't be had for the money is known now: it goes back now.
    return carry_on(order.attempt, scope) if standing.state is State.VOIDING else standing


def hear(attempt_id: UUID, outcome: Outcome, scope: Scope, *, charging: bool = False) -> Standing:
    """Write an answer down with all that follows; when that can't be, only the answer, and the money goes back."""

    def write(now: Scope) -> Standing:
        return standing_of(heard(attempt_id, outcome, actor=now.actor, at=now.at, charging=charging))

    try:
        return within(scope, write)
    except Refusal as refusal:
        if outcome.kind is Answered.REFUNDED:
            raise
        why = refusal.code
    return within(scope, lambda now: _turned_down(attempt_id, outcome, why, now))


def _turned_down(attempt_id: UUID, outcome: Outcome, why: str, now: Scope) -> Standing:
    attempt = heard(attempt_id, outcome, actor=now.actor, at=now.at, as_credit=True)
    if State(attempt.state) is State.AUTHORISED:
        attempt = opening.give_up(attempt_id, actor=now.actor, at=now.at, code=why)
    return standing_of(attempt)


def _ask(known: _Known) -> Outcome:
    """One call to the gateway; no transaction is open."""
    gateway, order = service.gateway(), known.order
    if known.todo is _Todo.LOOK:
        return gateway.look(order)
    if known.todo is _Todo.CAPTURE:
        outcome = gateway.capture(str(order.external_id), order.cents, order.key("capture"))
        # Refused for good: closed on their side, too, before it is taken back on ours.
        return gateway.void(order) if outcome.kind is Answered.REFUSED else outcome
    if known.todo is _Todo.REFUND and known.refund is not None:
        return gateway.refund(known.refund)
    if known.todo is _Todo.REFUSE:
        return Outcome(Answered.REFUSED, None, "never_collected")
    if known.todo is _Todo.SETTLE:
        return Outcome(Answered(known.standing.state.value), order.external_id, cents=order.cents)
    return gateway.void(order)


def _read(attempt_id: UUID, scope: Scope) -> _Known:
    def read(now: Scope) -> _Known:
        attempt = db.session.get(Attempt, attempt_id)
        if attempt is None:
            raise NotFound
        refund, todo = None, _todo(State(attempt.state), settled=attempt.settled_at is not None)
        if todo is _Todo.REFUND and attempt.payment_id is not None:
            refund, todo = _refund_of(attempt, attempt.payment_id)
        over = attempt.expires_at <= now.at
        order = replace(opening.order_of(attempt), back=returns.back_of(attempt))
        return _Known(standing_of(attempt), todo, order, refund, over)

    return within(scope, read)


def _refund_of(attempt: Attempt, payment_id: UUID) -> tuple[RefundOrder | None, _Todo]:
    """The order to refund; it waits until the charge is collected, and ends when it never was."""
    paid = db.session.get_one(Payment, payment_id)
    charge = db.session.get_one(Attempt, paid.attempt_id)
    if charge.state == State.CAPTURED and charge.external_id is not None:
        return RefundOrder(attempt.id, charge.external_id, attempt.cents, attempt.currency), _Todo.REFUND
    return None, _Todo.REFUSE if State(charge.state) in FINAL else _Todo.NOTHING


def _todo(state: State, *, settled: bool) -> _Todo:
    if state is State.REFUNDING:
        return _Todo.REFUND
    if state in {State.AUTHORISED, State.CAPTURED} and not settled:
        return _Todo.SETTLE
    if state in FINAL:
        return _Todo.NOTHING
    return {State.CAPTURING: _Todo.CAPTURE, State.VOIDING: _Todo.VOID}.get(state, _Todo.LOOK)


def standing_of(attempt: Attempt) -> Standing:
    """How an attempt stands in the open transaction."""
    return Standing(
        attempt.id, State(attempt.state), attempt.code, attempt.settled_at is not None, attempt.appointment_id
    )


def within(scope: Scope, work: Callable[[Scope], R]) -> R:
    """Run a transaction at the present time, again when it met another one's; constraints speak as their refusals."""
    for left in reversed(range(TRIES)):
        now = replace(scope, at=_later(scope.at))
        try:
            with transactional(now):
                return work(now)
        except DATABASE_ERRORS as error:
            if is_retryable(error) and left:
                continue
            refusal = refusal_of(error)
            if refusal is None:
                raise
            raise refusal from error
    raise AssertionError


def _later(began: datetime) -> datetime:
    return max(began, clock.now())
