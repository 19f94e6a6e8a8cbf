"""Cancel a visit that costs money: the fee by its service's rule, and what was paid before goes back, all in one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID, uuid5

from sqlalchemy import select

from webapp.billing.actions.attempts import give_up
from webapp.billing.actions.fees import FeeRequest, charge_fee, waive_fee
from webapp.billing.actions.refund_by_card import CardRefund, open_refund
from webapp.billing.actions.refunds import RefundRequest, refund, way_back
from webapp.billing.attempts import FINAL, State
from webapp.billing.models import Attempt, Invoice, Payment
from webapp.billing.queries.balances import held_by
from webapp.billing.refusals import DueChanged
from webapp.booking.actions import CancelRequest, Costs, cancel
from webapp.booking.actions.locking import locked
from webapp.booking.models import Appointment
from webapp.booking.states import Status
from webapp.db import db
from webapp.errors import NotFound
from webapp.idempotency import Claim
from webapp.practice.models import Service

if TYPE_CHECKING:
    from collections.abc import Sequence

# What a fee is for; a hold costs nothing, and a finished visit costs its price.
CHARGED = frozenset({Status.BOOKED, Status.CONFIRMED, Status.ARRIVED})


@dataclass(frozen=True, slots=True)
class Terms:
    """What canceling costs now and what goes back, in cents; shown before anybody decides.

    `paid` was paid before, `back` of it goes back, `owed` of the fee is not covered by it.
    """

    fee: int
    paid: int

    @property
    def back(self) -> int:
        return max(0, self.paid - self.fee)

    @property
    def owed(self) -> int:
        return max(0, self.fee - self.paid)


@dataclass(frozen=True, slots=True)
class CancelWithFee:
    """Which visit and why; `seen` is the fee that the page showed, `label` what the invoice calls it.

    `waive` is the reason to take no fee: whoever gives one has checked the permission.  Cash goes back from an open
    drawer when one is named, else it becomes credit.  Refunds to cards take their keys from `once`.
    """

    cancel: CancelRequest
    once: Claim
    label: str
    seen: int
    waive: str = ""
    drawer_id: UUID | None = None


def terms_of(appointment_id: UUID, *, at: datetime) -> Terms:
    """What canceling a visit costs at a moment (NotFound)."""
    visit = db.session.get(Appointment, appointment_id)
    if visit is None:
        raise NotFound
    return Terms(fee_of(visit, at=at), paid_before(visit.id))


def fee_of(visit: Appointment, *, at: datetime) -> int:
    """The fee of a visit that is cancelled at a moment: its service's, when that is later than its notice."""
    service = db.session.get_one(Service, visit.service_id)
    return late_fee(service, visit.starts_at, at) if Status(visit.status) in CHARGED else 0


def cancel_with_fee(wanted: CancelWithFee, *, actor: UUID | None, at: datetime) -> Appointment:
    """Cancel, charge or waive the fee, and give back what is left of the prepayment to where it came from.

    A prepaid patient can always cancel: nothing here asks a gateway, refunds to cards are sent by a job.  A payment
    that is still under way for a hold is given up.  Raises what `cancel` does, DueChanged when the fee is another one
    by now (`alternatives`: it), and what charging or waiving a fee and refunding in cash raise.
    """
    for attempt in under_way(wanted.cancel.appointment_id):
        give_up(attempt, actor=actor, at=at, code="canceled")
    known = db.session.get(Appointment, wanted.cancel.appointment_id, populate_existing=True)
    if known is None:
        raise NotFound
    fee = fee_of(known, at=at)
    visit = cancel(replace(wanted.cancel, costs=Costs.SEEN_TO), at=at)
    if fee != wanted.seen:
        raise DueChanged(patient=visit.patient_id, alternatives=[fee])
    if fee:
        request = FeeRequest(visit.id, fee, wanted.label)
        if wanted.waive.strip():
            waive_fee(request, wanted.waive, actor=actor, at=at)
        else:
            charge_fee(request, actor=actor, at=at)
    give_back(visit, wanted, actor=actor, at=at)
    return visit


def settle_cancellation(appointment_id: UUID, version: int, label: str, *, at: datetime) -> bool:
    """Charge the fee of a visit that its patient canceled, and give back the rest; False when that is done already.

    The fee is that of the moment it was canceled at, `label` what the invoice calls it.  Raises NotFound, or WrongState
    and VersionConflict when the cancellation has been undone.
    """
    visit = locked(appointment_id, frozenset({Status.CANCELLED}), version=version)
    if visit.cancelled_at is None or money_moved(visit.id):
        return False
    service = db.session.get_one(Service, visit.service_id)
    if fee := late_fee(service, visit.starts_at, visit.cancelled_at):
        charge_fee(FeeRequest(visit.id, fee, label), actor=None, at=at)
    wanted = CancelRequest(visit.id, visit.cancel_reason or label)
    # Nobody pressed a button of ours here: the cancellation itself is what happens once.
    once = Claim(visit.id, uuid5(visit.id, str(version)), b"")
    give_back(visit, CancelWithFee(wanted, once, label, fee), actor=None, at=at)
    return True


def late_fee(service: Service, starts_at: datetime, at: datetime) -> int:
    """What a service takes for canceling at a moment; its notice to the second still costs nothing."""
    late = starts_at - at < timedelta(minutes=service.cancel_notice_minutes)
    return service.cancel_fee_cents if late else 0


def under_way(appointment_id: UUID) -> Sequence[UUID]:
    """Attempts to pay for a hold that have not come to their end, by id."""
    ended = [state.value for state in FINAL | {State.VOIDING}]
    query = select(Attempt.id).where(
        Attempt.appointment_id == appointment_id,
        Attempt.direction == "charge",
        Attempt.settled_at.is_(None),
        Attempt.state.not_in(ended),
    )
    return db.session.scalars(query.order_by(Attempt.id)).all()


def money_moved(appointment_id: UUID) -> bool:
    """Whether canceling a visit has charged a fee, or sent what was paid before on its way back."""
    fee = select(Invoice.id).where(
        Invoice.appointment_id == appointment_id, Invoice.purpose == "fee", Invoice.status == "issued"
    )
    going = select(Attempt.id).where(Attempt.appointment_id == appointment_id, Attempt.direction == "refund")
    if db.session.scalar(select(fee.exists() | going.exists())):
        return True
    payments = prepaid(appointment_id)
    waits = held_by([payment.id for payment in payments])
    return any(waits.get(payment.id, {}).get("deposits", 0) <= 0 for payment in payments)


def give_back(visit: Appointment, wanted: CancelWithFee, *, actor: UUID | None, at: datetime) -> None:
    """Send what is left of the prepayments of a canceled visit back to where each came from."""
    payments = prepaid(visit.id)
    left = _held(payments)
    for payment in payments:
        cents = left.get(payment.id, 0)
        if cents <= 0:
            continue
        if way_back(payment) == "card":
            once = Claim(wanted.once.actor, uuid5(wanted.once.key, str(payment.id)), wanted.once.request_hash)
            back = CardRefund(
                uuid5(payment.id, str(visit.version)), payment.id, cents, wanted.cancel.reason, once, visit.id
            )
            open_refund(back, actor=actor, at=at)
        elif way_back(payment) != "cash" or wanted.drawer_id is not None:
            refund(
                RefundRequest(payment.id, cents, wanted.cancel.reason, rule="cancellation", drawer_id=wanted.drawer_id),
                actor=actor,
                at=at,
            )
        else:
            _keep_as_credit(payment, actor=actor, at=at)


def _keep_as_credit(payment: Payment, *, actor: UUID | None, at: datetime) -> None:
    from webapp.billing.actions.pay import release_deposit

    if held_by([payment.id]).get(payment.id, {}).get("deposits", 0) > 0:
        release_deposit(payment.id, actor=actor, at=at)


def prepaid(appointment_id: UUID) -> Sequence[Payment]:
    """Payments for a visit to come, the oldest first."""
    query = select(Payment).where(Payment.appointment_id == appointment_id).order_by(Payment.at, Payment.id)
    return db.session.scalars(query).all()


def paid_before(appointment_id: UUID) -> int:
    """What was paid for a visit to come and pays for nothing else yet, in cents."""
    return sum(_held(prepaid(appointment_id)).values())


def _held(payments: Sequence[Payment]) -> dict[UUID, int]:
    """What of prepayments pays for nothing yet."""
    found = held_by([payment.id for payment in payments])
    return {one: held.get("deposits", 0) + held.get("credits", 0) for one, held in found.items()}
