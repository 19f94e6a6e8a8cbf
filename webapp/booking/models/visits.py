"""Appointments and what happened to them."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import UUID as PGUUID
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.db import Base
from webapp.patients.models import Patient
from webapp.practice.models import ARRIVAL_CHECKS, LATTICE_MINUTES, Location, Provider, Room, Service

LATTICE_SECONDS = LATTICE_MINUTES * 60
_STATUSES = "('held','lapsed','booked','confirmed','arrived','in_room','finished','cancelled','noshow')"


TOGETHER: dict[str, Any] = {"deferrable": True, "initially": "IMMEDIATE"}
"""Of keys to a row of the same patient: a merge points both at another record, one after the other."""


class Appointment(Base):
    """A visit that is planned or took place; live ones own occupancy, exactly, by a deferred trigger.

    `starts_at`/`ends_at` are the patient's time; the buffers, copied from the service when booked, lengthen only the
    provider's and room's. `released_at` shortens a visit that ended early. `lane` above 0 is permitted overbooking.
    `held_until` and `payment_open` belong to holds. `version` counts changes. `equipment_ids` are resources as the room
    is. A seat of a group visit (`group_session_id`, `seat_no`) occupies the patient only. `series_id` ties repeated
    visits together, `together_id` visits of one coming (the nurse, then the doctor). `arrival_checks` are those done.
    """

    __tablename__ = "appointment"
    __table_args__ = (
        UniqueConstraint("id", "patient_id"),
        CheckConstraint(f"status in {_STATUSES}", name="status_known"),
        CheckConstraint("starts_at < ends_at", name="starts_before_ends"),
        CheckConstraint(
            f"extract(epoch from starts_at) % {LATTICE_SECONDS} = 0"
            f" and extract(epoch from ends_at) % {LATTICE_SECONDS} = 0",
            name="on_lattice",
        ),
        CheckConstraint("(status = 'held') = (held_until is not null)", name="held_until"),
        CheckConstraint("payment_open is false or status = 'held'", name="payment_open"),
        CheckConstraint("(lane = 0) = (overbook_reason is null) and lane between 0 and 9", name="overbook_reason"),
        CheckConstraint("status <> 'cancelled' or cancel_reason is not null", name="cancel_reason"),
        CheckConstraint("price_cents >= 0", name="price"),
        CheckConstraint("via in ('desk','phone','portal','walk_in')", name="via_known"),
        CheckConstraint("(group_session_id is null) = (seat_no is null)", name="seat"),
        CheckConstraint("seat_no is null or seat_no > 0", name="seat_no"),
        CheckConstraint("cardinality(equipment_ids) <= 8", name="equipment"),
        CheckConstraint(f"arrival_checks <@ {ARRIVAL_CHECKS}", name="arrival_checks"),
        ForeignKeyConstraint(["series_id", "patient_id"], ["series.id", "series.patient_id"], **TOGETHER),
        Index(
            "appointment_seat_key",
            "group_session_id",
            "seat_no",
            unique=True,
            postgresql_where=text("status not in ('lapsed', 'cancelled', 'noshow')"),
        ),
        Index("appointment_series_id_ix", "series_id", postgresql_where=text("series_id is not null")),
        Index("appointment_together_id_ix", "together_id", postgresql_where=text("together_id is not null")),
        Index("appointment_held_until_ix", "held_until", postgresql_where=text("status = 'held'")),
        Index("appointment_location_id_starts_at_ix", "location_id", "starts_at"),
        Index("appointment_provider_id_starts_at_ix", "provider_id", "starts_at"),
        Index("appointment_patient_id_starts_at_ix", "patient_id", "starts_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"))
    service_id: Mapped[UUID] = mapped_column(ForeignKey("service.id"))
    provider_id: Mapped[UUID] = mapped_column(ForeignKey("provider.id"))
    room_id: Mapped[UUID | None] = mapped_column(ForeignKey("room.id"))
    location_id: Mapped[UUID] = mapped_column(ForeignKey("location.id"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    buffer_before_minutes: Mapped[int] = mapped_column(server_default=text("0"))
    buffer_after_minutes: Mapped[int] = mapped_column(server_default=text("0"))
    status: Mapped[str]
    lane: Mapped[int] = mapped_column(server_default=text("0"))
    overbook_reason: Mapped[str | None]
    held_until: Mapped[datetime | None]
    payment_open: Mapped[bool] = mapped_column(server_default=text("false"))
    price_cents: Mapped[int]
    currency: Mapped[str] = mapped_column(server_default=text("'USD'"))
    via: Mapped[str] = mapped_column(server_default=text("'desk'"))
    note: Mapped[str] = mapped_column(server_default=text("''"))
    booked_at: Mapped[datetime]
    booked_by: Mapped[UUID | None]
    arrived_at: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    released_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]
    cancel_reason: Mapped[str | None]
    version: Mapped[int] = mapped_column(server_default=text("1"))
    equipment_ids: Mapped[list[UUID]] = mapped_column(ARRAY(PGUUID), server_default=text("'{}'"))
    group_session_id: Mapped[UUID | None] = mapped_column(ForeignKey("group_session.id"))
    seat_no: Mapped[int | None]
    series_id: Mapped[UUID | None]
    together_id: Mapped[UUID | None]
    arrival_checks: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))

    patient: Mapped[Patient] = relationship(viewonly=True)
    service: Mapped[Service] = relationship(viewonly=True)
    provider: Mapped[Provider] = relationship(viewonly=True)
    room: Mapped[Room | None] = relationship(viewonly=True)
    location: Mapped[Location] = relationship(viewonly=True)


class AppointmentHistory(Base):
    """One step of an appointment's life, written by a trigger: a new status, or a new time, provider, room or site.

    `patient_id` is whose visit it was then: a merge of two records changes no history. `version` is the one it led to;
    steps from before the front desk was complete know only where and when.
    """

    __tablename__ = "appointment_history"
    __table_args__ = (Index("appointment_history_appointment_id_ix", "appointment_id", "id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    appointment_id: Mapped[UUID] = mapped_column(ForeignKey("appointment.id"))
    patient_id: Mapped[UUID]
    at: Mapped[datetime]
    actor: Mapped[UUID | None]
    from_status: Mapped[str | None]
    to_status: Mapped[str]
    starts_at: Mapped[datetime]
    provider_id: Mapped[UUID]
    room_id: Mapped[UUID | None]
    location_id: Mapped[UUID | None]
    equipment_ids: Mapped[list[UUID] | None] = mapped_column(ARRAY(PGUUID))
    ends_at: Mapped[datetime | None]
    lane: Mapped[int | None]
    overbook_reason: Mapped[str | None]
    version: Mapped[int | None]
