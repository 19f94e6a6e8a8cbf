"""Invoices in the search: somebody types the number that stands on one, or reads it out."""

from __future__ import annotations

import re
from typing import Any

from flask import url_for
from flask_babel import gettext as _

from webapp.billing.queries.balances import due_of
from webapp.billing.queries.story import by_number
from webapp.billing.views.sheet import title
from webapp.money import money
from webapp.patients.wording import initials, tone
from webapp.templating import may

_NUMBER = re.compile(r"(?:invoice\s+)?(?P<note>c)?(?P<year>20\d\d)-(?P<number>\d{1,9})", re.ASCII | re.IGNORECASE)


def rows(typed: str) -> list[dict[str, Any]]:
    """Documents that are called by what was typed; none for who sees no money."""
    asked = _NUMBER.fullmatch(typed.strip())
    if asked is None or not may("billing.view"):
        return []
    found = by_number(int(asked["year"]), int(asked["number"]), credit_notes=bool(asked["note"]))
    due = due_of([each.id for each in found])
    return [
        {
            "patient": each.patient_id,
            "href": url_for("billing.invoice", invoice_id=each.id),
            "title": title(each),
            "detail": each.patient.name,
            "initials": initials(each.patient.name),
            "tone": tone(each.patient_id),
            "due": _("%(amount)s due", amount=money(due[each.id], each.currency)) if due.get(each.id, 0) > 0 else "",
        }
        for each in found
    ]
