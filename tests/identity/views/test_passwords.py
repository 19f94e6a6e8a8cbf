"""Forgotten and changed passwords, through the pages.

The local emulator takes every mailed code: that a wrong or old one is refused is AWS only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.identity.accounts import PASSWORD, Account, MakeAccount
from tests.identity.browsing import cognito_away, enter, open_a_page
from tests.identity.views.test_sign_in import plain
from tests.stack.people import Visitor
from webapp.activity import queries as activity_log

if TYPE_CHECKING:
    from flask import Flask

    from webapp.settings import Settings

NEW = "umbrella lantern orbit seventeen"


@pytest.fixture
def elsewhere(app: Flask) -> Visitor:
    return Visitor(app, app.test_client())


def actions_of(app: Flask, account: Account) -> list[str]:
    with app.app_context():
        return [record.action for record in activity_log.of_actor(account.id)]


def change(visitor: Visitor, old: str = PASSWORD, new: str = NEW) -> int:
    return visitor.post("/password", {"password": old, "new_password": new}).status_code


def test_a_changed_password_ends_all_other_sessions_and_keeps_this_one_going(
    app: Flask, visitor: Visitor, elsewhere: Visitor, make_account: MakeAccount
) -> None:
    account = make_account()
    for browser in (visitor, elsewhere):
        enter(browser, account)
        open_a_page(browser)
    assert change(visitor) == 303
    assert elsewhere.get("/home").status_code == 303
    assert visitor.get("/home").status_code == 200
    assert enter(elsewhere, account).status_code == 422
    assert enter(elsewhere, account, NEW).status_code == 303
    assert "password_changed" in actions_of(app, account)


def test_a_change_needs_the_password_of_now(visitor: Visitor, elsewhere: Visitor, make_account: MakeAccount) -> None:
    account = make_account()
    for browser in (visitor, elsewhere):
        enter(browser, account)
        open_a_page(browser)
    assert change(visitor, "not the password") == 422
    assert change(visitor, new="short") == 422
    assert elsewhere.get("/home").status_code == 200
    assert enter(elsewhere, account).status_code == 303


def test_guessing_the_password_of_now_has_to_wait(visitor: Visitor, make_account: MakeAccount) -> None:
    enter(visitor, make_account())
    open_a_page(visitor)
    assert [change(visitor, "not the password") for _ in range(6)] == [422] * 5 + [429]


def test_asking_for_a_code_reads_the_same_for_an_address_nobody_has(
    visitor: Visitor, make_account: MakeAccount
) -> None:
    email = make_account().email
    known = visitor.post("/sign-in/forgot", {"email": email})
    unknown = visitor.post("/sign-in/forgot", {"email": f"x{email}"})
    assert known.status_code == unknown.status_code == 200
    assert plain(known) == plain(unknown)


def test_nobodys_mailbox_is_filled(visitor: Visitor, make_account: MakeAccount) -> None:
    email = make_account().email
    statuses = [visitor.post("/sign-in/forgot", {"email": email}).status_code for _ in range(6)]
    assert statuses == [200] * 5 + [429]


def test_a_forgotten_password_is_replaced_and_ends_all_sessions(
    app: Flask, visitor: Visitor, elsewhere: Visitor, make_account: MakeAccount
) -> None:
    account = make_account()
    enter(elsewhere, account)
    visitor.post("/sign-in/forgot", {"email": account.email})
    response = visitor.post("/sign-in/reset", {"email": account.email, "code": "654321", "new_password": NEW})
    assert (response.status_code, response.location) == (303, "/sign-in")
    assert elsewhere.get("/home").status_code == 303
    assert enter(visitor, account, NEW).status_code == 303
    assert "password_changed" in actions_of(app, account)


def test_a_code_for_an_address_nobody_has_reads_like_a_wrong_one(visitor: Visitor) -> None:
    form = {"email": "nobody@anteroom.example", "code": "123456", "new_password": NEW}
    response = visitor.post("/sign-in/reset", form)
    assert response.status_code == 422
    assert "That code and email address do not go together" in response.text
    assert NEW not in response.text


def test_codes_for_one_address_are_not_tried_out(visitor: Visitor) -> None:
    form = {"email": "nobody.else@anteroom.example", "code": "123456", "new_password": NEW}
    assert [visitor.post("/sign-in/reset", form).status_code for _ in range(6)] == [422] * 5 + [429]


def test_an_outage_says_so(app: Flask, visitor: Visitor, settings: Settings, make_account: MakeAccount) -> None:
    account = make_account()
    with cognito_away(app, settings):
        assert visitor.post("/sign-in/forgot", {"email": account.email}).status_code == 503
        form = {"email": account.email, "code": "123456", "new_password": NEW}
        assert visitor.post("/sign-in/reset", form).status_code == 503
