"""The desk sends a payment link in the way its patient chose: once, with nothing in it but the way there."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests import factories
from tests.billing.counter import Counter
from tests.factories import NOW
from tests.morning import eight_in_the_morning
from tests.notify.postman import Postman, email, mailbox, messages, mobile, payment_link, prefers
from webapp import clock
from webapp.billing.actions.links import end_link
from webapp.billing.actions.pay import Part, TakePayment, take_payment
from webapp.billing.pay_links import token_of
from webapp.db import Role, transactional
from webapp.notify.actions.addresses import take_report
from webapp.notify.reports import Report

if TYPE_CHECKING:
    from uuid import UUID

    from flask import Flask

    from tests.booking.wishes import Owner
    from tests.factories import Clinic
    from tests.notify.conftest import Changing
    from tests.stack.people import SignIn, Visitor

__all__ = ["eight_in_the_morning"]


@pytest.fixture
def invoice(app: Flask, owner: Owner, clinic: Clinic) -> UUID:
    with clock.stopped_at(NOW):
        return Counter(app, owner, clinic).invoice()


@pytest.fixture
def link(app: Flask, invoice: UUID) -> UUID:
    return payment_link(app, invoice)


@pytest.fixture
def front(sign_in: SignIn) -> Visitor:
    return sign_in("receptionist", at=NOW)


def pays(app: Flask, clinic: Clinic, owner: Owner) -> None:
    """Somebody comes by and pays all that is due in cash."""
    row = owner.execute("SELECT id FROM drawer").fetchone()
    assert row is not None
    wanted = TakePayment(clinic.patients[0], clinic.location, (Part("cash", 8_650, drawer_id=row["id"]),), "USD")
    with app.app_context(), transactional(factories.scope(Role.BILLER)):
        take_payment(wanted, actor=None, at=NOW)


def sends(front: Visitor, invoice: UUID) -> str:
    """Press the button; what the page says then."""
    answer = front.post(f"/billing/invoices/{invoice}/link/send")
    return front.get(answer.location).text if answer.status_code == 303 else answer.text


def test_the_link_goes_out_once_however_often_it_is_pressed(
    app: Flask, front: Visitor, postman: Postman, owner: Owner, invoice: UUID, link: UUID
) -> None:
    assert "The patient is sent the link by email." in sends(front, invoice)
    assert "sent the link" in sends(front, invoice), "the postman has not been yet"
    postman.works(postman.now)
    assert "It was sent already" in sends(front, invoice)
    postman.works(postman.now)
    (item,) = mailbox(owner)
    with app.app_context():
        assert f"/pay/{token_of(link)}" in item["body"]
    assert "can be paid online" in item["subject"]
    assert not re.search(r"\d\.\d\d|Dermoscopy|Rosa", item["subject"] + item["body"].replace("Hello Rosa", ""))


def test_the_patients_choice_is_obeyed(
    front: Visitor, postman: Postman, owner: Owner, clinic: Clinic, invoice: UUID, link: UUID
) -> None:
    mobile(owner, clinic.patients[0])
    prefers(owner, clinic.patients[0], money="sms", language="es")
    assert "by text message" in sends(front, invoice)
    postman.works(postman.now)
    (item,) = mailbox(owner)
    assert item["channel"] == "sms"
    assert "puede pagar" in item["body"]
    assert [each["subject_id"] for each in messages(owner)] == [link]


def test_who_wants_it_in_the_portal_only_is_sent_nothing_and_the_desk_hears_why(
    front: Visitor, postman: Postman, owner: Owner, clinic: Clinic, invoice: UUID, link: UUID
) -> None:
    prefers(owner, clinic.patients[0], money="none")
    assert "wants no emails or texts about money" in sends(front, invoice)
    owner.execute("UPDATE contact_preference SET money = 'sms'")
    assert "There is no address" in sends(front, invoice)
    postman.works(postman.now)
    assert messages(owner, "%") == []
    assert postman.promised() == []


@pytest.mark.parametrize("what", ["ended", "paid", "over"])
def test_a_link_that_leads_nowhere_by_now_is_not_sent(
    app: Flask, desk: Changing, front: Visitor, postman: Postman, owner: Owner, clinic: Clinic, invoice: UUID,
    link: UUID, what: str,
) -> None:  # fmt: skip
    prefers(owner, clinic.patients[0], quiet_from="00:00", quiet_to="23:00", money="email")
    sends(front, invoice)
    postman.works(postman.now)
    assert mailbox(owner) == []
    with desk():
        if what == "ended":
            end_link(invoice, at=postman.now)
    if what == "over":
        owner.execute("UPDATE payment_link SET expires_at = %s", (postman.now + timedelta(minutes=1),))
    if what == "paid":
        pays(app, clinic, owner)
    postman.works(postman.now + timedelta(days=1))
    assert [each["reason"] for each in messages(owner, "%") if each["subject_id"] == link] == ["overtaken"]
    assert not any("/pay/" in item["body"] for item in mailbox(owner))


def test_what_bounced_can_be_sent_again_to_the_address_that_is_right(
    desk: Changing, front: Visitor, postman: Postman, owner: Owner, clinic: Clinic, invoice: UUID, link: UUID
) -> None:
    sends(front, invoice)
    postman.works(postman.now)
    (first,) = mailbox(owner)
    with desk(Role.JOB):
        take_report(Report((first["recipient"],), "bounced", first["parcel_id"]), at=postman.now)
    assert "There is no address" in sends(front, invoice)
    listed = front.get("/patients/undelivered").text
    assert f'href="/patients/{clinic.patients[0]}/messages"' in listed
    assert "the address does not take mail" in listed
    postman.works(postman.now + timedelta(minutes=5))
    email(owner, clinic.patients[0], "rosa.jimenez@example.com")
    assert "by email" in sends(front, invoice)
    postman.works(postman.now)
    assert {item["recipient"] for item in mailbox(owner)} == {"rosa0@example.com", "rosa.jimenez@example.com"}
    assert "No message failed" in front.get("/patients/undelivered").text


def test_without_a_link_there_is_nothing_to_send(front: Visitor, invoice: UUID) -> None:
    assert front.post(f"/billing/invoices/{invoice}/link/send").status_code == 404
