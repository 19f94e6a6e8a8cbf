"""What is still to pay for visits: bookings know of no invoices, so the desk puts the two together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from sqlalchemy import func, select

from webapp.billing.models import Invoice, LedgerEntry
from webapp.booking.queries import BoardVisit
from webapp.booking.states import Status
from webapp.db import db, swiftly
from webapp.money import Money

_OWED = (Path(__file__).parent.parent / "sql" / "owed.sql").read_text(encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Bill:
    """An invoice of a visit: its number (empty for a draft), and what the patient still owes for it."""

    id: UUID
    number: str
    owed: Money

    @property
    def is_draft(self) -> bool:
        return not self.number


def with_owed(visits: Sequence[BoardVisit]) -> tuple[BoardVisit, ...]:
    """The same visits, those that are over with what is owed for them; one statement, none when none is over."""
    over = [visit.id for visit in visits if visit.status is Status.FINISHED]
    if not over:
        return tuple(visits)
    owed = {visit: Money(cents, currency) for visit, cents, currency in swiftly(_OWED, {"visits": over})}
    if not owed:
        return tuple(visits)
    return tuple(visit._replace(owed=owed[visit.id]) if visit.id in owed else visit for visit in visits)


def bills_of(visit: UUID) -> list[Bill]:
    """Invoices of a visit, those with something to pay first, drafts last."""
    owed = func.coalesce(func.sum(LedgerEntry.cents).filter(LedgerEntry.account == "patient_receivable"), 0)
    query = (
        select(Invoice, owed)
        .outerjoin(LedgerEntry, LedgerEntry.invoice_id == Invoice.id)
        .where(Invoice.appointment_id == visit, Invoice.kind == "invoice", Invoice.status != "void_draft")
        .group_by(Invoice.id)
        .order_by(owed.desc(), Invoice.issued_at.nulls_last(), Invoice.id)
    )
    return [
        Bill(invoice.id, invoice.shown_number, Money(int(cents), invoice.currency))
        for invoice, cents in db.session.execute(query)
    ]
