"""Record that a patient has died, with everything that was planned for them; and take a mistake back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from sqlalchemy import select

from webapp.booking.actions.cancel import CancelRequest, Costs, cancel
from webapp.booking.actions.locking import lock_visits
from webapp.booking.actions.waiting.locking import lock_wishes_of
from webapp.booking.actions.waiting.wishes import end_wishes_of
from webapp.booking.models import Appointment
from webapp.booking.states import Status
from webapp.db import db, reaches
from webapp.errors import NotFound, VersionConflict
from webapp.identity.jobs import end_sessions
from webapp.identity.queries import helping_accounts
from webapp.jobs import promise
from webapp.patients.models import Patient
from webapp.patients.refusals import NotDeceased
from webapp.practice.actions import lock_resources

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from uuid import UUID

_TO_COME = (Status.HELD, Status.BOOKED, Status.CONFIRMED, Status.ARRIVED)


@dataclass(frozen=True, slots=True)
class DeathRequest:
    """Who died on which local day of which zone, whether visits to come are canceled, and the version that was seen."""

    patient_id: UUID
    died_on: date
    time_zone: str
    cancels: bool
    reason: str
    version: int


def record_death(request: DeathRequest, *, at: datetime) -> tuple[UUID, ...]:
    """Record the death, end wishes, holds and helping, cancel visits to come if asked to; returns what is left of them.

    What becomes free is offered to whoever waits for it.  Left are visits that were to be kept, or at locations that
    the scope does not reach (NotFound, VersionConflict).
    """
    lock_wishes_of(request.patient_id)
    _lock_all(request.patient_id)
    patient = _locked(request.patient_id, request.version)
    # Noon where the clinic is: the same day for whoever reads it there.
    patient.deceased_at = datetime.combine(request.died_on, time(12, tzinfo=ZoneInfo(request.time_zone)))
    patient.version += 1
    left = []
    for visit in _to_come(request.patient_id, at):
        # A hold is for nobody now; one that is being paid for waits for its payment.
        wanted = not visit.payment_open if visit.status == Status.HELD else request.cancels
        if wanted and reaches(visit.location_id):
            cancel(CancelRequest(visit.id, request.reason, costs=Costs.GIVE_BACK), at=at)
        else:
            left.append(visit.id)
    end_wishes_of(request.patient_id, at=at)
    _helpers_sign_in_again(request.patient_id)
    db.session.flush()
    return tuple(left)


def take_back_death(patient_id: UUID, *, version: int) -> None:
    """Say that the person lives; what was canceled stays canceled (NotFound, VersionConflict, NotDeceased)."""
    patient = _locked(patient_id, version)
    if patient.deceased_at is None:
        raise NotDeceased(patient=patient_id)
    patient.deceased_at = None
    patient.version += 1
    _helpers_sign_in_again(patient_id)
    db.session.flush()


def _helpers_sign_in_again(patient_id: UUID) -> None:
    """A session carries for whom its account acts, as of sign-in; with a death that ends."""
    for account in helping_accounts(db.session(), patient_id):
        promise(end_sessions, account=str(account))


def _lock_all(patient_id: UUID) -> None:
    """Lock the visits to come, then the person and everything the visits take: nobody books them meanwhile."""
    query = select(Appointment).where(Appointment.patient_id == patient_id, Appointment.status.in_(_TO_COME))
    visits = list(db.session.scalars(query))
    lock_visits(visit.id for visit in visits if visit.status != Status.HELD)
    taken = {patient_id}
    for visit in visits:
        taken |= {visit.provider_id, *visit.equipment_ids} | ({visit.room_id} if visit.room_id else set())
    lock_resources(taken, exclusive=True)


def _locked(patient_id: UUID, version: int) -> Patient:
    query = select(Patient).where(Patient.id == patient_id).with_for_update()
    patient = db.session.execute(query.execution_options(populate_existing=True)).scalar_one_or_none()
    if patient is None:
        raise NotFound
    if patient.version != version:
        raise VersionConflict(patient=patient_id)
    return patient


def _to_come(patient_id: UUID, at: datetime) -> Sequence[Appointment]:
    query = (
        select(Appointment)
        .where(Appointment.patient_id == patient_id, Appointment.status.in_(_TO_COME), Appointment.ends_at > at)
        .order_by(Appointment.id)
    )
    return db.session.scalars(query.execution_options(populate_existing=True)).all()
