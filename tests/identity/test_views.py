"""Signing in and out through the pages, as a browser does it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from tests.identity.accounts import PASSWORD, Account, MakeAccount
from tests.stack.people import SignIn, Visitor
from webapp import clock
from webapp.activity import queries as activity_log
from webapp.dynamo.budget import ENVIRON_KEY, Budget
from webapp.dynamo.channel import Channel
from webapp.identity.gateways.cognito import Cognito
from webapp.identity.permissions import StaffRole
from webapp.identity.service import EXTENSION, identity

if TYPE_CHECKING:
    from flask import Flask
    from werkzeug.test import TestResponse

    from webapp.settings import Settings


def enter(visitor: Visitor, account: Account, password: str = PASSWORD, next_path: str = "/home") -> TestResponse:
    return visitor.post("/sign-in", {"email": account.email, "password": password, "next": next_path})


def open_a_page(visitor: Visitor) -> None:
    """Get the form guard that every page brings along."""
    visitor.get("/sign-in")
    visitor.secret = str(cookie_of(visitor)["csrf_token"])


def cookie_of(visitor: Visitor) -> dict[str, object]:
    with visitor.client.session_transaction() as session:
        return dict(session)


def plain(response: TestResponse) -> str:
    """The page without what differs from one rendering to the next."""
    return re.sub(r'value="[^"]*"', "", response.text)


def test_the_right_password_leads_on_to_where_the_person_was(visitor: Visitor, make_account: MakeAccount) -> None:
    response = enter(visitor, make_account(StaffRole.AUDITOR), next_path="/home?from=here")
    assert (response.status_code, response.location) == (303, "/home?from=here")
    page = visitor.get("/home")
    assert page.status_code == 200
    assert "Robin Example" in page.text


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
    assert visitor.post("/sign-in", form).status_code == 422


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
    from tests.identity.test_signing_in import must_change

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


def test_a_page_without_a_session_leads_to_the_sign_in_page_and_back(visitor: Visitor) -> None:
    response = visitor.get("/home?a=1")
    assert (response.status_code, response.location) == (303, "/sign-in?next=%2Fhome%3Fa%3D1")


def test_a_fragment_without_a_session_sends_the_whole_page_to_sign_in(visitor: Visitor) -> None:
    response = visitor.get("/home", fragment=True, headers={"HX-Current-URL": "http://localhost/board?view=list"})
    assert response.status_code == 401
    assert response.headers["HX-Redirect"] == "/sign-in?next=%2Fboard%3Fview%3Dlist"
    assert response.text == ""


@pytest.mark.parametrize(
    ("role", "place"),
    [("receptionist", "/board"), ("clinician", "/board"), ("manager", "/board"), ("patient", "/me")]
    + [(role, "/home") for role in ("biller", "coordinator", "auditor")],
)
def test_each_role_starts_at_its_own_page(sign_in: SignIn, role: str, place: str) -> None:
    assert sign_in(role).get("/").location == place


@pytest.mark.parametrize("role", sorted(set(StaffRole) - {StaffRole.PATIENT}))
def test_the_start_page_says_what_the_role_may_do(sign_in: SignIn, role: StaffRole) -> None:
    response = sign_in(role).get("/home")
    assert response.status_code == 200
    assert "What your role may do" in response.text


def test_a_patient_is_shown_no_page_of_the_staff(sign_in: SignIn) -> None:
    assert sign_in("patient").get("/home").location == "/me"


def test_an_auditor_sees_who_did_what_today(sign_in: SignIn, visitor: Visitor, make_account: MakeAccount) -> None:
    enter(visitor, make_account())
    page = sign_in("auditor").get("/home").text
    assert "Signed in" in page
    assert "Robin Example" in page


def test_every_request_behind_a_session_reads_it_exactly_once(sign_in: SignIn) -> None:
    for path in ("/", "/home"):
        budget = Budget()
        sign_in("auditor").get(path, environ_overrides={ENVIRON_KEY: budget})
        assert [call for call in budget.calls if call[1] == "sessions"] == [("BatchGetItem", "sessions")]


def test_pages_without_a_session_read_none(sign_in: SignIn) -> None:
    budget = Budget()
    assert sign_in("auditor").get("/sign-in", environ_overrides={ENVIRON_KEY: budget}).status_code == 200
    assert budget.calls == []


def test_an_hour_after_signing_in_everyone_is_out(sign_in: SignIn) -> None:
    start = datetime.now(UTC).replace(microsecond=0)
    person = sign_in("biller", at=start)
    for seconds, status in ((3599, 200), (3600, 303), (3601, 303)):
        with clock.stopped_at(start + timedelta(seconds=seconds)):
            assert person.get("/home").status_code == status


def test_a_poll_does_not_count_as_being_seen(app: Flask, sign_in: SignIn) -> None:
    start = datetime.now(UTC).replace(microsecond=0)
    person = sign_in("biller", at=start)

    def seen() -> datetime:
        with app.app_context():
            assert person.account_id is not None
            return identity().sessions.of_account(person.account_id, start)[0].seen_at

    with clock.stopped_at(start + timedelta(seconds=90)):
        assert person.get("/home", headers={"X-Poll": "1"}).status_code == 200
        assert seen() == start
        assert person.get("/home").status_code == 200
        assert seen() == start + timedelta(seconds=90)


@pytest.mark.parametrize("handle", [0, "", "x", "x" * 3000, "\x00", "é" * 80, ["a"], {"a": 1}, True, None])
def test_a_signed_cookie_with_garbage_in_it_is_nobody(visitor: Visitor, handle: object) -> None:
    with visitor.client.session_transaction() as session:
        session["_user_id"] = handle
    assert visitor.get("/home").status_code == 303


@pytest.mark.parametrize("cookie", ["", "x", ".", "e30.x.y", "\x7f\x01", "é", "a" * 8000, '{"_user_id": "x"}'])
def test_an_unsigned_cookie_is_nobody(app: Flask, cookie: str) -> None:
    client = app.test_client(use_cookies=False)
    header = f"anteroom={cookie}; remember_token={cookie}".encode().decode("latin-1")
    assert client.get("/home", headers={"Cookie": header}).status_code == 303


# --- services that are away


@contextmanager
def cognito_away(app: Flask, settings: Settings) -> Iterator[None]:
    """Nobody listens where Cognito was; DynamoDB goes on."""
    whole = app.extensions[EXTENSION]
    nowhere = Cognito(replace(settings, aws_endpoint_url="http://127.0.0.1:9"))
    app.extensions[EXTENSION] = replace(whole, service=nowhere)
    try:
        yield
    finally:
        app.extensions[EXTENSION] = whole


@contextmanager
def dynamo_away(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nobody listens where DynamoDB was; Cognito goes on."""
    client = app.extensions["anteroom.dynamo"]
    channel = client._channel
    nowhere = Channel(region="us-east-1", endpoint="http://127.0.0.1:9", credentials=channel._credentials)
    with monkeypatch.context() as patch:
        patch.setattr(client, "_channel", nowhere)
        yield
    client.breaker.succeeded()


def test_without_cognito_sign_in_says_so_and_live_sessions_go_on(
    app: Flask, settings: Settings, sign_in: SignIn, visitor: Visitor, make_account: MakeAccount
) -> None:
    account, colleague = make_account(), sign_in("biller")
    with cognito_away(app, settings):
        response = enter(visitor, account)
        assert response.status_code == 503
        assert "Signing in does not work at the moment" in response.text
        assert account.email in response.text
        assert response.headers["Retry-After"]
        assert colleague.get("/home").status_code == 200
        assert colleague.post("/sign-out").status_code == 303
        assert colleague.get("/home").status_code == 303


def test_without_dynamo_nobody_is_let_in_and_the_sign_in_page_stays_up(
    app: Flask, monkeypatch: pytest.MonkeyPatch, sign_in: SignIn, visitor: Visitor, make_account: MakeAccount
) -> None:
    account, colleague = make_account(), sign_in("biller")
    with dynamo_away(app, monkeypatch):
        assert colleague.get("/home").status_code == 503
        assert colleague.get("/sign-in").status_code == 200
        response = enter(visitor, account)
        assert response.status_code == 503
        assert "Signing in does not work at the moment" in response.text
        assert "_user_id" not in cookie_of(visitor)
    assert colleague.get("/home").status_code == 200


def test_without_dynamo_signing_out_empties_the_cookie_and_says_what_it_could_not_do(
    app: Flask, monkeypatch: pytest.MonkeyPatch, sign_in: SignIn
) -> None:
    person = sign_in("biller")
    with dynamo_away(app, monkeypatch):
        response = person.post("/sign-out")
    assert response.status_code == 503
    assert "ends within the hour" in response.text
    assert person.get("/home").status_code == 303
