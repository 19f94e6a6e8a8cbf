"""Fees: an invoice of their own, or waived with the reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from webapp.billing.actions.issue import FEE_CATEGORY, issue
from webapp.billing.actions.posting import post_at, site
from webapp.billing.models import Invoice, InvoiceLine
from webapp.billing.refusals import MoneyReasonMissing, WrongAmountOfMoney
from webapp.booking.models import Appointment
from webapp.db import db
from webapp.errors import NotFound
from webapp.ids import new_id

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID


@dataclass(frozen=True, slots=True)
class FeeRequest:
    """What a visit that did not take place costs, as its service says, and what the invoice calls it."""

    appointment_id: UUID
    cents: int
    label: str


def charge_fee(request: FeeRequest, *, actor: UUID | None, at: datetime) -> Invoice:
    """Charge a fee on an invoice of its own, which a deposit for the visit pays.

    Raises NotFound, BilledAlready, WrongAmountOfMoney or NoMoneyHere.
    """
    return issue(_draft(request, actor=actor, at=at).id, actor=actor, at=at)


def waive_fee(request: FeeRequest, reason: str, *, actor: UUID | None, at: datetime) -> Invoice:
    """Keep the fee that was not charged, with the reason (NotFound, MoneyReasonMissing, NoMoneyHere)."""
    invoice = _draft(request, actor=actor, at=at)
    if not reason.strip():
        raise MoneyReasonMissing(field="reason", patient=invoice.patient_id)
    invoice.status, invoice.void_reason = "void_draft", reason.strip()
    db.session.flush()
    return invoice


def _draft(request: FeeRequest, *, actor: UUID | None, at: datetime) -> Invoice:
    visit = db.session.get(Appointment, request.appointment_id)
    if visit is None:
        raise NotFound
    if request.cents <= 0:
        raise WrongAmountOfMoney(field="amount", patient=visit.patient_id)
    location = site(visit.location_id)
    invoice = Invoice(
        id=new_id(), patient_id=visit.patient_id, location_id=location.id, appointment_id=visit.id, purpose="fee",
        currency=post_at(location, at, visit.patient_id).currency, created_at=at, created_by=actor,
    )  # fmt: skip
    db.session.add(invoice)
    db.session.flush()
    db.session.add(
        InvoiceLine(
            id=new_id(), invoice_id=invoice.id, patient_id=visit.patient_id, position=1, service_id=visit.service_id,
            label=request.label, unit_cents=request.cents, category=FEE_CATEGORY,
        )
    )  # fmt: skip
    db.session.flush()
    return invoice
