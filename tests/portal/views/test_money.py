"""Patients see and pay what is theirs, by themselves: charged once, told the truth, and nothing of anybody else's."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from tests.billing.at_counter import counter
from tests.billing.cards.card_desk import at_once
from tests.factories import NOW
from tests.portal.own_money import at, card, form, found, mia, path, pays, settle
from webapp.identity.permissions import Purpose, Relation
from webapp.identity.person import Grant

if TYPE_CHECKING:
    from tests.billing.counter import Counter
    from tests.stack.people import SignIn, Visitor

__all__ = ["counter", "mia"]


def test_what_is_open_comes_first(counter: Counter, mia: Visitor) -> None:
    paid, open_one = counter.invoice(3_350), counter.invoice()
    pays(mia, counter, paid, how=f"card:{card(counter)}")
    text = mia.get(at(counter, "/invoices")).text
    assert "To pay: $86.50" in text
    assert text.index(str(open_one)) < text.index("Settled") < text.index(str(paid))


def test_the_home_says_what_is_owed_to_whoever_looks_after_the_money(
    counter: Counter, mia: Visitor, sign_in: SignIn
) -> None:
    assert "You owe" not in mia.get("/me").text
    first = counter.invoice()
    text = mia.get("/me").text
    assert "Pay $86.50" in text
    assert at(counter, f"/invoices/{first}") in text
    grant = Grant(counter.patient, relation=Relation.CARER, may=frozenset({Purpose.VISITS}))
    helpers = sign_in("patient", grants=(grant,), at=NOW).get(at(counter))
    assert helpers.status_code == 200
    assert "$86.50" not in helpers.text
    counter.invoice(3_350)
    text = mia.get("/me").text
    assert "Pay $120.00" in text
    assert f'href="{at(counter, "/invoices")}"' in text
    assert str(first) not in text


def test_a_saved_card_pays_at_once(counter: Counter, mia: Visitor) -> None:
    invoice = counter.invoice()
    assert pays(mia, counter, invoice, how=f"card:{card(counter)}") == at(counter, f"/invoices/{invoice}")
    assert counter.due(invoice) == 0
    text = mia.get(at(counter, f"/invoices/{invoice}")).text
    assert "Paid. Thank you." in text
    assert "Receipt of" in text
    assert 'name="how"' not in text


def test_the_card_companys_page_pays_and_the_way_back_tells_the_truth(counter: Counter, mia: Visitor) -> None:
    invoice = counter.invoice()
    page = pays(mia, counter, invoice)
    back = path(mia.post(page, {"choice": "approve"}).location)
    assert "We are checking your payment" in mia.get(back).text
    assert counter.due(invoice) == 8_650
    settle(counter)
    assert "Paid. Thank you." in mia.get(back).text
    assert counter.due(invoice) == 0


def test_a_part_leaves_the_rest_to_pay(counter: Counter, mia: Visitor) -> None:
    invoice = counter.invoice()
    pays(mia, counter, invoice, part="some", amount="20.00", how=f"card:{card(counter)}")
    assert counter.due(invoice) == 6_650
    assert "All of it, $66.50" in mia.get(at(counter, f"/invoices/{invoice}")).text


def test_leaving_the_page_is_not_paying_and_can_be_ended(counter: Counter, mia: Visitor) -> None:
    invoice = counter.invoice()
    page = pays(mia, counter, invoice)
    back = path(mia.post(page, {"choice": "leave"}).location)
    assert "You have not paid yet" in mia.get(back).text
    address = back.partition("?")[0]
    assert path(mia.post(address, {"do": "on"}).location) == page
    assert pays(mia, counter, invoice) == page, "a second payment of it leads to the page that is open"
    assert "is being paid on the card company" in mia.get(at(counter, f"/invoices/{invoice}")).text
    assert mia.post(address, {"do": "end"}).status_code == 303
    assert "Nothing was charged" in mia.get(address).text
    assert pays(mia, counter, invoice, how=f"card:{card(counter)}") == at(counter, f"/invoices/{invoice}")
    assert counter.due(invoice) == 0


def test_a_declined_card_says_so_and_another_one_pays(counter: Counter, mia: Visitor) -> None:
    invoice = counter.invoice()
    back = pays(mia, counter, invoice, how=f"card:{card(counter, 'decline')}")
    text = mia.get(back).text
    assert "The card was declined" in text
    assert "the bank said no" in text
    assert counter.due(invoice) == 8_650
    pays(mia, counter, invoice, how=f"card:{card(counter)}")
    assert counter.due(invoice) == 0


def test_fifty_presses_and_the_desk_at_once_charge_once(counter: Counter, mia: Visitor, sign_in: SignIn) -> None:
    invoice, saved, key = counter.invoice(), card(counter), uuid4()
    desk = sign_in("receptionist", at=NOW)
    own, at_desk = form(counter, invoice, how=f"card:{saved}"), counter.form(invoice, how="reader")

    def press(index: int) -> int:
        if index % 3 == 0:
            client = type(desk)(desk.app, desk.app.test_client(), desk.account_id, desk.secret)
            client.client.set_cookie("anteroom", desk.cookie)
            return client.post(f"/billing/invoices/{invoice}/charge", at_desk).status_code
        client = type(mia)(mia.app, mia.app.test_client(), mia.account_id, mia.secret)
        client.client.set_cookie("anteroom", mia.cookie)
        address = at(counter, f"/invoices/{invoice}/pay")
        return client.post(address, own, key=key if index % 3 == 1 else None).status_code

    got = at_once(12, press)
    assert set(got) <= {303, 409}, got
    assert counter.due(invoice) == 0
    assert counter.count("payment") == 1
    assert found(counter, "select sum(cents) as found from simulated_charge where state <> 'declined'") == 8_650


def test_somebody_elses_invoice_is_not_there(counter: Counter, mia: Visitor) -> None:
    other = counter.clinic.patients[1]
    theirs, before = counter.invoice(patient=other), counter.ledger()
    foreign = card(counter, patient=other)
    for address in (
        at(counter, f"/invoices/{theirs}/pay"),
        f"/me/{other}/invoices/{theirs}/pay",
    ):
        assert mia.post(address, form(counter, theirs, how=f"card:{card(counter)}")).status_code == 404
        assert mia.post(address, form(counter, theirs)).status_code == 404
    mine = counter.invoice()
    before = counter.ledger()
    assert mia.post(at(counter, f"/invoices/{mine}/pay"), form(counter, mine, how=f"card:{foreign}")).status_code == 404
    for address in (
        at(counter, f"/invoices/{theirs}"),
        at(counter, f"/invoices/{theirs}/pdf"),
        at(counter, f"/cards/{foreign}"),
        f"/me/{other}/invoices",
        f"/me/{other}/statement/pdf",
    ):
        assert mia.get(address).status_code == 404, address
    assert mia.post(at(counter, f"/cards/{foreign}/forget")).status_code == 404
    assert counter.ledger() == before


@pytest.mark.parametrize("amount", ["", "0", "-5", "1.005", "99999999999", "86.51", "five"])
def test_an_amount_that_cannot_be_paid_is_said(counter: Counter, mia: Visitor, amount: str) -> None:
    invoice, before = counter.invoice(), counter.ledger()
    sent = form(counter, invoice, part="some", amount=amount, how=f"card:{card(counter)}")
    answer = mia.post(at(counter, f"/invoices/{invoice}/pay"), sent)
    assert answer.status_code == 422
    assert 'id="f-amount-error"' in answer.text
    assert counter.ledger() == before


def test_a_price_that_changed_meanwhile_is_shown(counter: Counter, mia: Visitor) -> None:
    invoice = counter.invoice()
    sent = form(counter, invoice, how=f"card:{card(counter)}")
    pays(mia, counter, invoice, part="some", amount="20", how=f"card:{card(counter)}")
    answer = mia.post(at(counter, f"/invoices/{invoice}/pay"), sent)
    assert answer.status_code == 409
    assert "$66.50" in answer.text
    assert counter.count("payment") == 1


def test_papers_are_theirs(counter: Counter, mia: Visitor) -> None:
    invoice = counter.invoice()
    pays(mia, counter, invoice, how=f"card:{card(counter)}")
    receipt = found(counter, "select receipt_id as found from payment")
    for address in (f"/invoices/{invoice}/print", f"/receipts/{receipt}", "/statement"):
        assert "$86.50" in mia.get(at(counter, address)).text
    for address in (f"/invoices/{invoice}/pdf", f"/receipts/{receipt}/pdf", "/statement/pdf"):
        assert mia.get(at(counter, address)).data.startswith(b"%PDF"), address


def test_a_card_is_saved_and_forgotten(counter: Counter, mia: Visitor) -> None:
    page = path(mia.post(at(counter, "/cards")).location)
    back = path(mia.post(page, {"choice": "approve"}).location)
    assert "We are asking the card company" in mia.get(back).text
    assert mia.post(back).status_code == 303
    assert "The card is saved" in mia.get(back).text
    saved = found(counter, "select id as found from card_on_file")
    assert "Visa ending 4242" in mia.get(at(counter, "/cards")).text
    for _ in range(2):
        assert mia.post(at(counter, f"/cards/{saved}/forget")).status_code == 303
    assert "No card is saved" in mia.get(at(counter, "/cards")).text


def test_the_way_to_ones_invoices_is_on_every_page(counter: Counter, mia: Visitor, sign_in: SignIn) -> None:
    assert 'href="/me/invoices"' in mia.get(at(counter, "/cards")).text
    assert mia.get("/me/invoices").location == at(counter, "/invoices")
    assert sign_in("patient", at=NOW).get("/me/invoices").status_code == 404
