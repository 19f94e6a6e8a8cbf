"""The lock order of every change of a visit: the appointment by id, its resources by id, then insert, then delete."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import psycopg.errors
from sqlalchemy import bindparam, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import UUID as PGUUID
from sqlalchemy.exc import DBAPIError, IntegrityError

from webapp.booking.models import Appointment
from webapp.booking.refusals import NotAllowedHere, SlotTaken, WrongState
from webapp.booking.states import TRANSITIONS, Action, Status
from webapp.db import constraint_of, db, reaches
from webapp.errors import NotFound, VersionConflict, refusal_of
from webapp.practice.actions import lock_resources

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

_SETTLE = text("select doors.settle(visit.id, :at) from unnest(:visits) as visit (id)").bindparams(
    bindparam("visits", type_=ARRAY(PGUUID))
)
_FREE_LANE = text(
    "select doors.free_lane(:visit, :staff, tstzrange(cast(:opens as timestamptz), :closes), :at)"
).bindparams(bindparam("staff", type_=ARRAY(PGUUID)))
_LOCK_SESSION = text("select doors.lock_session(:session)")
_LOCK_IF_HELD = text("select doors.lock_if_held(:appointment)")


def locked(appointment_id: UUID, before: frozenset[Status], *, version: int | None = None) -> Appointment:
    """Lock a visit and return it as it is now.

    Raises NotFound, NotAllowedHere when the scope does not reach its location, WrongState when it is in none of the
    states `before`, VersionConflict when it is not the `version` the person saw.
    """
    query = select(Appointment).where(Appointment.id == appointment_id).with_for_update()
    visit = db.session.execute(query.execution_options(populate_existing=True)).scalar_one_or_none()
    if visit is None:
        raise NotFound
    allowed(visit, before, version=version)
    return visit


def allowed(visit: Appointment, before: frozenset[Status], *, version: int | None = None) -> None:
    """Refuse to change a locked visit that is not as it has to be; raises what `locked` does but for NotFound."""
    reach(visit.location_id, visit.patient_id)
    if Status(visit.status) not in before:
        raise WrongState(patient=visit.patient_id)
    if version is not None and visit.version != version:
        raise VersionConflict(patient=visit.patient_id)


def lock_visits(appointment_ids: Iterable[UUID]) -> None:
    """Lock some visits by id, before anything else; those that are not there are not missed here.

    Holds come after what they keep: see `lock_if_held`.
    """
    query = select(Appointment.id).where(
        Appointment.id.in_(list(appointment_ids)), Appointment.status != Status.HELD.value
    )
    db.session.execute(query.order_by(Appointment.id).with_for_update())


def lock_groups(sessions: Iterable[UUID]) -> None:
    """Lock group visits by id, before anything else of them, where whoever wants one of them stands in a queue."""
    # By the door: patients take seats, and change nothing else of a group.
    for session in sorted(set(sessions)):
        db.session.execute(_LOCK_SESSION, {"session": session})


def lock_if_held(appointment_id: UUID) -> None:
    """Before `locked`, for a visit that may be a hold: lock what it keeps, because a hold comes after its resources.

    Whoever books over lapsed holds has the resources already when it looks at the holds.
    """
    db.session.execute(_LOCK_IF_HELD, {"appointment": appointment_id})


def reach(location_id: UUID, patient: UUID) -> None:
    """Refuse a change at a location that the scope does not reach (NotAllowedHere)."""
    if not reaches(location_id):
        raise NotAllowedHere(patient=patient)


def advance(visit: Appointment, action: Action) -> None:
    """Put the visit into the state its action leads to, as one more version."""
    visit.status = TRANSITIONS[action].after.value
    visit.version += 1


def settle(visit: Appointment, at: datetime) -> None:
    """Make occupancy agree with the visit's row; raises SlotTaken when something it needs is busy."""
    settle_all([visit], at)


def settle_all(visits: Sequence[Appointment], at: datetime) -> None:
    """Settle several, of which none takes what another one gives up: nobody knows which is first (SlotTaken)."""
    if not visits:
        return
    db.session.flush()
    try:
        db.session.execute(_SETTLE, {"visits": [visit.id for visit in visits], "at": at})
    except DBAPIError as error:
        refusal = taken(error, visits[0].patient_id)
        if isinstance(refusal, SlotTaken):
            whose = (visit.patient_id for visit in visits if visit.patient_id in refusal.resources)
            refusal.patient = next(whose, refusal.patient)
        raise refusal from error


def take_lane(visit: Appointment, overbook: str | None, at: datetime) -> None:
    """Write into a visit that goes elsewhere which lane it takes: the first, or for a reason the lowest free one.

    The visit has its new place already, not flushed; what it leaves and takes is locked against every other booking.
    Raises SlotTaken when no lane is left.
    """
    visit.lane, visit.overbook_reason = 0, None
    if overbook is None:
        return
    staff = [part for part in (visit.provider_id, visit.room_id, *visit.equipment_ids) if part is not None]
    with db.session.no_autoflush:
        lock_resources([visit.patient_id, *staff, *_kept_by(visit)], exclusive=True)
        values = {
            "visit": visit.id,
            "staff": staff,
            "opens": visit.starts_at - timedelta(minutes=visit.buffer_before_minutes),
            "closes": visit.ends_at + timedelta(minutes=visit.buffer_after_minutes),
            "at": at,
        }
        try:
            lane = db.session.execute(_FREE_LANE, values).scalar_one()
        except DBAPIError as error:
            raise taken(error, visit.patient_id) from error
    if lane > 0:
        visit.lane, visit.overbook_reason = lane, overbook


def _kept_by(visit: Appointment) -> list[UUID]:
    """What the visit has where it is now: the row still says so."""
    row = db.session.execute(
        select(Appointment.provider_id, Appointment.room_id, Appointment.equipment_ids).where(
            Appointment.id == visit.id
        )
    ).one()
    return [part for part in (row.provider_id, row.room_id, *row.equipment_ids) if part is not None]


def taken(error: DBAPIError, patient: UUID) -> Exception:
    """Turn the exclusion constraint's answer into SlotTaken with what is taken; other errors come back as they are."""
    if not isinstance(error, IntegrityError) or constraint_of(error) != "occupancy_busy":
        return error
    told = error.orig.diag if isinstance(error.orig, psycopg.errors.Error) else None
    kinds = (told.message_detail if told else None) or "provider"
    which = (told.message_hint if told else None) or ""
    return SlotTaken(kinds.split(","), patient=patient, resources=[UUID(one) for one in which.split(",") if one])


def refused(error: DBAPIError, patient: UUID) -> Exception:
    """The refusal that a constraint stands for, about the patient; any other error as it is."""
    meaning = taken(error, patient)
    if meaning is not error:
        return meaning
    refusal = refusal_of(error)
    if refusal is None:
        return error
    refusal.patient = patient
    return refusal
