"""Staying past the end: one press after being away, the password after an hour; what was typed still posts."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.identity.accounts import PASSWORD, MakeAccount
from tests.identity.browsing import cookie_of, enter, open_a_page
from webapp import clock
from webapp.identity.permissions import StaffRole
from webapp.identity.service import identity
from webapp.identity.views.sessions import NOTE

if TYPE_CHECKING:
    from flask import Flask

    from tests.stack.people import SignIn, Visitor

START = datetime.now(UTC).replace(microsecond=0)


def at(seconds: int) -> datetime:
    return START + timedelta(seconds=seconds)


def ends_of(note: str) -> tuple[int, int]:
    _owner, hour, idle = note.split()
    return int(hour), int(idle)


def test_every_answer_of_a_session_says_how_long_it_goes_on(sign_in: SignIn, visitor: Visitor) -> None:
    person = sign_in("biller", at=START)
    with clock.stopped_at(at(100)):
        page = person.get("/home")
        assert ends_of(page.headers[NOTE]) == (3500, 900)
        told = re.search(r'name="anteroom-session" content="([^"]+)"', page.text)
        assert told is not None
        assert told[1] == page.headers[NOTE]
        assert ends_of(person.get("/jobs").headers[NOTE]) == (3500, 900)
        assert NOTE not in visitor.get("/home").headers
        assert NOTE not in visitor.get("/sign-in").headers


def test_the_note_names_nobody_and_is_the_same_for_all_sessions_of_a_person(sign_in: SignIn) -> None:
    one, other = sign_in("biller"), sign_in("biller")
    first, again, else_ = (each.get("/session").headers[NOTE].split()[0] for each in (one, one, other))
    assert first == again != else_
    assert str(one.account_id) not in first


def test_without_javascript_the_browser_itself_goes_to_the_sign_in_page(sign_in: SignIn) -> None:
    with clock.stopped_at(START):
        text = sign_in("biller", at=START).get("/home?a=1").text
    assert 'http-equiv="refresh" content="901; url=/sign-in?next=%2Fhome%3Fa%3D1"' in text


def test_asking_for_the_ends_does_not_move_them(sign_in: SignIn) -> None:
    person = sign_in("biller", at=START)
    for seconds in (60, 300, 899):
        with clock.stopped_at(at(seconds)):
            answer = person.get("/session")
            assert (answer.status_code, answer.data) == (204, b"")
            assert ends_of(answer.headers[NOTE]) == (3600 - seconds, 900 - seconds)
            assert person.get("/session/renew").status_code == 200
    with clock.stopped_at(at(900)):
        assert person.get("/session").status_code == 303


def test_one_press_moves_the_idle_end_and_never_the_hour(sign_in: SignIn) -> None:
    person = sign_in("biller", at=START)
    for seconds in (800, 1600, 2400, 3200):
        with clock.stopped_at(at(seconds)):
            assert person.post("/session/stay").location == "/session"
            assert ends_of(person.get("/session").headers[NOTE]) == (3600 - seconds, 900)
    with clock.stopped_at(at(3600)):
        assert person.post("/session/stay").location.startswith("/sign-in")


@pytest.fixture
def somebody(visitor: Visitor, make_account: MakeAccount) -> Visitor:
    account = make_account(StaffRole.BILLER)
    open_a_page(visitor)
    assert enter(visitor, account).status_code == 303
    # Signing in empties the cookie of whoever was there before, the form guard too.
    open_a_page(visitor)
    visitor.account_id = account.id
    return visitor


def test_the_password_opens_another_hour_under_the_same_form_guard(app: Flask, somebody: Visitor) -> None:
    before = cookie_of(somebody)
    answer = somebody.post("/session/renew", {"password": PASSWORD}, fragment=True)
    after = cookie_of(somebody)
    assert (answer.status_code, answer.location) == (303, "/session")
    assert after["_user_id"] != before["_user_id"]
    assert after["csrf_token"] == before["csrf_token"]
    assert ends_of(somebody.get("/session").headers[NOTE])[0] >= 3590
    with app.app_context():
        assert identity().sessions.resolve(before["_user_id"], clock.now()) is None
    assert somebody.post("/session/stay").location == "/session"


def test_another_password_changes_nothing(somebody: Visitor) -> None:
    before = cookie_of(somebody)["_user_id"]
    for password in ("wrong", "", "x" * 300):
        answer = somebody.post("/session/renew", {"password": password}, fragment=True)
        assert answer.status_code == 422
        assert "error-summary" in answer.text
        assert "<html" not in answer.text
    assert cookie_of(somebody)["_user_id"] == before
    assert somebody.get("/session").status_code == 204


def test_guessing_the_password_of_an_open_session_is_slowed_down_too(somebody: Visitor) -> None:
    answers = [somebody.post("/session/renew", {"password": f"wrong {number}"}).status_code for number in range(7)]
    assert answers[0] == 422
    assert answers[-1] == 429


def test_without_javascript_it_is_a_page_that_leads_back(somebody: Visitor) -> None:
    assert 'value="/home?a=1"' in somebody.get("/session/renew?next=/home?a=1").text
    assert somebody.post("/session/renew", {"password": PASSWORD, "next": "/home?a=1"}).location == "/home?a=1"
    assert somebody.post("/session/renew", {"password": PASSWORD, "next": "//evil.example"}).location == "/"
