"""What stands beside a document on its page: its visit, what it corrects, and what can still be credited."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from webapp.billing.actions.corrections import Part, left_of
from webapp.billing.models import Invoice
from webapp.booking.models import Appointment
from webapp.db import db
from webapp.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

FOUND = 5


def visit_of(appointment_id: UUID | None) -> Appointment | None:
    """A visit with whom and what it was."""
    parts = (Appointment.provider, Appointment.service, Appointment.room)
    query = select(Appointment).where(Appointment.id == appointment_id)
    return db.session.scalars(query.options(*(joinedload(part) for part in parts))).one_or_none()


def invoice_of_visit(appointment_id: UUID) -> UUID | None:
    """The document that a visit is paid by, its last one that is not void; NotFound without the visit."""
    if db.session.get(Appointment, appointment_id) is None:
        raise NotFound
    query = (
        select(Invoice.id)
        .where(Invoice.appointment_id == appointment_id, Invoice.kind == "invoice", Invoice.status != "void_draft")
        .order_by(Invoice.purpose == "fee", Invoice.created_at.desc())
    )
    return db.session.scalars(query.limit(1)).first()


def named(invoice_id: UUID | None) -> Invoice | None:
    """A document by its id, or nothing."""
    return None if invoice_id is None else db.session.get(Invoice, invoice_id)


def creditable(invoice: Invoice) -> Mapping[UUID, Part]:
    """What credit notes can still take back of each line."""
    return left_of(invoice)


def by_number(year: int, number: int, *, credit_notes: bool = False) -> list[Invoice]:
    """Documents that are called by a number; each location counts for itself."""
    kind = "credit_note" if credit_notes else "invoice"
    query = select(Invoice).where(Invoice.year == year, Invoice.number == number, Invoice.kind == kind)
    found = query.options(joinedload(Invoice.patient)).order_by(Invoice.location_id).limit(FOUND)
    return list(db.session.scalars(found))
