"""What is to pay for a visit, in its drawer: the way to its invoice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import url_for
from flask_babel import gettext as _

from webapp.booking.models import Appointment
from webapp.booking.queries import VisitDetail
from webapp.booking.states import Status
from webapp.desk import queries
from webapp.desk.queries import Bill
from webapp.templating import may, may_at

BILLED = frozenset({Status.FINISHED, Status.CANCELLED, Status.NOSHOW})
"""Where a visit stands when there may be an invoice of it: for the visit, or the fee for one that was not."""


def bills(detail: VisitDetail) -> list[Bill]:
    """The invoices of a visit that is over, for who takes money or looks after it."""
    sees = may("payment.take") or may("billing.view")
    return queries.bills_of(detail.appointment.id) if detail.status in BILLED and sees else []


def balance(found: Sequence[Bill]) -> int:
    """Cents that are still to pay, all invoices together."""
    return sum(bill.owed.cents for bill in found)


def primary(visit: Appointment, found: Sequence[Bill]) -> dict[str, Any] | None:
    """The one next step of a visit that is over: take the payment, or issue the invoice that waits as a draft."""
    open_one = next((bill for bill in found if bill.owed.cents > 0), None)
    if open_one is not None and may_at("payment.take", visit.location_id):
        label = _("Take payment · %(amount)s", amount=open_one.owed)
        return {"label": label, "href": _page(open_one), "icon": "wallet"}
    draft = next((bill for bill in found if bill.is_draft), None)
    if draft is not None and may_at("invoice.issue", visit.location_id):
        return {"label": _("Review the invoice"), "href": _page(draft), "icon": "receipt-text"}
    return None


def ties(found: Sequence[Bill]) -> list[dict[str, Any]]:
    """The invoices of a visit as links; none for who may not open them."""
    if not found or not may("billing.view"):
        return []
    return [
        {"term": _("Invoice"), "links": [{"href": _page(bill), "text": _told(bill), "attrs": {}} for bill in found]}
    ]


def _told(bill: Bill) -> str:
    if bill.is_draft:
        return _("Draft")
    if bill.owed.cents > 0:
        return _("%(number)s, %(amount)s to pay", number=bill.number, amount=bill.owed)
    return _("%(number)s, paid", number=bill.number)


def _page(bill: Bill) -> str:
    return url_for("billing.invoice", invoice_id=bill.id)
