"""Tables every slice shares: one-time keys and the audit trail."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Identity, Index, LargeBinary, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import UserDefinedType

from webapp.db import Base


class IdempotencyKey(Base):
    """Outcome of a form that was sent, by who sent it and the form's one-time key; only what committed has a row."""

    __tablename__ = "idempotency"

    actor: Mapped[UUID] = mapped_column(primary_key=True)
    key: Mapped[UUID] = mapped_column(primary_key=True)
    request_hash: Mapped[bytes] = mapped_column(LargeBinary)
    status: Mapped[int]
    location: Mapped[str]
    result: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    created_at: Mapped[datetime] = mapped_column(index=True)


class Audit(Base):
    """One changed row: which, by whom, in which request; written by triggers, never changed."""

    __tablename__ = "audit"
    __table_args__ = (Index("audit_request_ix", "request"), Index("audit_patient_id_ix", "patient_id", "id"))

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    at: Mapped[datetime]
    actor: Mapped[UUID | None]
    role: Mapped[str]
    request: Mapped[str]
    table_name: Mapped[str]
    row_id: Mapped[UUID]
    patient_id: Mapped[UUID | None]
    operation: Mapped[str]
    changes: Mapped[dict[str, Any]] = mapped_column(JSONB)
    origin: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    """Route, address, roles and detail, where the activity log learns of the change from here alone."""


class _TransactionId(UserDefinedType[str]):
    """A transaction's number that never comes again (xid8); as text, since PostgreSQL compares it and nobody else."""

    cache_ok = True

    def get_col_spec(self, **_options: object) -> str:
        return "XID8"


class AuditSeal(Base):
    """A block of the audit in the order of its ids, chained to the one before by `head`; never changed.

    `row_digests` is 24 bytes a row, its id and the beginning of its SHA-256. `next_upto` and `next_xid` are how far the
    next one may go: up to that id, once every transaction before that one has ended.
    """

    __tablename__ = "audit_seal"
    __table_args__ = (CheckConstraint("length(previous) = 32 and length(head) = 32", name="head_length"),)

    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    upto: Mapped[int] = mapped_column(BigInteger)
    row_digests: Mapped[bytes] = mapped_column(LargeBinary)
    next_upto: Mapped[int] = mapped_column(BigInteger)
    next_xid: Mapped[str] = mapped_column(_TransactionId())
    sealed_at: Mapped[datetime]
    previous: Mapped[bytes] = mapped_column(LargeBinary)
    head: Mapped[bytes] = mapped_column(LargeBinary)


class AuditCheck(Base):
    """One time that the audit was held against its seals; `whole` once that has ended with a verdict.

    Who asked for it (nobody at night) and when; `seen_at` moves while it goes on.  One that ended without a verdict
    was given up.  `finding` names the kind of the first thing that was wrong, and of which seal and row.
    """

    __tablename__ = "audit_check"
    __table_args__ = (
        CheckConstraint(
            "(whole IS NULL OR ended_at IS NOT NULL) AND (whole IS FALSE) = (finding IS NOT NULL)"
            " AND (finding IS NULL) = (finding_seal IS NULL)",
            name="verdict",
        ),
        Index(
            "audit_check_open_key", text("(ended_at IS NULL)"), unique=True, postgresql_where=text("ended_at IS NULL")
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    asked_by: Mapped[UUID | None] = mapped_column(server_default=text("doors.actor()"))
    asked_at: Mapped[datetime] = mapped_column(index=True)
    seen_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    whole: Mapped[bool | None]
    seals: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    rows: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    unsealed: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    finding: Mapped[str | None]
    finding_seal: Mapped[int | None] = mapped_column(BigInteger)
    finding_row: Mapped[int | None] = mapped_column(BigInteger)
