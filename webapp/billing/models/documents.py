"""Invoices and credit notes: drafts that people change, and issued documents that nobody does."""

from __future__ import annotations

import datetime as dt
from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.billing.models.columns import CURRENCY, MOST_CENTS, Cents
from webapp.db import Base
from webapp.patients.models import Patient
from webapp.practice.models import Location


class Invoice(Base):
    """What somebody is asked to pay, or a credit note (`corrects_id`) that takes some of it back.

    `number` counts without a gap by location, year and kind, and is given when it is issued; from then on a trigger
    lets nothing about it change.  A draft that is not wanted stays, void, with the reason ("no charge").
    `replaces_id` is the invoice that was credited and is written anew.  `addressee` is name and address of that day.
    A merge of two records leaves documents with the record they were issued to.
    """

    __tablename__ = "invoice"
    __table_args__ = (
        UniqueConstraint("id", "patient_id"),
        UniqueConstraint("location_id", "year", "kind", "number"),
        CheckConstraint("status in ('draft','issued','void_draft')", name="status_known"),
        CheckConstraint("kind in ('invoice','credit_note')", name="kind_known"),
        CheckConstraint("purpose in ('visit','fee','other')", name="purpose_known"),
        CheckConstraint(CURRENCY, name="currency"),
        CheckConstraint(
            "(status = 'issued') = (number is not null) and (number is null) = (year is null)"
            " and (number is null) = (issued_at is null) and (number is null) = (due_on is null)",
            name="issued",
        ),
        CheckConstraint("number > 0", name="number"),
        CheckConstraint("(kind = 'credit_note') = (corrects_id is not null)", name="corrects"),
        CheckConstraint("corrects_id <> id", name="corrects_another"),
        CheckConstraint("(status = 'void_draft') = (void_reason is not null)", name="void_reason"),
        ForeignKeyConstraint(["corrects_id", "patient_id"], ["invoice.id", "invoice.patient_id"]),
        ForeignKeyConstraint(["replaces_id", "patient_id"], ["invoice.id", "invoice.patient_id"]),
        Index(
            "invoice_appointment_key",
            "appointment_id",
            unique=True,
            postgresql_where=text("status <> 'void_draft' and kind = 'invoice' and replaces_id is null"),
        ),
        Index("invoice_replaces_key", "replaces_id", unique=True, postgresql_where=text("status <> 'void_draft'")),
        Index("invoice_appointment_id_ix", "appointment_id"),
        Index("invoice_corrects_id_ix", "corrects_id"),
        Index("invoice_patient_id_issued_at_ix", "patient_id", "issued_at"),
        Index("invoice_location_id_issued_at_ix", "location_id", "issued_at"),
        Index("invoice_draft_ix", "location_id", "created_at", postgresql_where=text("status = 'draft'")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"))
    location_id: Mapped[UUID] = mapped_column(ForeignKey("location.id"))
    appointment_id: Mapped[UUID | None] = mapped_column(ForeignKey("appointment.id"))
    status: Mapped[str] = mapped_column(server_default=text("'draft'"))
    kind: Mapped[str] = mapped_column(server_default=text("'invoice'"))
    purpose: Mapped[str] = mapped_column(server_default=text("'visit'"))
    corrects_id: Mapped[UUID | None]
    replaces_id: Mapped[UUID | None]
    year: Mapped[int | None]
    number: Mapped[int | None]
    issued_at: Mapped[datetime | None]
    issued_by: Mapped[UUID | None]
    due_on: Mapped[dt.date | None]
    currency: Mapped[str]
    note: Mapped[str] = mapped_column(server_default=text("''"))
    addressee: Mapped[str] = mapped_column(server_default=text("''"))
    payer_name: Mapped[str] = mapped_column(server_default=text("''"))
    payer_member: Mapped[str] = mapped_column(server_default=text("''"))
    payer_reference: Mapped[str] = mapped_column(server_default=text("''"))
    payer_terms: Mapped[str] = mapped_column(server_default=text("''"))
    void_reason: Mapped[str | None]
    created_at: Mapped[datetime]
    created_by: Mapped[UUID | None]
    version: Mapped[int] = mapped_column(server_default=text("1"))

    lines: Mapped[list[InvoiceLine]] = relationship(viewonly=True, order_by="InvoiceLine.position")
    patient: Mapped[Patient] = relationship(viewonly=True)
    location: Mapped[Location] = relationship(viewonly=True)

    @property
    def shown_number(self) -> str:
        """As people say it: "2026-01187", a credit note "C2026-00012"; empty for a draft."""
        if self.number is None:
            return ""
        return f"{'C' if self.kind == 'credit_note' else ''}{self.year}-{self.number:05}"


class InvoiceLine(Base):
    """One thing charged: quantity times price, less a discount with its reason; of the rest the payer takes a part.

    A line of a credit note says what it takes back of the line it corrects: `unit_cents` in all, `payer_cents` of it
    from the payer.
    """

    __tablename__ = "invoice_line"
    __table_args__ = (
        UniqueConstraint("invoice_id", "position"),
        CheckConstraint("position between 1 and 99", name="position"),
        CheckConstraint("quantity between 1 and 999", name="quantity"),
        CheckConstraint(f"unit_cents between 0 and {MOST_CENTS}", name="unit"),
        CheckConstraint("discount_cents between 0 and quantity * unit_cents", name="discount"),
        CheckConstraint("payer_cents between 0 and quantity * unit_cents - discount_cents", name="payer"),
        CheckConstraint(
            "(discount_cents > 0) = (discount_reason is not null and length(trim(discount_reason)) > 0)",
            name="discount_reason",
        ),
        CheckConstraint("length(label) between 1 and 200", name="label"),
        CheckConstraint("length(category) between 1 and 60", name="category"),
        ForeignKeyConstraint(["invoice_id", "patient_id"], ["invoice.id", "invoice.patient_id"]),
        Index("invoice_line_patient_id_ix", "patient_id"),
        Index("invoice_line_corrects_line_id_ix", "corrects_line_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    invoice_id: Mapped[UUID]
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"))
    position: Mapped[int]
    service_id: Mapped[UUID | None] = mapped_column(ForeignKey("service.id"))
    item_id: Mapped[UUID | None] = mapped_column(ForeignKey("billable_item.id"))
    corrects_line_id: Mapped[UUID | None] = mapped_column(ForeignKey("invoice_line.id"))
    code: Mapped[str] = mapped_column(server_default=text("''"))
    label: Mapped[str]
    quantity: Mapped[int] = mapped_column(server_default=text("1"))
    unit_cents: Mapped[Cents]
    discount_cents: Mapped[Cents] = mapped_column(server_default=text("0"))
    discount_reason: Mapped[str | None]
    payer_cents: Mapped[Cents] = mapped_column(server_default=text("0"))
    category: Mapped[str]

    @property
    def net_cents(self) -> int:
        """What patient and payer owe for it together."""
        return self.quantity * self.unit_cents - self.discount_cents

    @property
    def patient_cents(self) -> int:
        """What the patient owes for it."""
        return self.net_cents - self.payer_cents


class InvoiceCounter(Base):
    """The last number given; its row is locked last of all, so numbers have no gap and nobody waits long."""

    __tablename__ = "invoice_counter"
    __table_args__ = (
        CheckConstraint("kind in ('invoice','credit_note')", name="kind_known"),
        CheckConstraint("last > 0", name="last"),
    )

    location_id: Mapped[UUID] = mapped_column(ForeignKey("location.id"), primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(primary_key=True)
    last: Mapped[int]
