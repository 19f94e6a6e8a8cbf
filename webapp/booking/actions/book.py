"""Book a visit: one statement of the session does all of it or none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from webapp.booking.actions.locking import taken
from webapp.booking.actions.placing import Place, Visit, offered, places
from webapp.booking.models import Appointment
from webapp.booking.refusals import ScheduleChanged, SlotTaken, TimePassed
from webapp.db import constraint_of, db
from webapp.errors import NotFound, Refusal, refusal_of
from webapp.ids import new_id

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

_LOOKS = 3

BOOK = text(
    "select appointment_id, replayed from book(:new_id, :patient, :service, :provider, :room, :location,"
    " :starts_at, :ends_at, :before_minutes, :after_minutes, :price, :currency, :channel, :note, :schedule_version,"
    " :at, :actor, :key, :request_hash, :answer)"
)


@dataclass(frozen=True, slots=True)
class BookRequest:
    """A visit to be booked; no `provider_id` means anybody who performs the service and is free."""

    patient_id: UUID
    service_id: UUID
    location_id: UUID
    starts_at: datetime
    provider_id: UUID | None = None
    note: str = ""
    via: str = "desk"


@dataclass(frozen=True, slots=True)
class Once:
    """The form's one-time key, the hash of its content, and the address its answer leads to.

    `{appointment}` in the address becomes the new visit's id.
    """

    key: UUID
    request_hash: bytes
    location: str


def book(request: BookRequest, *, actor: UUID | None, at: datetime, once: Once | None = None) -> Appointment:
    """Book the visit, or return the one that the same key booked before.

    Tries every provider and room that could take it, each under a savepoint, before it refuses.  Raises SlotTaken,
    OutsideHours, LocationClosed, NotOffered, PatientNotBookable, TimePassed, KeyReused or NotFound.
    """
    for look in range(_LOOKS):
        try:
            return _try_all(request, actor, at, once)
        except ScheduleChanged:
            # Hours changed between our read and the lock; a fresh look decides, and only a busy editor beats three.
            if look == _LOOKS - 1:
                raise
    raise ScheduleChanged


def _try_all(request: BookRequest, actor: UUID | None, at: datetime, once: Once | None) -> Appointment:
    visit = offered(request.service_id, request.location_id, request.starts_at, request.provider_id)
    if visit.ends_at <= at:
        raise TimePassed(field="starts_at", patient=request.patient_id)
    refusal: Refusal | None = None
    for place in places(visit):
        try:
            with db.session.begin_nested():
                return _book_at(request, visit, place, actor, at, once)
        except SlotTaken as busy:
            refusal = busy
            if "patient" in busy.kinds:
                break  # the patient is busy whoever would see them
    raise refusal or SlotTaken(patient=request.patient_id)


def _book_at(
    request: BookRequest, visit: Visit, place: Place, actor: UUID | None, at: datetime, once: Once | None
) -> Appointment:
    new = new_id()
    values = {
        "new_id": new,
        "patient": request.patient_id,
        "service": visit.service.id,
        "provider": place.provider_id,
        "room": place.room_id,
        "location": visit.location.id,
        "starts_at": visit.starts_at,
        "ends_at": visit.ends_at,
        "before_minutes": visit.service.buffer_before_minutes,
        "after_minutes": visit.service.buffer_after_minutes,
        "price": visit.service.price_cents,
        "currency": visit.service.currency,
        "channel": request.via,
        "note": request.note,
        "schedule_version": place.schedule_version,
        "at": at,
        "actor": actor,
        "key": None if once is None else once.key,
        "request_hash": None if once is None else once.request_hash,
        "answer": "" if once is None else once.location.replace("{appointment}", str(new)),
    }
    try:
        row = db.session.execute(BOOK, values).one()
    except DBAPIError as error:
        raise _meaning(error, request.patient_id) from error
    return db.session.get_one(Appointment, row.appointment_id)


def _meaning(error: DBAPIError, patient: UUID) -> Exception:
    if constraint_of(error) == "appointment_resource":
        return NotFound()
    meaning = taken(error, patient)
    if meaning is error:
        return refusal_of(error) or error
    return meaning
