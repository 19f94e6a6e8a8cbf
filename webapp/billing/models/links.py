"""Links by which somebody without an account pays an invoice."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from webapp.db import Base


class PaymentLink(Base):
    """A link to pay one invoice; an invoice has one that is not revoked.  The address itself is never stored.

    `token_hash` is the SHA-256 of the address's last part.
    """

    __tablename__ = "payment_link"
    __table_args__ = (
        UniqueConstraint("token_hash"),
        CheckConstraint("length(token_hash) = 32", name="token_hash"),
        CheckConstraint("created_at < expires_at", name="created_before_expires"),
        ForeignKeyConstraint(["invoice_id", "patient_id"], ["invoice.id", "invoice.patient_id"]),
        Index("payment_link_live_key", "invoice_id", unique=True, postgresql_where=text("revoked_at is null")),
        Index("payment_link_patient_id_ix", "patient_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    invoice_id: Mapped[UUID]
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"))
    token_hash: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]
    created_by: Mapped[UUID | None]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
