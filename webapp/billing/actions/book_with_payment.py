"""Booked and paid in hand: the time and its deposit in one transaction, or booked without, with the reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from webapp.billing.actions.confirm_paid import PAY_TIME
from webapp.billing.actions.held_for import asked_of, take_held
from webapp.billing.actions.pay import BY_CARD, Part, TakeDeposit, take_deposit
from webapp.billing.refusals import DueChanged, MoneyReasonMissing
from webapp.booking.actions import HoldRequest, hold
from webapp.booking.models import Appointment
from webapp.booking.refusals import HoldBeingPaid
from webapp.db import db
from webapp.errors import BadRequest, NotFound

if TYPE_CHECKING:
    from datetime import datetime

LONGEST_REASON = 200


@dataclass(frozen=True, slots=True)
class BookWithPayment:
    """A time (to be held now, or held already) and what pays its deposit in hand; `currency` is the page's.

    Without a `part` the visit is booked without its deposit, and `waived` is why: whoever gives a reason has checked
    the permission.
    """

    time: HoldRequest | UUID
    part: Part | None
    currency: str = ""
    waived: str = ""


def book_with_payment(wanted: BookWithPayment, *, actor: UUID | None, at: datetime) -> Appointment:
    """Book the time and take its deposit, both or neither.

    Raises what `hold` and `take_held` do, HoldBeingPaid, DueChanged when the deposit is another one by now
    (`alternatives`: it), MoneyReasonMissing, and what taking a deposit raises.
    """
    if wanted.part is not None and wanted.part.method in BY_CARD:
        raise BadRequest
    kept = _kept(wanted.time, actor=actor, at=at)
    if kept.payment_open:
        raise HoldBeingPaid(patient=kept.patient_id)
    asked = asked_of(kept)
    if wanted.part is None:
        reason = wanted.waived.strip()
        if not reason:
            raise MoneyReasonMissing(field="waive_reason", patient=kept.patient_id)
        kept.note = "\n".join(line for line in (kept.note, reason[:LONGEST_REASON]) if line)
    elif wanted.part.cents not in {asked.cents, asked.whole}:
        raise DueChanged(patient=kept.patient_id, alternatives=[asked.cents])
    visit = take_held(kept.id, actor=actor, at=at)
    if wanted.part is not None:
        take_deposit(TakeDeposit(visit.id, wanted.part, wanted.currency), actor=actor, at=at)
    return visit


def _kept(time: HoldRequest | UUID, *, actor: UUID | None, at: datetime) -> Appointment:
    if isinstance(time, HoldRequest):
        return hold(time, PAY_TIME, actor=actor, at=at)
    kept = db.session.get(Appointment, time)
    if kept is None:
        raise NotFound
    return kept
