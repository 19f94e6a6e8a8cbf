"""What is left to do about money: visits without an invoice, drafts, credit that pays nothing, attempts that hang."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import exists, func, literal_column, select

from webapp.billing.models import Attempt, Invoice, InvoiceLine, LedgerEntry, Payment
from webapp.billing.queries.attempts import IS_OPEN
from webapp.booking.models import Appointment
from webapp.booking.states import Status
from webapp.db import db
from webapp.patients.models import Patient
from webapp.practice.models import Location, Provider, Service, name_of

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

MOST = 200
_LONGEST_VISIT = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Unbilled:
    """A finished visit that nobody was asked to pay for; `draft_id` is the draft that waits, if there is one."""

    appointment_id: UUID
    patient_id: UUID
    patient: str
    starts_at: datetime
    service: str
    provider: str
    cents: int
    currency: str
    draft_id: UUID | None


@dataclass(frozen=True, slots=True)
class Credit:
    """Money of a patient that pays nothing yet."""

    patient_id: UUID
    patient: str
    cents: int
    since: datetime


@dataclass(frozen=True, slots=True)
class Hanging:
    """An attempt that is not at its end."""

    id: UUID
    patient_id: UUID
    patient: str
    direction: str
    state: str
    code: str
    cents: int
    currency: str
    created_at: datetime


def finished_without_invoice(since: datetime, until: datetime) -> list[UUID]:
    """Finished visits of a while that never had an invoice, not even one that is void; for the job that drafts them."""
    query = select(Appointment.id).where(
        # Every location by name, because the index of visits by time begins with it.
        Appointment.location_id.in_(list(db.session.scalars(select(Location.id)))),
        Appointment.status == Status.FINISHED.value,
        Appointment.starts_at.between(since, until),
        ~exists().where(Invoice.appointment_id == Appointment.id),
    )
    return list(db.session.scalars(query.order_by(Appointment.starts_at, Appointment.id).limit(MOST)))


def unbilled(location_id: UUID, since: datetime, until: datetime) -> list[Unbilled]:
    """Finished visits of a location in a while that have no issued and no void invoice, by start."""
    settled = exists().where(Invoice.appointment_id == Appointment.id, Invoice.status.in_(["issued", "void_draft"]))
    draft = (
        select(Invoice.id)
        .where(Invoice.appointment_id == Appointment.id, Invoice.status == "draft")
        .limit(1)
        # Said, because inside `asked` the visit stands two levels up, where it would not be found by itself.
        .correlate(Appointment)
        .scalar_subquery()
    )
    asked = (
        select(func.sum(InvoiceLine.quantity * InvoiceLine.unit_cents - InvoiceLine.discount_cents))
        .where(InvoiceLine.invoice_id == draft)
        .correlate(Appointment)
        .scalar_subquery()
    )
    query = (
        select(Appointment, Patient, Service.name, Provider, draft.label("draft"), asked.label("asked"))
        .join(Patient, Patient.id == Appointment.patient_id)
        .join(Service, Service.id == Appointment.service_id)
        .join(Provider, Provider.id == Appointment.provider_id)
        .where(
            Appointment.location_id == location_id,
            Appointment.starts_at >= since,
            Appointment.starts_at < until,
            Appointment.status == Status.FINISHED.value,
            ~settled,
        )
        .order_by(Appointment.starts_at, Appointment.id)
        .limit(MOST)
    )
    return [
        Unbilled(
            visit.id, visit.patient_id, patient.name, visit.starts_at, service,
            name_of(who.prefix, who.given, who.family, who.credential),
            visit.price_cents if cents is None else int(cents), visit.currency, draft_id,
        )
        for visit, patient, service, who, draft_id, cents in db.session.execute(query)
    ]  # fmt: skip


def unapplied_credit() -> list[Credit]:
    """Who has credit, the oldest first."""
    held = (
        select(Payment.patient_id, -func.sum(LedgerEntry.cents).label("cents"), func.min(Payment.at).label("since"))
        .join(Payment, Payment.id == LedgerEntry.payment_id)
        .where(LedgerEntry.account == "credits")
        .group_by(Payment.patient_id)
        .having(func.sum(LedgerEntry.cents) < 0)
        .order_by(func.min(Payment.at))
        .limit(MOST)
    )
    rows = list(db.session.execute(held))
    names = _names([row[0] for row in rows])
    return [Credit(patient, names[patient], int(cents), since) for patient, cents, since in rows]


def open_attempts() -> list[Hanging]:
    """Attempts that are not at their end, the oldest first; a capture that failed is for the desk to look at."""
    query = select(Attempt).where(IS_OPEN).order_by(Attempt.created_at).limit(MOST)
    found = list(db.session.scalars(query))
    names = _names([each.patient_id for each in found])
    return [
        Hanging(
            each.id, each.patient_id, names[each.patient_id], each.direction, each.state, each.code, each.cents,
            each.currency, each.created_at,
        )
        for each in found
    ]  # fmt: skip


def drafts(location_id: UUID) -> list[UUID]:
    """Drafts of a location, the oldest first."""
    query = select(Invoice.id).where(Invoice.location_id == location_id, Invoice.status == literal_column("'draft'"))
    return list(db.session.scalars(query.order_by(Invoice.created_at, Invoice.id).limit(MOST)))


def _names(people: Collection[UUID]) -> dict[UUID, str]:
    query = select(Patient.id, Patient.given, Patient.family).where(Patient.id.in_(list(people)))
    return {row.id: f"{row.given} {row.family}" for row in db.session.execute(query)}
