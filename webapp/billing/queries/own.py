"""What a patient sees of their own money, as row security lets them through.

Documents stay with the record that they were made out to: what was merged into a record is seen with it.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select, text
from sqlalchemy.orm import joinedload, selectinload

from webapp.billing.models import Attempt, AttemptAllocation, CardOnFile, CardSetup, Invoice, LedgerEntry, Payment
from webapp.billing.queries.attempts import page_open_for
from webapp.billing.queries.balances import due_of, reserved_of
from webapp.billing.queries.papers import Settlement, settlements
from webapp.db import db
from webapp.errors import NotFound
from webapp.patients.models import Patient

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from uuid import UUID

_RECORDS = text("select doors.records_of(:patient)")
_SEE = text("select set_config('app.patients', current_setting('app.patients') || ',' || :people, true)")
MOST = 100
OWED = "patient_receivable"


@dataclass(frozen=True, slots=True)
class OwnInvoice:
    """An issued invoice, or credit note, with the patient's part and what of it is due; cents."""

    id: UUID
    number: str
    kind: str
    issued_at: dt.datetime
    due_on: dt.date
    part: int
    due: int
    currency: str
    zone: str


@dataclass(frozen=True, slots=True)
class OpenInvoice:
    """What is due of an invoice, in cents, and since when."""

    id: UUID
    due_on: dt.date
    cents: int
    currency: str


@dataclass(frozen=True, slots=True)
class OwnPage:
    """One invoice: `due` in all, `free` what nobody is paying yet, `going` the page on which it is being paid."""

    invoice: Invoice
    due: int
    free: int
    settled: Sequence[Settlement]
    receipts: Sequence[Payment]
    going: Attempt | None


def records_of(patient_id: UUID) -> list[UUID]:
    """A patient's record and those that were merged into it; row security shows them to the rest of the transaction.

    Nobody's for whom the request does not act.
    """
    people = list(db.session.scalars(_RECORDS, {"patient": patient_id}))
    if len(people) > 1:
        db.session.execute(_SEE, {"people": ",".join(str(each) for each in people)})
    return people


def invoices_of(patient_id: UUID) -> list[OwnInvoice]:
    """A patient's documents, those that are open first, then the newest; the last hundred."""
    owed = func.coalesce(func.sum(LedgerEntry.cents).filter(LedgerEntry.account == OWED), 0)
    query = (
        select(Invoice, owed)
        .outerjoin(LedgerEntry, LedgerEntry.invoice_id == Invoice.id)
        .where(Invoice.patient_id.in_(records_of(patient_id)), Invoice.status == "issued")
        .group_by(Invoice.id)
        .order_by((owed > 0).desc(), Invoice.issued_at.desc(), Invoice.id.desc())
        .limit(MOST)
        .options(selectinload(Invoice.lines), selectinload(Invoice.location))
    )
    return [
        OwnInvoice(
            invoice.id, invoice.shown_number, invoice.kind, invoice.issued_at, invoice.due_on,
            sum(line.patient_cents for line in invoice.lines), int(cents) if invoice.kind == "invoice" else 0,
            invoice.currency, invoice.location.time_zone,
        )
        for invoice, cents in db.session.execute(query)
        if invoice.issued_at is not None and invoice.due_on is not None
    ]  # fmt: skip


def open_of(patient_id: UUID) -> list[OpenInvoice]:
    """What a patient owes, by the day it was due."""
    owed = func.sum(LedgerEntry.cents)
    query = (
        select(Invoice.id, Invoice.due_on, owed, Invoice.currency)
        .join(LedgerEntry, LedgerEntry.invoice_id == Invoice.id)
        .where(Invoice.patient_id.in_(records_of(patient_id)), Invoice.status == "issued", Invoice.kind == "invoice")
        .where(LedgerEntry.account == OWED)
        .group_by(Invoice.id)
        .having(owed > 0)
        .order_by(Invoice.due_on, Invoice.id)
    )
    return [
        OpenInvoice(invoice_id, due_on, int(cents), currency)
        for invoice_id, due_on, cents, currency in db.session.execute(query)
        if due_on is not None
    ]


def own_invoice(patient_id: UUID, invoice_id: UUID) -> Invoice:
    """An issued document of a patient (NotFound for anybody else's, and for a draft)."""
    query = (
        select(Invoice)
        .where(Invoice.id == invoice_id, Invoice.patient_id.in_(records_of(patient_id)), Invoice.status == "issued")
        .options(selectinload(Invoice.lines), joinedload(Invoice.location), joinedload(Invoice.patient))
    )
    found = db.session.scalars(query).one_or_none()
    if found is None:
        raise NotFound
    return found


def own_page(patient_id: UUID, invoice_id: UUID, at: dt.datetime) -> OwnPage:
    """One document with what became of it (NotFound)."""
    invoice = own_invoice(patient_id, invoice_id)
    due = due_of([invoice_id]).get(invoice_id, 0) if invoice.kind == "invoice" else 0
    paid = select(LedgerEntry.payment_id).where(
        LedgerEntry.invoice_id == invoice_id, LedgerEntry.payment_id.is_not(None)
    )
    receipts = select(Payment).where(Payment.id.in_(paid)).order_by(Payment.at, Payment.id)
    return OwnPage(
        invoice=invoice,
        due=due,
        free=max(0, due - reserved_of([invoice_id]).get(invoice_id, 0)),
        settled=settlements(invoice_id),
        receipts=db.session.scalars(receipts).all(),
        going=page_open_for([invoice_id], invoice.patient_id, at),
    )


def own_record(patient_id: UUID) -> Patient:
    """The patient themselves, with all their records in sight (NotFound)."""
    records_of(patient_id)
    found = db.session.get(Patient, patient_id)
    if found is None:
        raise NotFound
    return found


def own_attempt(patient_id: UUID, attempt_id: UUID) -> Attempt:
    """A patient's attempt to pay by themselves, or with a card of theirs (NotFound)."""
    people = records_of(patient_id)
    found = db.session.get(Attempt, attempt_id)
    if found is None or found.patient_id not in people or found.direction != "charge":
        raise NotFound
    return found


def invoice_of(attempt_id: UUID) -> Invoice | None:
    """The first invoice that an attempt pays."""
    query = select(Invoice).join(AttemptAllocation, AttemptAllocation.invoice_id == Invoice.id)
    return db.session.scalars(
        query.where(AttemptAllocation.attempt_id == attempt_id).order_by(Invoice.id).limit(1)
    ).first()


def own_receipt(patient_id: UUID, receipt_id: UUID) -> None:
    """Raise NotFound unless all payments of a receipt are this patient's, and there is one."""
    people = set(records_of(patient_id))
    found = set(db.session.scalars(select(Payment.patient_id).where(Payment.receipt_id == receipt_id)))
    if not found or not found <= people:
        raise NotFound


def own_cards(people: Collection[UUID], gateway: str) -> list[CardOnFile]:
    """Cards that the clinic may keep with some records, the newest first."""
    query = select(CardOnFile).where(
        CardOnFile.patient_id.in_(people), CardOnFile.retired_at.is_(None), CardOnFile.gateway == gateway
    )
    return list(db.session.scalars(query.order_by(CardOnFile.added_at.desc(), CardOnFile.id)))


def own_setup(patient_id: UUID, setup_id: UUID) -> CardSetup:
    """A card that a patient is about to leave (NotFound)."""
    found = db.session.get(CardSetup, setup_id)
    if found is None or found.patient_id != patient_id or not found.by_patient:
        raise NotFound
    return found
