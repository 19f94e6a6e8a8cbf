"""The one table that decides who is busy, and what besides appointments owns a part of it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, func, literal_column, text
from sqlalchemy.dialects.postgresql import ARRAY, TSTZRANGE, ExcludeConstraint, Range
from sqlalchemy.dialects.postgresql import UUID as PGUUID
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.booking.models.visits import LATTICE_SECONDS
from webapp.db import Base
from webapp.practice.models import Provider, Room, Service


class GroupSession(Base):
    """A group visit: one provider, one room, `capacity` seats; each seat is an appointment that occupies its patient.

    Its occupancy (`owner_kind` 'group_session') is exactly provider, room and equipment with the buffers while `open`.
    """

    __tablename__ = "group_session"
    __table_args__ = (
        CheckConstraint("starts_at < ends_at", name="starts_before_ends"),
        CheckConstraint(
            f"extract(epoch from starts_at) % {LATTICE_SECONDS} = 0"
            f" and extract(epoch from ends_at) % {LATTICE_SECONDS} = 0",
            name="on_lattice",
        ),
        CheckConstraint("capacity between 2 and 50", name="capacity"),
        CheckConstraint("status in ('open','cancelled')", name="status_known"),
        CheckConstraint("(status = 'cancelled') = (cancel_reason is not null)", name="cancel_reason"),
        Index("group_session_location_id_starts_at_ix", "location_id", "starts_at"),
        Index("group_session_provider_id_starts_at_ix", "provider_id", "starts_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    service_id: Mapped[UUID] = mapped_column(ForeignKey("service.id"))
    provider_id: Mapped[UUID] = mapped_column(ForeignKey("provider.id"))
    room_id: Mapped[UUID | None] = mapped_column(ForeignKey("room.id"))
    location_id: Mapped[UUID] = mapped_column(ForeignKey("location.id"))
    equipment_ids: Mapped[list[UUID]] = mapped_column(ARRAY(PGUUID), server_default=text("'{}'"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    buffer_before_minutes: Mapped[int] = mapped_column(server_default=text("0"))
    buffer_after_minutes: Mapped[int] = mapped_column(server_default=text("0"))
    capacity: Mapped[int]
    status: Mapped[str] = mapped_column(server_default=text("'open'"))
    created_at: Mapped[datetime]
    created_by: Mapped[UUID | None]
    cancel_reason: Mapped[str | None]
    version: Mapped[int] = mapped_column(server_default=text("1"))

    service: Mapped[Service] = relationship(viewonly=True)
    provider: Mapped[Provider] = relationship(viewonly=True)
    room: Mapped[Room | None] = relationship(viewonly=True)


class BlockedTime(Base):
    """Time of a provider or room that is not for visits, with the word shown on the board."""

    __tablename__ = "blocked_time"
    __table_args__ = (
        CheckConstraint("starts_at < ends_at", name="starts_before_ends"),
        Index("blocked_time_resource_id_starts_at_ix", "resource_id", "starts_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    resource_id: Mapped[UUID] = mapped_column(ForeignKey("resource.id"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    label: Mapped[str]


class Occupancy(Base):
    """A resource is busy for a span; the exclusion constraint is the last judge of every booking.

    An owner may overlap itself, so a move inserts its new rows before it deletes its old ones. `lapses_at` is set
    for holds without an open payment. Rows are written by the door functions only.
    """

    __tablename__ = "occupancy"
    __table_args__ = (
        ExcludeConstraint(
            ("resource_id", "="),
            ("lane", "="),
            ("during", "&&"),
            (func.uuid_send(literal_column("owner_id")), "<>"),
            name="occupancy_busy",
            using="gist",
        ),
        CheckConstraint(
            "not isempty(during) and not lower_inf(during) and not upper_inf(during)", name="during_finite"
        ),
        CheckConstraint(
            "owner_kind in ('appointment','group_session','blocked_time','leave')", name="owner_kind_known"
        ),
        CheckConstraint("lane between 0 and 9", name="lane"),
        Index("occupancy_owner_id_ix", "owner_id"),
        # What is in the way otherwise than by being booked: few rows, whatever the clinic's age.
        Index(
            "occupancy_special_ix",
            "resource_id",
            "during",
            postgresql_using="gist",
            postgresql_where=text("lapses_at is not null or lane <> 0"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("uuidv7()"))
    resource_id: Mapped[UUID] = mapped_column(ForeignKey("resource.id"))
    lane: Mapped[int] = mapped_column(server_default=text("0"))
    during: Mapped[Range[datetime]] = mapped_column(TSTZRANGE)
    owner_id: Mapped[UUID]
    owner_kind: Mapped[str]
    lapses_at: Mapped[datetime | None]
