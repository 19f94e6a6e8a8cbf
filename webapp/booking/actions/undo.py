"""Put the last change of a visit back, within the grace in which nobody was told of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from webapp.booking import cashier
from webapp.booking.actions.held_seats import lock_group_of
from webapp.booking.actions.locking import locked, reach, refused, settle, take_lane
from webapp.booking.models import AppointmentHistory, GroupSession
from webapp.booking.money_refusals import MoneyMoved
from webapp.booking.refusals import NotUndoable
from webapp.booking.states import LIVE, UNDO_GRACE, UNDOABLE, Status
from webapp.db import db

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from webapp.booking.models import Appointment

_TAKE_PLACE = text("select take_place(:visit, (select r.version from resource as r where r.id = :provider), :at)")
_AGAIN = ("starts_at", "ends_at", "provider_id", "room_id", "location_id", "equipment_ids")


def undo(appointment_id: UUID, version: int, *, at: datetime) -> Appointment:
    """Put back what led to `version`: a step of the visit, its cancellation, or a move.

    What it frees and takes follows, so undoing a cancellation, a missed visit, an early end or a move may find the time
    taken.  The history keeps both steps.  Raises NotFound, VersionConflict when something happened since, NotUndoable
    when the change is of another kind or older than UNDO_GRACE, MoneyMoved, SlotTaken, LocationClosed, ProviderAway or
    PatientNotBookable.
    """
    lock_group_of(appointment_id)
    visit = locked(appointment_id, frozenset(Status), version=version)
    steps = _last_two(visit)
    last = steps[0]
    left = UNDOABLE.get((Status(last.from_status), Status(last.to_status))) if last.from_status else None
    if left is None or last.version != visit.version or at - last.at > UNDO_GRACE:
        raise NotUndoable(patient=visit.patient_id)
    if Status(visit.status) is Status.CANCELLED and cashier.on_duty().moved(visit):
        raise MoneyMoved(patient=visit.patient_id)
    takes_time = Status(visit.status) not in LIVE or last.from_status == last.to_status
    if takes_time and visit.group_session_id is not None:
        _seat_must_fit(visit, moved=last.from_status == last.to_status)
    for name in left:
        setattr(visit, name, None)
    overbook = visit.overbook_reason
    if last.from_status == last.to_status:
        overbook = _go_back(visit, steps[1:])
    visit.status = str(last.from_status)
    visit.version += 1
    if takes_time:
        _take(visit, overbook, at)
    else:
        settle(visit, at)
    return visit


def _seat_must_fit(seat: Appointment, *, moved: bool) -> None:
    """A seat comes back only into a group that is where it was; who else sits there then is for the index to say."""
    session = db.session.get_one(GroupSession, seat.group_session_id, populate_existing=True)
    if (
        moved
        or session.status != "open"
        or (session.starts_at, session.provider_id) != (seat.starts_at, seat.provider_id)
    ):
        raise NotUndoable(patient=seat.patient_id)


def _last_two(visit: Appointment) -> Sequence[AppointmentHistory]:
    query = select(AppointmentHistory).where(AppointmentHistory.appointment_id == visit.id)
    return db.session.scalars(query.order_by(AppointmentHistory.id.desc()).limit(2)).all()


def _go_back(visit: Appointment, before: Sequence[AppointmentHistory]) -> str | None:
    """Write the place of before into the visit; returns why it was overbooked there, if it was."""
    if not before or before[0].version is None:
        raise NotUndoable(patient=visit.patient_id)
    for name in _AGAIN:
        setattr(visit, name, getattr(before[0], name))
    return before[0].overbook_reason


def _take(visit: Appointment, overbook: str | None, at: datetime) -> None:
    # Overbooked anew, because the lane it had may be gone; whoever overbooked it minutes ago had leave to.
    reach(visit.location_id, visit.patient_id)
    take_lane(visit, overbook, at)
    db.session.flush()
    values = {"visit": visit.id, "provider": visit.provider_id, "at": at}
    try:
        db.session.execute(_TAKE_PLACE, values)
    except DBAPIError as error:
        raise refused(error, visit.patient_id) from error
