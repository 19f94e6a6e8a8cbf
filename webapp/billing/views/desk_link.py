"""At the desk: make a payment link for an invoice, show it to be scanned, copied or sent, and end it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode
from uuid import UUID

from flask import Response, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from webapp import activity, hypermedia, toasts
from webapp.billing import wording
from webapp.billing.actions.links import end_link, make_link
from webapp.billing.pay_links import address_of, hash_of, token_of
from webapp.billing.queries import balances, documents, links
from webapp.billing.views import invoices
from webapp.billing.views.door import blueprint
from webapp.booking.wording import clock, local_date, short_date
from webapp.cycle import scope
from webapp.db import Role
from webapp.errors import NotFound
from webapp.identity.permissions import Permission
from webapp.identity.qr import draw
from webapp.ids import new_id
from webapp.money import money
from webapp.practice.letterhead import letterhead
from webapp.routing import requires

if TYPE_CHECKING:
    from webapp.billing.models import Invoice, PaymentLink

TEMPLATE = "billing/link.html"
MADE, ENDED = "link.made", "link.ended"

toasts.say(MADE, _l("The payment link is ready."))
toasts.say(ENDED, _l("The payment link is ended."))


@blueprint.get("/billing/invoices/<uuid:invoice_id>/link")
@requires(Permission.PAYMENT_TAKE, role=Role.DESK)
def link(invoice_id: UUID) -> Response:
    """Show the link of an invoice, or offer to make one."""
    invoice = documents.page(invoice_id).invoice
    if invoice.status != "issued" or invoice.kind != "invoice":
        raise NotFound
    activity.note("opened", patient=invoice.patient_id)
    found = links.of_invoice(invoice_id, scope().at)
    address = None if found is None else address_of(found)
    due = balances.due_of([invoice_id]).get(invoice_id, 0)
    return hypermedia.page(
        TEMPLATE,
        block="sheet",
        clinic=letterhead(invoice.location),
        invoice_id=invoice_id,
        number=invoice.shown_number,
        person=invoice.patient.name,
        amount=money(due, invoice.currency),
        due=due > 0,
        close=url_for("billing.invoice", invoice_id=invoice_id),
        link=None if found is None or address is None else _shown(found, address, invoice),
        going=_going(invoice),
        make=url_for("billing.make_a_link", invoice_id=invoice_id),
        end=url_for("billing.end_the_link", invoice_id=invoice_id),
    )


@blueprint.post("/billing/invoices/<uuid:invoice_id>/link")
@requires(Permission.PAYMENT_TAKE, role=Role.DESK, refused=invoices.refused, prefetch=invoices.readers)
def make_a_link(invoice_id: UUID) -> Response:
    """Make a link in place of the one before."""
    made = new_id()
    patient = make_link(made, invoice_id, hash_of(token_of(made)), actor=scope().actor, at=scope().at).patient_id
    activity.note("changed", patient=patient, detail=MADE)
    return hypermedia.done(MADE, url_for("billing.link", invoice_id=invoice_id), link=made)


@blueprint.post("/billing/invoices/<uuid:invoice_id>/link/end")
@requires(Permission.PAYMENT_TAKE, role=Role.DESK, refused=invoices.refused, prefetch=invoices.readers)
def end_the_link(invoice_id: UUID) -> Response:
    """End the link: whoever has it can't begin to pay any more."""
    patient = end_link(invoice_id, at=scope().at)
    activity.note("changed", patient=patient, detail=ENDED)
    return hypermedia.done(ENDED, url_for("billing.invoice", invoice_id=invoice_id), invoice=invoice_id)


def _shown(found: PaymentLink, address: str, invoice: Invoice) -> dict[str, Any]:
    about = _("Invoice %(number)s", number=invoice.shown_number)
    body = _("Pay invoice %(number)s of %(clinic)s here: %(address)s",
             number=invoice.shown_number, clinic=invoice.location.name, address=address)  # fmt: skip
    until = local_date(found.expires_at, invoice.location.time_zone)
    return {
        "address": address,
        "qr": draw(address),
        "mail": f"mailto:?{urlencode({'subject': about, 'body': body}, quote_via=quote)}",
        "until": short_date(until),
    }


def _going(invoice: Invoice) -> dict[str, str] | None:
    """The page on which it is being paid just now."""
    going = links.going_for(invoice.id, scope().at)
    if going is None:
        return None
    until = clock(going.expires_at, invoice.location.time_zone)
    return {
        "text": wording.paying_by_page(going, until),
        "href": url_for("billing.attempt", attempt_id=going.id),
    }
