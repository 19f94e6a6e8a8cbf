"""What patients change of their visits by themselves, within the rules that the desk may leave."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from webapp.booking import cashier
from webapp.booking.actions.cancel import CancelRequest, Costs, cancel
from webapp.booking.actions.locking import locked
from webapp.booking.actions.move import MoveRequest, move
from webapp.booking.actions.progress import check_in
from webapp.booking.actions.seats import change_session
from webapp.booking.models import Appointment
from webapp.booking.money_refusals import CostsMoney
from webapp.booking.online import rule_of, steps_of
from webapp.booking.refusals import NotBySelf, NotHereYet
from webapp.booking.states import MOVABLE, TRANSITIONS, Action
from webapp.db import db
from webapp.errors import NotFound
from webapp.jobs import announce

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID


def move_own(request: MoveRequest, *, at: datetime) -> Appointment:
    """Move a visit while canceling it would cost nothing, to a time that can be booked online.

    Raises NotBySelf, and what `move` does for `via` "portal".
    """
    visit = locked(request.appointment_id, MOVABLE, version=request.version)
    if not steps_of(visit, at).move:
        raise NotBySelf(patient=visit.patient_id)
    return move(replace(request, via="portal"), at=at)


def change_own_seat(appointment_id: UUID, session_id: UUID, *, version: int, at: datetime) -> Appointment:
    """Take a seat in another group instead, by the same rules (NotBySelf, and what `change_session` raises)."""
    # Looked at without a lock, because sessions are locked first: a seat that has changed since has another version.
    seat = db.session.get(Appointment, appointment_id)
    if seat is None:
        raise NotFound
    if not steps_of(seat, at).move:
        raise NotBySelf(patient=seat.patient_id)
    return change_session(appointment_id, session_id, at=at, version=version)


def cancel_own(appointment_id: UUID, reason: str, *, version: int, seen: int, at: datetime) -> Appointment:
    """Cancel a visit at the fee that was `seen`; billing takes it, and gives back what was paid, in a job.

    A patient has no right to touch the books: the cancellation promises the job, so neither is without the other.
    Raises NotBySelf, CostsMoney when the fee is another one by now, and what `cancel` does.
    """
    visit = locked(appointment_id, TRANSITIONS[Action.CANCEL].before, version=version)
    if not steps_of(visit, at).cancel:
        raise NotBySelf(patient=visit.patient_id)
    rule = rule_of(visit)
    if (0 if rule.is_free(at) else rule.fee_cents) != seen:
        raise CostsMoney(patient=visit.patient_id)
    costs = cashier.on_duty().at_stake(visit, at=at)
    cancel(CancelRequest(visit.id, reason, costs=Costs.SEEN_TO), at=at)
    if costs:
        announce("billing.settle_cancellation", visit=str(visit.id), version=str(visit.version))
    return visit


def arrive(appointment_id: UUID, *, at: datetime) -> Appointment:
    """Record that the patient says that they are here; not longer before the start than the waiting room is open.

    Raises NotFound, WrongState, or NotHereYet.
    """
    visit = locked(appointment_id, TRANSITIONS[Action.CHECK_IN].before)
    if not steps_of(visit, at).arrive:
        raise NotHereYet(patient=visit.patient_id)
    return check_in(appointment_id, at=at)
