"""Money that came in, money that went back, and cards that are kept for the next time."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from webapp.billing.models.columns import CURRENCY, MOST_CENTS, RECEIPT, Cents
from webapp.db import Base

_METHODS = "('card_reader','card_on_file','cash','bank_transfer','check','payment_link','portal')"
_BY_CARD = "('card_reader','card_on_file','payment_link','portal')"


class Payment(Base):
    """Money that came in by one method; several of one coming share `receipt_id`.  Never changed.

    What became of it (invoices, credit, deposit, given back) is the sum of the ledger's entries that name it.  One by
    card has its attempt, whose state tells whether the money is authorised or captured; an attempt is counted once.
    `appointment_id` is the visit that a deposit is for.  A failed capture is a reversal in the ledger.
    """

    __tablename__ = "payment"
    __table_args__ = (
        UniqueConstraint("id", "patient_id"),
        UniqueConstraint("attempt_id"),
        CheckConstraint(f"method in {_METHODS}", name="method_known"),
        CheckConstraint("purpose in ('invoice','deposit')", name="purpose_known"),
        CheckConstraint(CURRENCY, name="currency"),
        CheckConstraint(f"cents between 1 and {MOST_CENTS}", name="cents"),
        CheckConstraint(
            "case when method = 'cash' then tendered_cents is not null and tendered_cents - change_cents = cents"
            " and change_cents >= 0 else tendered_cents is null and change_cents = 0 end",
            name="change",
        ),
        CheckConstraint(f"(method in {_BY_CARD}) = (attempt_id is not null)", name="attempt"),
        CheckConstraint("(purpose = 'deposit') = (appointment_id is not null)", name="deposit_for"),
        CheckConstraint(RECEIPT, name="receipt_known"),
        ForeignKeyConstraint(["attempt_id", "patient_id"], ["attempt.id", "attempt.patient_id"]),
        Index("payment_patient_id_at_ix", "patient_id", "at"),
        Index("payment_location_id_at_ix", "location_id", "at"),
        Index("payment_receipt_id_ix", "receipt_id"),
        Index("payment_appointment_id_ix", "appointment_id", postgresql_where=text("appointment_id is not null")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"))
    location_id: Mapped[UUID] = mapped_column(ForeignKey("location.id"))
    receipt_id: Mapped[UUID]
    transaction_id: Mapped[UUID] = mapped_column(ForeignKey("ledger_transaction.id"), unique=True)
    purpose: Mapped[str] = mapped_column(server_default=text("'invoice'"))
    appointment_id: Mapped[UUID | None] = mapped_column(ForeignKey("appointment.id"))
    method: Mapped[str]
    cents: Mapped[Cents]
    currency: Mapped[str]
    tendered_cents: Mapped[Cents | None]
    change_cents: Mapped[Cents] = mapped_column(server_default=text("0"))
    drawer_id: Mapped[UUID | None] = mapped_column(ForeignKey("drawer.id"))
    attempt_id: Mapped[UUID | None]
    reference: Mapped[str] = mapped_column(server_default=text("''"))
    receipt: Mapped[str] = mapped_column(server_default=text("'preferred'"))
    at: Mapped[datetime]
    actor_id: Mapped[UUID | None]


class Refund(Base):
    """Money of one payment that went back, by the method it came by.  Never changed.

    `rule` tells a refund that a service's rule grants when a visit is cancelled, which the desk may give, from one that
    somebody with leave to refund decided.
    """

    __tablename__ = "refund"
    __table_args__ = (
        UniqueConstraint("attempt_id"),
        CheckConstraint("method in ('card','cash','bank_transfer','check')", name="method_known"),
        CheckConstraint("rule in ('decided','cancellation')", name="rule_known"),
        CheckConstraint(f"cents between 1 and {MOST_CENTS}", name="cents"),
        CheckConstraint("length(trim(reason)) > 0", name="reason"),
        CheckConstraint("(method = 'card') = (attempt_id is not null)", name="attempt"),
        ForeignKeyConstraint(["payment_id", "patient_id"], ["payment.id", "payment.patient_id"]),
        ForeignKeyConstraint(["attempt_id", "patient_id"], ["attempt.id", "attempt.patient_id"]),
        Index("refund_payment_id_ix", "payment_id"),
        Index("refund_patient_id_at_ix", "patient_id", "at"),
        Index("refund_location_id_at_ix", "location_id", "at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    payment_id: Mapped[UUID]
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"))
    location_id: Mapped[UUID] = mapped_column(ForeignKey("location.id"))
    transaction_id: Mapped[UUID] = mapped_column(ForeignKey("ledger_transaction.id"), unique=True)
    rule: Mapped[str] = mapped_column(server_default=text("'decided'"))
    method: Mapped[str]
    cents: Mapped[Cents]
    reason: Mapped[str]
    drawer_id: Mapped[UUID | None] = mapped_column(ForeignKey("drawer.id"))
    attempt_id: Mapped[UUID | None]
    reference: Mapped[str] = mapped_column(server_default=text("''"))
    at: Mapped[datetime]
    actor_id: Mapped[UUID | None]


class CardOnFile(Base):
    """A card the patient lets the clinic keep: ids at the gateway, and what tells it from another.  Never a number."""

    __tablename__ = "card_on_file"
    __table_args__ = (
        UniqueConstraint("id", "patient_id"),
        UniqueConstraint("gateway", "method"),
        CheckConstraint("last4 ~ '^[0-9]{4}$'", name="last4"),
        CheckConstraint("exp_month between 1 and 12 and exp_year between 2000 and 2199", name="expiry"),
        Index("card_on_file_patient_id_ix", "patient_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"))
    gateway: Mapped[str]
    customer: Mapped[str]
    method: Mapped[str]
    brand: Mapped[str]
    last4: Mapped[str]
    exp_month: Mapped[int]
    exp_year: Mapped[int]
    added_at: Mapped[datetime]
    retired_at: Mapped[datetime | None]


class CardSetup(Base):
    """A card that somebody is about to leave on a page of the gateway's; `card_id` once it is on file.

    `form_key` is the press that asked for it: the same one again leads here.
    """

    __tablename__ = "card_setup"
    __table_args__ = (
        UniqueConstraint("actor_id", "form_key"),
        CheckConstraint("state in ('open','kept','ended')", name="state_known"),
        CheckConstraint("(state = 'kept') = (card_id is not null)", name="kept"),
        CheckConstraint("created_at < expires_at", name="created_before_expires"),
        ForeignKeyConstraint(["card_id", "patient_id"], ["card_on_file.id", "card_on_file.patient_id"]),
        Index("card_setup_patient_id_ix", "patient_id"),
        Index("card_setup_open_ix", "created_at", postgresql_where=text("state = 'open'")),
        Index("card_setup_external_id_ix", "external_id", postgresql_where=text("external_id is not null")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"))
    location_id: Mapped[UUID] = mapped_column(ForeignKey("location.id"))
    gateway: Mapped[str]
    customer: Mapped[str]
    by_patient: Mapped[bool] = mapped_column(server_default=text("false"))
    state: Mapped[str] = mapped_column(server_default=text("'open'"))
    external_id: Mapped[str | None]
    card_id: Mapped[UUID | None]
    actor_id: Mapped[UUID]
    form_key: Mapped[UUID]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
