"""Where money lies until it is counted: a desk's cash, the checks, the cards of a site; and each count."""

from __future__ import annotations

import datetime as dt
from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from webapp.billing.models.columns import Cents
from webapp.db import Base


class Drawer(Base):
    """Something that is counted at the end of the day: the cash of one desk, or the checks or cards of a site."""

    __tablename__ = "drawer"
    __table_args__ = (
        UniqueConstraint("location_id", "name"),
        CheckConstraint("kind in ('cash','checks','cards')", name="kind_known"),
        CheckConstraint("length(name) between 1 and 60", name="name"),
        Index("drawer_kind_key", "location_id", "kind", unique=True, postgresql_where=text("kind <> 'cash'")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    location_id: Mapped[UUID] = mapped_column(ForeignKey("location.id"))
    name: Mapped[str]
    kind: Mapped[str] = mapped_column(server_default=text("'cash'"))
    retired_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(server_default=text("1"))


class DrawerDay(Base):
    """One stretch from opening a drawer to counting it; `day` is the local one it was opened on.

    Its entries in the ledger sum to what it should hold.  Closing books the difference and takes everything out, so a
    signed one sums to zero.  `counts` is how many of which note and coin, by cents.
    """

    __tablename__ = "drawer_day"
    __table_args__ = (
        UniqueConstraint("id", "drawer_id"),
        CheckConstraint("float_cents >= 0", name="float"),
        CheckConstraint(
            "(closed_at is null) = (counted_cents is null) and (closed_at is null) = (expected_cents is null)"
            " and (closed_at is null) = (closed_by is null)",
            name="closed",
        ),
        CheckConstraint(
            "counted_cents = expected_cents or length(trim(coalesce(difference_reason, ''))) > 0",
            name="difference_reason",
        ),
        Index("drawer_day_open_key", "drawer_id", unique=True, postgresql_where=text("closed_at is null")),
        Index("drawer_day_drawer_id_day_ix", "drawer_id", "day"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    drawer_id: Mapped[UUID] = mapped_column(ForeignKey("drawer.id"))
    day: Mapped[dt.date]
    opened_at: Mapped[datetime]
    opened_by: Mapped[UUID | None]
    float_cents: Mapped[Cents] = mapped_column(server_default=text("0"))
    counts: Mapped[dict[str, int] | None] = mapped_column(JSONB)
    counted_cents: Mapped[Cents | None]
    expected_cents: Mapped[Cents | None]
    difference_reason: Mapped[str | None]
    difference_note: Mapped[str] = mapped_column(server_default=text("''"))
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[UUID | None]
    countersigned_by: Mapped[UUID | None]
    version: Mapped[int] = mapped_column(server_default=text("1"))


class DrawerDayStep(Base):
    """That somebody opened, closed or reopened a drawer, with what they counted then; never changed."""

    __tablename__ = "drawer_day_step"
    __table_args__ = (
        CheckConstraint("kind in ('open','close','reopen')", name="kind_known"),
        CheckConstraint("kind <> 'reopen' or length(trim(coalesce(reason, ''))) > 0", name="reason"),
        ForeignKeyConstraint(["drawer_day_id"], ["drawer_day.id"]),
        Index("drawer_day_step_drawer_day_id_ix", "drawer_day_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    drawer_day_id: Mapped[UUID]
    at: Mapped[datetime]
    actor_id: Mapped[UUID | None]
    kind: Mapped[str]
    expected_cents: Mapped[Cents | None]
    counted_cents: Mapped[Cents | None]
    reason: Mapped[str | None]
