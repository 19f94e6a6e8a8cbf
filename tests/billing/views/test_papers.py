"""Invoices, receipts, statements and day reports on paper: the same facts for the printer and in the PDF."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from tests.billing.till import LATER, Till
from tests.billing.views.evening import DAY, sign
from webapp import clock
from webapp.activity.queries import of_actor
from webapp.billing.actions import corrections, drafts, issue
from webapp.db import Role

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

    from tests.stack.people import Visitor


@pytest.fixture
def paid(till: Till) -> UUID:
    """An invoice of $120.00 of which the insurer takes $40.00, paid in part in cash."""
    invoice = till.invoice(12_000, payer_cents=4_000)
    till.pays(till.cash(5_000, 10_000))
    return invoice


def receipt_of(till: Till) -> UUID:
    found: UUID = till.one("SELECT receipt_id FROM payment")["receipt_id"]
    return found


def addresses(till: Till, invoice: UUID) -> list[str]:
    return [
        f"/billing/invoices/{invoice}/print",
        f"/billing/receipts/{receipt_of(till)}",
        f"/patients/{till.patient}/statement",
        f"{DAY}/report?location={till.clinic.location}",
    ]


def test_an_invoice_says_what_is_charged_paid_and_open(till: Till, desk: Visitor, paid: UUID) -> None:
    page = desk.get(f"/billing/invoices/{paid}/print").text
    assert "Invoice 2026-00001" in page
    assert "In all</dt><dd>$120.00" in page
    assert "Insurer</dt><dd>\u2212$40.00" in page
    assert "Paid, Cash, Nov 23, 2026</dt><dd>\u2212$50.00" in page
    assert "To pay</dt><dd>$30.00" in page
    assert "Discount" not in page  # nothing was: a column without a word is left out


def test_a_credit_note_says_what_is_taken_back(till: Till, desk: Visitor, paid: UUID) -> None:
    till.scope = replace(till.scope, role=Role.MANAGER)
    with till.acting():
        request = corrections.CreditRequest(paid, "Charged twice")
        note = corrections.credit(request, actor=till.scope.actor, at=LATER).id
    page = desk.get(f"/billing/invoices/{note}/print").text
    assert "Credit note C2026-00001" in page
    assert "Taken back from you</dt><dd>$80.00" in page
    assert "Charged twice" in page
    after = desk.get(f"/billing/invoices/{paid}/print").text
    assert "To pay</dt><dd>$0.00" in after


def test_a_receipt_says_how_and_for_what(till: Till, desk: Visitor, paid: UUID) -> None:
    page = desk.get(f"/billing/receipts/{receipt_of(till)}").text
    assert "$100.00 given, $50.00 change" in page
    assert "Invoice 2026-00001" in page
    assert "Received, with thanks</dt><dd>$50.00" in page


def test_a_receipt_says_what_went_back_since(till: Till, desk: Visitor, paid: UUID) -> None:
    till.scope = replace(till.scope, role=Role.MANAGER)
    till.refunds(till.one("SELECT id FROM payment")["id"], 2_000)
    page = desk.get(f"/billing/receipts/{receipt_of(till)}").text
    assert "Given back since" in page
    assert "\u2212$20.00" in page


def test_a_statement_adds_up(till: Till, desk: Visitor, paid: UUID) -> None:
    till.invoice(1_050)
    till.pays(till.cash(9_000), exactly={paid: 3_000})
    page = desk.get(f"/patients/{till.patient}/statement").text
    assert "Open in all</dt><dd>$10.50" in page
    assert "Your credit</dt><dd>\u2212$60.00" in page
    assert "In your favor</dt><dd>$49.50" in page


def test_what_was_paid_long_ago_is_left_out_and_what_is_open_never_is(
    till: Till, sign_in: Callable[..., Visitor], paid: UUID
) -> None:
    later = LATER + timedelta(days=800)
    with clock.stopped_at(later):
        page = sign_in("biller", at=later).get(f"/patients/{till.patient}/statement").text
    assert "Invoice 2026-00001" in page
    assert "Payments of the last year" not in page
    assert "To pay</dt><dd>$30.00" in page


def test_the_day_report_has_drawers_signatures_and_the_bag(till: Till, desk: Visitor, paid: UUID) -> None:
    sign(till, desk, {till.day(): "195"}, reason="change", words="Likely at noon")
    page = desk.get(f"{DAY}/report?location={till.clinic.location}").text
    assert "Drawers signed</dt><dd>1 / 1" in page
    assert "Wrong change given, Likely at noon" in page
    assert "$5.00 short" in page
    assert "Bank deposit</dt><dd>$45.00" in page
    assert "Net taken</dt><dd>$50.00" in page
    assert "Ties to the ledger to the cent." in page


def test_each_is_a_pdf_that_nobody_stores_and_an_export_that_is_recorded(
    app: Flask, till: Till, desk: Visitor, paid: UUID
) -> None:
    for address in addresses(till, paid):
        path, _mark, query = address.partition("?")
        path = path.removesuffix("/print") + "/pdf"
        page, answer = desk.get(address), desk.get(f"{path}?{query}")
        assert (page.status_code, answer.status_code) == (200, 200), address
        assert page.headers["Cache-Control"] == answer.headers["Cache-Control"] == "no-store"
        assert answer.mimetype == "application/pdf"
        assert answer.data.startswith(b"%PDF-1.7")
    assert desk.account_id is not None
    with app.app_context():
        items = [item for item in of_actor(desk.account_id) if item.action == "exported"]
    assert len(items) == 2 * len(addresses(till, paid))
    assert {item.detail for item in items} == {
        "billing.invoice", "billing.receipt", "billing.statement", "billing.day_report"
    }  # fmt: skip
    assert sum(item.listed == {till.patient} for item in items) >= 6


def test_a_draft_is_no_paper(till: Till, desk: Visitor) -> None:
    with till.acting():
        draft = drafts.new_draft(till.patient, till.clinic.location, [], actor=None, at=LATER).id
    assert desk.get(f"/billing/invoices/{draft}/print").status_code == 404
    assert desk.get(f"/billing/invoices/{draft}/pdf").status_code == 404


def test_what_people_typed_is_text_on_paper(till: Till, desk: Visitor) -> None:
    words = '#read("/etc/passwd") *bold* <b>x</b> $1'
    with till.acting():
        draft = drafts.new_draft(
            till.patient, till.clinic.location, [drafts.Line(1, 100, label=words)], actor=None, at=LATER
        )
        invoice = issue.issue(draft.id, actor=None, at=LATER).id
    assert desk.get(f"/billing/invoices/{invoice}/pdf").status_code == 200
    assert "&lt;b&gt;x&lt;/b&gt;" in desk.get(f"/billing/invoices/{invoice}/print").text
