"""Who owes, for how long, and how much in all."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import any_, func, literal, literal_column, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import UUID as PGUUID

from webapp.billing.models import Invoice, LedgerEntry
from webapp.billing.tendering import age
from webapp.db import db
from webapp.patients.models import Patient

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST = 200
# One array, however many there are: a list of parameters each would have a limit.
IDS = ARRAY(PGUUID(as_uuid=True))


@dataclass(frozen=True, slots=True)
class Owed:
    """An issued invoice that a patient owes for."""

    invoice_id: UUID
    number: str
    patient_id: UUID
    patient: str
    due_on: dt.date
    cents: int
    currency: str


def owed(skip: int = 0, due: Mapping[UUID, int] | None = None) -> list[Owed]:
    """Invoices that patients owe for, the oldest first: a page of MOST, after those that are skipped.

    `due` is what `all_due` said, for whoever has asked it already.
    """
    cents = all_due() if due is None else due
    query = (
        select(Invoice, Patient.given, Patient.family)
        .join(Patient, Patient.id == Invoice.patient_id)
        .where(Invoice.id == any_(literal(list(cents), IDS)))
        .order_by(Invoice.due_on, Invoice.issued_at, Invoice.id)
        .offset(skip)
        .limit(MOST)
    )
    return [
        Owed(
            invoice.id, invoice.shown_number, invoice.patient_id, f"{given} {family}", invoice.due_on,
            cents[invoice.id], invoice.currency,
        )
        for invoice, given, family in db.session.execute(query)
        if invoice.due_on is not None
    ]  # fmt: skip


def all_due() -> dict[UUID, int]:
    """Every invoice that is owed for, and how much: read from an index of nothing but these entries."""
    query = (
        select(LedgerEntry.invoice_id, func.sum(LedgerEntry.cents))
        .where(LedgerEntry.account == literal_column("'patient_receivable'"))
        .group_by(LedgerEntry.invoice_id)
        .having(func.sum(LedgerEntry.cents) > 0)
    )
    return {invoice: int(cents) for invoice, cents in db.session.execute(query) if invoice is not None}


def owed_by_age(today: dt.date, due: Mapping[UUID, int]) -> dict[tuple[int, str], int]:
    """All that is owed, not a page of it only: cents by how old it is (see `tendering.age`) and currency."""
    query = select(Invoice.id, Invoice.due_on, Invoice.currency).where(Invoice.id == any_(literal(list(due), IDS)))
    sums: dict[tuple[int, str], int] = {}
    for invoice, due_on, currency in db.session.execute(query):
        if due_on is None:
            continue
        key = (age((today - due_on).days), currency)
        sums[key] = sums.get(key, 0) + due[invoice]
    return sums
