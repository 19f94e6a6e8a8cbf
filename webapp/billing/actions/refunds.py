"""Give money back, the way it came; and take back what never came."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from webapp.billing import ledger
from webapp.billing.actions.drawers import cash_account, open_count
from webapp.billing.actions.pay import BY_CARD
from webapp.billing.actions.posting import books_of, lock_invoices, lock_payments, post_at, site, told, write
from webapp.billing.models import Attempt, LedgerEntry, Payment, Refund
from webapp.billing.postings import Account, AccountKind
from webapp.billing.queries.balances import refundable
from webapp.billing.refusals import MoneyReasonMissing, MoreThanWasPaid, NothingLeft, WrongWayBack
from webapp.db import db
from webapp.errors import NotFound
from webapp.ids import new_id
from webapp.money import Money

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from webapp.practice.models import Location

ON_THEIR_WAY = ("created", "authorising", "unknown", "refunding")
_WAYS = {"cash": "cash", "check": "check", "bank_transfer": "bank_transfer", **dict.fromkeys(BY_CARD, "card")}


@dataclass(frozen=True, slots=True)
class RefundRequest:
    """How much of a payment goes back, why, and how: by card with its attempt, in cash from an open drawer.

    `rule` "cancellation" is what a service's rule grants for a visit that is cancelled; anything else is "decided".
    `location_id` is where it goes back, of the payment's own location unless another is named.
    """

    payment_id: UUID
    cents: int
    reason: str
    method: str | None = None
    rule: str = "decided"
    drawer_id: UUID | None = None
    attempt_id: UUID | None = None
    reference: str = ""
    location_id: UUID | None = None


def way_back(payment: Payment) -> str:
    """The way a payment's money goes back: "card", "cash", "check" or "bank_transfer"."""
    return _WAYS[payment.method]


def refund(request: RefundRequest, *, actor: UUID | None, at: datetime) -> Refund:
    """Give money back: credit and deposit first, then what it paid, whose invoices are owed again, the newest first.

    Desks that race queue at the payment's row, so never more goes back than came.  Raises NotFound, MoneyReasonMissing,
    WrongWayBack, WrongAmountOfMoney, MoreThanWasPaid, DrawerClosed, NeedsLeave or NoMoneyHere.
    """
    payment = lock_with_invoices(request.payment_id)
    if not request.reason.strip():
        raise MoneyReasonMissing(field="reason", patient=payment.patient_id)
    method = request.method or way_back(payment)
    if method != way_back(payment) or (method == "card") != (request.attempt_id is not None):
        raise WrongWayBack(field="method", patient=payment.patient_id)
    location = site(request.location_id or payment.location_id)
    post = post_at(location, at, payment.patient_id)
    check_left(payment, request.cents, but=request.attempt_id)
    books = books_of(payment.currency, payments=[payment.id])
    out_of = _out_of(method, request.drawer_id, location, actor=actor, at=at)
    with told(patient=payment.patient_id, field="amount", currency=payment.currency):
        made = ledger.refund(books, post, payment.id, request.cents, out_of, request.reason.strip())
    row = Refund(
        id=new_id(), payment_id=payment.id, patient_id=payment.patient_id, location_id=location.id,
        transaction_id=made.id, rule=request.rule, method=method, cents=request.cents, reason=request.reason.strip(),
        drawer_id=out_of.drawer_id, attempt_id=request.attempt_id, reference=request.reference.strip()[:200], at=at,
        actor_id=actor,
    )  # fmt: skip
    write([made], row, actor=actor)
    if request.attempt_id is not None:
        db.session.get_one(Attempt, request.attempt_id).settled_at = at
        db.session.flush()
    return row


def check_left(payment: Payment, cents: int, *, but: UUID | None = None) -> None:
    """Refuse more than a locked payment has left, refunds on their way (but one's own) counted as gone."""
    query = select(func.coalesce(func.sum(Attempt.cents), 0)).where(
        Attempt.payment_id == payment.id, Attempt.state.in_(ON_THEIR_WAY), Attempt.settled_at.is_(None)
    )
    if but is not None:
        query = query.where(Attempt.id != but)
    left = refundable(payment.id) - int(db.session.scalar(query) or 0)
    if cents > left:
        shown = (Money(left, payment.currency),) if left > 0 else ()
        raise MoreThanWasPaid(field="amount", patient=payment.patient_id, alternatives=shown)


def payment_failed(payment_id: UUID, reason: str, *, actor: UUID | None, at: datetime) -> None:
    """Take back a payment whose money never came: what it paid is owed again (NotFound, NothingLeft)."""
    payment = lock_with_invoices(payment_id)
    if payment.method not in BY_CARD:
        raise NotFound
    location = site(payment.location_id)
    books = books_of(payment.currency, payments=[payment.id])
    if not books.refundable(payment.id):
        raise NothingLeft(patient=payment.patient_id)
    out_of = open_count(location, "cards", actor=actor, at=at)
    post = post_at(location, at, payment.patient_id)
    with told(patient=payment.patient_id):
        made = ledger.payment_failed(books, post, payment.id, payment.transaction_id, out_of, reason)
    write([made], actor=actor)


def lock_with_invoices(payment_id: UUID) -> Payment:
    """Lock a payment after the invoices it paid, which are owed again when it goes back (NotFound)."""
    lock_invoices(paid_invoices(payment_id))
    payment = lock_payments([payment_id])[payment_id]
    # Credit that paid another one meanwhile: out of order, but no later change can be missed now.
    lock_invoices(paid_invoices(payment_id))
    return payment


def paid_invoices(payment_id: UUID) -> list[UUID]:
    """Invoices that a payment is in."""
    query = select(LedgerEntry.invoice_id).where(
        LedgerEntry.payment_id == payment_id, LedgerEntry.invoice_id.is_not(None)
    )
    return sorted({each for each in db.session.scalars(query) if each is not None})


def _out_of(method: str, drawer_id: UUID | None, location: Location, *, actor: UUID | None, at: datetime) -> Account:
    if method == "cash":
        return cash_account(drawer_id, location)
    if method == "card":
        return open_count(location, "cards", actor=actor, at=at)
    return Account(AccountKind.BANK_CLEARING, location_id=location.id)
