"""What the built-in terminal remembers, as a real gateway would on its side: our attempt's id and no patient."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from webapp.billing.models.columns import CURRENCY, Cents
from webapp.db import Base


class SimulatedReader(Base):
    """A reader on a desk, and what it will do with the next card; `keeps` makes it do so until told otherwise."""

    __tablename__ = "simulated_reader"
    __table_args__ = (
        UniqueConstraint("location_id", "name"),
        CheckConstraint("length(name) between 1 and 60", name="name"),
        CheckConstraint("next_tap in ('approve','decline','expired','time_out','offline')", name="next_tap"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    location_id: Mapped[UUID] = mapped_column(ForeignKey("location.id"))
    name: Mapped[str]
    next_tap: Mapped[str] = mapped_column(server_default=text("'approve'"))
    keeps: Mapped[bool] = mapped_column(server_default=text("false"))
    version: Mapped[int] = mapped_column(server_default=text("1"))


class SimulatedCharge(Base):
    """Money the terminal has authorised, captured, voided or declined; not `answered`, the reply got lost."""

    __tablename__ = "simulated_charge"
    __table_args__ = (
        UniqueConstraint("attempt_id"),
        UniqueConstraint("key"),
        CheckConstraint("cents > 0", name="cents"),
        CheckConstraint(CURRENCY, name="currency"),
        CheckConstraint("state in ('authorised','captured','voided','declined')", name="state_known"),
        CheckConstraint("captured_cents between 0 and cents", name="captured"),
        CheckConstraint("refunded_cents between 0 and captured_cents", name="refunded"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    attempt_id: Mapped[UUID]
    key: Mapped[str]
    reader_id: Mapped[UUID | None] = mapped_column(ForeignKey("simulated_reader.id"))
    cents: Mapped[Cents]
    currency: Mapped[str]
    state: Mapped[str]
    code: Mapped[str] = mapped_column(server_default=text("''"))
    captured_cents: Mapped[Cents] = mapped_column(server_default=text("0"))
    refunded_cents: Mapped[Cents] = mapped_column(server_default=text("0"))
    answered: Mapped[bool] = mapped_column(server_default=text("true"))
    at: Mapped[datetime]


class SimulatedCall(Base):
    """A call by its idempotency key, so that the same one again changes nothing and another one is refused."""

    __tablename__ = "simulated_call"
    __table_args__ = (
        CheckConstraint("verb in ('capture','void','refund')", name="verb_known"),
        CheckConstraint("cents >= 0", name="cents"),
        Index("simulated_call_charge_id_ix", "charge_id"),
    )

    key: Mapped[str] = mapped_column(primary_key=True)
    charge_id: Mapped[str] = mapped_column(ForeignKey("simulated_charge.id"))
    verb: Mapped[str]
    cents: Mapped[Cents] = mapped_column(server_default=text("0"))
    external_id: Mapped[str]
    at: Mapped[datetime]


class SimulatedPage(Base):
    """A page of the terminal's on which somebody pays, or leaves a card; whoever knows its id is the payer.

    `order_id` is our attempt, or our card to be kept; `method` and `last4` are the card that was left.
    """

    __tablename__ = "simulated_page"
    __table_args__ = (
        UniqueConstraint("order_id"),
        CheckConstraint("kind in ('payment','card')", name="kind_known"),
        CheckConstraint("state in ('open','done','closed')", name="state_known"),
        CheckConstraint("(kind = 'payment') = (cents is not null)", name="amount"),
        CheckConstraint("cents > 0", name="cents"),
        CheckConstraint(CURRENCY, name="currency"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    order_id: Mapped[UUID]
    kind: Mapped[str]
    cents: Mapped[Cents | None]
    currency: Mapped[str]
    title: Mapped[str] = mapped_column(server_default=text("''"))
    success_url: Mapped[str]
    cancel_url: Mapped[str]
    state: Mapped[str] = mapped_column(server_default=text("'open'"))
    code: Mapped[str] = mapped_column(server_default=text("''"))
    method: Mapped[str | None]
    last4: Mapped[str | None]
    expires_at: Mapped[datetime]
    at: Mapped[datetime]
