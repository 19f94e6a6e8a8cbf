"""Payment links: which of them can be used, and what their page shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from webapp.billing.models import Attempt, Invoice, PaymentLink
from webapp.billing.queries.attempts import page_open_for
from webapp.billing.queries.balances import due_of, reserved_of
from webapp.db import db
from webapp.practice.models import Location

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID


@dataclass(frozen=True, slots=True)
class ToPay:
    """What somebody with a link may know: where, which number, how much; cents.

    `free` is what nobody is paying yet, `going` the page on which it is being paid.
    """

    patient_id: UUID
    location: Location
    number: str
    due: int
    free: int
    currency: str
    expires_at: datetime
    going: Attempt | None


def live(token_hash: bytes, at: datetime) -> PaymentLink | None:
    """The link of a token as long as it can be used."""
    query = select(PaymentLink).where(
        PaymentLink.token_hash == token_hash, PaymentLink.revoked_at.is_(None), PaymentLink.expires_at > at
    )
    return db.session.scalar(query)


def of_invoice(invoice_id: UUID, at: datetime) -> PaymentLink | None:
    """The link of an invoice as long as it can be used."""
    query = select(PaymentLink).where(
        PaymentLink.invoice_id == invoice_id, PaymentLink.revoked_at.is_(None), PaymentLink.expires_at > at
    )
    return db.session.scalar(query)


def to_pay(token_hash: bytes, at: datetime) -> ToPay | None:
    """What the page of a link shows; None when the link can't be used (any more)."""
    link = live(token_hash, at)
    if link is None:
        return None
    invoice = db.session.get_one(Invoice, link.invoice_id)
    due = due_of([invoice.id]).get(invoice.id, 0)
    return ToPay(
        patient_id=invoice.patient_id,
        location=invoice.location,
        number=invoice.shown_number,
        due=due,
        free=due - reserved_of([invoice.id]).get(invoice.id, 0),
        currency=invoice.currency,
        expires_at=link.expires_at,
        going=going_for(invoice.id, at),
    )


def going_for(invoice_id: UUID, at: datetime) -> Attempt | None:
    """The attempt on whose page an invoice is being paid now."""
    patient = db.session.scalar(select(Invoice.patient_id).where(Invoice.id == invoice_id))
    return None if patient is None else page_open_for([invoice_id], patient, at)


def attempt_by_link(attempt_id: UUID) -> Attempt | None:
    """An attempt that was opened by a link; None for any other."""
    attempt = db.session.get(Attempt, attempt_id)
    return attempt if attempt is not None and attempt.method == "payment_link" else None
