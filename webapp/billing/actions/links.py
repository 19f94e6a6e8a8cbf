"""Links by which somebody without an account pays an invoice: made, ended, and what a press on their page asks for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import update

from webapp.billing.actions.attempts import Wanted, find, open_attempt
from webapp.billing.actions.posting import lock_invoices
from webapp.billing.attempt_refusals import NotPayable
from webapp.billing.models import PaymentLink
from webapp.billing.queries.balances import due_of, reserved_of
from webapp.billing.queries.links import going_for, live
from webapp.billing.refusals import DueChanged, LinkOver, NoMoneyHere
from webapp.db import db, reaches
from webapp.ids import new_id

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from webapp.billing.models import Attempt
    from webapp.idempotency import Claim

LASTS = timedelta(days=30)
"""How long a link can be used when nobody ends it."""


@dataclass(frozen=True, slots=True)
class PayByLink:
    """A press on the page of a link: `seen` is the amount that the page showed, in cents."""

    token_hash: bytes
    seen: int
    currency: str
    gateway: str
    once: Claim
    lasts: timedelta


def make_link(link_id: UUID, invoice_id: UUID, token_hash: bytes, *, actor: UUID | None, at: datetime) -> PaymentLink:
    """Make a link to an invoice in place of the one before (NotFound, NotPayable, NoMoneyHere).

    Only the hash of its token is kept: who reads the table can pay for nobody.
    """
    (invoice,) = lock_invoices([invoice_id]).values()
    if not reaches(invoice.location_id):
        raise NoMoneyHere(patient=invoice.patient_id)
    if invoice.status != "issued" or invoice.kind != "invoice" or due_of([invoice_id]).get(invoice_id, 0) <= 0:
        raise NotPayable(patient=invoice.patient_id)
    _revoke(invoice_id, at)
    made = PaymentLink(
        id=link_id,
        invoice_id=invoice_id,
        patient_id=invoice.patient_id,
        token_hash=token_hash,
        created_at=at,
        created_by=actor,
        expires_at=at + LASTS,
    )
    db.session.add(made)
    db.session.flush()
    return made


def end_link(invoice_id: UUID, *, at: datetime) -> UUID:
    """End the link of an invoice, whose patient is returned (NotFound); what is being paid by it goes on."""
    (invoice,) = lock_invoices([invoice_id]).values()
    if not reaches(invoice.location_id):
        raise NoMoneyHere(patient=invoice.patient_id)
    _revoke(invoice_id, at)
    return invoice.patient_id


def pay_by_link(wanted: PayByLink, *, at: datetime) -> Attempt:
    """Open the attempt on whose page the invoice of a link is paid, or return the one that is open.

    Asks for all that is due and not on its way.  Raises LinkOver, DueChanged when that is not what the page showed,
    and what opening an attempt raises.
    """
    before = find(wanted.once, None)
    if before is not None:
        return before
    link = live(wanted.token_hash, at)
    if link is None:
        raise LinkOver
    (invoice,) = lock_invoices([link.invoice_id]).values()
    going = going_for(invoice.id, at)
    if going is not None:
        return going
    # Later than the lock: what others have paid or are about to pay counts.
    free = due_of([invoice.id]).get(invoice.id, 0) - reserved_of([invoice.id]).get(invoice.id, 0)
    if free != wanted.seen or invoice.currency != wanted.currency:
        raise DueChanged(patient=invoice.patient_id, alternatives=[free])
    order = Wanted(
        id=new_id(),
        patient_id=invoice.patient_id,
        location_id=invoice.location_id,
        purpose="invoice",
        gateway=wanted.gateway,
        method="payment_link",
        cents=free,
        currency=invoice.currency,
        once=wanted.once,
        shares={invoice.id: free},
        lasts=wanted.lasts,
    )
    return open_attempt(order, actor=None, at=at)


def _revoke(invoice_id: UUID, at: datetime) -> None:
    live_one = (PaymentLink.invoice_id == invoice_id) & PaymentLink.revoked_at.is_(None)
    db.session.execute(update(PaymentLink).where(live_one).values(revoked_at=at))
