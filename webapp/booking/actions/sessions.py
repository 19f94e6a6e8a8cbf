"""Group visits: one provider and one room for several patients; begun, moved and canceled as one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import bindparam, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import UUID as PGUUID
from sqlalchemy.exc import DBAPIError

from webapp.booking.actions.afresh import afresh
from webapp.booking.actions.cancel import Costs, cancel_locked
from webapp.booking.actions.choosing import one_of_each
from webapp.booking.actions.held_seats import anything_held, let_go
from webapp.booking.actions.locking import lock_groups, reach, refused
from webapp.booking.actions.placing import Offered, Place, Terms, Wish, offered
from webapp.booking.actions.waiting.freed import opened
from webapp.booking.models import Appointment, GroupSession
from webapp.booking.plan_refusals import NotAGroup, SessionClosed, SessionUnderWay
from webapp.booking.refusals import ReasonMissing, SlotTaken, TimePassed
from webapp.booking.states import LIVE, MOVABLE, Action, Status, allows
from webapp.db import db
from webapp.errors import NotFound, Refusal, VersionConflict
from webapp.ids import new_id
from webapp.practice import actions as practice
from webapp.practice.hours import Span
from webapp.practice.models import Service

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

NOBODY = UUID(int=0)
"""Stands for the patient where a place is looked for that no patient takes."""
LEAST_CAPACITY = 2
_SEATS = [status.value for status in LIVE - {Status.HELD}]
_TAKE_PLACE = text("select take_group_place(:session, :seats, :schedule_version, :at)").bindparams(
    bindparam("seats", type_=ARRAY(PGUUID))
)
_SEATS_TAKEN = text("select seat_no from doors.seats_taken(array[cast(:session as uuid)], :at)")
_SETTLE = text("select doors.settle_session(:session, :at)")


@dataclass(frozen=True, slots=True)
class SessionRequest:
    """A group visit to be begun; no `provider_id` means anybody who is free, no `capacity` the service's."""

    service_id: UUID
    location_id: UUID
    starts_at: datetime
    provider_id: UUID | None = None
    capacity: int | None = None


@dataclass(frozen=True, slots=True)
class SessionMove:
    """Where a group visit goes with everybody in it; no `provider_id` keeps its provider."""

    session_id: UUID
    starts_at: datetime
    provider_id: UUID | None = None
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Who is in a new group from its beginning; `sits` makes their seat, under the locks."""

    patient_id: UUID
    sits: Callable[[GroupSession], Appointment]


def create_session(
    request: SessionRequest, *, actor: UUID | None, at: datetime, first: Newcomer | None = None
) -> GroupSession:
    """Begin a group visit, without anybody in it yet or with the `first` one, both or neither.

    Raises NotAGroup for a service of one patient, or what `book` raises of time and place.
    """
    service = db.session.get(Service, request.service_id)
    if service is None:
        raise NotFound
    capacity = request.capacity or service.capacity
    if service.capacity < LEAST_CAPACITY or not LEAST_CAPACITY <= capacity <= service.capacity:
        raise NotAGroup(field="capacity")
    new = GroupSession(id=new_id(), service_id=service.id, capacity=capacity, created_at=at, created_by=actor)

    def attempt() -> GroupSession:
        wanted = _wanted(request.service_id, request.location_id, request.starts_at, request.provider_id, at)

        def begin(place: Place) -> GroupSession:
            parts = {
                place.provider_id,
                place.room_id,
                *place.equipment_ids,
                None if first is None else first.patient_id,
            }
            practice.lock_resources(part for part in parts if part is not None)
            _stand(new, wanted.terms, place)
            db.session.add(new)
            _take(new, [] if first is None else [first.sits(new)], place, at)
            return new

        return _first(wanted.free_places(), wanted, (), begin)

    return afresh(attempt)


def move_session(request: SessionMove, *, at: datetime) -> GroupSession:
    """Move a group visit and every seat of it, all or nothing; length, buffers and capacity stay.

    Seats that are only offered are not: whoever was asked, was asked about the time of before.  Raises NotFound,
    VersionConflict, SessionClosed, SessionUnderWay when somebody has arrived, HoldBeingPaid, SlotTaken (also when one
    of the patients has another visit then), or what `move` raises of time and place.
    """
    session = locked_session(request.session_id, version=request.version)
    former, left = session.provider_id, Span(session.starts_at, session.ends_at)
    seats = live_seats(session.id)
    if any(Status(seat.status) not in MOVABLE for seat in seats):
        raise SessionUnderWay
    provider = request.provider_id or session.provider_id

    held = anything_held(session.id)

    def attempt() -> GroupSession:
        wanted = _wanted(session.service_id, session.location_id, request.starts_at, provider, at)
        length = session.ends_at - session.starts_at
        terms = replace(wanted.terms, ends_at=request.starts_at + length)

        def go(place: Place) -> GroupSession:
            _lock_way(session, seats, wanted)
            if held:
                let_go(session.id, at)
            _stand(session, terms, place, keep_buffers=True)
            session.version += 1
            for seat in seats:
                sit(seat, session)
                seat.version += 1
            _take(session, seats, place, at)
            return session

        places = [Place(who, room, wanted.versions[who]) for who, rooms in wanted.rooms.items() for room in rooms]
        places.sort(key=lambda place: place.room_id != session.room_id)
        return _first(places, wanted, tuple(session.equipment_ids), go)

    moved = afresh(attempt)
    opened([former], left, at, location_id=session.location_id)
    return moved


def _lock_way(session: GroupSession, seats: Sequence[Appointment], wanted: Offered) -> None:
    """Lock what the group has and what it could take, and nothing else of the site."""
    places = ((who, room) for who, rooms in wanted.rooms.items() for room in (None, *rooms))
    needed = {part for place in places for part in place} | {session.provider_id, session.room_id}
    needed |= {*session.equipment_ids, *(piece for piece, _kind in wanted.pieces), *(seat.patient_id for seat in seats)}
    practice.lock_resources(part for part in needed if part is not None)


def cancel_session(
    session_id: UUID, reason: str, *, at: datetime, version: int | None = None, offer: bool = True
) -> GroupSession:
    """Cancel a group visit and every seat of it for one reason, all or nothing; `offer` lets the time go to others.

    Raises NotFound, VersionConflict, SessionClosed, ReasonMissing, HoldBeingPaid, or SessionUnderWay when it began
    for somebody.
    """
    session = locked_session(session_id, version=version)
    seats = live_seats(session_id)
    if any(not allows(Status(seat.status), Action.CANCEL) for seat in seats):
        raise SessionUnderWay
    if not reason.strip():
        raise ReasonMissing(field="reason")
    for seat in seats:
        reach(seat.location_id, seat.patient_id)
    practice.lock_resources({session.provider_id})
    let_go(session.id, at)
    cancel_locked(seats, reason, at=at, offer=False, costs=Costs.GIVE_BACK)
    session.status = "cancelled"
    session.cancel_reason = reason.strip()
    session.version += 1
    db.session.flush()
    db.session.execute(_SETTLE, {"session": session.id, "at": at})
    if offer:
        opened([session.provider_id], Span(session.starts_at, session.ends_at), at, location_id=session.location_id)
    return session


def locked_session(session_id: UUID, *, version: int | None = None) -> GroupSession:
    """Lock a group visit before anything else of it (NotFound, VersionConflict, SessionClosed)."""
    lock_groups([session_id])
    query = select(GroupSession).where(GroupSession.id == session_id)
    session = db.session.execute(query.execution_options(populate_existing=True)).scalar_one_or_none()
    if session is None:
        raise NotFound
    if version is not None and session.version != version:
        raise VersionConflict
    if session.status != "open":
        raise SessionClosed
    return session


def live_seats(session_id: UUID) -> Sequence[Appointment]:
    """Lock the seats that people have, by id, after their session; holds come after the resources, as everywhere."""
    query = select(Appointment).where(Appointment.group_session_id == session_id, Appointment.status.in_(_SEATS))
    query = query.order_by(Appointment.id).with_for_update().execution_options(populate_existing=True)
    return db.session.scalars(query).all()


def taken_seats(session_id: UUID, at: datetime) -> set[int]:
    """The numbers of the seats that are taken or held, whoever has them; after the lock on the session."""
    return set(db.session.scalars(_SEATS_TAKEN, {"session": session_id, "at": at}))


def sit(seat: Appointment, session: GroupSession) -> None:
    """Let a seat say where and when its session is."""
    seat.group_session_id = session.id
    seat.service_id, seat.location_id = session.service_id, session.location_id
    seat.provider_id, seat.room_id = session.provider_id, session.room_id
    seat.starts_at, seat.ends_at = session.starts_at, session.ends_at


def _wanted(service: UUID, location: UUID, starts_at: datetime, provider: UUID | None, at: datetime) -> Offered:
    wanted = offered(Wish(NOBODY, service, location, starts_at, provider, held=True), at)
    if wanted.terms.ends_at <= at:
        raise TimePassed(field="starts_at")
    return wanted


def _first(
    places: Sequence[Place], wanted: Offered, kept: tuple[UUID, ...], attempt: Callable[[Place], GroupSession]
) -> GroupSession:
    """Try place after place, each with equipment that nobody was found to have."""
    pieces = sorted(wanted.pieces, key=lambda piece: (piece[0] not in kept, piece[0] in wanted.busy))
    gone: frozenset[UUID] = frozenset()
    refusal = SlotTaken()
    for place in places:
        while not gone & {place.provider_id, place.room_id} and (chosen := one_of_each(pieces, gone)) is not None:
            try:
                with db.session.begin_nested():
                    return attempt(replace(place, equipment_ids=chosen))
            except SlotTaken as busy:
                refusal = busy
                if not busy.resources or "patient" in busy.kinds:
                    raise  # neither another room nor other equipment helps
                gone |= busy.resources
    raise refusal


def _stand(session: GroupSession, terms: Terms, place: Place, *, keep_buffers: bool = False) -> None:
    session.location_id = terms.location_id
    session.provider_id, session.room_id = place.provider_id, place.room_id
    session.equipment_ids = list(place.equipment_ids)
    session.starts_at, session.ends_at = terms.starts_at, terms.ends_at
    if not keep_buffers:
        session.buffer_before_minutes, session.buffer_after_minutes = (
            terms.buffer_before_minutes,
            terms.buffer_after_minutes,
        )


def _take(session: GroupSession, seats: Sequence[Appointment], place: Place, at: datetime) -> None:
    """Take the place for the group and everybody in it; raises SlotTaken about who is elsewhere then."""
    db.session.flush()
    values = {"session": session.id, "schedule_version": place.schedule_version, "at": at}
    try:
        db.session.execute(_TAKE_PLACE, {**values, "seats": [seat.id for seat in seats]})
    except DBAPIError as error:
        refusal = refused(error, NOBODY)
        if isinstance(refusal, Refusal):
            busy = refusal.resources if isinstance(refusal, SlotTaken) else frozenset()
            refusal.patient = next((seat.patient_id for seat in seats if seat.patient_id in busy), None)
        raise refusal from error
