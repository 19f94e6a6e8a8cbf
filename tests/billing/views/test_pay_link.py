"""The pages of a payment link: made at the desk, paid by whoever has it, and nothing said that is not true."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest

from tests.billing.at_counter import counter, desk
from tests.booking.wishes import application
from tests.factories import NOW
from webapp import clock
from webapp.billing import jobs, service
from webapp.db import db

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask

    from tests.billing.counter import Counter
    from tests.stack.database import Database
    from tests.stack.people import Visitor

__all__ = ["counter", "desk"]


@pytest.fixture
def worker_app(app: Flask, database: Database) -> Iterator[Flask]:
    made = application(database.environment["WORKER_DATABASE_URL"])
    made.extensions[service.EXTENSION] = app.extensions[service.EXTENSION]
    made.config["ANTEROOM"] = app.config["ANTEROOM"]
    yield made
    with made.app_context():
        db.session.remove()
        db.engine.dispose()


ADDRESS = re.compile(r'value="[^"]*(/pay/[\w-]{43})"')


def link_of(desk: Visitor, invoice: UUID) -> str:
    """Make a link at the desk; its path."""
    answer = desk.post(f"/billing/invoices/{invoice}/link")
    assert answer.status_code == 303
    address = ADDRESS.search(desk.get(answer.location).text)
    assert address is not None
    return address[1]


def found(counter: Counter, query: str, *values: object) -> object:
    row = counter.owner.execute(query.encode(), values).fetchone()
    assert row is not None
    return row["found"]


def form_of(page: str) -> dict[str, str]:
    names = re.findall(r'<input type="hidden" name="(due|currency)" value="([^"]*)"', page)
    return dict(names)


def start(visitor: Visitor, link: str, **options: object) -> str:
    """Press the button on the page of a link; the path of the card company's page."""
    answer = visitor.post(link, form_of(visitor.get(link).text), **options)  # type: ignore[arg-type]
    assert answer.status_code == 303, answer.text
    page = re.search(r"/terminal/pages/\w+|/pay/back/[\w-]+", answer.location)
    assert page is not None
    return page[0]


def choose(visitor: Visitor, page: str, choice: str) -> str:
    """What somebody does on the card company's page; the path they are led to."""
    answer = visitor.post(page, {"choice": choice})
    assert answer.status_code == 303
    onwards = re.search(r"/(terminal|pay)/.*", answer.location)
    assert onwards is not None
    return onwards[0]


def work(counter: Counter, worker: Flask) -> None:
    """The jobs that are promised about attempts."""
    rows = counter.owner.execute(
        "select distinct args ->> 'attempt' as id from jobs.procrastinate_jobs"
        " where task_name = 'billing.settle_attempt'"
    ).fetchall()
    with worker.app_context():
        for row in rows:
            jobs.settle_attempt(row["id"])


def test_a_patient_without_an_account_pays(
    counter: Counter, desk: Visitor, visitor: Visitor, worker_app: Flask
) -> None:
    invoice = counter.invoice()
    link = link_of(desk, invoice)
    shown = visitor.get(link)
    assert shown.status_code == 200
    assert "$86.50" in shown.text
    page = start(visitor, link)
    assert "Pay $86.50" in visitor.get(page).text
    back = choose(visitor, page, "approve")
    told = visitor.get(back).text
    assert "We are checking your payment" in told, "the address says paid, the attempt does not yet"
    assert counter.due(invoice) == 8_650
    work(counter, worker_app)
    assert "Paid. Thank you." in visitor.get(back).text
    assert counter.due(invoice) == 0
    assert "This invoice is paid." in visitor.get(link).text
    assert "Payment link" in desk.get(f"/billing/invoices/{invoice}").text


def test_the_page_says_where_which_and_how_much_and_nothing_else(
    counter: Counter, desk: Visitor, visitor: Visitor
) -> None:
    link = link_of(desk, counter.invoice())
    family = str(found(counter, "select family as found from patient where id = %s", counter.patient))
    page = start(visitor, link)
    for text in (visitor.get(link).text, visitor.get(page).text, visitor.get(choose(visitor, page, "leave")).text):
        assert "Dermoscopy" not in text
        assert family not in text
        assert str(counter.patient) not in text


def test_leaving_is_not_paying_and_leads_back_to_the_same_page(
    counter: Counter, desk: Visitor, visitor: Visitor
) -> None:
    link = link_of(desk, counter.invoice())
    page = start(visitor, link)
    back = choose(visitor, page, "leave")
    assert "You have not paid yet" in visitor.get(back).text
    assert visitor.post(back.partition("?")[0]).location.endswith(page)
    assert "A payment page is open until" in visitor.get(link).text
    assert start(visitor, link) == page
    assert counter.count("attempt") == 1


def test_success_in_the_address_is_no_payment(counter: Counter, desk: Visitor, visitor: Visitor) -> None:
    invoice = counter.invoice()
    start(visitor, link_of(desk, invoice))
    attempt = found(counter, "select id as found from attempt")
    text = visitor.get(f"/pay/back/{attempt}?success=1").text
    assert "Paid" not in re.sub(r"<title>.*</title>", "", text)
    assert counter.due(invoice) == 8_650


def test_a_declined_card_is_followed_by_another(
    counter: Counter, desk: Visitor, visitor: Visitor, worker_app: Flask
) -> None:
    invoice = counter.invoice()
    page = start(visitor, link_of(desk, invoice))
    assert choose(visitor, page, "decline") == page
    assert "The card was declined." in visitor.get(page).text
    work(counter, worker_app)
    choose(visitor, page, "approve")
    work(counter, worker_app)
    assert counter.due(invoice) == 0
    assert counter.count("payment") == 1


def test_the_desk_sees_that_the_page_is_open_and_can_end_it(counter: Counter, desk: Visitor, visitor: Visitor) -> None:
    invoice = counter.invoice()
    link = link_of(desk, invoice)
    page = start(visitor, link)
    shown = desk.get(f"/billing/invoices/{invoice}").text
    assert "is being paid on the card company" in shown
    charged = desk.post(f"/billing/invoices/{invoice}/charge", counter.form(invoice, how="reader"))
    assert charged.status_code == 409
    attempt = found(counter, "select id as found from attempt")
    story = desk.get(f"/billing/attempts/{attempt}").text
    assert "has the card company&#39;s page open" in story or "has the card company's page open" in html.unescape(story)
    assert desk.post(f"/billing/attempts/{attempt}/end").status_code == 303
    assert "This page is closed." in visitor.get(page).text
    assert choose(visitor, page, "approve") == page
    assert desk.post(f"/billing/invoices/{invoice}/charge", counter.form(invoice, how="reader")).status_code == 303
    assert counter.due(invoice) == 0


def test_a_link_that_is_over_says_so_and_no_more(counter: Counter, desk: Visitor, visitor: Visitor) -> None:
    invoice = counter.invoice()
    link = link_of(desk, invoice)
    form = form_of(visitor.get(link).text)
    assert desk.post(f"/billing/invoices/{invoice}/link/end").status_code == 303
    made_up = visitor.get("/pay/" + "x" * 43)
    over = visitor.get(link)
    assert (over.status_code, made_up.status_code) == (404, 404)
    assert "$" not in over.text
    assert "cannot be used any more" in over.text
    assert visitor.post(link, form).status_code == 404
    again = link_of(desk, invoice)
    with clock.stopped_at(NOW + timedelta(days=30)):
        assert visitor.get(again).status_code == 404
    assert counter.count("attempt") == 0


def test_a_price_that_changed_meanwhile_is_shown_again(counter: Counter, desk: Visitor, visitor: Visitor) -> None:
    invoice = counter.invoice()
    link = link_of(desk, invoice)
    form = form_of(visitor.get(link).text)
    assert desk.post(f"/billing/invoices/{invoice}/charge", counter.form(invoice, "20", "reader")).status_code == 303
    answer = visitor.post(link, form)
    assert answer.status_code == 409
    assert "$66.50" in answer.text
    assert counter.count("attempt") == 1


@pytest.mark.parametrize("due", ["", "x", "0", "-5", "1.5", "99999999999999", "8650"])
def test_an_amount_that_no_page_of_ours_sent_charges_nothing(
    counter: Counter, desk: Visitor, visitor: Visitor, due: str
) -> None:
    link = link_of(desk, counter.invoice())
    currency = "EUR" if due == "8650" else "USD"
    assert visitor.post(link, {"due": due, "currency": currency}).status_code in {400, 409}
    assert counter.count("attempt") == 0


def test_the_same_press_again_is_the_same_page(counter: Counter, desk: Visitor, visitor: Visitor) -> None:
    link, key = link_of(desk, counter.invoice()), uuid4()
    form = form_of(visitor.get(link).text)
    assert len({visitor.post(link, form, key=key).location for _ in range(3)}) == 1
    assert counter.count("attempt") == 1


def test_the_panel_offers_the_link(counter: Counter, desk: Visitor) -> None:
    invoice = counter.invoice()
    assert "Payment link" in desk.get(f"/billing/invoices/{invoice}").text
    answer = desk.post(f"/billing/invoices/{invoice}/charge", counter.form(invoice, how="link"))
    assert answer.location == f"/billing/invoices/{invoice}/link"
    assert "Make a link" in desk.get(answer.location).text
    assert desk.post(f"/billing/invoices/{invoice}/pay", counter.form(invoice, how="link")).status_code == 422


def test_a_card_is_saved_listed_and_forgotten(
    counter: Counter, desk: Visitor, visitor: Visitor, worker_app: Flask
) -> None:
    cards = f"/billing/patients/{counter.patient}/cards"
    assert "No card is saved" in desk.get(cards).text
    setup = desk.post(cards).location
    shown = desk.get(setup).text
    page = re.search(r"/terminal/pages/\w+", shown)
    assert page is not None
    visitor.post(page[0], {"choice": "approve"})
    assert "Save a card" in desk.get(setup).text
    with worker_app.app_context():
        jobs.settle_setup(setup.rpartition("/")[2])
    assert "Visa ending 4242 is saved." in desk.get(setup).text
    assert "Visa ending 4242" in desk.get(cards).text
    invoice = counter.invoice()
    saved = found(counter, "select id as found from card_on_file")
    paid = desk.post(f"/billing/invoices/{invoice}/charge", counter.form(invoice, how=f"card:{saved}"))
    assert paid.location == f"/billing/invoices/{invoice}"
    foreign = f"/billing/patients/{counter.clinic.patients[1]}/cards/{saved}/forget"
    assert desk.post(foreign).status_code == 404
    assert desk.post(f"{cards}/{saved}/forget").status_code == 303
    assert "No card is saved" in desk.get(cards).text
    assert counter.due(invoice) == 0


def test_the_record_leads_to_the_saved_cards(counter: Counter, desk: Visitor) -> None:
    assert f"/billing/patients/{counter.patient}/cards" in desk.get(f"/patients/{counter.patient}").text
