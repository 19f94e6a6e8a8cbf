"""The pages of the second factor, as a browser uses them."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.identity.accounts import PASSWORD, Account, MakeAccount
from tests.identity.authenticator import code_of
from tests.identity.browsing import cookie_of, enter, open_a_page
from tests.stack.people import Visitor
from webapp import clock
from webapp.activity import queries as activity_log
from webapp.identity.handle import parse_handle
from webapp.identity.service import EXTENSION, identity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask

KEY = re.compile(r"<code>([A-Z2-7 ]{20,})</code>")
CODES = re.compile(r"<code>([0-9A-Z]{5}-[0-9A-Z]{5})</code>")


@pytest.fixture(autouse=True)
def _strict(app: Flask) -> Iterator[None]:
    """Staff need a second factor, as in production."""
    whole = app.extensions[EXTENSION]
    app.extensions[EXTENSION] = replace(whole, second_factor_required=True)
    yield
    app.extensions[EXTENSION] = whole


def enroll(visitor: Visitor, account: Account) -> tuple[str, list[str]]:
    """Sign in for the first time: the app's secret and the recovery codes."""
    assert enter(visitor, account).location == "/sign-in/enroll"
    found = KEY.search(visitor.get("/sign-in/enroll").text)
    assert found
    secret = found[1].replace(" ", "")
    page = visitor.post("/sign-in/enroll", {"code": code_of(secret, -1)})
    assert page.status_code == 200
    open_a_page(visitor)
    return secret, [html.unescape(code) for code in CODES.findall(page.text)]


def test_the_first_sign_in_sets_up_the_app_and_shows_ten_recovery_codes_once(
    app: Flask, visitor: Visitor, make_account: MakeAccount
) -> None:
    account = make_account()
    secret, codes = enroll(visitor, account)
    assert len(codes) == 10
    assert visitor.get("/home").status_code == 200
    assert visitor.post("/sign-in/enroll", {"code": code_of(secret)}).location == "/sign-in"
    with app.app_context():
        actions = [record.action for record in activity_log.of_actor(account.id)]
    assert {"second_factor_set", "signed_in"} <= set(actions)


def test_later_the_code_is_asked_for_and_leads_on_to_where_the_person_was(
    visitor: Visitor, make_account: MakeAccount
) -> None:
    account = make_account()
    secret, _ = enroll(visitor, account)
    visitor.post("/sign-out")
    open_a_page(visitor)
    assert enter(visitor, account, next_path="/home?from=here").location == "/sign-in/code"
    assert visitor.get("/home").status_code == 303
    page = visitor.get("/sign-in/code")
    assert 'autocomplete="one-time-code"' in page.text
    code = code_of(secret)
    response = visitor.post("/sign-in/code", {"code": f"{code[:3]} {code[3:]}"})
    assert (response.status_code, response.location) == (303, "/home?from=here")
    assert visitor.get("/home").status_code == 200


def test_the_handle_of_the_half_done_sign_in_opens_nothing(
    app: Flask, visitor: Visitor, make_account: MakeAccount
) -> None:
    account = make_account()
    enroll(visitor, account)
    visitor.post("/sign-out")
    open_a_page(visitor)
    enter(visitor, account)
    half_done = cookie_of(visitor)["challenge"]
    with visitor.client.session_transaction() as session:
        session["_user_id"] = half_done
    assert visitor.get("/home").status_code == 303
    with app.app_context():
        assert parse_handle(half_done)
        assert identity().sessions.of_account(account.id, clock.now()) == []


def test_a_wrong_code_says_so_and_is_in_the_activity_log(
    app: Flask, visitor: Visitor, make_account: MakeAccount
) -> None:
    account = make_account()
    enroll(visitor, account)
    visitor.post("/sign-out")
    open_a_page(visitor)
    enter(visitor, account)
    for code, sentence in (("12345", "Enter the 6 digits"), ("000000", "That code is wrong")):
        page = visitor.post("/sign-in/code", {"code": code})
        assert page.status_code == 422
        assert sentence in page.text
    with app.app_context():
        assert [record.action for record in activity_log.of_actor(account.id)].count("sign_in_failed") == 1


def test_a_recovery_code_leads_to_a_new_app(app: Flask, visitor: Visitor, make_account: MakeAccount) -> None:
    account = make_account()
    _, codes = enroll(visitor, account)
    visitor.post("/sign-out")
    open_a_page(visitor)
    enter(visitor, account, next_path="/home?from=here")
    page = visitor.post("/sign-in/recovery", {"recovery_code": codes[0], "password": "not the password"})
    assert page.status_code == 422
    assert codes[0] not in page.text
    response = visitor.post("/sign-in/recovery", {"recovery_code": codes[0], "password": PASSWORD})
    assert response.location == "/sign-in/enroll"
    found = KEY.search(visitor.get("/sign-in/enroll").text)
    assert found
    page = visitor.post("/sign-in/enroll", {"code": code_of(found[1].replace(" ", ""), -1)})
    assert 'href="/home?from=here"' in page.text
    with app.app_context():
        assert "recovery_code_used" in {record.action for record in activity_log.of_actor(account.id)}


def test_the_drawing_needs_no_style_and_no_other_site(visitor: Visitor, make_account: MakeAccount) -> None:
    enter(visitor, make_account())
    page = visitor.get("/sign-in/enroll")
    drawing = page.text[page.text.index('<svg class="qr"') : page.text.index("</svg>", page.text.index('class="qr"'))]
    assert "style" not in drawing
    assert "http" not in drawing
    assert page.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", ["/sign-in/code", "/sign-in/recovery", "/sign-in/enroll"])
@pytest.mark.parametrize("challenge", ["", "nonsense", "00000000-0000-4000-8000-000000000000." + "A" * 43])
def test_without_a_half_done_sign_in_the_pages_lead_to_the_first_one(
    visitor: Visitor, path: str, challenge: str
) -> None:
    visitor.get("/sign-in")
    with visitor.client.session_transaction() as session:
        session["challenge"] = challenge
    form = {"code": "123456"} if path != "/sign-in/recovery" else {"recovery_code": "7KQ2M-PX4WD", "password": "x"}
    response = visitor.post(path, form)
    assert response.status_code in {303, 422}
    assert "_user_id" not in cookie_of(visitor)
