"""What is done about a document that was issued: credit notes, write-offs, and what takes either back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from webapp.billing import ledger
from webapp.billing.actions.issue import lines_of, number
from webapp.billing.actions.posting import books_of, entry_of, lock_invoices, lock_payments, post_at, site, told, write
from webapp.billing.ledger import Charge
from webapp.billing.models import Invoice, InvoiceLine, LedgerEntry, LedgerTransaction
from webapp.billing.postings import Entry, Kind, Post, Transaction
from webapp.billing.refusals import CreditedBeyond, MoneyReasonMissing, NothingToCharge
from webapp.db import db
from webapp.errors import NotFound
from webapp.ids import new_id

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from uuid import UUID


@dataclass(frozen=True, slots=True)
class Part:
    """What is taken back of one line, in cents: of the patient's part and of the payer's."""

    patient_cents: int
    payer_cents: int = 0


@dataclass(frozen=True, slots=True)
class CreditRequest:
    """A credit note: parts by line of the invoice, all of it when there are none; and why."""

    invoice_id: UUID
    reason: str
    parts: Mapping[UUID, Part] | None = None


@dataclass(frozen=True, slots=True)
class WriteOffRequest:
    """How much of what is owed is given up, by the patient or the payer, and why."""

    invoice_id: UUID
    cents: int
    reason: str
    payer: bool = False


def credit(request: CreditRequest, *, actor: UUID | None, at: datetime) -> Invoice:
    """Issue a credit note; what had been paid beyond the rest becomes credit of who paid it.

    Raises NotFound, MoneyReasonMissing, NothingToCharge, CreditedBeyond or NoMoneyHere.
    """
    invoice = _issued(request.invoice_id)
    reason = _reason(request.reason, invoice.patient_id)
    location = site(invoice.location_id)
    post = post_at(location, at, invoice.patient_id)
    lock_payments(_paying(invoice.id))
    parts = _parts(invoice, request.parts)
    lines = {line.id: line for line in lines_of(invoice)}
    fee = invoice.purpose == "fee"
    charges = [
        Charge(lines[each].category, part.patient_cents + part.payer_cents, 0, part.payer_cents, fee=fee)
        for each, part in parts.items()
    ]
    note = Invoice(
        id=new_id(), patient_id=invoice.patient_id, location_id=invoice.location_id, kind="credit_note",
        purpose=invoice.purpose, corrects_id=invoice.id, currency=invoice.currency, note=reason, created_at=at,
        created_by=actor, payer_name=invoice.payer_name, payer_member=invoice.payer_member,
        payer_reference=invoice.payer_reference,
    )  # fmt: skip
    db.session.add(note)
    db.session.flush()
    db.session.add_all(
        InvoiceLine(
            id=new_id(), invoice_id=note.id, patient_id=note.patient_id, position=position, corrects_line_id=each,
            service_id=lines[each].service_id, item_id=lines[each].item_id, code=lines[each].code,
            label=lines[each].label, quantity=1, unit_cents=part.patient_cents + part.payer_cents,
            payer_cents=part.payer_cents, category=lines[each].category,
        )
        for position, (each, part) in enumerate(parts.items(), 1)
    )  # fmt: skip
    books = books_of(invoice.currency, invoices=[invoice.id])
    with told(patient=invoice.patient_id):
        made = ledger.credit_note(books, post, note.id, invoice.id, charges, reason)
    write([made], actor=actor)
    number(note, location, actor=actor, at=at)
    return note


def write_off(request: WriteOffRequest, *, actor: UUID | None, at: datetime) -> UUID:
    """Give up on what is owed, or a part; the id of the transaction, which can be taken back.

    Raises NotFound, MoneyReasonMissing, WrongAmountOfMoney, MoreThanIsDue or NoMoneyHere.
    """
    invoice = _issued(request.invoice_id)
    reason = _reason(request.reason, invoice.patient_id)
    post = post_at(site(invoice.location_id), at, invoice.patient_id)
    books = books_of(invoice.currency, invoices=[invoice.id])
    with told(patient=invoice.patient_id, field="amount", currency=invoice.currency):
        made = ledger.write_off(books, post, invoice.id, request.cents, reason, payer=request.payer)
    write([made], actor=actor)
    return made.id


def take_back(transaction_id: UUID, reason: str, *, actor: UUID | None, at: datetime) -> UUID:
    """Reverse a write-off or an allocation of credit, once; the id of the reversal.

    Raises NotFound for anything else, MoneyReasonMissing, NothingLeft when it was reversed, NoMoneyHere.
    """
    query = select(LedgerTransaction).where(LedgerTransaction.id == transaction_id)
    head = db.session.scalars(query).one_or_none()
    if head is None or head.kind not in {Kind.WRITE_OFF.value, Kind.ALLOCATION.value}:
        raise NotFound
    entries = db.session.scalars(
        select(LedgerEntry).where(LedgerEntry.transaction_id == head.id).order_by(LedgerEntry.id)
    ).all()
    lock_invoices({each.invoice_id for each in entries if each.invoice_id is not None})
    lock_payments({each.payment_id for each in entries if each.payment_id is not None})
    return undo(head, [entry_of(each) for each in entries], _reason(reason, head.patient_id), actor=actor, at=at)


def undo(head: LedgerTransaction, entries: list[Entry], reason: str, *, actor: UUID | None, at: datetime) -> UUID:
    """Reverse a transaction whose invoices and payments are locked (NothingLeft when somebody did before)."""
    was = Transaction(
        Post(head.id, head.at, head.location_id, head.currency, head.patient_id), Kind(head.kind), tuple(entries)
    )
    made = ledger.reverse(was, post_at(site(head.location_id), at, head.patient_id), reason)
    write([made], actor=actor)
    return made.id


def _issued(invoice_id: UUID) -> Invoice:
    invoice = lock_invoices([invoice_id])[invoice_id]
    if invoice.status != "issued" or invoice.kind != "invoice":
        raise NotFound
    return invoice


def _reason(reason: str, patient_id: UUID | None) -> str:
    if not reason.strip():
        raise MoneyReasonMissing(field="reason", patient=patient_id)
    return reason.strip()


def _parts(invoice: Invoice, wanted: Mapping[UUID, Part] | None) -> dict[UUID, Part]:
    """Parts by line, checked against what earlier credit notes left of each (NotFound, CreditedBeyond)."""
    left = left_of(invoice)
    if wanted is None:
        chosen = left
    else:
        chosen = {each: part for each, part in wanted.items() if part.patient_cents or part.payer_cents}
        if not chosen.keys() <= left.keys():
            raise NotFound
    for each, part in chosen.items():
        if (
            not 0 <= part.patient_cents <= left[each].patient_cents
            or not 0 <= part.payer_cents <= left[each].payer_cents
        ):
            raise CreditedBeyond(patient=invoice.patient_id)
    parts = {each: part for each, part in chosen.items() if part.patient_cents + part.payer_cents}
    if not parts:
        raise NothingToCharge(patient=invoice.patient_id)
    return parts


def left_of(invoice: Invoice) -> dict[UUID, Part]:
    """What credit notes can still take back, by line."""
    query = (
        select(
            InvoiceLine.corrects_line_id,
            func.sum(InvoiceLine.unit_cents - InvoiceLine.payer_cents),
            func.sum(InvoiceLine.payer_cents),
        )
        .join(Invoice, Invoice.id == InvoiceLine.invoice_id)
        .where(Invoice.corrects_id == invoice.id, Invoice.status == "issued")
        .group_by(InvoiceLine.corrects_line_id)
    )
    gone = {line: (int(patient), int(payer)) for line, patient, payer in db.session.execute(query)}
    return {
        line.id: Part(
            line.patient_cents - gone.get(line.id, (0, 0))[0], line.payer_cents - gone.get(line.id, (0, 0))[1]
        )
        for line in lines_of(invoice)
    }


def _paying(invoice_id: UUID) -> set[UUID]:
    query = select(LedgerEntry.payment_id).where(
        LedgerEntry.invoice_id == invoice_id, LedgerEntry.payment_id.is_not(None)
    )
    return {each for each in db.session.scalars(query) if each is not None}
