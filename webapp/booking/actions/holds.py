"""Keep a time for somebody for a while: hold it, book it, give it back, or let it lapse."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from webapp.booking.actions.book import BookRequest, How, Once, place
from webapp.booking.actions.held_seats import lock_group_of
from webapp.booking.actions.locking import advance, lock_if_held, locked, reach, refused, settle
from webapp.booking.actions.seats import guard_seat, take_over_seat
from webapp.booking.actions.waiting.freed import freed
from webapp.booking.models import Appointment, GroupSession
from webapp.booking.money_refusals import DepositFirst
from webapp.booking.plan_refusals import SeatOnly
from webapp.booking.refusals import HoldBeingPaid, HoldOver
from webapp.booking.states import MOVABLE, TRANSITIONS, Action, Status
from webapp.db import db, unread
from webapp.errors import NotFound
from webapp.practice.actions import lock_resources
from webapp.practice.models import Service

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

_GUARD = text(
    "select guard_visit(:patient, :provider, :location, :starts_at, :ends_at, r.version)"
    " from resource as r where r.id = :provider"
)
_END = text("select doors.end_hold(:hold, :early, :at)")
# Nobody but this transaction ever sees it.
_AS_LONG_AS_IT_TAKES = timedelta(seconds=1)
_TAKE_HELD = text("select take_held_place(:visit, :hold, :at)")


@dataclass(frozen=True, slots=True)
class HoldRequest:
    """A time to be kept; no `provider_id` means anybody. One `via` the portal replaces the one its patient has."""

    patient_id: UUID
    service_id: UUID
    location_id: UUID
    starts_at: datetime
    provider_id: UUID | None = None
    note: str = ""
    via: str = "portal"


def hold(
    request: HoldRequest, ttl: timedelta, *, actor: UUID | None, at: datetime, once: Once | None = None
) -> Appointment:
    """Keep provider, room and equipment for `ttl` from `at`; at its end, to the second, the time is free again.

    The patient stays free, so a hold may lie over a visit of theirs that is about to move.  Raises what `book` does.
    """
    wanted = BookRequest(
        request.patient_id,
        request.service_id,
        request.location_id,
        request.starts_at,
        request.provider_id,
        request.note,
        request.via,
    )
    held = place(wanted, How(actor, at, once, hold_until=at + ttl))
    return unread(Appointment, held, patient_id=wanted.patient_id)


def book_held(
    appointment_id: UUID,
    *,
    actor: UUID | None,
    at: datetime,
    version: int | None = None,
    note: str | None = None,
    paid: bool = True,
) -> Appointment:
    """Turn a hold into a booked visit, which also takes the patient's time; a `note` takes the place of the hold's.

    A held seat of a group visit is taken in the same way.
    One that is over is refused, to the second; one whose payment is open never is over, and neither a closure nor leave
    that came since undoes what is being paid for.  Not `paid`, a type that is paid for before
    is refused (DepositFirst); otherwise billing has seen to it.  Raises HoldOver, SlotTaken (the patient
    has another visit then), LocationClosed, ProviderAway, PatientNotBookable, WrongState, VersionConflict or NotFound.
    """
    lock_group_of(appointment_id)
    lock_if_held(appointment_id)
    visit = locked(appointment_id, TRANSITIONS[Action.BOOK_HELD].before | {Status.LAPSED}, version=version)
    if visit.held_until is None or (visit.held_until <= at and not visit.payment_open):
        raise HoldOver(patient=visit.patient_id)
    if not paid and db.session.get_one(Service, visit.service_id).deposit_cents:
        raise DepositFirst(patient=visit.patient_id)
    if not visit.payment_open:
        _guard(visit)
    if note is not None:
        visit.note = note
    visit.held_until = None
    visit.payment_open = False
    visit.booked_at, visit.booked_by = at, actor
    advance(visit, Action.BOOK_HELD)
    settle(visit, at)
    return visit


def open_payment(appointment_id: UUID, *, at: datetime) -> Appointment:
    """Say that somebody is paying for a hold: from now on nobody frees its time, whatever the clock says.

    Raises HoldOver when it is over or no hold any more, HoldBeingPaid when somebody is paying already, NotFound.
    """
    visit = _held(appointment_id)
    if visit is not None and visit.payment_open:
        raise HoldBeingPaid(patient=visit.patient_id)
    if visit is None or visit.held_until is None or visit.held_until <= at:
        raise HoldOver(patient=None if visit is None else visit.patient_id)
    visit.payment_open = True
    settle(visit, at)
    return visit


def close_payment(appointment_id: UUID, *, at: datetime) -> bool:
    """Say that nobody pays for a hold any more; one whose time is over ends.  False when it is no hold any more."""
    visit = _held(appointment_id)
    if visit is None:
        return False
    visit.payment_open = False
    settle(visit, at)
    lapse(appointment_id, at=at)
    return True


def release(appointment_id: UUID, *, at: datetime) -> bool:
    """Give a hold back before its time; False when it is none any more, or somebody pays for it (NotAllowedHere)."""
    kept = db.session.get(Appointment, appointment_id)
    if kept is not None:
        reach(kept.location_id, kept.patient_id)
    return _end(appointment_id, at, early=True)


def lapse(appointment_id: UUID, *, at: datetime) -> bool:
    """End a hold whose time is over; False when it is not, or somebody is paying for it."""
    return _end(appointment_id, at, early=False)


def overdue(at: datetime) -> list[UUID]:
    """List the holds that `lapse` would end, the oldest first."""
    query = select(Appointment.id).where(
        Appointment.status == Status.HELD.value, ~Appointment.payment_open, Appointment.held_until <= at
    )
    return list(db.session.scalars(query.order_by(Appointment.held_until, Appointment.id)))


def take_over(
    hold_id: UUID, visit_id: UUID, *, at: datetime, version: int | None = None, paid: bool = False
) -> Appointment:
    """Move a visit into the time that a hold keeps for the same patient; the hold lapses, the old time is free.

    The visit takes length, buffers, provider, room and equipment from the hold and keeps its price; of several who try,
    one wins.  One that somebody pays for is over for everybody but whoever has `paid`.  Raises NotFound, WrongState,
    VersionConflict, HoldOver, SlotTaken (the patient has another visit then), LocationClosed, ProviderAway or
    PatientNotBookable; SeatOnly where one of the two is a seat and the other is none.
    """
    if db.session.scalar(select(Appointment.group_session_id).where(Appointment.id == hold_id)) is not None:
        return take_over_seat(hold_id, visit_id, at=at, version=version, paid=paid)
    visit = locked(visit_id, MOVABLE, version=version)
    if paid:
        _paid_for(hold_id, visit, at)
    kept = db.session.get(Appointment, hold_id, populate_existing=True)
    if kept is None or kept.patient_id != visit.patient_id:
        raise NotFound
    if kept.status != Status.HELD.value:
        raise HoldOver(patient=visit.patient_id)
    if visit.group_session_id is not None:
        raise SeatOnly(patient=visit.patient_id)
    reach(kept.location_id, kept.patient_id)
    for name in _PLACE:
        setattr(visit, name, getattr(kept, name))
    visit.lane, visit.overbook_reason = 0, None
    visit.version += 1
    db.session.flush()
    try:
        db.session.execute(_TAKE_HELD, {"visit": visit.id, "hold": hold_id, "at": at})
    except DBAPIError as error:
        raise refused(error, visit.patient_id) from error
    db.session.refresh(kept)
    freed([visit], at)
    return visit


_PLACE = (
    "starts_at",
    "ends_at",
    "buffer_before_minutes",
    "buffer_after_minutes",
    "provider_id",
    "room_id",
    "equipment_ids",
    "location_id",
)


def _paid_for(hold_id: UUID, visit: Appointment, at: datetime) -> None:
    """End the payment of a hold that is taken over in this transaction, whatever the clock says by now (HoldOver)."""
    both = [visit, db.session.get_one(Appointment, hold_id)]
    # What the visit leaves and what it takes, in one order, before the hold.
    lock_resources(
        part
        for each in both
        for part in (each.patient_id, each.provider_id, each.room_id, *each.equipment_ids)
        if part is not None
    )
    kept = _held(hold_id)
    if kept is None or kept.held_until is None or (kept.held_until <= at and not kept.payment_open):
        raise HoldOver(patient=visit.patient_id)
    kept.payment_open = False
    kept.held_until = max(kept.held_until, at + _AS_LONG_AS_IT_TAKES)
    settle(kept, at)


def _held(appointment_id: UUID) -> Appointment | None:
    """The hold, locked; None when it has been booked, has lapsed or was canceled (NotFound)."""
    lock_if_held(appointment_id)
    visit = locked(appointment_id, frozenset(Status))
    return visit if visit.status == Status.HELD.value else None


def _end(appointment_id: UUID, at: datetime, *, early: bool) -> bool:
    db.session.flush()
    ended: bool = db.session.execute(_END, {"hold": appointment_id, "early": early, "at": at}).scalar_one()
    if ended and (known := db.session.get(Appointment, appointment_id)) is not None:
        db.session.refresh(known)
    return ended


def _guard(visit: Appointment) -> None:
    if visit.group_session_id is not None:
        guard_seat(db.session.get_one(GroupSession, visit.group_session_id), visit.patient_id)
        return
    values = {
        "patient": visit.patient_id,
        "provider": visit.provider_id,
        "location": visit.location_id,
        "starts_at": visit.starts_at,
        "ends_at": visit.ends_at,
    }
    try:
        db.session.execute(_GUARD, values)
    except DBAPIError as error:
        raise refused(error, visit.patient_id) from error
