"""Who, and when they work."""

from __future__ import annotations

import datetime as dt
from datetime import datetime
from functools import lru_cache
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from webapp.db import Base


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
    version: Mapped[int] = mapped_column(server_default=text("1"))

    @property
    def name(self) -> str:
        """Name as people at the desk say it: "Dr. Amara Osei", "Grace Kim, RN"."""
        return name_of(self.prefix, self.given, self.family, self.credential)


@lru_cache(maxsize=1024)
def name_of(prefix: str, given: str, family: str, credential: str) -> str:
    """A provider's name as people at the desk say it, from its parts."""
    name = " ".join(part for part in (prefix, given, family) if part)
    return f"{name}, {credential}" if credential and not prefix else name


class Schedule(Base):
    """One weekly block of a provider's hours, in the location's local time; `room_id` is where they usually work.

    `weekday` is ISO 8601 (1 Monday to 7 Sunday); `valid_to` is the last day it applies, none means without end.
    Several blocks a day leave breaks between them. `every_weeks` counts weeks from the one that `valid_from` lies in.
    """

    __tablename__ = "schedule"
    __table_args__ = (
        CheckConstraint("weekday between 1 and 7", name="weekday"),
        CheckConstraint("starts < ends", name="starts_before_ends"),
        CheckConstraint("valid_to is null or valid_from <= valid_to", name="valid"),
        CheckConstraint("every_weeks between 1 and 12", name="every_weeks"),
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
    every_weeks: Mapped[int] = mapped_column(server_default=text("1"))


class ExtraHours(Base):
    """Hours that a provider works once, beside the weekly blocks."""

    __tablename__ = "extra_hours"
    __table_args__ = (
        CheckConstraint("starts_at < ends_at", name="starts_before_ends"),
        CheckConstraint("ends_at - starts_at <= interval '24 hours'", name="one_day"),
        Index("extra_hours_provider_id_starts_at_ix", "provider_id", "starts_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    provider_id: Mapped[UUID] = mapped_column(ForeignKey("provider.id"))
    location_id: Mapped[UUID] = mapped_column(ForeignKey("location.id"))
    room_id: Mapped[UUID | None] = mapped_column(ForeignKey("room.id"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(server_default=text("''"))


class Leave(Base):
    """Time in which a provider is away: the truth, of which the occupancy is what the visits that were kept leave.

    `note` is for the practice only: why somebody is sick is nobody's business on the board.
    """

    __tablename__ = "leave"
    __table_args__ = (
        CheckConstraint("starts_at < ends_at", name="starts_before_ends"),
        CheckConstraint("kind in ('vacation','sick','training','other')", name="kind_known"),
        Index("leave_provider_id_starts_at_ix", "provider_id", "starts_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    provider_id: Mapped[UUID] = mapped_column(ForeignKey("provider.id"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    kind: Mapped[str]
    note: Mapped[str] = mapped_column(server_default=text("''"))
