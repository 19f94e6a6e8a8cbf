"""What papers about money say: what was charged, what came in for it, and what is open."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload, selectinload

from webapp.billing.models import Invoice, LedgerEntry, LedgerTransaction, Payment, Refund
from webapp.booking.models import Appointment
from webapp.db import db
from webapp.practice.models import Location

if TYPE_CHECKING:
    from collections.abc import Collection

OWED = "patient_receivable"
MOST = 500


@dataclass(frozen=True, slots=True)
class Settlement:
    """What changed what the patient owes for an invoice since it was issued, in cents: below zero it is owed less."""

    at: dt.datetime
    kind: str
    method: str
    cents: int


@dataclass(frozen=True, slots=True)
class Use:
    """What became of money that was paid: an invoice with its number, or none for what pays nothing yet."""

    number: str
    account: str
    cents: int


def issued(invoice_id: UUID) -> Invoice | None:
    """An issued invoice or credit note with its lines, patient and site; None for a draft or none at all."""
    query = (
        select(Invoice)
        .where(Invoice.id == invoice_id, Invoice.status == "issued")
        .options(selectinload(Invoice.lines), joinedload(Invoice.patient), joinedload(Invoice.location))
    )
    return db.session.scalars(query).one_or_none()


def place(location_id: UUID) -> Location | None:
    """A site, retired or not: papers outlive it."""
    return db.session.get(Location, location_id)


def visit_of(invoice: Invoice) -> Appointment | None:
    """The visit that an invoice is for."""
    if invoice.appointment_id is None:
        return None
    query = select(Appointment).where(Appointment.id == invoice.appointment_id)
    return db.session.scalars(query.options(joinedload(Appointment.provider))).one_or_none()


def settlements(invoice_id: UUID) -> list[Settlement]:
    """What was paid, given back, credited and written off of an invoice, in order; its lines are no part of it."""
    query = (
        select(LedgerTransaction.at, LedgerTransaction.kind, Payment.method, func.sum(LedgerEntry.cents))
        .join(LedgerTransaction, LedgerTransaction.id == LedgerEntry.transaction_id)
        .outerjoin(Payment, Payment.id == LedgerEntry.payment_id)
        .where(LedgerEntry.invoice_id == invoice_id, LedgerEntry.account == OWED, LedgerTransaction.kind != "issue")
        .group_by(LedgerTransaction.id, Payment.method)
        .order_by(LedgerTransaction.at, LedgerTransaction.id)
    )
    return [Settlement(at, kind, method or "", int(cents)) for at, kind, method, cents in db.session.execute(query)]


def payments_of(receipt_id: UUID) -> list[Payment]:
    """Payments of one coming, the largest first."""
    query = select(Payment).where(Payment.receipt_id == receipt_id).order_by(Payment.cents.desc(), Payment.id)
    return list(db.session.scalars(query))


def uses_of(payments: Collection[UUID]) -> list[Use]:
    """Where the money of some payments lies now."""
    query = (
        select(Invoice.year, Invoice.number, LedgerEntry.account, -func.sum(LedgerEntry.cents))
        .outerjoin(Invoice, Invoice.id == LedgerEntry.invoice_id)
        .where(LedgerEntry.payment_id.in_(list(payments)), LedgerEntry.account.in_([OWED, "credits", "deposits"]))
        .group_by(Invoice.id, LedgerEntry.account)
        .having(func.sum(LedgerEntry.cents) != 0)
        .order_by(Invoice.year, Invoice.number)
    )
    return [
        Use("" if number is None else f"{year}-{number:05}", account, int(cents))
        for year, number, account, cents in db.session.execute(query)
    ]


def refunds_of(payments: Collection[UUID]) -> list[Refund]:
    """What of some payments went back, in order."""
    query = select(Refund).where(Refund.payment_id.in_(list(payments))).order_by(Refund.at, Refund.id)
    return list(db.session.scalars(query))


def documents_since(people: Collection[UUID], since: dt.datetime) -> list[tuple[Invoice, int]]:
    """Issued documents of some records since a day, or still open, with what is owed for each; the oldest first."""
    owed = func.coalesce(func.sum(LedgerEntry.cents).filter(LedgerEntry.account == OWED), 0)
    query = (
        select(Invoice, owed)
        .outerjoin(LedgerEntry, LedgerEntry.invoice_id == Invoice.id)
        .where(Invoice.patient_id.in_(list(people)), Invoice.status == "issued")
        .group_by(Invoice.id)
        .having((owed > 0) | (Invoice.issued_at >= since))
        .order_by(Invoice.issued_at, Invoice.id)
        .limit(MOST)
        .options(selectinload(Invoice.lines))
    )
    return [(invoice, int(cents)) for invoice, cents in db.session.execute(query)]


def payments_since(people: Collection[UUID], since: dt.datetime) -> list[Payment]:
    """Payments of some records since a moment, the oldest first."""
    query = select(Payment).where(Payment.patient_id.in_(list(people)), Payment.at >= since)
    return list(db.session.scalars(query.order_by(Payment.at, Payment.id).limit(MOST)))


def refunds_since(people: Collection[UUID], since: dt.datetime) -> list[Refund]:
    """Refunds of some records since a moment, the oldest first."""
    query = select(Refund).where(Refund.patient_id.in_(list(people)), Refund.at >= since)
    return list(db.session.scalars(query.order_by(Refund.at, Refund.id).limit(MOST)))
