"""Give money back to the card it came from: decided and locked here, sent by a job, written when it has gone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert

from webapp.billing.actions.attempts import earlier, locked, look_after, step
from webapp.billing.actions.posting import lock_payments
from webapp.billing.actions.refunds import check_left, way_back
from webapp.billing.attempts import Event
from webapp.billing.models import Attempt
from webapp.billing.refusals import MoneyReasonMissing, NoMoneyHere, WrongAmountOfMoney, WrongWayBack
from webapp.db import db, reaches

if TYPE_CHECKING:
    from webapp.idempotency import Claim

LASTS = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class CardRefund:
    """How much of a payment by card goes back, and why; `cancelled` is the visit whose rule grants it."""

    id: UUID
    payment_id: UUID
    cents: int
    reason: str
    once: Claim
    cancelled: UUID | None = None


def open_refund(wanted: CardRefund, *, actor: UUID | None, at: datetime) -> Attempt:
    """Promise to send money back; refunds on their way and what has gone never exceed what was paid.

    Desks that race queue at the payment's row.  The same press again finds the refund it made.  Raises NotFound,
    KeyReused, WrongWayBack, MoneyReasonMissing, WrongAmountOfMoney, MoreThanWasPaid or NoMoneyHere.
    """
    payment = lock_payments([wanted.payment_id])[wanted.payment_id]
    if not reaches(payment.location_id):
        raise NoMoneyHere(patient=payment.patient_id)
    charge = None if payment.attempt_id is None else db.session.get(Attempt, payment.attempt_id)
    if charge is None or way_back(payment) != "card":
        raise WrongWayBack(field="method", patient=payment.patient_id)
    if not wanted.reason.strip():
        raise MoneyReasonMissing(field="reason", patient=payment.patient_id)
    if wanted.cents <= 0:
        raise WrongAmountOfMoney(field="amount", patient=payment.patient_id)
    values = {
        "id": wanted.id,
        "patient_id": payment.patient_id,
        "location_id": payment.location_id,
        "purpose": "refund",
        "direction": "refund",
        "gateway": charge.gateway,
        "method": payment.method,
        "payment_id": payment.id,
        "appointment_id": wanted.cancelled,
        "cents": wanted.cents,
        "currency": payment.currency,
        "reason": wanted.reason.strip(),
        "form_key": wanted.once.key,
        "request_hash": wanted.once.request_hash,
        "actor_id": actor,
        "created_at": at,
        "expires_at": at + LASTS,
    }
    made = insert(Attempt).values(values).on_conflict_do_nothing(index_elements=["actor_id", "form_key"])
    if db.session.execute(made.returning(Attempt.id)).scalar() is None:
        return earlier(wanted.once, actor)
    check_left(payment, wanted.cents, but=wanted.id)
    attempt = locked(wanted.id)
    step(attempt, Event.REFUND, at=at, actor=actor)
    look_after(attempt, at)
    return attempt
