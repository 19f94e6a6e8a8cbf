"""What is done about an issued invoice: a credit note, a write-off, and taking back what was written off or used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from flask import Response, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from webapp import activity, hypermedia, toasts
from webapp.billing.actions.corrections import CreditRequest, WriteOffRequest, credit, take_back, write_off
from webapp.billing.forms.lines import read_parts
from webapp.billing.forms.payment import read_amount
from webapp.billing.queries import documents, story
from webapp.billing.views import sheet
from webapp.billing.views.door import blueprint
from webapp.cycle import scope
from webapp.db import Role
from webapp.errors import NotFound
from webapp.identity.permissions import Permission
from webapp.money import money, typed
from webapp.practice.letterhead import letterhead
from webapp.routing import requires

if TYPE_CHECKING:
    from webapp.billing.queries.documents import Page
    from webapp.errors import Refusal

TEMPLATE = "billing/correction.html"
CREDITED, GIVEN_UP, BACK = "invoice.credited", "invoice.written_off", "invoice.taken_back"

toasts.say(CREDITED, _l("The credit note is issued."))
toasts.say(GIVEN_UP, _l("That is written off."))
toasts.say(BACK, _l("That is taken back."))


@blueprint.get("/billing/invoices/<uuid:invoice_id>/credit-note")
@requires(Permission.CREDIT_NOTE, role=Role.BILLER)
def credit_note(invoice_id: UUID) -> Response:
    """Ask what of an invoice is credited, and why."""
    return _credit_page(invoice_id)


def _credit_refused(refusal: Refusal, invoice_id: UUID) -> Response:
    return _credit_page(invoice_id, refusal)


@blueprint.post("/billing/invoices/<uuid:invoice_id>/credit-note")
@requires(Permission.CREDIT_NOTE, role=Role.BILLER, refused=_credit_refused, recent=True)
def credit_it(invoice_id: UUID) -> Response:
    """Issue a credit note."""
    found = _issued(invoice_id)
    parts, reason = read_parts(request.form, found.invoice.currency)
    made = credit(CreditRequest(invoice_id, reason, parts), actor=scope().actor, at=scope().at)
    activity.note("changed", patient=made.patient_id, detail=CREDITED)
    return hypermedia.done(CREDITED, url_for("billing.invoice", invoice_id=made.id), invoice=made.id)


@blueprint.get("/billing/invoices/<uuid:invoice_id>/write-off")
@requires(Permission.WRITE_OFF, role=Role.BILLER)
def ask_write_off(invoice_id: UUID) -> Response:
    """Ask how much of what is owed is given up, and why."""
    return _write_off_page(invoice_id)


def _write_off_refused(refusal: Refusal, invoice_id: UUID) -> Response:
    return _write_off_page(invoice_id, refusal)


@blueprint.post("/billing/invoices/<uuid:invoice_id>/write-off")
@requires(Permission.WRITE_OFF, role=Role.BILLER, refused=_write_off_refused, recent=True)
def write_it_off(invoice_id: UUID) -> Response:
    """Give up on what is owed, or a part of it."""
    found = _issued(invoice_id)
    given = read_amount(request.form, found.invoice.currency)
    wanted = WriteOffRequest(invoice_id, given.cents, given.reason, given.payer)
    write_off(wanted, actor=scope().actor, at=scope().at)
    activity.note("changed", patient=found.invoice.patient_id, detail=GIVEN_UP)
    return hypermedia.done(GIVEN_UP, url_for("billing.invoice", invoice_id=invoice_id), invoice=invoice_id)


@blueprint.get("/billing/invoices/<uuid:invoice_id>/take-back/<uuid:transaction_id>")
@requires(Permission.WRITE_OFF, role=Role.BILLER)
def ask_take_back(invoice_id: UUID, transaction_id: UUID) -> Response:
    """Ask why something is taken back."""
    return _take_back_page(invoice_id, transaction_id)


def _take_back_refused(refusal: Refusal, invoice_id: UUID, transaction_id: UUID) -> Response:
    return _take_back_page(invoice_id, transaction_id, refusal)


@blueprint.post("/billing/invoices/<uuid:invoice_id>/take-back/<uuid:transaction_id>")
@requires(Permission.WRITE_OFF, role=Role.BILLER, refused=_take_back_refused, recent=True)
def take_it_back(invoice_id: UUID, transaction_id: UUID) -> Response:
    """Reverse a write-off, or credit that was used."""
    found = _happened(_issued(invoice_id), transaction_id)
    given = read_amount(request.form, found.invoice.currency, empty=0)
    take_back(transaction_id, given.reason, actor=scope().actor, at=scope().at)
    activity.note("changed", patient=found.invoice.patient_id, detail=BACK)
    return hypermedia.done(BACK, url_for("billing.invoice", invoice_id=invoice_id), invoice=invoice_id)


def _issued(invoice_id: UUID) -> Page:
    found = documents.page(invoice_id)
    if found.invoice.status != "issued" or found.invoice.kind != "invoice":
        raise NotFound
    return found


def _happened(found: Page, transaction_id: UUID) -> Page:
    if not any(each.transaction_id == transaction_id and each.kind in sheet.CORRECTED for each in found.history):
        raise NotFound
    return found


def _credit_page(invoice_id: UUID, refusal: Refusal | None = None) -> Response:
    found = _issued(invoice_id)
    left = story.creditable(found.invoice)
    currency, insured = found.invoice.currency, any(part.payer_cents for part in left.values())
    rows = [
        {
            "id": line.id,
            "label": line.label,
            "of": money(left[line.id].patient_cents + left[line.id].payer_cents, currency),
            "fields": [
                (
                    f"{whose}-{line.id}",
                    label,
                    _again(refusal, f"{whose}-{line.id}", typed(cents)),
                    money(cents, currency),
                )
                for whose, label, cents in (
                    ("patient", _("Of the patient"), left[line.id].patient_cents),
                    ("payer", _("Of the insurer"), left[line.id].payer_cents),
                )
                if whose == "patient" or insured
            ],
        }
        for line in found.lines
        if left[line.id].patient_cents + left[line.id].payer_cents > 0
    ]
    return _sheet(
        found,
        refusal,
        title=_("Credit note for %(number)s", number=found.invoice.shown_number),
        about=_("What was paid beyond the rest becomes credit of the patient; refund it from the payment."),
        action=url_for("billing.credit_it", invoice_id=invoice_id),
        rows=rows,
        button=_("Issue the credit note"),
    )


def _write_off_page(invoice_id: UUID, refusal: Refusal | None = None) -> Response:
    found = _issued(invoice_id)
    sums, currency = found.totals, found.invoice.currency
    whose = [("patient", _("The patient, %(amount)s", amount=money(sums.due, currency)))]
    if sums.payer_due > 0:
        whose.append(("payer", _("The insurer, %(amount)s", amount=money(sums.payer_due, currency))))
    return _sheet(
        found,
        refusal,
        title=_("Write off"),
        about=_("The clinic gives up on it: nobody is asked for it any more. It can be taken back."),
        action=url_for("billing.write_it_off", invoice_id=invoice_id),
        amount=_again(refusal, "amount", typed(sums.due or sums.payer_due)),
        whose=whose if len(whose) > 1 else [],
        chosen=_again(refusal, "whose", "patient" if sums.due else "payer"),
        button=_("Write off"),
    )


def _take_back_page(invoice_id: UUID, transaction_id: UUID, refusal: Refusal | None = None) -> Response:
    found = _happened(_issued(invoice_id), transaction_id)
    return _sheet(
        found,
        refusal,
        title=_("Take back"),
        about=_("The amount is owed again; both stay in the activity of the invoice."),
        action=url_for("billing.take_it_back", invoice_id=invoice_id, transaction_id=transaction_id),
        button=_("Take back"),
    )


def _sheet(found: Page, refusal: Refusal | None, **context: Any) -> Response:  # noqa: ANN401 - a page's own
    activity.note("opened", patient=found.invoice.patient_id)
    shown = {"rows": [], "amount": None, "whose": [], "chosen": "", **context}
    return hypermedia.page(
        TEMPLATE,
        block="sheet",
        clinic=letterhead(found.invoice.location),
        number=found.invoice.shown_number,
        person=found.invoice.patient.name,
        close=url_for("billing.invoice", invoice_id=found.invoice.id),
        reason=_again(refusal, "reason", ""),
        errors={} if refusal is None else refusal.errors,
        messages=[refusal.message] if refusal is not None and not refusal.errors else [],
        **shown,
    )


def _again(refusal: Refusal | None, name: str, otherwise: str) -> str:
    return request.form.get(name, otherwise) if refusal is not None else otherwise
