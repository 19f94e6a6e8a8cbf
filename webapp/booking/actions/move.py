"""Move a visit to another time, provider or room in one step: it has the new time before it gives the old one back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from webapp.booking.actions.locking import locked, reach, taken
from webapp.booking.actions.placing import Offered, Place, Terms, Wish, offered
from webapp.booking.refusals import ScheduleChanged, SlotTaken, TimePassed
from webapp.booking.states import MOVABLE
from webapp.db import db
from webapp.errors import Refusal, refusal_of

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from webapp.booking.models import Appointment


_LOOKS = 3
_TAKE_PLACE = text("select take_place(:visit, :schedule_version, :at)")


@dataclass(frozen=True, slots=True)
class MoveRequest:
    """Where a visit goes; no `provider_id` keeps its provider, `version` is the one the person saw."""

    appointment_id: UUID
    starts_at: datetime
    provider_id: UUID | None = None
    location_id: UUID | None = None
    version: int | None = None


def move(request: MoveRequest, *, at: datetime) -> Appointment:
    """Move the visit; buffers, length and price stay as they were booked.

    Raises NotFound, WrongState (only visits still to come move), VersionConflict, SlotTaken, OutsideHours,
    LocationClosed, NotOffered, NotAllowedHere or TimePassed.
    """
    visit = locked(request.appointment_id, MOVABLE, version=request.version)
    provider, location = request.provider_id or visit.provider_id, request.location_id or visit.location_id
    reach(location, visit.patient_id)
    for _ in range(_LOOKS):
        wish = Wish(visit.patient_id, visit.service_id, location, request.starts_at, provider, agreed=visit)
        wanted = offered(wish, at)
        if wanted.terms.ends_at <= at:
            raise TimePassed(field="starts_at", patient=visit.patient_id)
        try:
            return _move_to_one_of(visit, wanted, at)
        except ScheduleChanged:
            continue
    raise ScheduleChanged(patient=visit.patient_id)


def _move_to_one_of(visit: Appointment, wanted: Offered, at: datetime) -> Appointment:
    places = wanted.free_places()
    # Its own room first: people find their way back to it.
    places.sort(key=lambda place: place.room_id != visit.room_id)
    refusal: Refusal | None = None
    for place in places:
        try:
            with db.session.begin_nested():
                _move_to(visit, wanted.terms, place, at)
        except SlotTaken as busy:
            refusal = busy
            db.session.refresh(visit)
            if busy.kinds != ("room",):
                break  # another room does not help
        else:
            return visit
    raise refusal or SlotTaken(patient=visit.patient_id)


def _move_to(visit: Appointment, terms: Terms, place: Place, at: datetime) -> None:
    visit.starts_at, visit.ends_at = terms.starts_at, terms.ends_at
    visit.provider_id, visit.room_id, visit.location_id = place.provider_id, place.room_id, terms.location_id
    visit.version += 1
    db.session.flush()
    values = {"visit": visit.id, "schedule_version": place.schedule_version, "at": at}
    try:
        db.session.execute(_TAKE_PLACE, values)
    except DBAPIError as error:
        meaning = taken(error, visit.patient_id)
        raise (refusal_of(error) or error if meaning is error else meaning) from error
