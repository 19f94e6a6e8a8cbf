"""Give a payment back the way it came: to the card by an attempt that a job sends, anything else at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from webapp.billing.actions.refund_by_card import CardRefund, open_refund
from webapp.billing.actions.refunds import RefundRequest, refund, way_back
from webapp.billing.models import Payment
from webapp.db import db
from webapp.errors import NotFound
from webapp.ids import new_id

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from webapp.idempotency import Claim


@dataclass(frozen=True, slots=True)
class GiveBack:
    """How much of a payment and why; cash names the drawer it is taken from."""

    payment_id: UUID
    cents: int
    reason: str
    once: Claim
    drawer_id: UUID | None = None
    reference: str = ""


def give_back(wanted: GiveBack, *, actor: UUID | None, at: datetime) -> UUID | None:
    """The attempt that sends it to the card, None when it is given by hand (NotFound, and what refunds raise)."""
    payment = db.session.get(Payment, wanted.payment_id)
    if payment is None:
        raise NotFound
    if way_back(payment) == "card":
        order = CardRefund(new_id(), payment.id, wanted.cents, wanted.reason, wanted.once)
        return open_refund(order, actor=actor, at=at).id
    request = RefundRequest(
        payment.id, wanted.cents, wanted.reason, drawer_id=wanted.drawer_id, reference=wanted.reference
    )
    refund(request, actor=actor, at=at)
    return None
