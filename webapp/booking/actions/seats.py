"""Seats of a group visit: taken under a lock on the session, so that there are never more than it has."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import Range

from webapp.booking.actions.held_seats import end_overdue
from webapp.booking.actions.locking import lock_groups, lock_if_held, locked, reach, settle
from webapp.booking.actions.sessions import Newcomer, SessionRequest, create_session, locked_session, sit, taken_seats
from webapp.booking.actions.waiting.freed import seat_freed
from webapp.booking.models import Appointment, GroupSession
from webapp.booking.money_refusals import DepositFirst
from webapp.booking.plan_refusals import SeatOnly, SessionFull
from webapp.booking.refusals import HoldOver, LocationClosed, PatientNotBookable, TimePassed
from webapp.booking.states import MOVABLE, Status
from webapp.db import db
from webapp.errors import NotFound
from webapp.ids import new_id
from webapp.patients.models import Patient
from webapp.practice import actions as practice
from webapp.practice.models import Closure, Service

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime, timedelta
    from uuid import UUID


_END = text("select doors.end_hold(:hold, true, :at)")


@dataclass(frozen=True, slots=True)
class JoinRequest:
    """Who joins which group visit."""

    session_id: UUID
    patient_id: UUID
    note: str = ""
    via: str = "desk"


def join(request: JoinRequest, *, actor: UUID | None, at: datetime) -> Appointment:
    """Take the lowest free seat of a group visit for a patient, whose time it takes; provider and room are the group's.

    Raises NotFound, SessionClosed, SessionFull (a seat that is held for somebody is none), TimePassed when it is over,
    SlotTaken when the patient has another visit then (or is in the group already), PatientNotBookable, LocationClosed,
    or DepositFirst for a group that is paid for before.
    """
    session, number = _room_in(request.session_id, request.patient_id, at)
    service = db.session.get_one(Service, session.service_id)
    if service.deposit_cents:
        raise DepositFirst(field="service", patient=request.patient_id)
    seat = _seat(request, number, session, service)
    seat.status, seat.booked_at, seat.booked_by = Status.BOOKED.value, at, actor
    db.session.add(seat)
    settle(seat, at)
    db.session.refresh(seat)
    return seat


def hold_seat(request: JoinRequest, ttl: timedelta, *, at: datetime) -> Appointment:
    """Keep the lowest free seat of a group visit for `ttl` from `at`; at its end, to the second, others may take it.

    The patient stays free, as under every hold.  `book_held` makes it theirs, `take_over` moves a seat they have in
    another group into it.  Raises what `join` does.
    """
    session, number = _room_in(request.session_id, request.patient_id, at)
    seat = _seat(request, number, session, db.session.get_one(Service, session.service_id))
    seat.status, seat.held_until, seat.booked_at = Status.HELD.value, at + ttl, at
    db.session.add(seat)
    settle(seat, at)
    db.session.refresh(seat)
    return seat


def begin_and_join(wanted: SessionRequest, request: JoinRequest, *, actor: UUID | None, at: datetime) -> Appointment:
    """Begin a group visit with its first patient in it, both or neither; the request's session is the new one."""
    service = db.session.get(Service, wanted.service_id)
    if service is not None and service.deposit_cents:
        raise DepositFirst(field="service", patient=request.patient_id)

    def first(session: GroupSession) -> Appointment:
        guard_seat(session, request.patient_id)
        seat = _seat(
            replace(request, session_id=session.id), 1, session, db.session.get_one(Service, session.service_id)
        )
        seat.status, seat.booked_at, seat.booked_by = Status.BOOKED.value, at, actor
        db.session.add(seat)
        return seat

    session = create_session(wanted, actor=actor, at=at, first=Newcomer(request.patient_id, first))
    return db.session.scalars(select(Appointment).where(Appointment.group_session_id == session.id)).one()


def change_session(appointment_id: UUID, session_id: UUID, *, at: datetime, version: int | None = None) -> Appointment:
    """Give somebody a seat in another group visit of the same kind instead of theirs.

    Raises what `join` does, WrongState, VersionConflict, or SeatOnly when one of the two is no such visit.
    """
    # Read without a lock, because the sessions come first; a seat never changes into another kind of visit.
    own = db.session.scalar(select(Appointment.group_session_id).where(Appointment.id == appointment_id))
    if own is None:
        raise NotFound
    lock_groups({own, session_id})
    session = locked_session(session_id)
    seat = locked(appointment_id, MOVABLE, version=version)
    if seat.service_id != session.service_id or seat.group_session_id != own:
        raise SeatOnly(patient=seat.patient_id)
    if session.ends_at <= at:
        raise TimePassed(patient=seat.patient_id)
    others = taken_seats(session.id, at) - ({seat.seat_no} if own == session_id else set())
    number = _free_seat(session, others, seat.patient_id)
    practice.lock_resources({seat.patient_id, session.provider_id})
    guard_seat(session, seat.patient_id)
    end_overdue(session.id, at)
    seat.seat_no = number
    seat.version += 1
    sit(seat, session)
    settle(seat, at)
    if own != session_id:
        seat_freed(seat, own, at)
    return seat


def take_over_seat(
    hold_id: UUID, seat_id: UUID, *, at: datetime, version: int | None = None, paid: bool = False
) -> Appointment:
    """Give somebody the seat that is held for them instead of theirs, which goes to whoever waits for one.

    One that somebody pays for is over for everybody but whoever has `paid`, whatever the clock says by then.  Raises
    NotFound, HoldOver, and what `change_session` does.
    """
    query = select(Appointment.group_session_id).where(Appointment.id.in_([hold_id, seat_id]))
    lock_groups(session for session in db.session.scalars(query) if session is not None)
    seat = locked(seat_id, MOVABLE, version=version)
    kept = db.session.get(Appointment, hold_id, populate_existing=True)
    if kept is None or kept.group_session_id is None or kept.patient_id != seat.patient_id:
        raise NotFound
    reach(kept.location_id, kept.patient_id)
    parts = (seat.patient_id, kept.provider_id, kept.room_id, *kept.equipment_ids)
    practice.lock_resources({part for part in parts if part is not None})
    # Ended and taken under one lock of the group: nobody else finds the seat free in between.
    if paid:
        lock_if_held(hold_id)
        db.session.refresh(kept)
        kept.payment_open = False
        db.session.flush()
    over = kept.held_until is None or (kept.held_until <= at and not paid)
    if over or not db.session.execute(_END, {"hold": hold_id, "at": at}).scalar_one():
        raise HoldOver(patient=seat.patient_id)
    db.session.refresh(kept)
    return change_session(seat_id, kept.group_session_id, at=at)


def guard_seat(session: GroupSession, patient_id: UUID) -> None:
    """What may have changed since the group was made; after the locks, because editors take the same rows.

    Raises PatientNotBookable or LocationClosed.
    """
    # FOR SHARE: whoever records a death or a merge right now is waited for, and waits for us.
    alive = (Patient.id == patient_id, Patient.deceased_at.is_(None), Patient.merged_into.is_(None))
    if db.session.scalar(select(Patient.id).where(*alive).with_for_update(read=True)) is None:
        raise PatientNotBookable(patient=patient_id)
    span = Range(session.starts_at, session.ends_at)
    shut = select(func.count()).where(Closure.location_id == session.location_id, Closure.during.overlaps(span))
    if db.session.scalar(shut):
        raise LocationClosed(patient=patient_id)


def _room_in(session_id: UUID, patient_id: UUID, at: datetime) -> tuple[GroupSession, int]:
    """Lock a group and what a seat in it needs; returns it with the number of its lowest free seat."""
    known = db.session.get(GroupSession, session_id)
    if known is not None and known.status == "open" and known.ends_at > at:
        # Full as it stands: nobody stands in the queue to be told so.
        _free_seat(known, taken_seats(session_id, at), patient_id)
    session = locked_session(session_id)
    if session.ends_at <= at:
        raise TimePassed(patient=patient_id)
    number = _free_seat(session, taken_seats(session.id, at), patient_id)
    # The provider too: whoever closes the site locks those who work there before listing who is hit.
    practice.lock_resources({patient_id, session.provider_id})
    guard_seat(session, patient_id)
    end_overdue(session.id, at)
    return session, number


def _seat(request: JoinRequest, number: int, session: GroupSession, service: Service) -> Appointment:
    seat = Appointment(
        id=new_id(),
        patient_id=request.patient_id,
        seat_no=number,
        price_cents=service.price_cents,
        currency=service.currency,
        via=request.via,
        note=request.note,
    )
    sit(seat, session)
    return seat


def _free_seat(session: GroupSession, taken: Collection[int | None], patient: UUID) -> int:
    free = next((number for number in range(1, session.capacity + 1) if number not in taken), None)
    if free is None:
        raise SessionFull(patient=patient)
    return free
