"""What else can be done with a document, by its state and by who asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import current_app, url_for
from flask_babel import gettext as _

from webapp.templating import may_at

if TYPE_CHECKING:
    from webapp.billing.queries.documents import Page

PAPERS = {"pdf": "billing.invoice_pdf", "print": "billing.invoice_print"}
"""Pages on paper, offered where there are any."""


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
        "papers": {name: _paper(endpoint, page) for name, endpoint in PAPERS.items()},
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


def _paper(endpoint: str, page: Page) -> str:
    if endpoint not in current_app.view_functions or page.invoice.status != "issued":
        return ""
    return url_for(endpoint, invoice_id=page.invoice.id)
