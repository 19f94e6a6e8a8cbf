"""What else can be done with a document, by its state and by who asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import url_for
from flask_babel import gettext as _

from webapp.billing.queries import desk
from webapp.templating import may_at

if TYPE_CHECKING:
    from webapp.billing.queries.documents import Page


def of(page: Page) -> dict[str, Any]:
    """Links and forms by name; empty where they do not apply."""
    invoice, sums = page.invoice, page.totals
    issued = invoice.status == "issued" and invoice.kind == "invoice"
    left = sums.patient + sums.payer - sums.credited > 0
    items = [
        _item("credit_note", _("Credit note"), "undo-2", page, shown=issued and left),
        _item("ask_write_off", _("Write off"), "minus", page, shown=issued and (sums.due > 0 or sums.payer_due > 0)),
    ]
    draft = invoice.status == "draft" and may_at("invoice.edit", invoice.location_id)
    return {
        "actions": [item for item in items if item is not None],
        "papers": _papers(page),
        "no_charge": url_for("billing.no_charge", invoice_id=invoice.id) if draft else "",
        "notes": [
            {"text": note.shown_number, "href": url_for("billing.invoice", invoice_id=note.id)} for note in page.notes
        ],
        "replaced": None if page.replaced_by is None else url_for("billing.invoice", invoice_id=page.replaced_by),
    }


def _item(name: str, label: str, icon: str, page: Page, *, shown: bool) -> dict[str, str] | None:
    permission = {"credit_note": "credit_note.issue", "ask_write_off": "invoice.write_off"}[name]
    if not shown or not may_at(permission, page.invoice.location_id):
        return None
    return {"label": label, "icon": icon, "href": url_for(f"billing.{name}", invoice_id=page.invoice.id)}


def _papers(page: Page) -> dict[str, str]:
    """The document and the receipt of its last payment on paper; empty where there is none."""
    invoice = page.invoice
    if invoice.status != "issued":
        return {"print": "", "pdf": "", "receipt": ""}
    receipt = desk.last_receipt({each.payment_id for each in page.history if each.payment_id})
    return {
        "print": url_for("billing.invoice_print", invoice_id=invoice.id),
        "pdf": url_for("billing.invoice_pdf", invoice_id=invoice.id),
        "receipt": "" if receipt is None else url_for("billing.receipt_print", receipt_id=receipt),
    }
