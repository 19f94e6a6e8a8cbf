"""Booked and paid as one: the only way to book what has to be paid before it takes place."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from webapp.billing.actions.attempts import Wanted, find, open_attempt
from webapp.billing.actions.held_for import asked_of
from webapp.billing.refusals import DueChanged
from webapp.booking.actions import HoldRequest, hold, open_payment
from webapp.booking.refusals import WishEnded
from webapp.booking.states import MOVABLE, Status
from webapp.errors import Refusal

if TYPE_CHECKING:
    from webapp.billing.models import Attempt
    from webapp.booking.models import Appointment

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
    the price is another one by now (`alternatives`: what it costs), WishEnded when the visit that was to move into the
    time does not any more, and what `open_attempt` does.
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
    asked = asked_of(visit)
    if asked.moves is not None and Status(asked.moves.status) not in MOVABLE:
        raise WishEnded(patient=visit.patient_id)
    if request.wanted.cents not in {asked.cents, asked.whole} or request.wanted.currency != visit.currency:
        raise DueChanged(patient=visit.patient_id, alternatives=[asked.cents])
    wanted = replace(
        request.wanted,
        patient_id=visit.patient_id,
        location_id=visit.location_id,
        purpose="booking",
        appointment_id=visit.id,
        shares={},
    )
    return open_attempt(wanted, actor=actor, at=at)


def _kept(time: HoldRequest | UUID, *, actor: UUID | None, at: datetime) -> Appointment:
    if isinstance(time, HoldRequest):
        time = hold(time, PAY_TIME, actor=actor, at=at).id
    return open_payment(time, at=at)
