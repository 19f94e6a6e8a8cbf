"""Two visits take each other's time, provider and room, both or neither."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import UUID as PGUUID
from sqlalchemy.exc import DBAPIError

from webapp.booking.actions.choosing import one_of_each
from webapp.booking.actions.locking import locked, refused
from webapp.booking.actions.placing import Place, Terms, Wish, offered
from webapp.booking.plan_refusals import SeatOnly
from webapp.booking.refusals import SlotTaken, TimePassed
from webapp.booking.states import MOVABLE
from webapp.db import db

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from uuid import UUID

    from webapp.booking.models import Appointment

_NAMES = ("one", "other")
_SWAP = text("select swap_places(:one, :other, :resources, :one_version, :other_version, :at)").bindparams(
    bindparam("resources", type_=ARRAY(PGUUID))
)


@dataclass(frozen=True, slots=True)
class SwapRequest:
    """Two visits, with the version of each that the person saw (left out: whatever it is now)."""

    one_id: UUID
    other_id: UUID
    versions: Mapping[UUID, int]


def swap(request: SwapRequest, *, at: datetime) -> tuple[Appointment, Appointment]:
    """Let two visits trade places; length, price and buffers stay with each.

    Raises NotFound, NotAllowedHere, WrongState, VersionConflict, SlotTaken, OutsideHours, NotOffered, LocationClosed,
    ScheduleChanged, TimePassed or SeatOnly; whichever it is, both stay where they were.
    """
    visits = {
        visit: locked(visit, MOVABLE, version=request.versions.get(visit))
        for visit in sorted({request.one_id, request.other_id})
    }
    one, other = visits[request.one_id], visits[request.other_id]
    if one.group_session_id is not None or other.group_session_id is not None:
        raise SeatOnly(patient=one.patient_id)
    plans = [(one, *_instead_of(other, one, at)), (other, *_instead_of(one, other, at))]
    resources = {
        part
        for visit in (one, other)
        for part in (visit.patient_id, visit.provider_id, visit.room_id, *visit.equipment_ids)
        if part
    }
    for visit, place, terms in plans:
        if terms.ends_at <= at:
            raise TimePassed(patient=visit.patient_id)
        visit.starts_at, visit.ends_at = terms.starts_at, terms.ends_at
        visit.provider_id, visit.room_id, visit.location_id = place.provider_id, place.room_id, terms.location_id
        visit.equipment_ids = list(place.equipment_ids)
        # Nobody asked for leave to overbook: each needs a place of its own where it goes.
        visit.lane, visit.overbook_reason = 0, None
        visit.version += 1
    db.session.flush()
    versions = {f"{name}_version": place.schedule_version for name, (_, place, _) in zip(_NAMES, plans, strict=True)}
    values = {"one": one.id, "other": other.id, "resources": sorted(resources), "at": at, **versions}
    try:
        db.session.execute(_SWAP, values)
    except DBAPIError as error:
        raise refused(error, one.patient_id) from error
    return one, other


def _instead_of(there: Appointment, visit: Appointment, at: datetime) -> tuple[Place, Terms]:
    """Where the visit goes: the other's start, provider, site and, if it needs a room, the other's room."""
    wish = Wish(visit.patient_id, visit.service_id, there.location_id, there.starts_at, there.provider_id, agreed=visit)
    wanted = offered(wish, at)
    rooms = wanted.rooms[there.provider_id]
    room = there.room_id if there.room_id in rooms else rooms[0]
    if room is not None and room not in {there.room_id, visit.room_id}:
        raise SlotTaken(["room"], patient=visit.patient_id)  # a third room would need a lock of its own
    ours = {*there.equipment_ids, *visit.equipment_ids}
    pieces = sorted((piece for piece in wanted.pieces if piece[0] in ours), key=lambda it: it[0] in visit.equipment_ids)
    chosen = one_of_each(pieces, ())
    if chosen is None or {kind for _, kind in pieces} != {kind for _, kind in wanted.pieces}:
        raise SlotTaken(["equipment"], patient=visit.patient_id)  # as with a third room
    return Place(there.provider_id, room, wanted.versions[there.provider_id], chosen), wanted.terms
