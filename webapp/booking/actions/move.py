"""Move a visit to another time, provider or room in one step: it has the new time before it gives the old one back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError

from webapp.booking.actions.locking import lock_resources, locked, settle
from webapp.booking.actions.placing import Place, Visit, guard, offered, places
from webapp.booking.refusals import SlotTaken, TimePassed
from webapp.booking.states import MOVABLE
from webapp.db import db
from webapp.errors import Refusal, refusal_of

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from webapp.booking.models import Appointment


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
    LocationClosed, NotOffered or TimePassed.
    """
    visit = locked(request.appointment_id, MOVABLE, version=request.version)
    provider = request.provider_id or visit.provider_id
    length = visit.ends_at - visit.starts_at
    location = request.location_id or visit.location_id
    wanted = offered(visit.service_id, location, request.starts_at, provider, length=length)
    if wanted.ends_at <= at:
        raise TimePassed(field="starts_at", patient=visit.patient_id)
    refusal: Refusal | None = None
    for place in places(wanted):
        try:
            with db.session.begin_nested():
                _move_to(visit, wanted, place, at)
        except SlotTaken as busy:
            refusal = busy
            db.session.refresh(visit)
        else:
            return visit
    raise refusal or SlotTaken(patient=visit.patient_id)


def _move_to(visit: Appointment, wanted: Visit, place: Place, at: datetime) -> None:
    lock_resources([part for part in (visit.patient_id, place.provider_id, place.room_id) if part is not None])
    try:
        guard(visit.patient_id, place, wanted)
    except DBAPIError as error:
        raise refusal_of(error) or error from error
    visit.starts_at, visit.ends_at = wanted.starts_at, wanted.ends_at
    visit.provider_id, visit.room_id, visit.location_id = place.provider_id, place.room_id, wanted.location.id
    visit.version += 1
    settle(visit, at)
