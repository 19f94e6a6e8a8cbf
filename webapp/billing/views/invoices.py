"""The page of an invoice: the document on the left, what to do with it on the right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from flask import Response, request, url_for
from flask_babel import lazy_gettext as _l

from webapp import activity, hypermedia, toasts
from webapp.billing.actions.drafts import SaveDraft, draft_visit, void_draft
from webapp.billing.actions.editing import Edit, edit
from webapp.billing.forms.lines import read_lines
from webapp.billing.forms.payment import read_amount
from webapp.billing.queries import desk, documents, story
from webapp.billing.readers import Ready, ready_at
from webapp.billing.views import editor, links, panel, sheet
from webapp.billing.views.door import blueprint
from webapp.cycle import scope
from webapp.db import Role, transactional
from webapp.identity.permissions import Permission
from webapp.practice.letterhead import letterhead
from webapp.routing import requires
from webapp.templating import may_at

if TYPE_CHECKING:
    from webapp.errors import Refusal

TEMPLATE = "billing/invoice.html"
SAVED, ISSUED, NO_CHARGE, DRAFTED = "invoice.saved", "invoice.issued", "invoice.no_charge", "invoice.drafted"

toasts.say(SAVED, _l("The draft is saved."))
toasts.say(ISSUED, _l("The invoice is issued."))
toasts.say(NO_CHARGE, _l("Nothing is charged for this."))
toasts.say(DRAFTED, _l("A draft is ready. Check it, then issue it."))


def readers(invoice_id: UUID) -> Ready:
    """What takes cards where the invoice is paid; the gateway is asked before the page's transaction begins."""
    with transactional(scope(), read_only=True):
        place = desk.place_of(invoice_id)
    return ready_at(place)


@blueprint.get("/billing/invoices/<uuid:invoice_id>")
@requires(Permission.BILLING_VIEW, role=Role.DESK, prefetch=readers)
def invoice(invoice_id: UUID) -> Response:
    """Show an invoice, a credit note or a draft."""
    return page(invoice_id)


def refused(refusal: Refusal, invoice_id: UUID) -> Response:
    """Show the same page again with what was typed, and what is due by now."""
    return page(invoice_id, refusal)


@blueprint.get("/billing/visits/<uuid:appointment_id>")
@requires(Permission.BILLING_VIEW, role=Role.DESK)
def of_visit(appointment_id: UUID) -> Response:
    """Lead to the invoice of a visit; to the list of what is not billed when it has none."""
    found = story.invoice_of_visit(appointment_id)
    return hypermedia.see(url_for("billing.worklists") if found is None else _at(found))


@blueprint.post("/billing/visits/<uuid:appointment_id>")
@requires(Permission.INVOICE_EDIT, role=Role.DESK)
def bill(appointment_id: UUID) -> Response:
    """Draft the invoice of a finished visit now, rather than wait for the job."""
    made = draft_visit(appointment_id, actor=scope().actor, at=scope().at)
    activity.note("changed", patient=made.patient_id, detail=DRAFTED)
    return hypermedia.done(DRAFTED, _at(made.id), invoice=made.id)


@blueprint.post("/billing/invoices/<uuid:invoice_id>/draft")
@requires(Permission.INVOICE_EDIT, role=Role.DESK, refused=refused, prefetch=readers)
def save(invoice_id: UUID) -> Response:
    """Save the lines of a draft, one more or one less among them."""
    made = edit(_edit(invoice_id, issues=False), actor=scope().actor, at=scope().at)
    activity.note("changed", patient=made.patient_id, detail=SAVED)
    return hypermedia.done(SAVED, _at(made.id), invoice=made.id)


@blueprint.post("/billing/invoices/<uuid:invoice_id>/issue")
@requires(Permission.INVOICE_ISSUE, role=Role.DESK, refused=refused, prefetch=readers)
def issue_it(invoice_id: UUID) -> Response:
    """Issue a draft as its page shows it."""
    made = edit(_edit(invoice_id, issues=True), actor=scope().actor, at=scope().at)
    activity.note("changed", patient=made.patient_id, detail=ISSUED)
    return hypermedia.done(ISSUED, _at(made.id), invoice=made.id)


@blueprint.post("/billing/invoices/<uuid:invoice_id>/no-charge")
@requires(Permission.INVOICE_EDIT, role=Role.DESK, refused=refused, prefetch=readers)
def no_charge(invoice_id: UUID) -> Response:
    """Say that nothing is charged, and why."""
    found = documents.page(invoice_id).invoice
    given = read_amount(request.form, found.currency, empty=0)
    void_draft(invoice_id, given.reason, at=scope().at)
    activity.note("changed", patient=found.patient_id, detail=NO_CHARGE)
    return hypermedia.done(NO_CHARGE, _at(invoice_id), invoice=invoice_id)


def page(invoice_id: UUID, refusal: Refusal | None = None) -> Response:
    """The page, whole or the panel alone."""
    found = documents.page(invoice_id)
    shown = found.invoice
    activity.note("opened", patient=shown.patient_id)
    at = scope().at
    editing = shown.status == "draft" and may_at(Permission.INVOICE_EDIT, shown.location_id)
    return hypermedia.page(
        TEMPLATE,
        clinic=letterhead(shown.location),
        document=sheet.context(found, at),
        person={"name": shown.patient.name, "href": url_for("desk.record", patient_id=shown.patient_id)},
        pay=panel.context(shown, at, refusal),
        editor=editor.context(found, at, refusal) if editing else None,
        more=links.of(found),
        **_problem(refusal),
    )


def _edit(invoice_id: UUID, *, issues: bool) -> Edit:
    typed = read_lines(request.form, documents.page(invoice_id).invoice.currency)
    return Edit(SaveDraft(invoice_id, typed.lines, typed.version, typed.note), typed.adds, issues)


def _problem(refusal: Refusal | None) -> dict[str, Any]:
    """What was refused: beside its field where it has one, else as a sentence, with what is due by now."""
    if refusal is None:
        return {"errors": {}, "messages": []}
    return {"errors": refusal.errors, "messages": [] if refusal.errors else [refusal.message]}


def _at(invoice_id: UUID) -> str:
    return url_for("billing.invoice", invoice_id=invoice_id)
