"""Where a clinic sends no texts, pages say so: nothing of them failed, and nobody believes that one is on its way."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.billing.counter import Counter
from tests.booking.wishes import ACTOR, wish
from tests.factories import NOW, clock_time
from tests.morning import eight_in_the_morning
from tests.notify.postman import Postman, messages, mobile, payment_link, prefers
from webapp import clock
from webapp.booking.actions import book
from webapp.notify.gateways.nobody import Nobody
from webapp.notify.notices import GRACE
from webapp.notify.reach import Channel
from webapp.notify.service import EXTENSION

if TYPE_CHECKING:
    from flask import Flask

    from tests.booking.wishes import Owner
    from tests.factories import Clinic
    from tests.notify.conftest import Changing
    from tests.stack.people import SignIn

__all__ = ["eight_in_the_morning"]


@pytest.fixture(autouse=True)
def without_texts(app: Flask, worker_app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    for each in (app, worker_app):
        post = each.extensions[EXTENSION]
        monkeypatch.setitem(
            each.extensions, EXTENSION, replace(post, carriers={**post.carriers, Channel.SMS: Nobody()})
        )


def test_a_text_that_is_not_sent_is_no_failure(
    app: Flask, desk: Changing, postman: Postman, clinic: Clinic, owner: Owner, sign_in: SignIn
) -> None:
    patient = clinic.patients[0]
    mobile(owner, patient)
    prefers(owner, patient, visits="sms", money="sms")
    with desk():
        book(wish(clinic, clock_time(10) + timedelta(days=1)), actor=ACTOR, at=postman.now)
    postman.works(postman.now + GRACE)
    assert [(each["state"], each["reason"]) for each in messages(owner, "%")] == [("skipped", "no_carrier")]
    front = sign_in("receptionist", at=NOW)
    page = front.get(f"/patients/{patient}/messages").text
    assert "Not sent" in page
    assert "Not delivered" not in page
    assert "texts are switched off" in page
    assert "This clinic sends no texts" in page
    with clock.stopped_at(NOW):
        invoice = Counter(app, owner, clinic).invoice()
    payment_link(app, invoice)
    answer = front.post(f"/billing/invoices/{invoice}/link/send")
    assert answer.status_code == 409
    assert "texts are switched off here" in answer.text
