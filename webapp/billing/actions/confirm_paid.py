"""Booked and paid as one: the only way to book what has to be paid before it takes place."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from webapp.billing.actions.attempts import Wanted, find, open_attempt
from webapp.billing.refusals import DueChanged
from webapp.booking.actions import HoldRequest, hold, open_payment
from webapp.booking.models import Appointment
from webapp.db import db
from webapp.errors import Refusal
from webapp.practice.models import Service

if TYPE_CHECKING:
    from webapp.billing.models import Attempt

PAY_TIME = timedelta(minutes=10)
"""How long a time is held for somebody who pays; a payment that is under way holds it longer."""


@dataclass(frozen=True, slots=True)
class ConfirmPaid:
    """A time and the card that pays for it: a hold that is there already, or a time to be held now.

    `wanted` says how and how much; whose, where and which visit it is comes from the hold.
    """

    time: HoldRequest | UUID
    wanted: Wanted


def open_confirm(request: ConfirmPaid, *, actor: UUID | None, at: datetime) -> Attempt:
    """Hold the time, keep it while it is paid for, and open the attempt; `charging.pay` does the rest.

    The same press again finds its attempt.  Raises what `hold` does, HoldOver, HoldBeingPaid, NotFound, DueChanged when
    the price is another one by now (`alternatives`: what it costs), and what `open_attempt` does.
    """
    if (before := find(request.wanted.once, actor)) is not None:
        return before
    try:
        visit = _kept(request.time, actor=actor, at=at)
    except Refusal:
        # What refuses the second sending of a form may well be what the first one did.
        if (before := find(request.wanted.once, actor)) is None:
            raise
        return before
    due = prepayment_of(visit)
    if request.wanted.cents not in {due, visit.price_cents} or request.wanted.currency != visit.currency:
        raise DueChanged(patient=visit.patient_id, alternatives=[due])
    wanted = replace(
        request.wanted,
        patient_id=visit.patient_id,
        location_id=visit.location_id,
        purpose="booking",
        appointment_id=visit.id,
        shares={},
    )
    return open_attempt(wanted, actor=actor, at=at)


def prepayment_of(visit: Appointment) -> int:
    """What has to be paid before a visit takes place, in cents: its service's deposit, never more than its price."""
    service = db.session.get_one(Service, visit.service_id)
    return min(service.deposit_cents, visit.price_cents)


def _kept(time: HoldRequest | UUID, *, actor: UUID | None, at: datetime) -> Appointment:
    if isinstance(time, HoldRequest):
        time = hold(time, PAY_TIME, actor=actor, at=at).id
    return open_payment(time, at=at)
