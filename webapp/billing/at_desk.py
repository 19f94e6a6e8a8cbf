"""One press of "Take payment": what was typed against what is owed, then money by card or into somebody's hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask_babel import gettext as _

from webapp.billing import charging, service
from webapp.billing.actions.attempts import Wanted, find
from webapp.billing.actions.pay import Part, TakePayment, take_payment
from webapp.billing.attempt_refusals import BeingPaid
from webapp.billing.forms.payment import Tendered, read_payment
from webapp.billing.models import Invoice
from webapp.billing.queries.balances import OpenInvoice, open_invoices, same_person
from webapp.billing.queries.desk import owners_of, receipt_of
from webapp.billing.receipts import By
from webapp.billing.refusals import DueChanged
from webapp.billing.tendering import left_over, spread
from webapp.db import db, transactional
from webapp.errors import BadRequest, FormInvalid, NotFound, Refusal
from webapp.ids import new_id
from webapp.money import money

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from werkzeug.datastructures import MultiDict

    from webapp.billing.models import Attempt, Payment
    from webapp.db import Scope
    from webapp.idempotency import Claim


@dataclass(frozen=True, slots=True)
class Pressed:
    """What a press by card led to: its attempt, whose money, whether it is in the ledger, and its receipt on paper."""

    attempt_id: UUID
    patient_id: UUID
    settled: bool
    receipt: UUID | None = None


@dataclass(frozen=True, slots=True)
class _Checked:
    """A payment that fits what is owed: `shares` are cents by invoice, `seen` what the page showed of these."""

    invoice: Invoice
    typed: Tendered
    shares: dict[UUID, int]
    seen: dict[UUID, int]


def charge(invoice_id: UUID, form: MultiDict[str, str], once: Claim, scope: Scope) -> Pressed:
    """Charge a card for invoices, in transactions of its own; the same press again leads to the same attempt.

    Raises FormInvalid, NotFound (also for an invoice of somebody else), and what opening an attempt raises.
    """
    gateway = service.gateway().name
    with transactional(scope, read_only=True):
        wanted, earlier = _wanted(invoice_id, form, once, scope.actor, gateway)
    if wanted is None:
        if earlier is None:
            raise NotFound
        return earlier
    standing = charging.pay_by_card(wanted, scope)
    with transactional(scope, read_only=True):
        receipt = receipt_of(standing.id) if wanted.receipt is By.PRINT else None
    return Pressed(standing.id, wanted.patient_id, standing.settled, receipt)


def take(invoice_id: UUID, form: MultiDict[str, str], *, actor: UUID | None, at: datetime) -> tuple[Payment, ...]:
    """Take cash, a check or a transfer for invoices (FormInvalid, NotFound, and what taking a payment raises)."""
    checked = _checked(invoice_id, form)
    typed, invoice = checked.typed, checked.invoice
    if typed.by_card:
        raise BadRequest
    drawer = typed.named_id if typed.method == "cash" else None
    part = Part(typed.method, typed.cents, typed.tendered_cents, drawer, None, typed.reference, typed.receipt)
    request = TakePayment(
        invoice.patient_id, invoice.location_id, (part,), invoice.currency, exactly=checked.shares, seen=checked.seen
    )
    return take_payment(request, actor=actor, at=at)


def _wanted(
    invoice_id: UUID, form: MultiDict[str, str], once: Claim, actor: UUID | None, gateway: str
) -> tuple[Wanted | None, Pressed | None]:
    try:
        return _order(_checked(invoice_id, form), once, gateway), None
    except Refusal:
        # What is refused now may be this very press: it has made what is due less.
        earlier: Attempt | None = find(once, actor)
        if earlier is None:
            raise
        return None, Pressed(earlier.id, earlier.patient_id, earlier.settled_at is not None)


def _order(checked: _Checked, once: Claim, gateway: str) -> Wanted:
    typed, invoice = checked.typed, checked.invoice
    if not typed.by_card:
        raise BadRequest
    on_file = typed.method == "card_on_file"
    return Wanted(
        id=new_id(),
        patient_id=invoice.patient_id,
        location_id=invoice.location_id,
        purpose="invoice",
        gateway=gateway,
        method=typed.method,
        cents=typed.cents,
        currency=invoice.currency,
        once=once,
        shares=checked.shares,
        seen=checked.seen,
        reader_id=None if on_file else typed.named,
        card_id=typed.named_id if on_file else None,
        receipt=typed.receipt,
    )


def _checked(invoice_id: UUID, form: MultiDict[str, str]) -> _Checked:
    invoice = db.session.get(Invoice, invoice_id)
    if invoice is None:
        raise NotFound
    typed = read_payment(form, invoice.currency)
    people = same_person(invoice.patient_id)
    if not owners_of({invoice.id, *typed.pays}) <= set(people):
        raise NotFound
    open_ones = [each for each in open_invoices(people) if each.id in typed.pays and each.currency == invoice.currency]
    seen = {each: typed.seen[each] for each in typed.pays if each in typed.seen}
    due = {each.id: each.cents for each in open_ones}
    if any(due.get(each, 0) != cents for each, cents in seen.items()):
        raise DueChanged(patient=invoice.patient_id, alternatives=list(due.items()))
    shares = _shares(typed, open_ones, invoice)
    return _Checked(invoice, typed, shares, {each: cents for each, cents in seen.items() if each in shares})


def _shares(typed: Tendered, open_ones: list[OpenInvoice], invoice: Invoice) -> dict[UUID, int]:
    """What goes to which invoice, the oldest first; nothing becomes credit that nobody meant to."""
    free = {each.id: each.cents - each.reserved for each in open_ones}
    rest = left_over(typed.cents, free)
    if rest and any(each.reserved for each in open_ones):
        raise BeingPaid(field="amount", patient=invoice.patient_id)
    if rest and not typed.keep_rest:
        more = _(
            "That is %(rest)s more than is owed for what is chosen. Correct the amount, or keep the rest as credit.",
            rest=money(rest, invoice.currency),
        )
        raise FormInvalid({"amount": [more], "keep_rest": [_("Tick this to keep the rest as credit.")]})
    return spread(typed.cents, free)
