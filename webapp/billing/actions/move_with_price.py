"""Move a visit to another price: what is paid stays paid, the rest is due when it is billed, and nothing twice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from sqlalchemy import select

from webapp.billing.actions.cancel_with_fee import paid_before, prepaid
from webapp.billing.actions.posting import lock_payments, site
from webapp.billing.models import Invoice
from webapp.billing.refusals import BilledAlready, DueChanged
from webapp.booking.actions import MoveRequest, move
from webapp.booking.models import Appointment
from webapp.db import db
from webapp.errors import NotFound
from webapp.practice import prices

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from webapp.booking.actions import Overbook


@dataclass(frozen=True, slots=True)
class MoveWithPrice:
    """Where a visit goes; `seen` is the price there as the page showed it, in cents."""

    move: MoveRequest
    seen: int


@dataclass(frozen=True, slots=True)
class NewTerms:
    """What a visit costs before and after a move, and what of it is paid, in cents.

    `rest` is due when the visit is billed; `over` is more than it costs now, and credit then.
    """

    before: int
    after: int
    paid: int

    @property
    def rest(self) -> int:
        return max(0, self.after - self.paid)

    @property
    def over(self) -> int:
        return max(0, self.paid - self.after)


def terms_there(appointment_id: UUID, starts_at: datetime, location_id: UUID | None = None) -> NewTerms:
    """What a visit would cost at another time, by the price list of that day (NotFound)."""
    visit = db.session.get(Appointment, appointment_id)
    if visit is None:
        raise NotFound
    day = starts_at.astimezone(ZoneInfo(site(location_id or visit.location_id).time_zone)).date()
    listed = prices.service_price(visit.service_id, day)
    return NewTerms(visit.price_cents, visit.price_cents if listed is None else listed, paid_before(visit.id))


def is_billed(appointment_id: UUID) -> UUID | None:
    """The invoice of a visit, a draft too; None when nothing has been billed yet."""
    billed = select(Invoice.id).where(
        Invoice.appointment_id == appointment_id, Invoice.purpose == "visit", Invoice.status != "void_draft"
    )
    return db.session.scalar(billed.limit(1))


def move_with_price(wanted: MoveWithPrice, *, at: datetime, overbook: Overbook | None = None) -> Appointment:
    """Move a visit and let it cost what it costs there; its deposit stays with it, whatever it costs.

    Nobody is charged and nothing goes back: what was paid before pays the new price, and its invoice asks for the rest.
    Raises what `move` does, DueChanged when the price there is another one by now (`alternatives`: it), and
    BilledAlready when the visit has its invoice.
    """
    request = wanted.move
    there = terms_there(request.appointment_id, request.starts_at, request.location_id)
    if there.after != wanted.seen:
        raise DueChanged(alternatives=[there.after])
    visit = move(request, at=at, overbook=overbook)
    # A refund of the deposit that is on its way at this moment is waited for; what is left of it stays with the visit.
    lock_payments(payment.id for payment in prepaid(visit.id))
    if (made := is_billed(visit.id)) is not None:
        raise BilledAlready(patient=visit.patient_id, alternatives=[made])
    visit.price_cents = there.after
    db.session.flush()
    return visit
