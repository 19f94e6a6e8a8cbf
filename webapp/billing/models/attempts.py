"""Attempts to move money by card, their timeline, and what the gateway told us by itself."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    LargeBinary,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.billing.models.columns import CURRENCY, MOST_CENTS, RECEIPT, Cents
from webapp.db import Base

_STATES = (
    "('created','authorising','requires_action','authorised','capturing','captured','declined','voiding','voided',"
    "'failed','capture_failed','refunding','refunded','unknown')"
)


class Attempt(Base):
    """One try to take or give back money at a gateway; `attempts.py` says which state may follow which.

    `form_key` and `request_hash` are the caller's form: the same press again leads here.  `tries` counts authorisations
    and is part of what makes a call at the gateway happen once.  `appointment_id` is the hold that is being paid for,
    `payment_id` the payment that a refund gives back.  `settled_at` is when its money was written to the ledger.
    """

    __tablename__ = "attempt"
    __table_args__ = (
        UniqueConstraint("id", "patient_id"),
        UniqueConstraint("actor_id", "form_key", postgresql_nulls_not_distinct=True),
        CheckConstraint("purpose in ('invoice','booking','cancel_fee','refund','move_price')", name="purpose_known"),
        CheckConstraint("direction in ('charge','refund')", name="direction_known"),
        CheckConstraint("gateway in ('simulated','stripe')", name="gateway_known"),
        CheckConstraint("method in ('card_reader','card_on_file','payment_link','portal')", name="method_known"),
        CheckConstraint(f"state in {_STATES}", name="state_known"),
        CheckConstraint(f"cents between 1 and {MOST_CENTS}", name="cents"),
        CheckConstraint(CURRENCY, name="currency"),
        CheckConstraint("(direction = 'refund') = (payment_id is not null)", name="refunds"),
        CheckConstraint("created_at < expires_at", name="created_before_expires"),
        CheckConstraint("tries >= 0", name="tries"),
        CheckConstraint(RECEIPT, name="receipt_known"),
        ForeignKeyConstraint(["card_id", "patient_id"], ["card_on_file.id", "card_on_file.patient_id"]),
        ForeignKeyConstraint(["payment_id", "patient_id"], ["payment.id", "payment.patient_id"], use_alter=True),
        Index(
            "attempt_external_id_key",
            "gateway",
            "external_id",
            unique=True,
            postgresql_where=text("external_id is not null"),
        ),
        Index("attempt_patient_id_created_at_ix", "patient_id", "created_at"),
        Index(
            "attempt_open_ix",
            "created_at",
            postgresql_where=text("state not in ('captured','voided','failed','refunded')"),
        ),
        Index(
            "attempt_unsettled_ix",
            "created_at",
            postgresql_where=text("state = 'captured' and settled_at is null"),
        ),
        Index("attempt_appointment_id_ix", "appointment_id", postgresql_where=text("appointment_id is not null")),
        Index("attempt_paid_as_ix", "paid_as", postgresql_where=text("paid_as is not null")),
        Index("attempt_payment_id_ix", "payment_id", postgresql_where=text("payment_id is not null")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"))
    location_id: Mapped[UUID] = mapped_column(ForeignKey("location.id"))
    purpose: Mapped[str]
    appointment_id: Mapped[UUID | None] = mapped_column(ForeignKey("appointment.id"))
    gateway: Mapped[str]
    direction: Mapped[str] = mapped_column(server_default=text("'charge'"))
    method: Mapped[str]
    reader_id: Mapped[str | None]
    card_id: Mapped[UUID | None]
    payment_id: Mapped[UUID | None]
    cents: Mapped[Cents]
    currency: Mapped[str]
    state: Mapped[str] = mapped_column(server_default=text("'created'"))
    external_id: Mapped[str | None]
    code: Mapped[str] = mapped_column(server_default=text("''"))
    reason: Mapped[str] = mapped_column(server_default=text("''"))
    receipt: Mapped[str] = mapped_column(server_default=text("'preferred'"))
    form_key: Mapped[UUID]
    request_hash: Mapped[bytes] = mapped_column(LargeBinary)
    actor_id: Mapped[UUID | None]
    paid_as: Mapped[UUID | None] = mapped_column(ForeignKey("patient.id"))
    """The record in whose portal it is paid, where another one that was merged into it is billed."""
    tries: Mapped[int] = mapped_column(server_default=text("0"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(server_default=text("1"))

    events: Mapped[list[AttemptEvent]] = relationship(viewonly=True, order_by="AttemptEvent.id")
    allocations: Mapped[list[AttemptAllocation]] = relationship(viewonly=True)


class AttemptEvent(Base):
    """One step of an attempt, so that the desk can read its story out to a caller; never changed."""

    __tablename__ = "attempt_event"
    __table_args__ = (
        ForeignKeyConstraint(["attempt_id", "patient_id"], ["attempt.id", "attempt.patient_id"]),
        Index("attempt_event_attempt_id_ix", "attempt_id", "id"),
        Index("attempt_event_patient_id_ix", "patient_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    attempt_id: Mapped[UUID]
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"))
    at: Mapped[datetime]
    kind: Mapped[str]
    code: Mapped[str] = mapped_column(server_default=text("''"))
    words: Mapped[str] = mapped_column(server_default=text("''"))
    gateway_event_id: Mapped[str | None]
    actor_id: Mapped[UUID | None]


class AttemptAllocation(Base):
    """What an attempt is to pay of an invoice: with what is paid, never more than is due."""

    __tablename__ = "attempt_allocation"
    __table_args__ = (
        CheckConstraint(f"cents between 1 and {MOST_CENTS}", name="cents"),
        ForeignKeyConstraint(["attempt_id", "patient_id"], ["attempt.id", "attempt.patient_id"]),
        ForeignKeyConstraint(["invoice_id", "patient_id"], ["invoice.id", "invoice.patient_id"]),
        Index("attempt_allocation_invoice_id_ix", "invoice_id"),
        Index("attempt_allocation_patient_id_ix", "patient_id"),
    )

    attempt_id: Mapped[UUID] = mapped_column(primary_key=True)
    invoice_id: Mapped[UUID] = mapped_column(primary_key=True)
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"))
    cents: Mapped[Cents]


class GatewayEvent(Base):
    """What a gateway told us by itself, stored before it has any effect; `attempt_id` may be nobody's."""

    __tablename__ = "gateway_event"
    __table_args__ = (
        Index("gateway_event_open_ix", "received_at", postgresql_where=text("handled_at is null")),
        Index("gateway_event_attempt_id_ix", "attempt_id"),
    )

    gateway: Mapped[str] = mapped_column(primary_key=True)
    event_id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    attempt_id: Mapped[UUID | None]
    external_id: Mapped[str]
    received_at: Mapped[datetime]
    handled_at: Mapped[datetime | None]
