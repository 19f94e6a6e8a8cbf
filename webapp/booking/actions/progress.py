"""The steps of a visit on its day: confirmed, arrived, in room, finished, or nobody came."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from webapp.booking.actions.locking import advance, locked, settle
from webapp.booking.actions.waiting.freed import freed
from webapp.booking.refusals import AnotherDay, NotYetTime
from webapp.booking.states import TRANSITIONS, Action, Status
from webapp.jobs import announce
from webapp.practice.actions import lock_resources
from webapp.practice.models import LATTICE_MINUTES

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from uuid import UUID

    from webapp.booking.models import Appointment


def confirm(appointment_id: UUID, *, at: datetime, version: int | None = None) -> Appointment:
    """Record that the patient said they will come (NotFound, WrongState, VersionConflict)."""
    visit = _locked(appointment_id, Action.CONFIRM, version)
    advance(visit, Action.CONFIRM)
    settle(visit, at)
    return visit


def check_in(
    appointment_id: UUID, *, at: datetime, version: int | None = None, checks: Iterable[str] = ()
) -> Appointment:
    """Record that the patient is here; waiting time counts from `at`. `checks` are the arrival checks done by then.

    Raises NotFound, WrongState, VersionConflict, or AnotherDay for a visit of a later day where it takes place.
    """
    visit = _locked(appointment_id, Action.CHECK_IN, version)
    zone = ZoneInfo(visit.location.time_zone)
    if at.astimezone(zone).date() < visit.starts_at.astimezone(zone).date():
        raise AnotherDay(patient=visit.patient_id)
    # Looks at the service first: what had been set before would be written by itself, as a change of its own.
    _tick(visit, checks)
    visit.arrived_at = at
    advance(visit, Action.CHECK_IN)
    settle(visit, at)
    return visit


def note_checks(appointment_id: UUID, checks: Iterable[str]) -> Appointment:
    """Record arrival checks that were done later (NotFound, WrongState before arrival).

    What was checked stays checked, so two desks can't undo each other's; no new version, because nothing else of the
    visit changed and its last step can still be put back.
    """
    visit = locked(appointment_id, frozenset({Status.ARRIVED, Status.IN_ROOM, Status.FINISHED}))
    _tick(visit, checks)
    return visit


def start(appointment_id: UUID, *, at: datetime, version: int | None = None) -> Appointment:
    """Record that the patient is in the room (NotFound, WrongState, VersionConflict)."""
    visit = _locked(appointment_id, Action.START, version)
    visit.started_at = at
    advance(visit, Action.START)
    settle(visit, at)
    return visit


def finish(appointment_id: UUID, *, at: datetime, version: int | None = None) -> Appointment:
    """Record the end of the visit; ending early frees the rest of its time from the next step of the lattice on.

    Its invoice is drafted by a job.
    """
    visit = _locked(appointment_id, Action.FINISH, version)
    lock_resources([part for part in (visit.provider_id, visit.room_id, visit.patient_id) if part is not None])
    visit.finished_at = at
    ended = _up_to_lattice(at)
    if ended < visit.ends_at:
        visit.released_at = ended
    advance(visit, Action.FINISH)
    settle(visit, at)
    announce("billing.draft_invoice", visit=str(visit.id))
    return visit


def mark_no_show(appointment_id: UUID, *, at: datetime, version: int | None = None) -> Appointment:
    """Record that nobody came, which frees the time; only after the visit should have begun (WrongState before)."""
    visit = _locked(appointment_id, Action.MARK_NO_SHOW, version)
    if at < visit.starts_at:
        raise NotYetTime(patient=visit.patient_id)
    advance(visit, Action.MARK_NO_SHOW)
    settle(visit, at)
    freed([visit], at)
    return visit


def _tick(visit: Appointment, checks: Iterable[str]) -> None:
    """Add checks that its service asks for; others are no checks of this visit."""
    done = {*visit.arrival_checks, *checks}
    visit.arrival_checks = [check for check in visit.service.arrival_checks if check in done]


def _locked(appointment_id: UUID, action: Action, version: int | None) -> Appointment:
    return locked(appointment_id, TRANSITIONS[action].before, version=version)


def _up_to_lattice(at: datetime) -> datetime:
    step = LATTICE_MINUTES * 60
    return at + timedelta(seconds=-at.timestamp() % step)
