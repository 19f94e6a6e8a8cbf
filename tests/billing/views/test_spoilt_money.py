"""Forms of money with one field spoilt: never our error, and what is refused moves nothing."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from tests.billing.at_counter import counter
from tests.billing.views.test_documents_page import typed
from tests.factories import NOW
from tests.test_fuzz import HEADERS, Sending, sendable
from webapp.billing.actions.drafts import Line
from webapp.identity.permissions import StaffRole

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.billing.counter import Counter
    from tests.stack.people import SignIn

__all__ = ["counter"]

ROWS = """
    select (select count(*) from ledger_entry), (select count(*) from attempt), (select count(*) from attempt_event),
        (select sum(version) from invoice), (select count(*) from invoice_line), (select count(*) from idempotency),
        (select count(*) from refund), (select count(*) from payment)
"""


def forms(counter: Counter) -> Iterator[Sending]:
    """Each about an invoice of its own, as its page fills it."""
    for how in ("cash", "reader", "check", "bank_transfer"):
        made = counter.invoice()
        fields = counter.form(made, "1", how, reference="1042 Key", keep_rest="")
        fields |= {"pays": str(made), "seen": fields["seen"][0]}
        yield Sending("POST", f"/billing/invoices/{made}/{'charge' if how == 'reader' else 'pay'}", fields)
    made = counter.invoice()
    yield Sending("GET", f"/billing/invoices/{made}", {"amount": "5", "how": "check", "pays": str(made)})
    yield Sending("POST", f"/billing/invoices/{made}/write-off", {"amount": "1", "reason": "x", "whose": "patient"})
    line = counter.owner.execute("select id from invoice_line where invoice_id = %s", (made,)).fetchone()
    fields = {f"patient-{line['id'] if line else ''}": "1", "reason": "x"}
    yield Sending("POST", f"/billing/invoices/{made}/credit-note", fields)
    draft = counter.draft(Line(1, 14_000, service_id=counter.clinic.service))
    yield Sending("POST", f"/billing/invoices/{draft}/draft", typed(counter))
    yield Sending("POST", f"/billing/invoices/{draft}/no-charge", {"reason": "Study"})
    paid = counter.owner.execute("select id from payment where method = 'cash' limit 1").fetchone()
    if paid is not None:
        fields = {"amount": "0.01", "reason": "x", "drawer": str(counter.drawer), "reference": ""}
        yield Sending("POST", f"/billing/payments/{paid['id']}/refund", fields)
    yield Sending("GET", "/billing", {"list": "owed", "location": str(counter.clinic.location)})


def test_a_spoilt_form_of_money_moves_nothing(counter: Counter, sign_in: SignIn) -> None:
    person, chance, wrong, sent = sign_in(*StaffRole, at=NOW), random.Random(11), [], 0
    for sending in forms(counter):
        before = counter.owner.execute(ROWS.encode()).fetchone()
        for fields in sending.spoilt(chance):
            form = {name: sendable(value) for name, value in fields.items()}
            headers = chance.choice(HEADERS)
            if sending.method == "POST":
                status = person.post(sending.path, form, headers=headers).status_code
            else:
                status = person.get(sending.path, query_string=form, headers=headers).status_code
            after = counter.owner.execute(ROWS.encode()).fetchone()
            changed = after != before
            if status >= 500 or (changed and (status >= 400 or sending.method == "GET")):
                wrong.append((sending.path, status, changed, {name: str(each)[:60] for name, each in form.items()}))
            before, sent = after, sent + 1
    assert wrong == []
    assert sent > 300
