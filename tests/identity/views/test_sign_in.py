"""Signing in and out through the pages, as a browser does it."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from tests import factories
from tests.identity.accounts import PASSWORD, Account, MakeAccount
from tests.identity.browsing import cookie_of, enter, must_change, open_a_page
from tests.stack.people import Visitor
from webapp import clock
from webapp.activity import queries as activity_log
from webapp.identity.permissions import StaffRole
from webapp.identity.service import identity

if TYPE_CHECKING:
    from flask import Flask
    from werkzeug.test import TestResponse

    from tests.stack.database import Database
    from webapp.settings import Settings


def plain(response: TestResponse) -> str:
    """The page without what differs from one rendering to the next."""
    return re.sub(r'value="[^"]*"', "", response.text)


def test_the_right_password_leads_on_to_where_the_person_was(visitor: Visitor, make_account: MakeAccount) -> None:
    response = enter(visitor, make_account(StaffRole.AUDITOR), next_path="/home?from=here")
    assert (response.status_code, response.location) == (303, "/home?from=here")
    page = visitor.get("/home")
    assert page.status_code == 200
    assert "Robin Example" in page.text


def test_signing_in_brings_along_where_each_role_holds(
    visitor: Visitor, make_account: MakeAccount, database: Database
) -> None:
    account = make_account()
    with database.administer() as connection:
        here = factories.clinic(connection)
        there = factories.branch(connection, here, name="Bath")
        factories.limit(connection, account.id, StaffRole.RECEPTIONIST, [there.location])
        visits = [
            factories.appointment(connection, site, factories.clock_time(10), patient_id=patient)
            for site, patient in zip((here, there), here.patients, strict=True)
        ]
    enter(visitor, account)
    assert "Receptionist at Bath" in visitor.get("/home").text
    open_a_page(visitor)
    assert [visitor.post(f"/appointments/{visit}/confirm").status_code for visit in visits] == [403, 303]


def test_an_address_is_the_same_in_capitals_and_with_spaces_around(visitor: Visitor, make_account: MakeAccount) -> None:
    account = make_account()
    assert enter(visitor, replace(account, email=f"  {account.email.upper()} ")).status_code == 303


@pytest.mark.parametrize("next_path", ["//evil.example", "/\\evil.example", "https://evil.example", "/\t/evil.example"])
def test_no_sign_in_leads_to_another_site(visitor: Visitor, make_account: MakeAccount, next_path: str) -> None:
    assert enter(visitor, make_account(), next_path=next_path).location == "/"
    assert "evil" not in visitor.get(f"/sign-in?next={quote(next_path)}").text


def test_a_wrong_password_reads_like_an_unknown_address(visitor: Visitor, make_account: MakeAccount) -> None:
    known = enter(visitor, make_account(), "not the password")
    unknown = enter(visitor, Account(make_account().id, "nobody@anteroom.example"), "not the password")
    assert known.status_code == unknown.status_code == 422
    assert plain(known) == plain(unknown)
    assert "_user_id" not in cookie_of(visitor)


def test_what_was_typed_stays_except_the_password(visitor: Visitor, make_account: MakeAccount) -> None:
    account = make_account()
    page = enter(visitor, account, "not the password", "/home?x=1").text
    assert account.email in page
    assert "/home?x=1" in page
    assert "not the password" not in page


def test_all_fields_that_need_another_value_are_named_at_once(visitor: Visitor) -> None:
    response = visitor.post("/sign-in", {"email": "rosa.jimenez", "password": ""})
    assert response.status_code == 422
    assert "<title>Error: Sign in" in response.text
    assert response.text.count("Enter an email address with an @, like name@example.com") == 2
    assert response.text.count("Enter your password") == 2


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"email": "a@b", "password": "x" * 257},
        {"email": "a" * 300 + "@b", "password": "x"},
        {"email": "a\x00@b.example", "password": "x"},
        {"email": "a@b.example", "password": "x", "role": "manager"},
        {"email": "\ud800@b.example".encode("utf-8", "surrogatepass"), "password": b"\xff\xfe"},
    ],
)
def test_odd_forms_are_refused_in_words(visitor: Visitor, form: dict[str, object]) -> None:
    # 400 for what no form of ours can send at all.
    assert visitor.post("/sign-in", form).status_code in {400, 422}


def test_the_sign_in_form_needs_its_token(visitor: Visitor, make_account: MakeAccount) -> None:
    account = make_account()
    response = visitor.client.post("/sign-in", data={"email": account.email, "password": PASSWORD})
    assert response.status_code == 400
    assert "_user_id" not in cookie_of(visitor)


def test_the_form_invites_a_password_manager(visitor: Visitor) -> None:
    page = visitor.get("/sign-in").text
    assert 'autocomplete="username"' in page
    assert 'autocomplete="current-password"' in page
    assert "onpaste" not in page


def test_signing_in_and_out_are_in_the_activity_log(app: Flask, visitor: Visitor, make_account: MakeAccount) -> None:
    account = make_account()
    enter(visitor, account)
    open_a_page(visitor)
    visitor.post("/sign-out")
    with app.app_context():
        assert {record.action for record in activity_log.of_actor(account.id)} == {"signed_in", "signed_out"}


def test_signing_out_ends_the_session_everywhere_and_empties_the_cookie(
    app: Flask, visitor: Visitor, make_account: MakeAccount
) -> None:
    enter(visitor, make_account())
    open_a_page(visitor)
    handle = cookie_of(visitor)["_user_id"]
    response = visitor.post("/sign-out")
    assert (response.status_code, response.location) == (303, "/sign-in")
    assert "_user_id" not in cookie_of(visitor)
    with app.app_context():
        assert identity().sessions.resolve(handle, clock.now()) is None
    assert "You are signed out." in visitor.get("/sign-in").text


def test_signing_out_twice_is_no_error(visitor: Visitor) -> None:
    assert visitor.post("/sign-out").status_code == 303


def test_the_handle_is_new_at_each_sign_in_and_the_one_before_is_over(
    app: Flask, visitor: Visitor, make_account: MakeAccount
) -> None:
    account = make_account()
    enter(visitor, account)
    before = cookie_of(visitor)["_user_id"]
    open_a_page(visitor)
    enter(visitor, account)
    assert cookie_of(visitor)["_user_id"] != before
    with app.app_context():
        assert identity().sessions.resolve(before, clock.now()) is None


def test_a_form_in_another_tab_still_posts_after_signing_in_again_as_the_same_person(
    visitor: Visitor, make_account: MakeAccount
) -> None:
    account = make_account()
    enter(visitor, account)
    open_a_page(visitor)
    half_filled = visitor.secret
    enter(visitor, account)
    assert cookie_of(visitor)["csrf_token"] == half_filled


def test_somebody_else_inherits_nothing_from_the_cookie(visitor: Visitor, make_account: MakeAccount) -> None:
    enter(visitor, make_account())
    open_a_page(visitor)
    before = cookie_of(visitor)
    enter(visitor, make_account())
    assert "csrf_token" not in cookie_of(visitor)
    visitor.get("/sign-in")
    assert cookie_of(visitor)["csrf_token"] != before["csrf_token"]


def test_a_temporary_password_leads_to_the_page_for_a_new_one(
    visitor: Visitor, make_account: MakeAccount, settings: Settings
) -> None:
    account = make_account(StaffRole.BILLER)
    must_change(account, settings, "handed out at the desk")
    response = enter(visitor, account, "handed out at the desk", "/home?back=1")
    assert response.location == "/sign-in/new-password"
    assert visitor.get("/home").status_code == 303
    assert visitor.get("/sign-in/new-password").status_code == 200
    short = visitor.post("/sign-in/new-password", {"new_password": "eleven char"})
    assert short.status_code == 422
    assert short.text.count("Use at least 12 characters") == 2
    response = visitor.post("/sign-in/new-password", {"new_password": "my own four words"})
    assert (response.status_code, response.location) == (303, "/home?back=1")
    assert visitor.get("/home").status_code == 200


def test_the_page_for_a_new_password_leads_back_without_a_half_done_sign_in(visitor: Visitor) -> None:
    assert visitor.get("/sign-in/new-password").location == "/sign-in"
    with visitor.client.session_transaction() as session:
        session["challenge"] = f"{Account.__name__}"
    assert visitor.post("/sign-in/new-password", {"new_password": "x" * 12}).location == "/sign-in"


def test_too_many_wrong_passwords_have_to_wait_also_with_the_right_one(
    visitor: Visitor, make_account: MakeAccount
) -> None:
    account = make_account()
    for _ in range(5):
        assert enter(visitor, account, "not the password").status_code == 422
    refused = enter(visitor, account)
    assert refused.status_code == 429
    assert "Too many attempts." in refused.text
    assert 25 <= int(refused.headers["Retry-After"]) <= 31


def test_an_address_nobody_has_waits_like_one_that_exists(visitor: Visitor, make_account: MakeAccount) -> None:
    known, unknown = make_account(), Account(make_account().id, f"{make_account().id}@anteroom.example")
    pages = []
    for account in (known, unknown):
        for _ in range(5):
            enter(visitor, account, "not the password")
        pages.append(re.sub(r"\d+ second", "", plain(enter(visitor, account))))
    assert pages[0] == pages[1]


def test_failures_and_waits_are_in_the_activity_log(app: Flask, visitor: Visitor, make_account: MakeAccount) -> None:
    account = make_account()
    for _ in range(5):
        enter(visitor, account, "not the password")
    with app.app_context():
        actions = [record.action for record in activity_log.of_actor(account.id)]
    assert sorted(actions) == ["locked_out", *["sign_in_failed"] * 5]
