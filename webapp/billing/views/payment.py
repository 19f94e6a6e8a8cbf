"""Take a payment for invoices: by card through the gateway, or what is in somebody's hand."""

from __future__ import annotations

from typing import cast
from uuid import UUID

from flask import Response, redirect, request, url_for
from flask_babel import lazy_gettext as _l

from webapp import activity, cycle, hypermedia, toasts
from webapp.billing import at_desk
from webapp.billing.actions.pay import apply_credit
from webapp.billing.queries import documents
from webapp.billing.receipts import By
from webapp.billing.views import invoices
from webapp.billing.views.door import blueprint
from webapp.cycle import scope
from webapp.db import Role
from webapp.identity.permissions import Permission
from webapp.routing import requires

SAME_REQUEST = 307
TAKE = Permission.PAYMENT_TAKE
CHARGED, TAKEN, CREDIT = "payment.charged", "payment.taken", "payment.credit_used"

toasts.say(CHARGED, _l("The card was charged."))
toasts.say(TAKEN, _l("The payment is taken."))
toasts.say(CREDIT, _l("The credit is used."))


@blueprint.post("/billing/invoices/<uuid:invoice_id>/charge")
@requires(TAKE, role=Role.DESK, refused=invoices.refused, prefetch=invoices.readers, gateway=True)
def charge(invoice_id: UUID) -> Response:
    """Charge a card.  Any other way to pay is sent on, as it is, to the door that opens one transaction for it.

    A payment link is shown, or made, on a page of its own.
    """
    how = request.form.get("how", "").partition(":")[0]
    if how in {"cash", "check", "bank_transfer"}:
        return cast("Response", redirect(url_for("billing.take", invoice_id=invoice_id), SAME_REQUEST))
    if how == "link":
        return hypermedia.see(url_for("billing.link", invoice_id=invoice_id))
    claim = cycle.form_claim({"invoice_id": invoice_id})
    pressed = at_desk.charge(invoice_id, request.form, claim, scope())
    activity.note("changed", patient=pressed.patient_id, detail=CHARGED)
    if not pressed.settled:
        return hypermedia.see(url_for("billing.attempt", attempt_id=pressed.attempt_id))
    hypermedia.announce(CHARGED)
    return hypermedia.see(_next(invoice_id, pressed.receipt))


@blueprint.post("/billing/invoices/<uuid:invoice_id>/pay")
@requires(TAKE, role=Role.DESK, refused=invoices.refused, prefetch=invoices.readers)
def take(invoice_id: UUID) -> Response:
    """Take cash, a check or a bank transfer."""
    paid = at_desk.take(invoice_id, request.form, actor=scope().actor, at=scope().at)
    activity.note("changed", patient=paid[0].patient_id, detail=TAKEN)
    receipt = paid[0].receipt_id
    return hypermedia.done(TAKEN, _next(invoice_id, receipt), receipt=receipt, payment=paid[0].id)


def _next(invoice_id: UUID, receipt: UUID | None) -> str:
    """The invoice again, or the receipt of whoever wants it on paper."""
    if request.form.get("receipt") == By.PRINT and receipt is not None:
        return url_for("billing.receipt_print", receipt_id=receipt)
    return url_for("billing.invoice", invoice_id=invoice_id)


@blueprint.post("/billing/invoices/<uuid:invoice_id>/credit")
@requires(TAKE, role=Role.DESK, refused=invoices.refused, prefetch=invoices.readers)
def use_credit(invoice_id: UUID) -> Response:
    """Pay as much of the invoice as there is credit."""
    patient = documents.page(invoice_id).invoice.patient_id
    apply_credit(patient, invoice_id, actor=scope().actor, at=scope().at)
    activity.note("changed", patient=patient, detail=CREDIT)
    return hypermedia.done(CREDIT, url_for("billing.invoice", invoice_id=invoice_id), invoice=invoice_id)
