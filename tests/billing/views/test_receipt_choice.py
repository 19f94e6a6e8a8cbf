"""Whoever takes a payment asks how the receipt goes, and it goes so."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.billing.at_counter import counter, desk
from tests.jobs.conftest import worker_app
from tests.notify.postman import Postman, email, messages, mobile, prefers

if TYPE_CHECKING:
    from flask import Flask

    from tests.billing.counter import Counter
    from tests.stack.people import Visitor

__all__ = ["counter", "desk", "worker_app"]
HEARD = {
    "": [("email", "sent", None)],
    "email": [("email", "sent", None)],
    "sms": [("sms", "sent", None)],
    "print": [("email", "skipped", "not_wanted")],
    "none": [("email", "skipped", "not_wanted")],
}


CHECKED = re.compile(r'name="receipt" value="([a-z]+)"[^>]* checked')


def checked(page: str) -> list[str]:
    return CHECKED.findall(page)


def paid(counter: Counter, desk: Visitor, how: str, receipt: str) -> tuple[int, str | None]:
    made = counter.invoice()
    form = counter.form(made, how=how, receipt=receipt)
    answer = desk.post(f"/billing/invoices/{made}/charge", form)
    if answer.status_code == 307:
        answer = desk.post(answer.location, form)
    return answer.status_code, answer.location


@pytest.mark.parametrize("how", ["cash", "reader"])
@pytest.mark.parametrize("receipt", list(HEARD))
def test_the_receipt_goes_as_it_was_said(
    counter: Counter, desk: Visitor, worker_app: Flask, how: str, receipt: str
) -> None:
    email(counter.owner, counter.patient)
    mobile(counter.owner, counter.patient)
    status, where = paid(counter, desk, how, receipt)
    (row,) = counter.owner.execute("select receipt, receipt_id from payment").fetchall()
    assert (status, row["receipt"]) == (303, receipt or "preferred")
    assert (where == f"/billing/receipts/{row['receipt_id']}") == (receipt == "print")
    Postman(worker_app, counter.owner).works(counter.at)
    said = [each for each in messages(counter.owner, "%") if each["kind"] == "payment"]
    assert [(each["channel"], each["state"], each["reason"]) for each in said] == HEARD[receipt]


def test_another_way_is_refused_and_nothing_is_paid(counter: Counter, desk: Visitor) -> None:
    assert paid(counter, desk, "cash", "pigeon")[0] == 422
    assert counter.count("payment") == 0


@pytest.mark.parametrize(
    ("money", "chosen"),
    [(None, "email"), ("sms", "sms"), ("both", "preferred"), ("none", "none"), ("either", "email")],
)
def test_what_the_person_prefers_is_chosen_and_their_addresses_are_masked(
    counter: Counter, desk: Visitor, money: str | None, chosen: str
) -> None:
    email(counter.owner, counter.patient)
    mobile(counter.owner, counter.patient)
    if money is not None:
        prefers(counter.owner, counter.patient, money=money)
    page = desk.get(f"/billing/invoices/{counter.invoice()}").text
    assert checked(page) == [chosen]
    assert ("Email r•••@example.com" in page, "Text ••• 0142" in page) == (True, True)
    assert "rosa@example.com" not in page


def test_whoever_has_no_address_gets_paper_or_nothing(counter: Counter, desk: Visitor) -> None:
    page = desk.get(f"/billing/invoices/{counter.invoice()}").text
    assert checked(page) == ["none"]
    assert 'value="print"' in page
    assert 'value="email"' not in page
