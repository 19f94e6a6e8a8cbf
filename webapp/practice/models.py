"""The clinic itself: where, who, what is offered, and when."""

from __future__ import annotations

import datetime as dt
from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import TSTZRANGE, Range
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.db import Base

LATTICE_MINUTES = 5


class Resource(Base):
    """Anything that can be busy: a provider, a room, a piece of equipment or a patient.

    Its row is what bookings and schedule editors lock (FOR KEY SHARE against FOR UPDATE), so neither can miss the
    other; `version` counts changes of its schedule and is compared under that lock.
    """

    __tablename__ = "resource"
    __table_args__ = (CheckConstraint("kind in ('provider','room','equipment','patient')", name="kind_known"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]
    version: Mapped[int] = mapped_column(server_default=text("1"))


class Location(Base):
    """A site of the clinic; everything that happens there is shown in its IANA zone."""

    __tablename__ = "location"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    time_zone: Mapped[str]
    phone: Mapped[str] = mapped_column(server_default=text("''"))
    line: Mapped[str] = mapped_column(server_default=text("''"))
    city: Mapped[str] = mapped_column(server_default=text("''"))
    state: Mapped[str] = mapped_column(server_default=text("''"))
    postal_code: Mapped[str] = mapped_column(server_default=text("''"))
    retired_at: Mapped[datetime | None]


class Room(Base):
    """A room that visits take place in; `id` is its resource."""

    __tablename__ = "room"
    __table_args__ = (UniqueConstraint("location_id", "name"),)

    id: Mapped[UUID] = mapped_column(ForeignKey("resource.id"), primary_key=True)
    location_id: Mapped[UUID] = mapped_column(ForeignKey("location.id"))
    name: Mapped[str]
    retired_at: Mapped[datetime | None]


class Provider(Base):
    """Somebody whose time is booked; `id` is their resource, `position` their column on the board."""

    __tablename__ = "provider"

    id: Mapped[UUID] = mapped_column(ForeignKey("resource.id"), primary_key=True)
    family: Mapped[str]
    given: Mapped[str]
    prefix: Mapped[str] = mapped_column(server_default=text("''"))
    credential: Mapped[str] = mapped_column(server_default=text("''"))
    specialty: Mapped[str] = mapped_column(server_default=text("''"))
    position: Mapped[int] = mapped_column(server_default=text("0"))
    retired_at: Mapped[datetime | None]

    @property
    def name(self) -> str:
        """Name as people at the desk say it: "Dr. Amara Osei", "Grace Kim, RN"."""
        name = " ".join(part for part in (self.prefix, self.given, self.family) if part)
        return f"{name}, {self.credential}" if self.credential and not self.prefix else name


class Service(Base):
    """A type of visit: its length, the buffers around it (staff and room only) and its price in cents."""

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
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    length_minutes: Mapped[int]
    buffer_before_minutes: Mapped[int] = mapped_column(server_default=text("0"))
    buffer_after_minutes: Mapped[int] = mapped_column(server_default=text("0"))
    notice_minutes: Mapped[int] = mapped_column(server_default=text("0"))
    price_cents: Mapped[int]
    currency: Mapped[str] = mapped_column(server_default=text("'USD'"))
    needs_room: Mapped[bool] = mapped_column(server_default=text("true"))
    position: Mapped[int] = mapped_column(server_default=text("0"))
    retired_at: Mapped[datetime | None]

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


class Schedule(Base):
    """One weekly block of a provider's hours, in the location's local time; `room_id` is where they usually work.

    `weekday` is ISO 8601 (1 Monday to 7 Sunday); `valid_to` is the last day it applies, none means without end.
    Several blocks a day leave breaks between them.
    """

    __tablename__ = "schedule"
    __table_args__ = (
        CheckConstraint("weekday between 1 and 7", name="weekday"),
        CheckConstraint("starts < ends", name="starts_before_ends"),
        CheckConstraint("valid_to is null or valid_from <= valid_to", name="valid"),
        Index("schedule_provider_id_weekday_ix", "provider_id", "weekday"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    provider_id: Mapped[UUID] = mapped_column(ForeignKey("provider.id"))
    location_id: Mapped[UUID] = mapped_column(ForeignKey("location.id"))
    room_id: Mapped[UUID | None] = mapped_column(ForeignKey("room.id"))
    weekday: Mapped[int]
    starts: Mapped[dt.time]
    ends: Mapped[dt.time]
    valid_from: Mapped[dt.date]
    valid_to: Mapped[dt.date | None]


class Closure(Base):
    """A span in which a whole location is closed; no visit may touch it."""

    __tablename__ = "closure"
    __table_args__ = (
        CheckConstraint(
            "not isempty(during) and not lower_inf(during) and not upper_inf(during)", name="during_finite"
        ),
        Index("closure_during_ix", "location_id", "during", postgresql_using="gist"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    location_id: Mapped[UUID] = mapped_column(ForeignKey("location.id"))
    during: Mapped[Range[datetime]] = mapped_column(TSTZRANGE)
    reason: Mapped[str]


class Organization(Base):
    """An organization known from imported records (FHIR Organization); not a site of ours."""

    __tablename__ = "organization"
    __table_args__ = (UniqueConstraint("identifier_system", "identifier_value"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    identifier_system: Mapped[str]
    identifier_value: Mapped[str]
    name: Mapped[str]
    phone: Mapped[str] = mapped_column(server_default=text("''"))
    line: Mapped[str] = mapped_column(server_default=text("''"))
    city: Mapped[str] = mapped_column(server_default=text("''"))
    state: Mapped[str] = mapped_column(server_default=text("''"))
    postal_code: Mapped[str] = mapped_column(server_default=text("''"))


class Practitioner(Base):
    """A practitioner known from imported records (FHIR Practitioner); providers are those whose time we book."""

    __tablename__ = "practitioner"
    __table_args__ = (UniqueConstraint("identifier_system", "identifier_value"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    identifier_system: Mapped[str]
    identifier_value: Mapped[str]
    family: Mapped[str]
    given: Mapped[str]
    prefix: Mapped[str] = mapped_column(server_default=text("''"))
