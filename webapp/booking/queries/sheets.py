"""Visits of a day as they stand on paper, and as a provider sees their own."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, func, select
from sqlalchemy.dialects.postgresql import aggregate_order_by

from webapp.booking.models import Appointment
from webapp.booking.states import Status
from webapp.db import db
from webapp.patients.models import Patient, PatientAlert, PatientTelecom
from webapp.practice.hours import Span
from webapp.practice.models import Location, Room, Service

# A hold is nobody's visit yet, and what was canceled takes nobody's time.
NOT_ON_PAPER = (Status.HELD, Status.LAPSED, Status.CANCELLED)


@dataclass(frozen=True, slots=True)
class SheetVisit:
    """One visit with what the desk needs when no screen works; no clinical field."""

    id: UUID
    patient_id: UUID
    provider_id: UUID
    location_id: UUID
    location: str
    time_zone: str
    name: str
    birth_date: dt.date
    record_number: int
    phone: str
    service: str
    room: str
    note: str
    starts_at: datetime
    ends_at: datetime
    status: Status
    arrived_at: datetime | None
    started_at: datetime | None
    version: int
    alerts: tuple[str, ...]


def sheet_visits(location_id: UUID, span: Span) -> list[SheetVisit]:
    """Read the visits of a site that start in a span, by start, in one statement."""
    return _read(_visits().where(Appointment.location_id == location_id, *_within(span)))


def provider_visits(provider_id: UUID, span: Span) -> list[SheetVisit]:
    """Read the visits of a provider that start in a span, wherever they are, by start, in one statement."""
    return _read(_visits().where(Appointment.provider_id == provider_id, *_within(span)))


def _within(span: Span) -> tuple[ColumnElement[bool], ...]:
    return (
        Appointment.starts_at >= span.start,
        Appointment.starts_at < span.end,
        Appointment.status.not_in(NOT_ON_PAPER),
    )


def _visits() -> Select[*tuple[Any, ...]]:
    alerts = (
        select(func.array_agg(aggregate_order_by(PatientAlert.label, PatientAlert.position)))
        .where(PatientAlert.patient_id == Appointment.patient_id)
        .scalar_subquery()
    )
    phone = (
        select(PatientTelecom.value)
        .where(PatientTelecom.patient_id == Appointment.patient_id, PatientTelecom.system == "phone")
        .order_by(PatientTelecom.rank, PatientTelecom.id)
        .limit(1)
        .scalar_subquery()
    )
    return (
        select(Appointment, Patient, Location, Service.name, Room.name, phone, alerts)
        .join(Patient, Patient.id == Appointment.patient_id)
        .join(Location, Location.id == Appointment.location_id)
        .join(Service, Service.id == Appointment.service_id)
        .outerjoin(Room, Room.id == Appointment.room_id)
        .order_by(Appointment.starts_at, Appointment.id)
    )


def _read(query: Select[*tuple[Any, ...]]) -> list[SheetVisit]:
    return [_visit(row) for row in db.session.execute(query)]


def _visit(row: Row[*tuple[Any, ...]]) -> SheetVisit:
    visit, patient, location, service, room, phone, alerts = row
    labels: Collection[str] = alerts or ()
    return SheetVisit(
        id=visit.id,
        patient_id=patient.id,
        provider_id=visit.provider_id,
        location_id=location.id,
        location=location.name,
        time_zone=location.time_zone,
        name=patient.name,
        birth_date=patient.birth_date,
        record_number=patient.record_number,
        phone=phone or "",
        service=service,
        room=room or "",
        note=visit.note,
        starts_at=visit.starts_at,
        ends_at=visit.ends_at,
        status=Status(visit.status),
        arrived_at=visit.arrived_at,
        started_at=visit.started_at,
        version=visit.version,
        alerts=tuple(labels),
    )
