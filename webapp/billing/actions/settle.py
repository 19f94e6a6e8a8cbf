"""What a gateway's answer does to an attempt, and to the ledger and the visit in the same transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select, update

from webapp.billing.actions.attempts import locked, look_after, step
from webapp.billing.actions.held_for import take_held
from webapp.billing.actions.pay import Part, TakeDeposit, TakePayment, take_deposit, take_payment
from webapp.billing.actions.posting import lock_invoices
from webapp.billing.actions.refunds import RefundRequest, paid_invoices, payment_failed, refund
from webapp.billing.attempts import OPEN, TAKEN, Event, State
from webapp.billing.gateways.protocol import Answered
from webapp.billing.models import GatewayEvent, Payment
from webapp.billing.queries.balances import due_of, refundable, reserved_of
from webapp.billing.receipts import By
from webapp.booking.actions import BookRequest, book, close_payment
from webapp.booking.actions.waiting.wishes import come_true
from webapp.booking.models import Appointment
from webapp.booking.queries.own_waiting import offer_of_hold
from webapp.booking.refusals import HoldOver
from webapp.db import db
from webapp.news import News, tell_staff

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from webapp.billing.gateways.protocol import Outcome
    from webapp.billing.models import Attempt

_SAID = {
    Answered.AUTHORISED: Event.AUTHORISED,
    Answered.CAPTURED: Event.CAPTURED,
    Answered.DECLINED: Event.DECLINED,
    Answered.WAITING: Event.WAITING,
    Answered.VOIDED: Event.VOIDED,
    Answered.REFUNDED: Event.REFUNDED,
}
# Only the order to charge can fail for good or be left unanswered; other verbs are asked again.
_SAID_OF_CHARGE = {
    **_SAID,
    Answered.UNKNOWN: Event.UNKNOWN,
    Answered.UNREACHABLE: Event.DECLINED,
    Answered.REFUSED: Event.FAILED,
}
_SAID_OF_REFUND = {Answered.REFUNDED: Event.REFUNDED, Answered.REFUSED: Event.REFUND_FAILED}
_ENDED = frozenset({State.VOIDED, State.FAILED})


def heard(
    attempt_id: UUID,
    outcome: Outcome,
    *,
    actor: UUID | None,
    at: datetime,
    charging: bool = False,
    as_credit: bool = False,
) -> Attempt:
    """Let a gateway's answer happen: the state by the table, and what follows from it, once.

    `charging` is the answer to an order to charge.  Money that is there is written down in this transaction, with the
    visit it books; what that raises leaves nothing done.  `as_credit` is the way out then: what is only reserved is not
    written, and what was collected already belongs to the patient, for anything.
    """
    attempt = locked(attempt_id)
    # What a page is called is of no use any more once somebody has paid there: the charge has its own name.
    late = outcome.kind is Answered.WAITING and State(attempt.state) not in OPEN - {State.AUTHORISED}
    if outcome.external_id is not None and not late:
        attempt.external_id = outcome.external_id
    said = _SAID_OF_REFUND if attempt.direction == "refund" else _SAID_OF_CHARGE if charging else _SAID
    event = said.get(outcome.kind)
    new = event is not None and step(attempt, event, at=at, actor=actor, code=outcome.code)
    state = State(attempt.state)
    # Only as it ends: by the time of an echo somebody else may be paying for the same hold.
    if new and state in _ENDED and attempt.purpose == "booking" and attempt.appointment_id is not None:
        close_payment(attempt.appointment_id, at=at)
    if new and state is State.CAPTURE_FAILED:
        _take_back(attempt, actor=actor, at=at)
        tell_staff(News.NOT_COLLECTED, attempt.id, at=at)
    elif new and state is State.FAILED and attempt.direction == "refund":
        tell_staff(News.NOT_REFUNDED, attempt.id, at=at)
    if attempt.settled_at is None and not (as_credit and state is State.AUTHORISED):
        _write(attempt, state, actor=actor, at=at, books=attempt.purpose == "booking" and not as_credit)
    db.session.flush()
    return attempt


def handled(attempt_id: UUID, *, at: datetime) -> None:
    """Note that messages about an attempt have had their effect."""
    db.session.execute(
        update(GatewayEvent)
        .where(GatewayEvent.attempt_id == attempt_id, GatewayEvent.handled_at.is_(None), GatewayEvent.received_at <= at)
        .values(handled_at=at)
    )


def _write(attempt: Attempt, state: State, *, actor: UUID | None, at: datetime, books: bool) -> None:
    if state is State.REFUNDED and attempt.payment_id is not None:
        _give_back(attempt, actor=actor, at=at)
    elif state in TAKEN and attempt.direction == "charge":
        (_book if books else _pay)(attempt, actor=actor, at=at)
        attempt.settled_at = at
        # Captured by a job: nobody waits for it, and what is authorised is shown as that.
        if step(attempt, Event.CAPTURE, at=at, actor=actor):
            look_after(attempt, at)


def _part(attempt: Attempt) -> Part:
    return Part(attempt.method, attempt.cents, attempt_id=attempt.id, receipt=By(attempt.receipt))


def _pay(attempt: Attempt, *, actor: UUID | None, at: datetime) -> None:
    """Money that the gateway has is never refused: an invoice takes what it still asks for, the rest is credit."""
    shares = {share.invoice_id: share.cents for share in attempt.allocations}
    lock_invoices(shares)
    due, reserved = due_of(shares), reserved_of(shares)
    # Its own share counts among what is reserved as long as the attempt is open.
    own = shares if State(attempt.state) is State.AUTHORISED else {}
    free = {one: due.get(one, 0) - reserved.get(one, 0) + own.get(one, 0) for one in shares}
    exactly = {one: min(cents, free[one]) for one, cents in sorted(shares.items()) if free[one] > 0}
    wanted = TakePayment(attempt.patient_id, attempt.location_id, (_part(attempt),), attempt.currency, exactly=exactly)
    take_payment(wanted, actor=actor, at=at)


def _book(attempt: Attempt, *, actor: UUID | None, at: datetime) -> None:
    """Book the held time with the deposit that pays for it: both or neither.

    When the hold has lapsed although its payment was open, the very time is booked if it is still free; one that was
    offered from the waiting list belongs to the next in line.
    """
    kept = None if attempt.appointment_id is None else db.session.get(Appointment, attempt.appointment_id)
    if kept is None:
        raise HoldOver(patient=attempt.patient_id)
    try:
        visit = take_held(kept.id, actor=actor, at=at)
    except HoldOver:
        if offer_of_hold(kept.id) is not None:
            raise
        visit = _book_again(kept, actor=actor, at=at)
    # The visit that moved, or was booked anew: whoever asks for the payment is led there.
    attempt.appointment_id = visit.id
    take_deposit(TakeDeposit(visit.id, _part(attempt), attempt.currency), actor=actor, at=at)


def _book_again(kept: Appointment, *, actor: UUID | None, at: datetime) -> Appointment:
    again = BookRequest(
        kept.patient_id, kept.service_id, kept.location_id, kept.starts_at, kept.provider_id, kept.note,
        deposit_seen_to=True,
    )  # fmt: skip
    visit = book(again, actor=actor, at=at)
    come_true(visit, at=at)
    return visit


def _take_back(attempt: Attempt, *, actor: UUID | None, at: datetime) -> None:
    """A charge that can't be collected any more takes back what it paid; the visit stays, owed for."""
    payment = db.session.scalar(select(Payment).where(Payment.attempt_id == attempt.id))
    if payment is None:
        return
    lock_invoices(paid_invoices(payment.id))
    if refundable(payment.id) > 0:
        payment_failed(payment.id, f"{attempt.code or 'not collected'}", actor=actor, at=at)


def _give_back(attempt: Attempt, *, actor: UUID | None, at: datetime) -> None:
    if attempt.payment_id is None:
        return
    lock_invoices(paid_invoices(attempt.payment_id))
    rule = "decided" if attempt.appointment_id is None else "cancellation"
    refund(
        RefundRequest(attempt.payment_id, attempt.cents, attempt.reason, rule=rule, attempt_id=attempt.id),
        actor=attempt.actor_id or actor,
        at=at,
    )
