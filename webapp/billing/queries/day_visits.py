"""Visits of a day that need a look before it is closed: still open, or not paid."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, select

from webapp.billing.models import Invoice, LedgerEntry
from webapp.booking.models import Appointment
from webapp.booking.states import Status
from webapp.db import db
from webapp.patients.models import Patient
from webapp.practice.models import Provider, Service, name_of

if TYPE_CHECKING:
    from webapp.practice.hours import Span

MOST = 200
STILL_OPEN = (Status.BOOKED, Status.CONFIRMED, Status.ARRIVED, Status.IN_ROOM)


@dataclass(frozen=True, slots=True)
class DayVisit:
    """A visit of the day that needs a look; `cents` is what is owed for it."""

    id: UUID
    patient_id: UUID
    patient: str
    starts_at: dt.datetime
    service: str
    provider: str
    status: Status
    cents: int = 0
    invoice_id: UUID | None = None
    number: str = ""


def visit_counts(location_id: UUID, span: Span) -> dict[Status, int]:
    """How many visits of a site and span stand where; holds are no visits."""
    query = (
        select(Appointment.status, func.count())
        .where(*_of_day(location_id, span), Appointment.status.not_in([Status.HELD.value, Status.LAPSED.value]))
        .group_by(Appointment.status)
    )
    return {Status(status): int(number) for status, number in db.session.execute(query)}


def open_visits(location_id: UUID, span: Span) -> list[DayVisit]:
    """Visits of a site and span that nobody has finished, canceled or missed, by start."""
    statuses = [status.value for status in STILL_OPEN]
    query = _visits().where(*_of_day(location_id, span), Appointment.status.in_(statuses))
    return [_visit(*row) for row in db.session.execute(query.limit(MOST))]


def unpaid_visits(location_id: UUID, span: Span) -> list[DayVisit]:
    """Finished visits of a site and span whose issued invoice the patient still owes for, by start."""
    owed = func.sum(LedgerEntry.cents)
    query = (
        _visits()
        .add_columns(owed, Invoice)
        .join(Invoice, Invoice.appointment_id == Appointment.id)
        .join(LedgerEntry, and_(LedgerEntry.invoice_id == Invoice.id, LedgerEntry.account == "patient_receivable"))
        .where(*_of_day(location_id, span), Appointment.status == Status.FINISHED.value)
        .group_by(Appointment.id, Patient.id, Service.id, Provider.id, Invoice.id)
        .having(owed > 0)
        .limit(MOST)
    )
    return [
        _visit(visit, patient, service, provider, int(cents), invoice)
        for visit, patient, service, provider, cents, invoice in db.session.execute(query)
    ]


def _visits() -> Select[*tuple[Any, ...]]:
    return (
        select(Appointment, Patient, Service, Provider)
        .join(Patient, Patient.id == Appointment.patient_id)
        .join(Service, Service.id == Appointment.service_id)
        .join(Provider, Provider.id == Appointment.provider_id)
        .order_by(Appointment.starts_at, Appointment.id)
    )


def _of_day(location_id: UUID, span: Span) -> Iterable[ColumnElement[bool]]:
    starts = Appointment.starts_at
    return (Appointment.location_id == location_id, starts >= span.start, starts < span.end)


def _visit(
    visit: Appointment,
    patient: Patient,
    service: Service,
    who: Provider,
    cents: int = 0,
    invoice: Invoice | None = None,
) -> DayVisit:
    return DayVisit(
        visit.id, visit.patient_id, patient.name, visit.starts_at, service.name,
        name_of(who.prefix, who.given, who.family, who.credential), Status(visit.status), cents,
        None if invoice is None else invoice.id, "" if invoice is None else invoice.shown_number,
    )  # fmt: skip
