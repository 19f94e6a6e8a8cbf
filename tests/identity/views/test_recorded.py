"""Every failed sign-in, wait and reset is in the activity log, and auditors read it in words."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from tests.identity.accounts import PASSWORD, Account, MakeAccount
from tests.identity.authenticator import code_of
from tests.identity.browsing import cognito_away, enter, must_change, open_a_page
from tests.identity.views.test_second_step import enroll
from tests.stack.people import SignIn, Visitor
from webapp.activity import queries as activity_log
from webapp.identity.attempts import ACCOUNT
from webapp.identity.service import EXTENSION

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask

    from webapp.settings import Settings

NEW = "umbrella lantern orbit seventeen"
ROW = re.compile(r"<tr>(.*?)</tr>", re.DOTALL)
TAG = re.compile(r"<[^>]+>|\s+")


@pytest.fixture
def _strict(app: Flask) -> Iterator[None]:
    """Staff need a second factor, as in production."""
    whole = app.extensions[EXTENSION]
    app.extensions[EXTENSION] = replace(whole, second_factor_required=True)
    yield
    app.extensions[EXTENSION] = whole


def told(sign_in: SignIn, account: Account) -> list[str]:
    """The rows of the auditor's page about a person, newest first, as words."""
    page = sign_in("auditor").get(f"/activity/people/{account.id}").text
    body = page.partition("<tbody>")[2].partition("</tbody>")[0]
    return [" ".join(html.unescape(TAG.sub(" ", row)).split()) for row in ROW.findall(body)]


def half_way(visitor: Visitor, account: Account) -> tuple[str, list[str]]:
    """Somebody with an app, who has shown their password and is asked for a code."""
    secret, codes = enroll(visitor, account)
    visitor.post("/sign-out")
    open_a_page(visitor)
    assert enter(visitor, account).location == "/sign-in/code"
    return secret, codes


def test_a_wrong_password_and_the_wait_that_begins(
    sign_in: SignIn, visitor: Visitor, make_account: MakeAccount
) -> None:
    account = make_account()
    for _ in range(ACCOUNT.free):
        assert enter(visitor, account, "not the password").status_code == 422
    rows = told(sign_in, account)
    assert sum("Failed to sign in Password" in row for row in rows) == ACCOUNT.free
    assert sum("Has to wait after failed attempts" in row for row in rows) == 1
    assert not any("not the password" in row for row in rows)


@pytest.mark.usefixtures("_strict")
def test_a_wrong_code_and_a_wrong_recovery_code(sign_in: SignIn, visitor: Visitor, make_account: MakeAccount) -> None:
    account = make_account()
    _, codes = half_way(visitor, account)
    assert visitor.post("/sign-in/code", {"code": "000000"}).status_code == 422
    wrong = {"recovery_code": "7KQ2M-PX4WD", "password": PASSWORD}
    assert visitor.post("/sign-in/recovery", wrong).status_code == 422
    assert visitor.post("/sign-in/recovery", {**wrong, "recovery_code": codes[0]}).status_code == 303
    found = re.search(r"<code>([A-Z2-7 ]{20,})</code>", visitor.get("/sign-in/enroll").text)
    assert found
    visitor.post("/sign-in/enroll", {"code": code_of(found[1].replace(" ", ""), -1)})
    rows = told(sign_in, account)
    for words in (
        "Failed to sign in Code of the authenticator app",
        "Failed to sign in Recovery code",
        "Signed in with a recovery code",
        "Set up an authenticator app",
    ):
        assert sum(words in row for row in rows) >= 1, words


@pytest.mark.usefixtures("_strict")
def test_a_wrong_first_code_of_an_app(sign_in: SignIn, visitor: Visitor, make_account: MakeAccount) -> None:
    account = make_account()
    assert enter(visitor, account).location == "/sign-in/enroll"
    assert visitor.post("/sign-in/enroll", {"code": "000000"}).status_code == 422
    assert any("First code of an authenticator app" in row for row in told(sign_in, account))


def test_a_forgotten_password_that_is_asked_for_and_replaced(
    sign_in: SignIn, visitor: Visitor, make_account: MakeAccount
) -> None:
    account = make_account()
    for _ in range(ACCOUNT.free):
        assert visitor.post("/sign-in/forgot", {"email": account.email}).status_code == 200
    reset = {"email": account.email, "code": "654321", "new_password": NEW}
    assert visitor.post("/sign-in/reset", reset).status_code == 303
    rows = told(sign_in, account)
    assert sum("Asked for a code for a forgotten password" in row for row in rows) == ACCOUNT.free
    assert sum("Has to wait after failed attempts Code by mail" in row for row in rows) == 1
    assert sum("Changed the password With a code from the mail" in row for row in rows) == 1


def test_a_mail_for_an_address_nobody_has_is_recorded_of_nobody(app: Flask, visitor: Visitor) -> None:
    assert visitor.post("/sign-in/forgot", {"email": "nobody@anteroom.example"}).status_code == 200
    wrong = {"email": "nobody@anteroom.example", "code": "123456", "new_password": NEW}
    assert visitor.post("/sign-in/reset", wrong).status_code == 422
    day = datetime.now(UTC).date()
    with app.app_context():
        recorded = [(record.action, record.actor, record.detail) for record in activity_log.of_day(day)]
    assert recorded == [("sign_in_failed", None, "reset"), ("password_forgotten", None, "")]


def test_a_changed_password_even_when_cognito_goes_away_after_it(
    app: Flask, settings: Settings, sign_in: SignIn, visitor: Visitor, make_account: MakeAccount
) -> None:
    account = make_account()
    enter(visitor, account)
    open_a_page(visitor)
    assert visitor.post("/password", {"password": "not the password", "new_password": NEW}).status_code == 422
    with cognito_away(app, settings, settings.aws_endpoint_url or "") as people, pytest.MonkeyPatch.context() as patch:
        done = people.change_password

        def and_away(username: str, password: str) -> None:
            done(username, password)
            for _ in range(people.breaker.opens_after):
                people.breaker.failed()

        patch.setattr(people, "change_password", and_away)
        answer = visitor.post("/password", {"password": PASSWORD, "new_password": NEW})
    assert (answer.status_code, answer.location) == (303, "/sign-in")
    rows = told(sign_in, account)
    assert sum("Changed the password" in row for row in rows) == 1
    assert sum("Failed to sign in Password" in row for row in rows) == 1
    assert enter(visitor, account, NEW).status_code == 303


def test_a_temporary_password_that_is_replaced_too_late(
    app: Flask, settings: Settings, visitor: Visitor, make_account: MakeAccount
) -> None:
    account = make_account()
    must_change(account, settings, "handed out at the desk")
    assert enter(visitor, account, "handed out at the desk").location == "/sign-in/new-password"
    with app.app_context():
        app.extensions[EXTENSION].sessions.bump(account.id)
    assert visitor.post("/sign-in/new-password", {"new_password": NEW}).status_code == 422
    with app.app_context():
        day = datetime.now(UTC).date()
        assert ("sign_in_failed", "new_password") in {
            (record.action, record.detail) for record in activity_log.of_day(day)
        }


@pytest.mark.usefixtures("_strict")
def test_a_second_factor_that_a_manager_resets(sign_in: SignIn, visitor: Visitor, make_account: MakeAccount) -> None:
    account = make_account()
    enroll(visitor, account)
    manager = sign_in("manager")
    assert manager.post(f"/accounts/{account.id}/reset-second-factor", {"reason": "lost"}).status_code == 303
    assert manager.account_id
    rows = told(sign_in, replace(account, id=manager.account_id))
    assert any("Lost the authenticator app by a reset The phone is lost Robin Example" in row for row in rows)
