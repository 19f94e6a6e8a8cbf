"""Book a visit: one statement of the session does all of it or none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import UUID as PGUUID

from webapp import idempotency
from webapp.booking.actions.locking import reach
from webapp.booking.actions.placing import Place, Terms, Wish, offered
from webapp.booking.models import Appointment
from webapp.booking.refusals import ScheduleChanged, SlotTaken, TimePassed
from webapp.db import db
from webapp.errors import NotFound, Refusal, refusal_named
from webapp.idempotency import Claim
from webapp.ids import new_id

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

_LOOKS = 3

BOOK = text(
    "select appointment_id, refused, taken from book("
    ":new_id, :patient, :service, :providers, :rooms, :schedule_versions, :location, :starts_at, :ends_at,"
    " :before_minutes, :after_minutes, :price, :currency, :channel, :note, :at, :actor, :key, :request_hash, :answer)"
).bindparams(bindparam("providers", type_=ARRAY(PGUUID)), bindparam("rooms", type_=ARRAY(PGUUID)))


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

    Tries every provider and room that could take it before it refuses; a refusal undoes what was tried and leaves the
    transaction usable.  Raises SlotTaken, OutsideHours, LocationClosed, NotOffered, PatientNotBookable, TimePassed,
    NotAllowedHere, KeyReused or NotFound.
    """
    for _ in range(_LOOKS):
        try:
            return _book(request, actor, at, once)
        except ScheduleChanged:
            # Hours changed between our read and the lock: a fresh look decides, and only a busy editor beats three.
            continue
        except Refusal:
            # What refuses the second sending of a form may well be what the first one did: the key tells.
            if (earlier := _earlier(actor, once)) is None:
                raise
            return earlier
    raise ScheduleChanged(patient=request.patient_id)


def _earlier(actor: UUID | None, once: Once | None) -> Appointment | None:
    if actor is None or once is None:
        return None
    outcome = idempotency.find(db.session(), Claim(actor, once.key, once.request_hash))
    return None if outcome is None else db.session.get(Appointment, UUID(outcome.result["appointment"]))


def _book(request: BookRequest, actor: UUID | None, at: datetime, once: Once | None) -> Appointment:
    reach(request.location_id, request.patient_id)
    wish = Wish(request.patient_id, request.service_id, request.location_id, request.starts_at, request.provider_id)
    wanted = offered(wish, at)
    if wanted.terms.ends_at <= at:
        raise TimePassed(field="starts_at", patient=request.patient_id)
    values = _values(request, wanted.terms, wanted.free_places(), actor, at, once)
    row = db.session.execute(BOOK, values).one()
    if row.refused == "occupancy_busy":
        raise SlotTaken(row.taken.split(","), patient=request.patient_id)
    if row.refused is not None:
        refusal = refusal_named(row.refused)
        if refusal is None:
            raise RuntimeError(row.refused)
        if not isinstance(refusal, NotFound):
            refusal.patient = request.patient_id
        raise refusal
    return db.session.get_one(Appointment, row.appointment_id)


def _values(
    request: BookRequest, terms: Terms, places: Sequence[Place], actor: UUID | None, at: datetime, once: Once | None
) -> dict[str, object]:
    new = new_id()
    return {
        "new_id": new,
        "patient": request.patient_id,
        "service": request.service_id,
        "providers": [place.provider_id for place in places],
        "rooms": [place.room_id for place in places],
        "schedule_versions": [place.schedule_version for place in places],
        "location": terms.location_id,
        "starts_at": terms.starts_at,
        "ends_at": terms.ends_at,
        "before_minutes": terms.buffer_before_minutes,
        "after_minutes": terms.buffer_after_minutes,
        "price": terms.price_cents,
        "currency": terms.currency,
        "channel": request.via,
        "note": request.note,
        "at": at,
        "actor": actor,
        "key": None if once is None else once.key,
        "request_hash": None if once is None else once.request_hash,
        "answer": "" if once is None else once.location.replace("{appointment}", str(new)),
    }
