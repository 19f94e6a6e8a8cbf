"""Where: sites, rooms, equipment, and when a whole site is closed; and what all of them are to time, a resource."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import TSTZRANGE, Range
from sqlalchemy.orm import Mapped, mapped_column

from webapp.db import Base


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
    """A site of the clinic; what happens there is shown in its IANA zone and paid in its currency (ISO 4217).

    `waiting_offer_minutes` is how long a time that became free is held for somebody on the waiting list;
    `manager_signs_over_cents` is how far a count may be off before a manager signs it, too.
    """

    __tablename__ = "location"
    __table_args__ = (
        CheckConstraint("waiting_offer_minutes between 5 and 1440", name="waiting_offer"),
        CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency"),
        CheckConstraint("manager_signs_over_cents between 0 and 1000000000", name="manager_signs_over"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    time_zone: Mapped[str]
    currency: Mapped[str] = mapped_column(server_default=text("'USD'"))
    phone: Mapped[str] = mapped_column(server_default=text("''"))
    line: Mapped[str] = mapped_column(server_default=text("''"))
    city: Mapped[str] = mapped_column(server_default=text("''"))
    state: Mapped[str] = mapped_column(server_default=text("''"))
    postal_code: Mapped[str] = mapped_column(server_default=text("''"))
    waiting_offer_minutes: Mapped[int] = mapped_column(server_default=text("30"))
    manager_signs_over_cents: Mapped[int] = mapped_column(BigInteger, server_default=text("2000"))
    retired_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(server_default=text("1"))


class Room(Base):
    """A room that visits take place in; `id` is its resource."""

    __tablename__ = "room"
    __table_args__ = (UniqueConstraint("location_id", "name"),)

    id: Mapped[UUID] = mapped_column(ForeignKey("resource.id"), primary_key=True)
    location_id: Mapped[UUID] = mapped_column(ForeignKey("location.id"))
    name: Mapped[str]
    retired_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(server_default=text("1"))


class Equipment(Base):
    """A piece of equipment that visits need, of a `kind` that services ask for; `id` is its resource."""

    __tablename__ = "equipment"
    __table_args__ = (UniqueConstraint("location_id", "name"),)

    id: Mapped[UUID] = mapped_column(ForeignKey("resource.id"), primary_key=True)
    location_id: Mapped[UUID] = mapped_column(ForeignKey("location.id"))
    kind: Mapped[str]
    name: Mapped[str]
    retired_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(server_default=text("1"))


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
