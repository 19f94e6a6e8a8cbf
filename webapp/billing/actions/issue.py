"""Issue documents: the ledger first, the number last of all."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from webapp.billing import ledger
from webapp.billing.actions.drafts import locked_draft
from webapp.billing.actions.posting import books_of, lock_payments, post_at, site, told, write
from webapp.billing.ledger import Charge
from webapp.billing.models import InvoiceCounter, InvoiceLine, Payment
from webapp.billing.postings import AccountKind
from webapp.db import db
from webapp.patients.models import Patient, PatientAddress

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from webapp.billing.books import Books
    from webapp.billing.models import Invoice
    from webapp.billing.postings import Transaction
    from webapp.practice.models import Location

FEE_CATEGORY = "Fees"


def issue(invoice_id: UUID, *, actor: UUID | None, at: datetime, version: int | None = None) -> Invoice:
    """Issue a draft: charge it, pay it with the deposit of its visit, and give it the next number.

    Raises NotFound, DocumentFixed, VersionConflict, NothingToCharge or NoMoneyHere.
    """
    invoice = locked_draft(invoice_id, version)
    location = site(invoice.location_id)
    post = post_at(location, at, invoice.patient_id)
    with told(patient=invoice.patient_id):
        charged = ledger.issue(post, invoice.id, [charge_of(line, invoice) for line in lines_of(invoice)])
    deposits = _deposits(invoice)
    books = books_of(invoice.currency, payments=deposits)
    books.post(charged)
    made = [charged]
    for payment_id in deposits:
        made += _use(books, location, at, payment_id, invoice.id)
    write(made, actor=actor)
    number(invoice, location, actor=actor, at=at)
    return invoice


def number(invoice: Invoice, location: Location, *, actor: UUID | None, at: datetime) -> None:
    """Give a document the next number of its location and year; nothing is locked after this."""
    today = at.astimezone(ZoneInfo(location.time_zone)).date()
    invoice.addressee = _addressee(invoice.patient_id)
    invoice.status, invoice.issued_at, invoice.issued_by = "issued", at, actor
    invoice.due_on, invoice.year = today, today.year
    invoice.version += 1
    key = {"location_id": invoice.location_id, "year": today.year, "kind": invoice.kind}
    counted = insert(InvoiceCounter).values(**key, last=1)
    with db.session.no_autoflush:
        invoice.number = db.session.scalar(
            counted.on_conflict_do_update(
                index_elements=["location_id", "year", "kind"], set_={"last": InvoiceCounter.last + 1}
            ).returning(InvoiceCounter.last)
        )
    db.session.flush()


def charge_of(line: InvoiceLine, invoice: Invoice) -> Charge:
    """A line as the ledger takes it."""
    fee = invoice.purpose == "fee"
    return Charge(line.category, line.quantity * line.unit_cents, line.discount_cents, line.payer_cents, fee=fee)


def lines_of(invoice: Invoice) -> Sequence[InvoiceLine]:
    """Lines as they are now, under the lock of their document."""
    query = select(InvoiceLine).where(InvoiceLine.invoice_id == invoice.id).order_by(InvoiceLine.position)
    return db.session.scalars(query.execution_options(populate_existing=True)).all()


def _deposits(invoice: Invoice) -> list[UUID]:
    """Payments that were taken for the visit, locked, the oldest first."""
    if invoice.appointment_id is None:
        return []
    query = select(Payment.id).where(Payment.appointment_id == invoice.appointment_id).order_by(Payment.at, Payment.id)
    found = list(db.session.scalars(query))
    lock_payments(found)
    return found


def _use(books: Books, location: Location, at: datetime, payment_id: UUID, invoice_id: UUID) -> list[Transaction]:
    made = []
    due, kept = books.invoice_balance(invoice_id), books.held(payment_id, AccountKind.DEPOSITS)
    holder = books.holder(payment_id)
    if part := min(due, kept):
        made.append(ledger.use_deposit(books, post_at(location, at, holder), payment_id, invoice_id, part))
        books.post(made[-1])
    if kept > part:
        # The visit costs less than was paid before: the rest is theirs, for anything.
        made.append(ledger.release_deposit(books, post_at(location, at, holder), payment_id))
        books.post(made[-1])
    return made


def _addressee(patient_id: UUID) -> str:
    """Name and address as of today, a line each."""
    patient = db.session.get_one(Patient, patient_id)
    query = select(PatientAddress).where(PatientAddress.patient_id == patient_id).order_by(PatientAddress.id).limit(1)
    address = db.session.scalars(query).first()
    lines = [patient.name]
    if address is not None:
        city = ", ".join(part for part in (address.city, address.state) if part)
        lines += [address.line, " ".join(part for part in (city, address.postal_code) if part)]
    return "\n".join(line for line in lines if line)
