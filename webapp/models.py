"""Tables every slice shares: one-time keys and the audit trail."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Identity, Index, LargeBinary, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

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
