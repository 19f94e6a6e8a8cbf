"""Book a visit, or hold a time for one: one statement of the session does all of it or none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from webapp import idempotency
from webapp.booking.actions.afresh import afresh
from webapp.booking.actions.choosing import Piece
from webapp.booking.actions.locking import reach
from webapp.booking.actions.placing import Offered, Place, Terms, Wish, offered
from webapp.booking.models import Appointment
from webapp.booking.money_refusals import DepositFirst
from webapp.booking.refusals import OverbookReasonMissing, ScheduleChanged, SlotTaken, TimePassed
from webapp.db import db, swiftly, unread
from webapp.errors import NotFound, Refusal, refusal_named
from webapp.idempotency import Claim
from webapp.ids import new_id

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

Ready = dict[str, Any]
"""All that `BOOK` takes."""

BOOK = (
    "select appointment_id, refused, taken from book("
    "%(new_id)s, %(patient)s, %(service)s, %(providers)s, %(rooms)s, %(schedule_versions)s, %(pieces)s,"
    " %(piece_kinds)s, %(location)s, %(starts_at)s, %(ends_at)s, %(before_minutes)s, %(after_minutes)s, %(price)s,"
    " %(currency)s, %(channel)s, %(note)s, %(at)s, %(actor)s, %(key)s, %(request_hash)s, %(answer)s, %(hold_until)s,"
    " %(overbook)s, %(series)s, %(together)s)"
)


@dataclass(frozen=True, slots=True)
class BookRequest:
    """A visit to be booked; no `provider_id` means anybody who performs the service and is free.

    `deposit_seen_to` is said by billing, which takes what the service asks for before, or has leave to go without it.
    """

    patient_id: UUID
    service_id: UUID
    location_id: UUID
    starts_at: datetime
    provider_id: UUID | None = None
    note: str = ""
    via: str = "desk"
    deposit_seen_to: bool = False


@dataclass(frozen=True, slots=True)
class Once:
    """The form's one-time key, the hash of its content, and the address its answer leads to.

    `{appointment}` in the address becomes the new visit's id.
    """

    key: UUID
    request_hash: bytes
    location: str


@dataclass(frozen=True, slots=True)
class Overbook:
    """Leave to book over what is booked; whoever makes one has checked the permission.  The visit keeps the reason."""

    reason: str

    def checked(self) -> str:
        """The reason without blanks around it (OverbookReasonMissing)."""
        if not self.reason.strip():
            raise OverbookReasonMissing(field="overbook_reason")
        return self.reason.strip()


@dataclass(frozen=True, slots=True)
class How:
    """What besides the request decides how a visit is booked: by whom, when, with which key, held, overbooked, tied."""

    actor: UUID | None
    at: datetime
    once: Once | None = None
    hold_until: datetime | None = None
    overbook: str | None = None
    series: UUID | None = None
    together: UUID | None = None


def book(
    request: BookRequest,
    *,
    actor: UUID | None,
    at: datetime,
    once: Once | None = None,
    overbook: Overbook | None = None,
) -> Appointment:
    """Book the visit, or return the one that the same key booked before.

    Tries every provider, room and piece of equipment that could take it before it refuses; a refusal undoes what was
    tried and leaves the transaction usable.  `overbook` takes the time although it is taken, beside what is there; the
    patient is never in two places, and hours, closures and leave still count.  Raises SlotTaken, OutsideHours,
    ProviderAway, LocationClosed, NotOffered, PatientNotBookable, TimePassed, OverbookReasonMissing, NotAllowedHere,
    DepositFirst for a service that is paid for before, KeyReused, NotFound or, for `via` "portal", the refusals of the
    service's rules.
    """
    visit = book_only(request, actor=actor, at=at, once=once, overbook=overbook)
    return unread(Appointment, visit, patient_id=request.patient_id)


def book_only(
    request: BookRequest,
    *,
    actor: UUID | None,
    at: datetime,
    once: Once | None = None,
    overbook: Overbook | None = None,
) -> UUID:
    """Book as `book` does, for who needs no more than the id: making a row to read takes a twentieth of a booking."""
    return place(request, How(actor, at, once, overbook=None if overbook is None else overbook.checked()))


def place(request: BookRequest, how: How) -> UUID:
    """Book or hold: looks, then asks the database; looks again when the hours changed in between."""
    try:
        return afresh(lambda: _place(request, how), request.patient_id)
    except Refusal as refusal:
        # What refuses the second sending of a form may well be what the first one did: the key tells.
        earlier = None if isinstance(refusal, ScheduleChanged) else _earlier(how.actor, how.once)
        if earlier is None:
            raise
        return earlier


def _earlier(actor: UUID | None, once: Once | None) -> UUID | None:
    if actor is None or once is None:
        return None
    outcome = idempotency.find(db.session(), Claim(actor, once.key, once.request_hash))
    return None if outcome is None else UUID(outcome.result["appointment"])


def _place(request: BookRequest, how: How) -> UUID:
    wish = wish_of(request, how)
    return booked(request, swiftly(BOOK, ready(request, offered(wish, how.at), how)).fetchone())


def wish_of(request: BookRequest, how: How) -> Wish:
    """What to look for; raises NotAllowedHere."""
    reach(request.location_id, request.patient_id)
    return Wish(
        request.patient_id,
        request.service_id,
        request.location_id,
        request.starts_at,
        request.provider_id,
        via=request.via,
        held=how.hold_until is not None,
    )


def booked(request: BookRequest, answer: tuple[Any, ...] | None) -> UUID:
    """The visit that `BOOK` has made, or raises what it was refused for."""
    if answer is None:
        raise NotFound
    visit: UUID
    visit, refused, taken = answer
    if refused is not None:
        raise _refusal(refused, taken, request.patient_id)
    return visit


def ready(request: BookRequest, wanted: Offered, how: How) -> Ready:
    """Say all that `BOOK` takes; raises SlotTaken, TimePassed, DepositFirst."""
    if wanted.terms.ends_at <= how.at:
        raise TimePassed(field="starts_at", patient=request.patient_id)
    values = _values(request, wanted, how)
    # A hold costs nothing yet; what is taken anyway asks nobody for money.
    if wanted.deposit_cents and how.hold_until is None and not request.deposit_seen_to:
        raise DepositFirst(field="service", patient=request.patient_id)
    return values


def _refusal(name: str, taken: str, patient: UUID) -> Refusal:
    if name == "occupancy_busy":
        return SlotTaken(taken.split(","), patient=patient)
    refusal = refusal_named(name)
    if refusal is None:
        raise RuntimeError(name)
    if not isinstance(refusal, NotFound):
        refusal.patient = patient
    return refusal


def _where(wanted: Offered, how: How) -> tuple[Sequence[Place], Sequence[Piece]]:
    if how.overbook is not None:
        return wanted.over_booked()
    return wanted.free_places(), wanted.free_pieces()


def _values(request: BookRequest, wanted: Offered, how: How) -> Ready:
    new = new_id()
    terms: Terms = wanted.terms
    places, pieces = _where(wanted, how)
    once = how.once
    return {
        "new_id": new,
        "patient": request.patient_id,
        "service": request.service_id,
        "providers": [place.provider_id for place in places],
        "rooms": [place.room_id for place in places],
        "schedule_versions": [place.schedule_version for place in places],
        "pieces": [piece for piece, _ in pieces],
        "piece_kinds": [kind for _, kind in pieces],
        "location": terms.location_id,
        "starts_at": terms.starts_at,
        "ends_at": terms.ends_at,
        "before_minutes": terms.buffer_before_minutes,
        "after_minutes": terms.buffer_after_minutes,
        "price": terms.price_cents,
        "currency": terms.currency,
        "channel": request.via,
        "note": request.note,
        "at": how.at,
        "actor": how.actor,
        "key": None if once is None else once.key,
        "request_hash": None if once is None else once.request_hash,
        "answer": "" if once is None else once.location.replace("{appointment}", str(new)),
        "hold_until": how.hold_until,
        "overbook": how.overbook,
        "series": how.series,
        "together": how.together,
    }
