"""What people wish for beyond one visit: repeated visits, and earlier or other times than there are."""

from __future__ import annotations

import datetime as dt
from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, Integer, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import UUID as PGUUID
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.booking.models.visits import TOGETHER, Appointment
from webapp.db import Base
from webapp.patients.models import Patient
from webapp.practice.models import Service


class Series(Base):
    """A rule that visits repeat by, in the site's wall time: `every` n days, weeks or months, `count` times or `until`.

    Its visits are appointments with its `series_id`; each stands for itself, the rule only says how they came about.
    """

    __tablename__ = "series"
    __table_args__ = (
        UniqueConstraint("id", "patient_id"),
        CheckConstraint("frequency in ('daily','weekly','monthly')", name="frequency_known"),
        CheckConstraint("every between 1 and 52", name="every"),
        CheckConstraint("(count is null) <> (until is null)", name="count_or_until"),
        CheckConstraint("count is null or count between 2 and 104", name="count"),
        Index("series_patient_id_ix", "patient_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"))
    frequency: Mapped[str]
    every: Mapped[int] = mapped_column(server_default=text("1"))
    count: Mapped[int | None]
    until: Mapped[dt.date | None]
    time_zone: Mapped[str]
    first_at: Mapped[datetime]
    created_at: Mapped[datetime]
    created_by: Mapped[UUID | None]


class WaitingWish(Base):
    """Somebody on the waiting list: which service, with whom (none: anybody), on which days and times.

    `appointment_id` is the visit they have and would give up; without one they have none. `weekdays` are ISO days,
    `earliest` and `latest` local days, `from_time` and `to_time` wall time that the visit has to lie in,
    `notice_minutes` how long before they must know, `urgency` 1 routine to 3 urgent. `ended_by_merge` is the merge of
    two records that both waited for this; undone, it wakes the wish again.
    """

    __tablename__ = "waiting_wish"
    __table_args__ = (
        UniqueConstraint("id", "patient_id"),
        CheckConstraint("status in ('waiting','taken','withdrawn','expired')", name="status_known"),
        CheckConstraint("urgency between 1 and 3", name="urgency"),
        CheckConstraint("notice_minutes between 0 and 20160", name="notice"),
        CheckConstraint("from_time < to_time", name="from_before_to"),
        CheckConstraint("latest is null or earliest <= latest", name="earliest_before_latest"),
        CheckConstraint("weekdays <@ array[1,2,3,4,5,6,7] and cardinality(weekdays) > 0", name="weekdays"),
        CheckConstraint("ended_by_merge is null or status = 'withdrawn'", name="ended_by_merge"),
        ForeignKeyConstraint(
            ["appointment_id", "patient_id"], ["appointment.id", "appointment.patient_id"], **TOGETHER
        ),
        Index("waiting_wish_service_id_ix", "service_id", postgresql_where=text("status = 'waiting'")),
        Index("waiting_wish_patient_id_ix", "patient_id"),
        Index(
            "waiting_wish_ended_by_merge_ix",
            "ended_by_merge",
            postgresql_where=text("ended_by_merge is not null"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"))
    service_id: Mapped[UUID] = mapped_column(ForeignKey("service.id"))
    location_id: Mapped[UUID | None] = mapped_column(ForeignKey("location.id"))
    provider_ids: Mapped[list[UUID]] = mapped_column(ARRAY(PGUUID), server_default=text("'{}'"))
    weekdays: Mapped[list[int]] = mapped_column(ARRAY(Integer), server_default=text("'{1,2,3,4,5,6,7}'"))
    from_time: Mapped[dt.time] = mapped_column(server_default=text("'00:00'"))
    to_time: Mapped[dt.time] = mapped_column(server_default=text("'23:59:59'"))
    earliest: Mapped[dt.date]
    latest: Mapped[dt.date | None]
    urgency: Mapped[int] = mapped_column(server_default=text("1"))
    notice_minutes: Mapped[int] = mapped_column(server_default=text("0"))
    appointment_id: Mapped[UUID | None]
    note: Mapped[str] = mapped_column(server_default=text("''"))
    status: Mapped[str] = mapped_column(server_default=text("'waiting'"))
    created_at: Mapped[datetime]
    created_by: Mapped[UUID | None]
    ended_at: Mapped[datetime | None]
    ended_by_merge: Mapped[UUID | None] = mapped_column(ForeignKey("patient_merge.id"))
    version: Mapped[int] = mapped_column(server_default=text("1"))

    patient: Mapped[Patient] = relationship(viewonly=True)
    service: Mapped[Service] = relationship(viewonly=True)


class WaitingOffer(Base):
    """A freed time that is held for one person of the list; `hold_id` is the held appointment that keeps it theirs.

    A wish has one open offer at most; when it is refused or lapses, the time goes to the next in line.
    """

    __tablename__ = "waiting_offer"
    __table_args__ = (
        CheckConstraint("outcome in ('open','accepted','refused','lapsed')", name="outcome_known"),
        CheckConstraint("(outcome = 'open') = (answered_at is null)", name="answered_at"),
        CheckConstraint("offered_at < expires_at", name="offered_before_expires"),
        ForeignKeyConstraint(["wish_id", "patient_id"], ["waiting_wish.id", "waiting_wish.patient_id"], **TOGETHER),
        ForeignKeyConstraint(["hold_id", "patient_id"], ["appointment.id", "appointment.patient_id"], **TOGETHER),
        UniqueConstraint("hold_id"),
        Index("waiting_offer_open_key", "wish_id", unique=True, postgresql_where=text("outcome = 'open'")),
        Index("waiting_offer_expires_at_ix", "expires_at", postgresql_where=text("outcome = 'open'")),
        Index("waiting_offer_patient_id_ix", "patient_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    wish_id: Mapped[UUID]
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"))
    hold_id: Mapped[UUID]
    offered_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    outcome: Mapped[str] = mapped_column(server_default=text("'open'"))

    hold: Mapped[Appointment] = relationship(
        viewonly=True, primaryjoin="WaitingOffer.hold_id == Appointment.id", foreign_keys="WaitingOffer.hold_id"
    )
