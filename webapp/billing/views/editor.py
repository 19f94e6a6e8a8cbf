"""The lines of a draft as fields, as they are stored or as they were typed before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import request, url_for
from flask_babel import gettext as _

from webapp.billing.actions.editing import day_of
from webapp.billing.forms.lines import rows_of
from webapp.money import money, typed
from webapp.practice import prices
from webapp.practice.catalog import things

if TYPE_CHECKING:
    from datetime import datetime

    from webapp.billing.models import InvoiceLine
    from webapp.billing.queries.documents import Page
    from webapp.errors import Refusal


def context(page: Page, at: datetime, refusal: Refusal | None = None) -> dict[str, Any]:
    """Fields by line, and what can be added from the price list."""
    invoice = page.invoice
    stored = {position: _stored(line) for position, line in enumerate(page.lines)}
    again = refusal is not None and "version" in request.form
    shown = rows_of(request.form) if again else stored
    day = day_of(invoice, at)
    return {
        "save": url_for("billing.save", invoice_id=invoice.id),
        "issue": url_for("billing.issue_it", invoice_id=invoice.id),
        "version": invoice.version,
        "insured": bool(invoice.payer_name),
        "rows": [_row(position, row, page.lines, invoice.currency) for position, row in shown.items()],
        "offers": [("", _("Choose")), *_offers(invoice.currency, page, at)],
        "own": request.form.get("own", "") if again else "",
        "own_unit": request.form.get("own_unit", "") if again else "",
        "note": request.form.get("note", "") if again else invoice.note,
        "will_owe": money(page.totals.patient, invoice.currency),
        "insurer": money(page.totals.payer, invoice.currency) if page.totals.payer else "",
        "total": money(page.totals.total - page.totals.discount, invoice.currency),
        "day": day,
        "empty": not page.lines,
    }


def _stored(line: InvoiceLine) -> dict[str, str]:
    kind = ("service", line.service_id) if line.service_id else ("item", line.item_id) if line.item_id else ("own", "")
    return {
        "line": f"{kind[0]}:{kind[1]}",
        "label": line.label,
        "quantity": str(line.quantity),
        "unit": typed(line.unit_cents),
        "discount": typed(line.discount_cents) if line.discount_cents else "",
        "why": line.discount_reason or "",
        "payer": typed(line.payer_cents),
        "was": f"{line.quantity}:{line.unit_cents}:{line.discount_cents}:{line.payer_cents}",
    }


def _row(position: int, row: dict[str, str], lines: tuple[InvoiceLine, ...], currency: str) -> dict[str, Any]:
    stored = lines[position] if position < len(lines) else None
    names = ("line", "label", "quantity", "unit", "discount", "why", "payer", "was")
    return {
        "n": position,
        "code": "" if stored is None else stored.code,
        "patient": "" if stored is None else money(stored.patient_cents, currency),
        **{name: row.get(name, "") for name in names},
    }


def _offers(currency: str, page: Page, at: datetime) -> list[tuple[str, str]]:
    """What can be put on, with its price of the visit's day."""
    items = prices.items()
    costs = prices.item_prices([each.id for each in items], day_of(page.invoice, at))
    listed = [
        (f"item:{each.id}", f"{each.code} {each.label}, {money(costs[each.id], currency)}")
        for each in items
        if each.id in costs and each.currency == currency
    ]
    services = [
        (f"service:{each.id}", f"{each.name}, {money(each.price_cents, currency)}")
        for each in things("services")
        if each.retired_at is None and each.price_cents and each.currency == currency
    ]
    return listed + services
