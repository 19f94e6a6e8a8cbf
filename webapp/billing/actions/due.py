"""How much of an invoice may still be charged to a card: what is due, less what other attempts are about to take."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select

from webapp.billing.attempt_refusals import BeingPaid, MoreThanDue, NotPayable
from webapp.billing.attempts import OPEN
from webapp.billing.models import Attempt, AttemptAllocation, Invoice, LedgerEntry
from webapp.db import db
from webapp.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from uuid import UUID


def check_due(shares: Mapping[UUID, int], patient_id: UUID, currency: str) -> None:
    """Lock the invoices by id and refuse more than is due of each, open attempts counted as if they were paid.

    Raises NotFound for what is not this patient's, NotPayable, BeingPaid and MoreThanDue.
    """
    invoices = lock_invoices(shares, patient_id)
    if any(one.status != "issued" or one.kind != "invoice" or one.currency != currency for one in invoices):
        raise NotPayable(patient=patient_id)
    # Later statements than the lock: they see what whoever held it before has written.
    due, under_way = due_of(shares), under_way_of(shares)
    for invoice, cents in shares.items():
        others = under_way.get(invoice, {})
        if cents + sum(others.values()) > due.get(invoice, 0):
            if others:
                raise BeingPaid(alternatives=list(others), patient=patient_id)
            raise MoreThanDue(field="amount", patient=patient_id)


def lock_invoices(ids: Iterable[UUID], patient_id: UUID) -> list[Invoice]:
    """Lock invoices of one patient by id (NotFound when one is not theirs)."""
    wanted = set(ids)
    query = select(Invoice).where(Invoice.id.in_(wanted), Invoice.patient_id == patient_id)
    found = db.session.scalars(
        query.order_by(Invoice.id).with_for_update().execution_options(populate_existing=True)
    ).all()
    if len(found) != len(wanted):
        raise NotFound
    return list(found)


def due_of(ids: Iterable[UUID]) -> dict[UUID, int]:
    """What patients still owe of invoices, in cents: the ledger's word."""
    query = select(LedgerEntry.invoice_id, func.sum(LedgerEntry.cents)).where(
        LedgerEntry.account == "patient_receivable", LedgerEntry.invoice_id.in_(list(ids))
    )
    rows = db.session.execute(query.group_by(LedgerEntry.invoice_id))
    return {invoice: int(cents) for invoice, cents in rows if invoice is not None}


def under_way_of(ids: Iterable[UUID]) -> dict[UUID, dict[UUID, int]]:
    """What open attempts are about to take: by invoice, then by attempt."""
    query = (
        select(AttemptAllocation.invoice_id, AttemptAllocation.attempt_id, AttemptAllocation.cents)
        .join(Attempt, Attempt.id == AttemptAllocation.attempt_id)
        .where(
            AttemptAllocation.invoice_id.in_(list(ids)),
            Attempt.state.in_([state.value for state in OPEN]),
            Attempt.settled_at.is_(None),
        )
    )
    found: dict[UUID, dict[UUID, int]] = {}
    for invoice, attempt, cents in db.session.execute(query):
        found.setdefault(invoice, {})[attempt] = cents
    return found
