"""The steps of a visit on its day: confirmed, arrived, in room, finished, or nobody came."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from webapp.booking.actions.locking import advance, locked, settle
from webapp.booking.actions.waiting.freed import freed
from webapp.booking.refusals import AnotherDay, NotYetTime
from webapp.booking.states import TRANSITIONS, Action
from webapp.practice.actions import lock_resources
from webapp.practice.models import LATTICE_MINUTES

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from webapp.booking.models import Appointment


def confirm(appointment_id: UUID, *, at: datetime, version: int | None = None) -> Appointment:
    """Record that the patient said they will come (NotFound, WrongState, VersionConflict)."""
    visit = _locked(appointment_id, Action.CONFIRM, version)
    advance(visit, Action.CONFIRM)
    settle(visit, at)
    return visit


def check_in(appointment_id: UUID, *, at: datetime, version: int | None = None) -> Appointment:
    """Record that the patient is here; waiting time counts from `at`.

    Raises NotFound, WrongState, VersionConflict, or AnotherDay for a visit of a later day where it takes place.
    """
    visit = _locked(appointment_id, Action.CHECK_IN, version)
    zone = ZoneInfo(visit.location.time_zone)
    if at.astimezone(zone).date() < visit.starts_at.astimezone(zone).date():
        raise AnotherDay(patient=visit.patient_id)
    visit.arrived_at = at
    advance(visit, Action.CHECK_IN)
    settle(visit, at)
    return visit


def start(appointment_id: UUID, *, at: datetime, version: int | None = None) -> Appointment:
    """Record that the patient is in the room (NotFound, WrongState, VersionConflict)."""
    visit = _locked(appointment_id, Action.START, version)
    visit.started_at = at
    advance(visit, Action.START)
    settle(visit, at)
    return visit


def finish(appointment_id: UUID, *, at: datetime, version: int | None = None) -> Appointment:
    """Record the end of the visit; ending early frees the rest of its time from the next step of the lattice on."""
    visit = _locked(appointment_id, Action.FINISH, version)
    lock_resources([part for part in (visit.provider_id, visit.room_id, visit.patient_id) if part is not None])
    visit.finished_at = at
    ended = _up_to_lattice(at)
    if ended < visit.ends_at:
        visit.released_at = ended
    advance(visit, Action.FINISH)
    settle(visit, at)
    return visit


def mark_no_show(appointment_id: UUID, *, at: datetime, version: int | None = None) -> Appointment:
    """Record that nobody came, which frees the time; only after the visit should have begun (WrongState before)."""
    visit = _locked(appointment_id, Action.MARK_NO_SHOW, version)
    if at < visit.starts_at:
        raise NotYetTime(patient=visit.patient_id)
    advance(visit, Action.MARK_NO_SHOW)
    settle(visit, at)
    freed(visit, at)
    return visit


def _locked(appointment_id: UUID, action: Action, version: int | None) -> Appointment:
    return locked(appointment_id, TRANSITIONS[action].before, version=version)


def _up_to_lattice(at: datetime) -> datetime:
    step = LATTICE_MINUTES * 60
    return at + timedelta(seconds=-at.timestamp() % step)
