"""What a desk takes money with, what it took, and who owes for how long."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from webapp.billing.attempts import FINAL, State
from webapp.billing.models import (
    Attempt,
    AttemptAllocation,
    CardOnFile,
    Drawer,
    DrawerDay,
    Invoice,
    InvoiceLine,
    LedgerEntry,
    Payment,
    Refund,
)
from webapp.billing.queries.balances import held_by
from webapp.db import db
from webapp.errors import NotFound
from webapp.identity.models import Account
from webapp.patients.models import Patient
from webapp.practice.models import Location

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

MOST = 200


@dataclass(frozen=True, slots=True)
class OpenDrawer:
    """A cash drawer that takes money now, and who opened it."""

    id: UUID
    name: str
    opened_by: str


@dataclass(frozen=True, slots=True)
class Draft:
    """An invoice that waits to be issued."""

    invoice_id: UUID
    patient_id: UUID
    patient: str
    created_at: datetime
    text: str
    cents: int
    currency: str


@dataclass(frozen=True, slots=True)
class Taken:
    """A payment with what is left of it, where it lies, and what went back; cents."""

    payment: Payment
    patient: Patient
    location: Location
    by: str
    attempt: Attempt | None
    paid: Sequence[tuple[UUID, str, int]]
    credit: int
    deposit: int
    back: Sequence[tuple[Refund, str]]
    on_their_way: Sequence[Attempt]

    @property
    def left(self) -> int:
        """Cents that could still go back."""
        kept = sum(cents for _, _, cents in self.paid) + self.credit + self.deposit
        return kept - sum(each.cents for each in self.on_their_way)


def open_drawers(location_id: UUID) -> list[OpenDrawer]:
    """Cash drawers of a location that are open, by name."""
    query = (
        select(Drawer.id, Drawer.name, Account.display_name)
        .join(DrawerDay, (DrawerDay.drawer_id == Drawer.id) & DrawerDay.closed_at.is_(None))
        .outerjoin(Account, Account.id == DrawerDay.opened_by)
        .where(Drawer.location_id == location_id, Drawer.kind == "cash", Drawer.retired_at.is_(None))
        .order_by(Drawer.name)
    )
    return [OpenDrawer(row[0], row[1], row[2] or "") for row in db.session.execute(query)]


def cards_of(people: Collection[UUID], gateway: str) -> list[CardOnFile]:
    """Cards that some records let the clinic keep, the newest first."""
    query = select(CardOnFile).where(
        CardOnFile.patient_id.in_(list(people)), CardOnFile.retired_at.is_(None), CardOnFile.gateway == gateway
    )
    return list(db.session.scalars(query.order_by(CardOnFile.added_at.desc(), CardOnFile.id)))


def place_of(invoice_id: UUID) -> UUID | None:
    """Where an invoice that can be paid was made out; None for anything else."""
    query = select(Invoice.location_id).where(Invoice.id == invoice_id, Invoice.status == "issued")
    return db.session.scalar(query.where(Invoice.kind == "invoice"))


def owners_of(invoices: Collection[UUID]) -> set[UUID]:
    """Whose some invoices are (NotFound when one is not there)."""
    query = select(Invoice.id, Invoice.patient_id).where(Invoice.id.in_(list(invoices)))
    found = {row.id: row.patient_id for row in db.session.execute(query)}
    if found.keys() != set(invoices):
        raise NotFound
    return set(found.values())


def waiting_drafts(ids: Collection[UUID]) -> list[Draft]:
    """Some drafts with what stands on them, the oldest first."""
    net = func.sum(InvoiceLine.quantity * InvoiceLine.unit_cents - InvoiceLine.discount_cents)
    query = (
        select(Invoice, Patient.given, Patient.family, func.min(InvoiceLine.label), func.coalesce(net, 0))
        .join(Patient, Patient.id == Invoice.patient_id)
        .outerjoin(InvoiceLine, InvoiceLine.invoice_id == Invoice.id)
        .where(Invoice.id.in_(list(ids)))
        .group_by(Invoice.id, Patient.id)
        .order_by(Invoice.created_at, Invoice.id)
    )
    return [
        Draft(
            invoice.id, invoice.patient_id, f"{given} {family}", invoice.created_at, label or "", int(cents),
            invoice.currency,
        )
        for invoice, given, family, label, cents in db.session.execute(query)
    ]  # fmt: skip


def taken(payment_id: UUID) -> Taken:
    """A payment with everything about it (NotFound)."""
    payment = db.session.get(Payment, payment_id)
    if payment is None:
        raise NotFound
    held = held_by([payment.id]).get(payment.id, {})
    by = db.session.scalar(select(Account.display_name).where(Account.id == payment.actor_id))
    back = (
        select(Refund, Account.display_name)
        .outerjoin(Account, Account.id == Refund.actor_id)
        .where(Refund.payment_id == payment.id)
        .order_by(Refund.at, Refund.id)
    )
    going = select(Attempt).where(
        Attempt.payment_id == payment.id,
        Attempt.state.not_in([state.value for state in FINAL]),
        Attempt.settled_at.is_(None),
    )
    return Taken(
        payment=payment,
        patient=db.session.get_one(Patient, payment.patient_id),
        location=db.session.get_one(Location, payment.location_id),
        by=by or "",
        attempt=None if payment.attempt_id is None else db.session.get(Attempt, payment.attempt_id),
        paid=_paid(payment.id),
        credit=held.get("credits", 0),
        deposit=held.get("deposits", 0),
        back=[(row[0], row[1] or "") for row in db.session.execute(back)],
        on_their_way=db.session.scalars(going.order_by(Attempt.created_at)).all(),
    )


def attempt(attempt_id: UUID) -> Attempt:
    """An attempt with its timeline (NotFound)."""
    parts = (joinedload(Attempt.events), joinedload(Attempt.allocations))
    query = select(Attempt).where(Attempt.id == attempt_id).options(*parts)
    found = db.session.scalars(query).unique().one_or_none()
    if found is None:
        raise NotFound
    return found


def uncollected(payments: Collection[UUID]) -> dict[UUID, Attempt]:
    """Payments by card whose money has not come (yet), with their attempt."""
    query = (
        select(Payment.id, Attempt)
        .join(Attempt, Attempt.id == Payment.attempt_id)
        .where(Payment.id.in_(list(payments)), Attempt.state != State.CAPTURED.value)
    )
    return {row[0]: row[1] for row in db.session.execute(query)}


def last_receipt(payments: Collection[UUID]) -> UUID | None:
    """The receipt of the latest of some payments."""
    query = select(Payment.receipt_id).where(Payment.id.in_(list(payments)))
    return db.session.scalars(query.order_by(Payment.at.desc(), Payment.id.desc()).limit(1)).first()


def receipt_of(attempt_id: UUID) -> UUID | None:
    """The receipt of what an attempt paid."""
    return db.session.scalar(select(Payment.receipt_id).where(Payment.attempt_id == attempt_id))


def numbers_of(invoices: Collection[UUID]) -> dict[UUID, str]:
    """Invoices by id as people call them."""
    query = select(Invoice).where(Invoice.id.in_(list(invoices)))
    return {each.id: each.shown_number for each in db.session.scalars(query)}


def payment_of(attempt_id: UUID) -> UUID | None:
    """The payment that an attempt became."""
    return db.session.scalar(select(Payment.id).where(Payment.attempt_id == attempt_id))


def attempts_for(invoice_id: UUID) -> list[Attempt]:
    """Attempts to pay an invoice that brought no payment (yet), the first one first."""
    query = (
        select(Attempt)
        .join(AttemptAllocation, AttemptAllocation.attempt_id == Attempt.id)
        .where(AttemptAllocation.invoice_id == invoice_id, Attempt.settled_at.is_(None))
        .order_by(Attempt.created_at, Attempt.id)
    )
    return list(db.session.scalars(query))


def names_of(accounts: Collection[UUID]) -> dict[UUID, str]:
    """What colleagues are called."""
    query = select(Account.id, Account.display_name).where(Account.id.in_(list(accounts)))
    return {row.id: row.display_name for row in db.session.execute(query)}


def failed_captures() -> list[Attempt]:
    """Charges that could not be collected, the newest first: their invoices are owed again."""
    query = select(Attempt).where(Attempt.state == State.CAPTURE_FAILED.value).order_by(Attempt.created_at.desc())
    return list(db.session.scalars(query.limit(MOST)))


def _paid(payment_id: UUID) -> list[tuple[UUID, str, int]]:
    """Invoices that a payment pays now, with how much, the oldest first."""
    query = (
        select(Invoice, -func.sum(LedgerEntry.cents))
        .join(LedgerEntry, LedgerEntry.invoice_id == Invoice.id)
        .where(LedgerEntry.payment_id == payment_id, LedgerEntry.account == "patient_receivable")
        .group_by(Invoice.id)
        .having(func.sum(LedgerEntry.cents) < 0)
        .order_by(Invoice.issued_at)
    )
    return [(invoice.id, invoice.shown_number, int(cents)) for invoice, cents in db.session.execute(query)]
