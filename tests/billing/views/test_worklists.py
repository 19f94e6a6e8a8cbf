"""Lists of what is left to do about money, and the places that lead to an invoice."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests import factories
from tests.billing.at_counter import biller, counter, desk
from tests.factories import NOW
from webapp.billing.actions.drafts import Line
from webapp.billing.queries import owing

if TYPE_CHECKING:
    from uuid import UUID

    from tests.billing.counter import Counter
    from tests.stack.people import SignIn, Visitor

__all__ = ["biller", "counter", "desk"]


def test_nothing_to_do_is_said(counter: Counter, desk: Visitor) -> None:
    assert counter.count("invoice") == 0
    for name, words in (
        ("", "Everything is billed"),
        ("?list=owed", "Nobody owes anything"),
        ("?list=credit", "No credit waits"),
        ("?list=cards", "No card payment needs you"),
        ("?list=nothing&location=x", "Everything is billed"),
    ):
        assert words in desk.get(f"/billing{name}").text


def test_a_clinic_without_a_site_has_its_page_too(sign_in: SignIn) -> None:
    assert sign_in("receptionist").get("/billing").status_code == 200


def test_finished_visits_and_drafts_wait_to_be_billed_once(counter: Counter, desk: Visitor) -> None:
    over = NOW - timedelta(hours=1)
    visit = factories.appointment(counter.owner, counter.clinic, over, status="finished", room_id=None)
    counter.draft(Line(1, 1_250, label="Bandage"), patient=counter.clinic.patients[1])
    assert desk.post(f"/billing/visits/{visit}").status_code == 303
    page = desk.get("/billing").text
    assert page.count("Check draft</span>") == 2
    assert "$12.50" in page


def test_what_is_owed_stands_by_its_age(counter: Counter, desk: Visitor) -> None:
    for days, cents in ((0, 1_000), (30, 2_000), (31, 4_000), (75, 8_000), (400, 16_000)):
        counter.at = NOW - timedelta(days=days)
        counter.invoice(cents)
    page = desk.get("/billing?list=owed").text
    for amount in ("$30.00", "$40.00", "$80.00", "$160.00"):
        assert f'<dd class="num">{amount}</dd>' in page
    assert page.index("400 days late") < page.index("31 days late") < page.index("today")


def test_a_long_list_of_what_is_owed_has_pages_and_its_sums_are_of_all(
    counter: Counter, desk: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(owing, "MOST", 2)
    made = [counter.invoice(cents) for cents in (1_000, 2_000, 4_000, 8_000, 16_000)]
    seen = []
    for number, text in ((1, "1 to 2 of 5"), (2, "3 to 4 of 5"), (3, "5 to 5 of 5")):
        page = desk.get(f"/billing?list=owed&page={number}").text
        assert text in page
        assert '<dd class="num">$310.00</dd>' in page
        seen += [invoice for invoice in made if str(invoice) in page]
    assert sorted(seen) == sorted(made)
    assert "No more pages" in desk.get("/billing?list=owed&page=99").text
    for odd in ("0", "-1", "x", "9" * 30):
        assert "1 to 2 of 5" in desk.get(f"/billing?list=owed&page={odd}").text


def test_cards_that_hang_and_captures_that_failed_are_listed(counter: Counter, desk: Visitor) -> None:
    made = counter.invoice()
    counter.taps("time_out")
    attempt = desk.post(f"/billing/invoices/{made}/charge", counter.form(made, how="reader")).location
    page = desk.get("/billing?list=cards").text
    assert attempt in page
    assert "No answer yet" in page
    counter.owner.execute("update attempt set state = 'capture_failed', code = 'expired_card'")
    page = desk.get("/billing?list=cards").text
    assert "Could not be collected" in page
    assert "the card has expired" in page
    assert "Call the patient, or charge another card" in desk.get(attempt).text


def test_the_record_leads_to_the_payment_of_everything(counter: Counter, desk: Visitor, sign_in: SignIn) -> None:
    counter.at = NOW - timedelta(days=46)
    counter.invoice(3_350)
    counter.at = NOW
    counter.invoice()
    page = desk.get(f"/patients/{counter.patient}").text
    assert "$120.00 due" in page
    assert "46 days late" in page
    assert "Charge $120.00 on reader" in desk.get(taking(page)).text
    assert "Nothing due" in desk.get(f"/patients/{counter.clinic.patients[1]}").text
    assert "$120.00" not in sign_in("clinician", at=NOW).get(f"/patients/{counter.patient}").text


def taking(page: str) -> str:
    """Where the record's "Take payment" leads."""
    link = next(part for part in page.split("<a ") if "Take payment" in part)
    return link.partition('href="')[2].partition('"')[0].replace("&amp;", "&")


def test_an_invoice_is_found_by_its_number(counter: Counter, desk: Visitor, sign_in: SignIn) -> None:
    made: UUID = counter.invoice()
    for typed in ("2026-00001", "2026-1", " invoice 2026-00001 "):
        found = desk.post("/search", {"q": typed}, fragment=True).text
        assert f"/billing/invoices/{made}" in found
        assert "$86.50 due" in found
    assert "/billing/" not in desk.post("/search", {"q": "2026-00002"}, fragment=True).text
    assert "/billing/" not in desk.post("/search", {"q": "2026-999999999"}, fragment=True).text
    assert "/billing/" not in sign_in("clinician", at=NOW).post("/search", {"q": "2026-00001"}, fragment=True).text
