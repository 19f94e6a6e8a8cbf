"""What a patient owes, beside their record: open invoices, credit, and the way to take a payment."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from flask import url_for

from webapp.billing.queries import balances
from webapp.billing.wording import overdue
from webapp.booking.wording import local_date
from webapp.desk import queries
from webapp.money import money
from webapp.templating import may

CURRENCY = "USD"
SHOWN = 5


def card(patient_id: UUID, at: datetime) -> dict[str, Any] | None:
    """Balance and open invoices, the oldest first; None for who sees no money."""
    if not may("billing.view"):
        return None
    people = balances.same_person(patient_id)
    open_ones, stands = balances.open_invoices(people), balances.account_of(people)
    site = queries.location()
    today = local_date(at, "UTC" if site is None else site.time_zone)
    currency = open_ones[0].currency if open_ones else CURRENCY if site is None else site.currency
    return {
        "owes": money(stands.due_cents, currency) if stands.due_cents > 0 else "",
        "credit": money(stands.credit_cents, currency) if stands.credit_cents > 0 else "",
        "deposit": money(stands.deposit_cents, currency) if stands.deposit_cents > 0 else "",
        "more": max(0, len(open_ones) - SHOWN),
        "invoices": [
            {
                "number": each.number,
                "late": overdue(each.due_on, today),
                "amount": money(each.cents, each.currency),
                "href": _page(each.id),
            }
            for each in open_ones[:SHOWN]
        ],
        "statement": url_for("billing.statement_print", patient_id=patient_id),
        "cards": url_for("billing.cards_of", patient_id=patient_id) if may("payment.take") else "",
        "take": _all(open_ones) if open_ones and may("payment.take") else "",
    }


def _all(open_ones: list[balances.OpenInvoice]) -> str:
    """The newest invoice's page, with everything that is owed in its form: one press pays it."""
    if len({each.currency for each in open_ones}) > 1:
        return _page(open_ones[-1].id)
    return url_for("billing.invoice", invoice_id=open_ones[-1].id, pays=[each.id for each in open_ones])


def _page(invoice_id: UUID) -> str:
    return url_for("billing.invoice", invoice_id=invoice_id)
