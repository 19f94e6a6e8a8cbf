"""Secret addresses at which a calendar program finds somebody's visits."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from webapp.db import Base

_LIVE = text("revoked_at is null")


class CalendarFeed(Base):
    """An address of a patient's or a provider's visits; of the secret in it the table knows the SHA-256 only.

    Each has one that is not revoked.
    """

    __tablename__ = "calendar_feed"
    __table_args__ = (
        UniqueConstraint("secret_hash"),
        CheckConstraint("num_nonnulls(patient_id, provider_id) = 1", name="whose"),
        Index("calendar_feed_patient_key", "patient_id", unique=True, postgresql_where=_LIVE),
        Index("calendar_feed_provider_key", "provider_id", unique=True, postgresql_where=_LIVE),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    patient_id: Mapped[UUID | None] = mapped_column(ForeignKey("patient.id"))
    provider_id: Mapped[UUID | None] = mapped_column(ForeignKey("provider.id"))
    secret_hash: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]
    created_by: Mapped[UUID | None]
    revoked_at: Mapped[datetime | None]
