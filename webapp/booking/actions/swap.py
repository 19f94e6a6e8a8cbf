"""Two visits take each other's time, provider and room, both or neither."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from webapp.booking.actions.locking import locked, taken
from webapp.booking.actions.placing import Place, Terms, guard, offered
from webapp.booking.refusals import SlotTaken, TimePassed
from webapp.booking.states import MOVABLE
from webapp.db import db
from webapp.errors import refusal_of
from webapp.practice.actions import lock_resources

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from uuid import UUID

    from webapp.booking.models import Appointment

_TRADE = text("select doors.trade(:one, :other, :at)")


@dataclass(frozen=True, slots=True)
class SwapRequest:
    """Two visits, with the version of each that the person saw (left out: whatever it is now)."""

    one_id: UUID
    other_id: UUID
    versions: Mapping[UUID, int]


def swap(request: SwapRequest, *, at: datetime) -> tuple[Appointment, Appointment]:
    """Let two visits trade places; length, price and buffers stay with each.

    Raises NotFound, WrongState, VersionConflict, SlotTaken, OutsideHours, NotOffered, LocationClosed, ScheduleChanged
    or TimePassed; whichever it is, both stay where they were.
    """
    visits = {
        visit: locked(visit, MOVABLE, version=request.versions.get(visit))
        for visit in sorted({request.one_id, request.other_id})
    }
    one, other = visits[request.one_id], visits[request.other_id]
    plans = [(one, *_instead_of(other, one)), (other, *_instead_of(one, other))]
    resources = (part for visit in (one, other) for part in (visit.patient_id, visit.provider_id, visit.room_id))
    # FOR UPDATE: nobody may stand half way into either time while both are empty.
    lock_resources((part for part in resources if part is not None), exclusive=True)
    for visit, place, terms in plans:
        if terms.ends_at <= at:
            raise TimePassed(patient=visit.patient_id)
        try:
            guard(visit.patient_id, place, terms)
        except DBAPIError as error:
            raise refusal_of(error) or error from error
    for visit, place, terms in plans:
        visit.starts_at, visit.ends_at = terms.starts_at, terms.ends_at
        visit.provider_id, visit.room_id, visit.location_id = place.provider_id, place.room_id, terms.location_id
        visit.version += 1
    db.session.flush()
    try:
        db.session.execute(_TRADE, {"one": one.id, "other": other.id, "at": at})
    except DBAPIError as error:
        raise taken(error, one.patient_id) from error
    return one, other


def _instead_of(there: Appointment, visit: Appointment) -> tuple[Place, Terms]:
    """Where the visit goes: the other's start, provider, site and, if it needs a room, the other's room."""
    length = visit.ends_at - visit.starts_at
    wanted = offered(visit.service_id, there.location_id, there.starts_at, there.provider_id, length=length)
    rooms = wanted.rooms[there.provider_id]
    room = there.room_id if there.room_id in rooms else rooms[0]
    if room is not None and room not in {there.room_id, visit.room_id}:
        raise SlotTaken(["room"], patient=visit.patient_id)  # a third room would need a lock of its own
    return Place(there.provider_id, room, wanted.versions[there.provider_id]), wanted.terms
