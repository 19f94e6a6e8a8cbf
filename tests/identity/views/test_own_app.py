"""Patients set up an authenticator app if they like, and take it off again."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.identity.accounts import PASSWORD, MakeAccount
from tests.identity.authenticator import code_of
from tests.identity.browsing import enter, open_a_page
from webapp.identity.permissions import StaffRole

if TYPE_CHECKING:
    from tests.stack.people import Visitor

KEY = re.compile(r"<code>([A-Z2-7 ]{20,})</code>")


def set_up(visitor: Visitor) -> str:
    """Set an app up from inside; its secret."""
    assert visitor.post("/me/app", {"password": PASSWORD}).location == "/sign-in/enroll"
    found = KEY.search(visitor.get("/sign-in/enroll").text)
    assert found
    secret = found[1].replace(" ", "")
    assert "recovery" in visitor.post("/sign-in/enroll", {"code": code_of(secret, -1)}).text.lower()
    open_a_page(visitor)
    return secret


def test_a_patient_sets_an_app_up_is_asked_for_it_and_takes_it_off(visitor: Visitor, make_account: MakeAccount) -> None:
    account = make_account(StaffRole.PATIENT)
    assert enter(visitor, account, next_path="/me/app").location == "/me/app"
    open_a_page(visitor)
    assert visitor.post("/me/app", {"password": "not the password"}).status_code == 422
    secret = set_up(visitor)
    assert "10 recovery codes are left" in visitor.get("/me/app").text
    visitor.post("/sign-out")
    open_a_page(visitor)
    assert enter(visitor, account).location == "/sign-in/code"
    assert visitor.get("/me/app").status_code == 303
    assert visitor.post("/sign-in/code", {"code": code_of(secret)}).status_code == 303
    open_a_page(visitor)
    assert visitor.post("/me/app/off").location == "/sign-in"
    open_a_page(visitor)
    assert enter(visitor, account, next_path="/me/app").location == "/me/app"


def test_whoever_works_here_keeps_their_app(visitor: Visitor, make_account: MakeAccount) -> None:
    account = make_account(StaffRole.PATIENT, StaffRole.MANAGER)
    enter(visitor, account, next_path="/me/app")
    open_a_page(visitor)
    set_up(visitor)
    assert visitor.post("/me/app/off").status_code == 403
    assert "recovery codes are left" in visitor.get("/me/app").text
