"""What is offered: types of visits with their rules, who performs them, where and with what."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.db import Base
from webapp.practice.models.people import Provider

LATTICE_MINUTES = 5
ARRIVAL_CHECKS = "array['identity','coverage','forms','balance']"
"""What a service can ask the desk to look at when somebody arrives, as the checks of the tables spell it."""


class Service(Base):
    """A type of visit: its length, the buffers around it (staff and room only), its price in cents, and its rules.

    `notice_minutes` is how long before it can be booked, `furthest_days` how far ahead (none: as far as hours go),
    `online` whether patients book it themselves, `audience` whom it is for, `capacity` above 1 a group visit.
    Canceling later than `cancel_notice_minutes` before the start costs `cancel_fee_cents`.  `code` and `category` are
    what an invoice calls it and where its revenue is counted; `price_cents` is the version of today.
    """

    __tablename__ = "service"
    __table_args__ = (
        CheckConstraint(f"length_minutes between 5 and 720 and length_minutes % {LATTICE_MINUTES} = 0", name="length"),
        CheckConstraint(
            f"buffer_before_minutes between 0 and 120 and buffer_before_minutes % {LATTICE_MINUTES} = 0", name="before"
        ),
        CheckConstraint(
            f"buffer_after_minutes between 0 and 120 and buffer_after_minutes % {LATTICE_MINUTES} = 0", name="after"
        ),
        CheckConstraint("price_cents >= 0", name="price"),
        CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency"),
        CheckConstraint("notice_minutes >= 0", name="notice"),
        CheckConstraint("length(category) between 1 and 60", name="category"),
        CheckConstraint("furthest_days is null or furthest_days between 1 and 1095", name="furthest"),
        CheckConstraint("audience in ('any','new','returning')", name="audience_known"),
        CheckConstraint("capacity between 1 and 50", name="capacity"),
        CheckConstraint("deposit_cents between 0 and price_cents", name="deposit"),
        CheckConstraint("cancel_notice_minutes between 0 and 43200", name="cancel_notice"),
        CheckConstraint("cancel_fee_cents >= 0", name="cancel_fee"),
        CheckConstraint(f"arrival_checks <@ {ARRIVAL_CHECKS}", name="arrival_checks"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    length_minutes: Mapped[int]
    buffer_before_minutes: Mapped[int] = mapped_column(server_default=text("0"))
    buffer_after_minutes: Mapped[int] = mapped_column(server_default=text("0"))
    notice_minutes: Mapped[int] = mapped_column(server_default=text("0"))
    price_cents: Mapped[int]
    currency: Mapped[str] = mapped_column(server_default=text("'USD'"))
    code: Mapped[str] = mapped_column(server_default=text("''"))
    category: Mapped[str] = mapped_column(server_default=text("'Visits'"))
    needs_room: Mapped[bool] = mapped_column(server_default=text("true"))
    furthest_days: Mapped[int | None]
    online: Mapped[bool] = mapped_column(server_default=text("true"))
    audience: Mapped[str] = mapped_column(server_default=text("'any'"))
    capacity: Mapped[int] = mapped_column(server_default=text("1"))
    deposit_cents: Mapped[int] = mapped_column(server_default=text("0"))
    cancel_notice_minutes: Mapped[int] = mapped_column(server_default=text("0"))
    cancel_fee_cents: Mapped[int] = mapped_column(server_default=text("0"))
    arrival_checks: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    position: Mapped[int] = mapped_column(server_default=text("0"))
    retired_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(server_default=text("1"))

    providers: Mapped[list[Provider]] = relationship(secondary="service_provider", viewonly=True)


class ServiceProvider(Base):
    """Who may perform a service."""

    __tablename__ = "service_provider"

    service_id: Mapped[UUID] = mapped_column(ForeignKey("service.id"), primary_key=True)
    provider_id: Mapped[UUID] = mapped_column(ForeignKey("provider.id"), primary_key=True, index=True)


class ServiceLocation(Base):
    """Where a service is offered."""

    __tablename__ = "service_location"

    service_id: Mapped[UUID] = mapped_column(ForeignKey("service.id"), primary_key=True)
    location_id: Mapped[UUID] = mapped_column(ForeignKey("location.id"), primary_key=True, index=True)


class ServiceRoom(Base):
    """A room that a service may take; a service without any may take every room of the site."""

    __tablename__ = "service_room"

    service_id: Mapped[UUID] = mapped_column(ForeignKey("service.id"), primary_key=True)
    room_id: Mapped[UUID] = mapped_column(ForeignKey("room.id"), primary_key=True, index=True)


class ServiceEquipment(Base):
    """A kind of equipment that a service needs one piece of."""

    __tablename__ = "service_equipment"

    service_id: Mapped[UUID] = mapped_column(ForeignKey("service.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)


class ServicePart(Base):
    """A step of a service that is several visits in one coming: the nurse, then the doctor, `gap_minutes` apart."""

    __tablename__ = "service_part"
    __table_args__ = (
        CheckConstraint("position between 1 and 8", name="position"),
        CheckConstraint(f"gap_minutes between 0 and 240 and gap_minutes % {LATTICE_MINUTES} = 0", name="gap"),
        CheckConstraint("part_id <> service_id", name="of_another"),
    )

    service_id: Mapped[UUID] = mapped_column(ForeignKey("service.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    part_id: Mapped[UUID] = mapped_column(ForeignKey("service.id"), index=True)
    gap_minutes: Mapped[int] = mapped_column(server_default=text("0"))
