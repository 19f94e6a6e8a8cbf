"""Cancel a visit, with the reason, and free its time."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

from webapp.booking import cashier
from webapp.booking.actions.locking import advance, lock_if_held, locked, settle_all
from webapp.booking.actions.waiting.freed import freed
from webapp.booking.money_refusals import CostsMoney
from webapp.booking.refusals import ReasonMissing
from webapp.booking.states import TRANSITIONS, Action

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from webapp.booking.models import Appointment


class Costs(Enum):
    """What happens to the money of a visit that is canceled."""

    REFUSE = auto()
    """Nothing that costs anything is canceled: the person has not been shown what it costs."""
    GIVE_BACK = auto()
    """The clinic cancels: no fee, and what was paid before goes back."""
    SEEN_TO = auto()
    """Billing takes the fee and gives back the rest in the same transaction."""


@dataclass(frozen=True, slots=True)
class CancelRequest:
    """Which visit, why, and which version of it the person saw (none: whatever it is now).

    `offer` lets the time go to whoever waits for one.
    """

    appointment_id: UUID
    reason: str
    version: int | None = None
    offer: bool = True
    costs: Costs = Costs.REFUSE


def cancel(request: CancelRequest, *, at: datetime) -> Appointment:
    """Cancel the visit and free its time (NotFound, WrongState, VersionConflict, ReasonMissing, CostsMoney)."""
    lock_if_held(request.appointment_id)
    visit = locked(request.appointment_id, TRANSITIONS[Action.CANCEL].before, version=request.version)
    cancel_locked([visit], request.reason, at=at, offer=request.offer, costs=request.costs)
    return visit


def cancel_locked(
    visits: Sequence[Appointment], reason: str, *, at: datetime, offer: bool = True, costs: Costs = Costs.REFUSE
) -> None:
    """Cancel visits that are locked and in a state to be canceled, all at once (ReasonMissing, CostsMoney)."""
    money = cashier.on_duty()
    for visit in visits:
        if not reason.strip():
            raise ReasonMissing(field="reason", patient=visit.patient_id)
        if costs is Costs.REFUSE and money.at_stake(visit, at=at):
            raise CostsMoney(patient=visit.patient_id)
    for visit in visits:
        visit.cancelled_at = at
        visit.cancel_reason = reason.strip()
        visit.held_until = None
        visit.payment_open = False
        advance(visit, Action.CANCEL)
    settle_all(visits, at)
    if offer:
        freed(visits, at)
    if costs is Costs.GIVE_BACK:
        for visit in visits:
            money.give_back(visit, at=at)
