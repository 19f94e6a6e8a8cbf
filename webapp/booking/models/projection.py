"""What the projection of free times to DynamoDB remembers: which days changed, and which were told."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, text
from sqlalchemy.dialects.postgresql import ARRAY, TSTZMULTIRANGE, Range
from sqlalchemy.dialects.postgresql import UUID as PGUUID
from sqlalchemy.orm import Mapped, mapped_column

from webapp.db import Base


class AvailabilityDirty(Base):
    """A mark: the time of some resources or places changed; written by triggers, deleted by whoever projects.

    Any number may be about the same: a unique key would make bookings wait for each other.
    """

    __tablename__ = "availability_dirty"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    resource_ids: Mapped[list[UUID]] = mapped_column(ARRAY(PGUUID), server_default=text("'{}'"))
    location_ids: Mapped[list[UUID]] = mapped_column(ARRAY(PGUUID), server_default=text("'{}'"))
    spans: Mapped[list[Range[datetime]]] = mapped_column(TSTZMULTIRANGE)


class AvailabilityDay(Base):
    """One local day of a place in the projection: the version it has to have, and the one DynamoDB was given.

    `stale_since` is when the first change was seen that DynamoDB does not know; none where it knows all.
    """

    __tablename__ = "availability_day"
    __table_args__ = (Index("availability_day_waiting_ix", "day", postgresql_where=text("published < version")),)

    location_id: Mapped[UUID] = mapped_column(ForeignKey("location.id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger)
    published: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    stale_since: Mapped[datetime | None]
    published_at: Mapped[datetime | None]
