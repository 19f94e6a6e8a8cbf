"""One invoice as its page and its paper show it: lines, sums, what was done about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import func, literal_column, select

from webapp.billing.models import Attempt, Invoice, InvoiceLine, LedgerEntry, LedgerTransaction, Payment, Refund
from webapp.billing.queries.balances import due_of, reserved_of
from webapp.db import db
from webapp.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums of a document in cents.  `due` is what the patient owes now, `reserved` of it on its way by card."""

    total: int
    discount: int
    payer: int
    patient: int
    credited: int
    written_off: int
    paid: int
    due: int
    payer_due: int
    reserved: int


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that was done about an invoice; `cents` is what the patient owes more (above zero) or less for it.

    `kind` is the transaction's, `method` a payment's; `id` is the document, payment or transaction it can be opened by.
    """

    kind: str
    at: datetime
    cents: int
    actor_id: UUID | None
    reason: str
    method: str
    transaction_id: UUID
    payment_id: UUID | None
    document_id: UUID | None
    reversed: bool


@dataclass(frozen=True, slots=True)
class Page:
    """An invoice with all that belongs to it."""

    invoice: Invoice
    lines: tuple[InvoiceLine, ...]
    totals: Totals
    history: tuple[Happening, ...]
    notes: tuple[Invoice, ...]
    replaced_by: UUID | None


@dataclass(frozen=True, slots=True)
class Paid:
    """A payment of a receipt: what it was, what of it pays what, and what of it went back.

    `state` is that of its attempt, empty for money that needs none: until it is captured it is only authorised.
    """

    payment: Payment
    shares: tuple[tuple[str, int], ...]
    credit: int
    deposit: int
    refunded: int
    state: str


def page(invoice_id: UUID) -> Page:
    """Read an invoice or a credit note (NotFound)."""
    invoice = db.session.get(Invoice, invoice_id)
    if invoice is None:
        raise NotFound
    lines = db.session.scalars(
        select(InvoiceLine).where(InvoiceLine.invoice_id == invoice_id).order_by(InvoiceLine.position)
    ).all()
    notes = db.session.scalars(
        select(Invoice).where(Invoice.corrects_id == invoice_id).order_by(Invoice.issued_at, Invoice.id)
    )
    replaced = db.session.scalars(
        select(Invoice.id).where(Invoice.replaces_id == invoice_id, Invoice.status != literal_column("'void_draft'"))
    ).first()
    return Page(invoice, tuple(lines), totals(invoice, lines), tuple(history(invoice_id)), tuple(notes), replaced)


def totals(invoice: Invoice, lines: Sequence[InvoiceLine]) -> Totals:
    """Sums of lines and of the ledger: what is due is lines less credit notes, losses and payments."""
    query = (
        select(
            LedgerTransaction.kind, LedgerEntry.payment_id.is_not(None).label("settles"), func.sum(LedgerEntry.cents)
        )
        .join(LedgerTransaction, LedgerTransaction.id == LedgerEntry.transaction_id)
        .where(LedgerEntry.invoice_id == invoice.id, LedgerEntry.account == "patient_receivable")
        .group_by(LedgerTransaction.kind, "settles")
    )
    sums = {(kind, settles): int(cents) for kind, settles, cents in db.session.execute(query)}
    undone = sum(cents for (kind, settles), cents in sums.items() if kind == "reversal" and not settles)
    return Totals(
        total=sum(line.quantity * line.unit_cents for line in lines),
        discount=sum(line.discount_cents for line in lines),
        payer=sum(line.payer_cents for line in lines),
        patient=sum(line.patient_cents for line in lines),
        credited=-sums.get(("credit_note", False), 0),
        written_off=-sums.get(("write_off", False), 0) - undone,
        paid=-sum(cents for (_, settles), cents in sums.items() if settles),
        due=due_of([invoice.id]).get(invoice.id, 0),
        payer_due=due_of([invoice.id], payer=True).get(invoice.id, 0),
        reserved=reserved_of([invoice.id]).get(invoice.id, 0),
    )


def history(invoice_id: UUID) -> list[Happening]:
    """What was done about an invoice, in its order."""
    undoes = select(LedgerTransaction.reverses_id).where(LedgerTransaction.reverses_id.is_not(None))
    cents = func.sum(LedgerEntry.cents).filter(LedgerEntry.account == "patient_receivable")
    query = (
        select(
            LedgerTransaction,
            func.coalesce(cents, 0),
            LedgerEntry.payment_id,
            Payment.method,
            LedgerTransaction.id.in_(undoes),
        )
        .join(LedgerTransaction, LedgerTransaction.id == LedgerEntry.transaction_id)
        .outerjoin(Payment, Payment.id == LedgerEntry.payment_id)
        .where(LedgerEntry.invoice_id == invoice_id)
        .group_by(LedgerTransaction.id, LedgerEntry.payment_id, Payment.method)
        .order_by(LedgerTransaction.at, func.min(LedgerEntry.id))
    )
    return [
        Happening(
            made.kind, made.at, int(moved), made.actor_id, made.reason or "", method or "", made.id, payment,
            made.document_id, undone,
        )
        for made, moved, payment, method, undone in db.session.execute(query)
    ]  # fmt: skip


def receipt(receipt_id: UUID) -> tuple[Paid, ...]:
    """The payments of one coming, in their order (NotFound)."""
    query = (
        select(Payment, Attempt.state)
        .outerjoin(Attempt, Attempt.id == Payment.attempt_id)
        .where(Payment.receipt_id == receipt_id)
        .order_by(Payment.at, Payment.id)
    )
    found = [_paid(payment, state or "") for payment, state in db.session.execute(query)]
    if not found:
        raise NotFound
    return tuple(found)


def _paid(payment: Payment, state: str) -> Paid:
    entries = (
        select(LedgerEntry.account, LedgerEntry.invoice_id, -func.sum(LedgerEntry.cents))
        .where(LedgerEntry.payment_id == payment.id)
        .group_by(LedgerEntry.account, LedgerEntry.invoice_id)
    )
    lies = {(account, invoice): int(cents) for account, invoice, cents in db.session.execute(entries) if cents}
    invoices = {each for _, each in lies if each is not None}
    numbers = {one.id: one.shown_number for one in db.session.scalars(select(Invoice).where(Invoice.id.in_(invoices)))}
    back = db.session.scalar(select(func.coalesce(func.sum(Refund.cents), 0)).where(Refund.payment_id == payment.id))
    shares = sorted((numbers[each], cents) for (_, each), cents in lies.items() if each is not None)
    return Paid(
        payment, tuple(shares), lies.get(("credits", None), 0), lies.get(("deposits", None), 0), int(back or 0), state
    )


def of_patient(people: Sequence[UUID]) -> list[tuple[Invoice, int]]:
    """Invoices and credit notes of some records with what is due, the newest first; for their account's page."""
    query = (
        select(Invoice)
        .where(Invoice.patient_id.in_(people), Invoice.status != "void_draft")
        .order_by(Invoice.issued_at.desc().nulls_first(), Invoice.id.desc())
    )
    found = list(db.session.scalars(query))
    due = due_of([each.id for each in found])
    return [(each, due.get(each.id, 0)) for each in found]
