"""Messages, what people were told last, how they want to be told, and which addresses take nothing more."""

from __future__ import annotations

import datetime as dt
from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Integer, LargeBinary, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from webapp.db import Base

_KINDS = "('confirmation','change','cancellation','reminder','offer','payment','refund','payment_link')"
_CHOICES = "('either','email','sms','both','none')"
_AMOUNT = "(kind in ('payment','refund'))"
_NO_VISIT = "(kind in ('payment','refund','payment_link'))"


class VisitTold(Base):
    """What the patient of a visit was last told about it; `turn` counts how often, `version` is the visit's then."""

    __tablename__ = "visit_told"

    appointment_id: Mapped[UUID] = mapped_column(ForeignKey("appointment.id"), primary_key=True)
    turn: Mapped[int] = mapped_column(server_default=text("1"))
    planned: Mapped[bool]
    starts_at: Mapped[datetime]
    location_id: Mapped[UUID] = mapped_column(ForeignKey("location.id"))
    provider_id: Mapped[UUID] = mapped_column(ForeignKey("provider.id"))
    version: Mapped[int]
    told_at: Mapped[datetime]


class Message(Base):
    """One message to one person by one channel; it holds what is said as facts, never a text.

    `subject_id` is the visit, offer, payment, refund or payment link, `account_id` whose notice it is, or whose e-mail
    address stands in where the patient has none.  Visits carry `starts_at` (and `was_starts_at` of before a change),
    receipts `cents`.  `useless_at` is when it helps nobody any more.  `attempts` counts sendings that began, `resends`
    those of them whose forerunner may have gone out unnoticed; `parcel_id` ties messages that went out as one.
    """

    __tablename__ = "message"
    __table_args__ = (
        CheckConstraint(f"kind in {_KINDS}", name="kind_known"),
        CheckConstraint("channel in ('email','sms','in_app')", name="channel_known"),
        CheckConstraint("state in ('queued','sending','sent','failed','skipped')", name="state_known"),
        CheckConstraint("(state = 'sending') = (sending_since is not null)", name="sending"),
        CheckConstraint("(state = 'sent') = (sent_at is not null)", name="sent"),
        CheckConstraint("(state in ('failed','skipped')) = (reason is not null)", name="reason"),
        CheckConstraint("channel <> 'in_app' or account_id is not null", name="in_app"),
        CheckConstraint(
            f"{_AMOUNT} = (cents is not null) and {_AMOUNT} = (currency is not null)"
            f" and {_NO_VISIT} = (starts_at is null)",
            name="about",
        ),
        Index("message_failed_ix", "created_at", postgresql_where=text("state = 'failed'")),
        Index("message_due_ix", "due_at", postgresql_where=text("state in ('queued','sending')")),
        Index("message_parcel_id_ix", "parcel_id"),
        Index("message_patient_id_created_at_ix", "patient_id", "created_at"),
        Index("message_subject_id_ix", "subject_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"))
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    kind: Mapped[str]
    channel: Mapped[str]
    subject_id: Mapped[UUID]
    turn: Mapped[int] = mapped_column(server_default=text("1"))
    version: Mapped[int | None]
    starts_at: Mapped[datetime | None]
    was_starts_at: Mapped[datetime | None]
    location_id: Mapped[UUID] = mapped_column(ForeignKey("location.id"))
    cents: Mapped[int | None] = mapped_column(BigInteger)
    currency: Mapped[str | None]
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    useless_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(server_default=text("'queued'"))
    reason: Mapped[str | None]
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    resends: Mapped[int] = mapped_column(server_default=text("0"))
    sending_since: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    parcel_id: Mapped[UUID | None]
    dedupe_key: Mapped[str] = mapped_column(unique=True)


class ContactPreference(Base):
    """How somebody wants to be told; without a row, the defaults of these columns.

    `language` none is the record's.  `reminder_minutes` none is the service's schedule.  Quiet hours are wall time at
    the clinic; without them texts don't come at night.
    """

    __tablename__ = "contact_preference"
    __table_args__ = (
        CheckConstraint("language in ('en','es')", name="language_known"),
        CheckConstraint(f"visits in {_CHOICES}", name="visits_known"),
        CheckConstraint(f"reminders in {_CHOICES}", name="reminders_known"),
        CheckConstraint(f"offers in {_CHOICES}", name="offers_known"),
        CheckConstraint(f"money in {_CHOICES}", name="money_known"),
        CheckConstraint(
            "cardinality(reminder_minutes) <= 5 and 15 <= all (reminder_minutes) and 43200 >= all (reminder_minutes)",
            name="reminder_minutes",
        ),
        CheckConstraint("(quiet_from is null) = (quiet_to is null) and quiet_from <> quiet_to", name="quiet"),
    )

    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"), primary_key=True)
    language: Mapped[str | None]
    visits: Mapped[str] = mapped_column(server_default=text("'either'"))
    reminders: Mapped[str] = mapped_column(server_default=text("'either'"))
    offers: Mapped[str] = mapped_column(server_default=text("'both'"))
    money: Mapped[str] = mapped_column(server_default=text("'email'"))
    reminder_minutes: Mapped[list[int] | None] = mapped_column(ARRAY(Integer))
    quiet_from: Mapped[dt.time | None]
    quiet_to: Mapped[dt.time | None]
    changed_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(server_default=text("1"))


class ReminderRule(Base):
    """How long before a visit of a service people are reminded; without a service, of those that have no rule.

    `since` is when it was set: moments before that are not made up for (None: it was there from the beginning).
    """

    __tablename__ = "reminder_rule"
    __table_args__ = (
        CheckConstraint("minutes between 15 and 43200", name="minutes"),
        Index("reminder_rule_key", "service_id", "minutes", unique=True, postgresql_nulls_not_distinct=True),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    service_id: Mapped[UUID | None] = mapped_column(ForeignKey("service.id"))
    minutes: Mapped[int]
    since: Mapped[datetime | None]


class ReminderSwitch(Base):
    """That reminders were switched on or off for the whole practice; the last one counts (none: they are sent)."""

    __tablename__ = "reminder_switch"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    sends: Mapped[bool]
    since: Mapped[datetime]


class RefusedAddress(Base):
    """An address or number that takes nothing more, by its digest alone: whose it is stands in the record."""

    __tablename__ = "refused_address"
    __table_args__ = (
        CheckConstraint("length(digest) = 32", name="digest_length"),
        CheckConstraint("reason in ('bounced','complained','stopped')", name="reason_known"),
    )

    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    reason: Mapped[str]
    at: Mapped[datetime]


class MailboxItem(Base):
    """What a local clinic would have sent, each time it would have been sent; nothing else is ever written here."""

    __tablename__ = "mailbox_item"
    __table_args__ = (
        CheckConstraint("channel in ('email','sms')", name="channel_known"),
        Index("mailbox_item_at_ix", "at"),
        Index("mailbox_item_patient_id_ix", "patient_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    parcel_id: Mapped[UUID]
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"))
    channel: Mapped[str]
    recipient: Mapped[str]
    subject: Mapped[str] = mapped_column(server_default=text("''"))
    body: Mapped[str]
    html: Mapped[str] = mapped_column(server_default=text("''"))
    at: Mapped[datetime]
