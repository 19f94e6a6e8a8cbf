"""What is owed and what is left, as sums of the ledger."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, or_, select

from webapp.billing.models import Attempt, AttemptAllocation, Invoice, LedgerEntry, Payment
from webapp.db import db
from webapp.patients.models import Patient

if TYPE_CHECKING:
    import datetime as dt
    from uuid import UUID

ON_THEIR_WAY = ("created", "authorising", "requires_action", "authorised", "unknown")
"""States of attempts that may still become money although it is not in the ledger: it counts as if it were paid."""


@dataclass(frozen=True, slots=True)
class OpenInvoice:
    """An issued invoice that somebody owes for: `cents` in all, `reserved` of it on its way by card."""

    id: UUID
    patient_id: UUID
    number: str
    due_on: dt.date
    cents: int
    reserved: int
    currency: str


@dataclass(frozen=True, slots=True)
class Account:
    """How a person stands: what they owe, what of theirs pays nothing yet, and what waits for visits."""

    due_cents: int
    credit_cents: int
    deposit_cents: int


def same_person(patient_id: UUID) -> list[UUID]:
    """The record and those merged into it: documents stay with the record they were made out to."""
    return list(
        db.session.scalars(select(Patient.id).where(or_(Patient.id == patient_id, Patient.merged_into == patient_id)))
    )


def due_of(invoices: Collection[UUID], *, payer: bool = False) -> dict[UUID, int]:
    """Cents the patient (or the payer) owes by invoice; those that are settled or drafts have none."""
    account = "payer_receivable" if payer else "patient_receivable"
    query = (
        select(LedgerEntry.invoice_id, func.sum(LedgerEntry.cents))
        .where(LedgerEntry.invoice_id.in_(list(invoices)), LedgerEntry.account == account)
        .group_by(LedgerEntry.invoice_id)
    )
    return {invoice: int(cents) for invoice, cents in db.session.execute(query) if invoice is not None}


def reserved_of(invoices: Collection[UUID]) -> dict[UUID, int]:
    """Cents by invoice that attempts by card are about to bring."""
    query = (
        select(AttemptAllocation.invoice_id, func.sum(AttemptAllocation.cents))
        .join(Attempt, Attempt.id == AttemptAllocation.attempt_id)
        .where(
            AttemptAllocation.invoice_id.in_(list(invoices)),
            Attempt.direction == "charge",
            Attempt.state.in_(ON_THEIR_WAY),
            Attempt.settled_at.is_(None),
        )
        .group_by(AttemptAllocation.invoice_id)
    )
    return {invoice: int(cents) for invoice, cents in db.session.execute(query)}


def open_invoices(people: Collection[UUID]) -> list[OpenInvoice]:
    """What some records owe, the oldest first: the order that payments go in."""
    owed = (
        select(LedgerEntry.invoice_id, func.sum(LedgerEntry.cents).label("cents"))
        .where(LedgerEntry.patient_id.in_(list(people)), LedgerEntry.account == "patient_receivable")
        .group_by(LedgerEntry.invoice_id)
        .having(func.sum(LedgerEntry.cents) > 0)
        .subquery()
    )
    query = (
        select(Invoice, owed.c.cents)
        .join(owed, owed.c.invoice_id == Invoice.id)
        .order_by(Invoice.due_on, Invoice.issued_at, Invoice.id)
    )
    found = [(row[0], int(row[1])) for row in db.session.execute(query)]
    reserved = reserved_of([invoice.id for invoice, _ in found])
    return [
        OpenInvoice(
            invoice.id, invoice.patient_id, invoice.shown_number, invoice.due_on, cents, reserved.get(invoice.id, 0),
            invoice.currency,
        )
        for invoice, cents in found
        if invoice.due_on is not None
    ]  # fmt: skip


def account_of(people: Collection[UUID]) -> Account:
    """How a person stands, all their records together."""
    query = (
        select(LedgerEntry.account, func.sum(LedgerEntry.cents))
        .where(
            LedgerEntry.patient_id.in_(list(people)),
            LedgerEntry.account.in_(["patient_receivable", "credits", "deposits"]),
        )
        .group_by(LedgerEntry.account)
    )
    sums = {account: int(cents) for account, cents in db.session.execute(query)}
    return Account(sums.get("patient_receivable", 0), -sums.get("credits", 0), -sums.get("deposits", 0))


def balances_of(appointments: Collection[UUID]) -> dict[UUID, int]:
    """Cents that patients still owe by visit, for those that have an issued invoice."""
    query = (
        select(Invoice.appointment_id, func.sum(LedgerEntry.cents))
        .join(LedgerEntry, LedgerEntry.invoice_id == Invoice.id)
        .where(Invoice.appointment_id.in_(list(appointments)), LedgerEntry.account == "patient_receivable")
        .group_by(Invoice.appointment_id)
    )
    return {visit: int(cents) for visit, cents in db.session.execute(query) if visit is not None}


def held_by(payments: Collection[UUID]) -> dict[UUID, dict[str, int]]:
    """Payment -> account -> cents of it that lie there: its credit, its deposit, and what it paid."""
    query = (
        select(LedgerEntry.payment_id, LedgerEntry.account, -func.sum(LedgerEntry.cents))
        .where(LedgerEntry.payment_id.in_(list(payments)))
        .group_by(LedgerEntry.payment_id, LedgerEntry.account)
    )
    found: dict[UUID, dict[str, int]] = {}
    for payment, account, cents in db.session.execute(query):
        if payment is not None:
            found.setdefault(payment, {})[account] = int(cents)
    return found


def refundable(payment_id: UUID) -> int:
    """Cents of a payment that could still go back."""
    return sum(held_by([payment_id]).get(payment_id, {}).values())


def with_credit(people: Collection[UUID]) -> list[tuple[UUID, int]]:
    """Payments with credit of some records, the oldest first, and how much."""
    query = (
        select(Payment.id, -func.sum(LedgerEntry.cents))
        .join(LedgerEntry, LedgerEntry.payment_id == Payment.id)
        .where(LedgerEntry.patient_id.in_(list(people)), LedgerEntry.account == "credits")
        .group_by(Payment.id, Payment.at)
        .having(func.sum(LedgerEntry.cents) < 0)
        .order_by(Payment.at, Payment.id)
    )
    return [(payment, int(cents)) for payment, cents in db.session.execute(query)]
