"""What things cost, and since when: every price has its days, and no day has two."""

from __future__ import annotations

import datetime as dt
from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, text
from sqlalchemy.dialects.postgresql import DATERANGE, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column

from webapp.db import Base


class ServicePrice(Base):
    """What a visit of a service costs on some days.

    A trigger keeps it and `service.price_cents`, the price of today, the same, whoever changes either.
    """

    __tablename__ = "service_price"
    __table_args__ = (
        CheckConstraint("cents between 0 and 1000000000", name="cents"),
        CheckConstraint("not isempty(during)", name="during"),
        ExcludeConstraint(("service_id", "="), ("during", "&&"), name="service_price_overlap", using="gist"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("uuidv7()"))
    service_id: Mapped[UUID] = mapped_column(ForeignKey("service.id"))
    during: Mapped[Range[dt.date]] = mapped_column(DATERANGE)
    cents: Mapped[int] = mapped_column(BigInteger)


class BillableItem(Base):
    """Something that can be charged beside the visit itself, by its code: a test, a vaccine, a form."""

    __tablename__ = "billable_item"
    __table_args__ = (
        CheckConstraint("length(code) between 1 and 20", name="code"),
        CheckConstraint("length(label) between 1 and 200", name="label"),
        CheckConstraint("length(category) between 1 and 60", name="category"),
        CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    label: Mapped[str]
    category: Mapped[str]
    currency: Mapped[str] = mapped_column(server_default=text("'USD'"))
    retired_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(server_default=text("1"))


class ItemPrice(Base):
    """What an item costs on some days."""

    __tablename__ = "item_price"
    __table_args__ = (
        CheckConstraint("cents between 0 and 1000000000", name="cents"),
        CheckConstraint("not isempty(during)", name="during"),
        ExcludeConstraint(("item_id", "="), ("during", "&&"), name="item_price_overlap", using="gist"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("uuidv7()"))
    item_id: Mapped[UUID] = mapped_column(ForeignKey("billable_item.id"))
    during: Mapped[Range[dt.date]] = mapped_column(DATERANGE)
    cents: Mapped[int] = mapped_column(BigInteger)
