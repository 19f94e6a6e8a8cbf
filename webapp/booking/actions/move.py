"""Move a visit to another time, provider or room in one step: it has the new time before it gives the old one back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from webapp.booking.actions.afresh import afresh
from webapp.booking.actions.choosing import Piece, one_of_each
from webapp.booking.actions.locking import locked, reach, refused, take_lane
from webapp.booking.actions.placing import Offered, Place, Terms, Wish, offered
from webapp.booking.actions.waiting.freed import freed
from webapp.booking.plan_refusals import SeatOnly
from webapp.booking.refusals import SlotTaken, TimePassed
from webapp.booking.states import MOVABLE
from webapp.db import db

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from webapp.booking.actions.book import Overbook
    from webapp.booking.models import Appointment


_TAKE_PLACE = text("select take_place(:visit, :schedule_version, :at)")


@dataclass(frozen=True, slots=True)
class MoveRequest:
    """Where a visit goes; no `provider_id` keeps its provider, `version` is the one the person saw."""

    appointment_id: UUID
    starts_at: datetime
    provider_id: UUID | None = None
    location_id: UUID | None = None
    version: int | None = None
    via: str = "desk"


def move(request: MoveRequest, *, at: datetime, overbook: Overbook | None = None) -> Appointment:
    """Move the visit; buffers, length and price stay as they were booked.

    A visit that was overbooked finds a place of its own, or is overbooked anew.  Raises NotFound, WrongState (only
    visits still to come move), VersionConflict, SlotTaken, OutsideHours, ProviderAway, LocationClosed, NotOffered,
    NotAllowedHere, TimePassed, OverbookReasonMissing, or SeatOnly for a seat of a group visit.
    """
    visit = locked(request.appointment_id, MOVABLE, version=request.version)
    wish = wish_of(request, visit)
    reason = None if overbook is None else overbook.checked()

    def attempt() -> Appointment:
        wanted = in_time(offered(wish, at), at)
        return _overbook(visit, wanted, reason, at) if reason is not None else move_to_one_of(visit, wanted, at)

    return afresh(attempt, visit.patient_id)


def wish_of(request: MoveRequest, visit: Appointment, along: Sequence[Appointment] = ()) -> Wish:
    """What to look for; raises SeatOnly or NotAllowedHere."""
    if visit.group_session_id is not None:
        raise SeatOnly(patient=visit.patient_id)
    provider, location = request.provider_id or visit.provider_id, request.location_id or visit.location_id
    reach(location, visit.patient_id)
    return Wish(
        visit.patient_id,
        visit.service_id,
        location,
        request.starts_at,
        provider,
        agreed=visit,
        via=request.via,
        along=along,
    )


def in_time(wanted: Offered, at: datetime) -> Offered:
    """What was found, unless it is over by now (TimePassed)."""
    if wanted.terms.ends_at <= at:
        raise TimePassed(field="starts_at", patient=wanted.patient_id)
    return wanted


def move_to_one_of(visit: Appointment, wanted: Offered, at: datetime) -> Appointment:
    """Move a locked visit to the first place it can have, its own room and equipment first (SlotTaken)."""
    places, pieces = in_turn(wanted, visit.room_id, visit.equipment_ids)
    gone: frozenset[UUID] = frozenset()
    refusal: SlotTaken | None = None
    for place in places:
        while place.room_id not in gone and (chosen := one_of_each(pieces, gone)) is not None:
            try:
                with db.session.begin_nested():
                    _move_to(visit, wanted.terms, replace(place, equipment_ids=chosen), at)
            except SlotTaken as busy:
                refusal = busy
                db.session.refresh(visit)
                gone |= busy.resources
                if not busy.resources or {"patient", "provider"} & set(busy.kinds):
                    raise  # neither another room nor other equipment helps
            else:
                return visit
    raise refusal or SlotTaken(patient=visit.patient_id)


def in_turn(wanted: Offered, room: UUID | None, equipment: Sequence[UUID]) -> tuple[list[Place], list[Piece]]:
    """What is free, beginning with a room and equipment: people find their way back to theirs."""
    places, pieces = wanted.free_places(), wanted.free_pieces()
    places.sort(key=lambda place: place.room_id != room)
    pieces.sort(key=lambda piece: piece[0] not in equipment)
    return places, pieces


def _overbook(visit: Appointment, wanted: Offered, reason: str, at: datetime) -> Appointment:
    (place,), pieces = wanted.over_booked()
    chosen = one_of_each(pieces, frozenset()) or ()
    with db.session.begin_nested():
        _move_to(visit, wanted.terms, replace(place, equipment_ids=chosen), at, reason)
    return visit


def _move_to(visit: Appointment, terms: Terms, place: Place, at: datetime, overbook: str | None = None) -> None:
    stand(visit, terms, place)
    take_lane(visit, overbook, at)
    db.session.flush()
    values = {"visit": visit.id, "schedule_version": place.schedule_version, "at": at}
    try:
        db.session.execute(_TAKE_PLACE, values)
    except DBAPIError as error:
        raise refused(error, visit.patient_id) from error
    freed([visit], at)


def stand(visit: Appointment, terms: Terms, place: Place) -> None:
    """Let a visit say where and when it is, as one more version."""
    visit.starts_at, visit.ends_at = terms.starts_at, terms.ends_at
    visit.provider_id, visit.room_id, visit.location_id = place.provider_id, place.room_id, terms.location_id
    visit.equipment_ids = list(place.equipment_ids)
    visit.version += 1
