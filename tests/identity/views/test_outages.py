"""Services that are away, in every way a proxy of our own can take them away; and that all is well after it."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from http import HTTPStatus
from time import monotonic
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from tests import factories
from tests.identity.accounts import MakeAccount
from tests.identity.browsing import cognito_away, cookie_of, dynamo_away, enter, open_a_page
from tests.stack.people import SignIn, Visitor
from tests.stack.proxy import BlackHole, CutAfter, Latency, Mode, Proxy, Reset, answer
from webapp.dynamo.breaker import Breaker

if TYPE_CHECKING:
    from flask import Flask
    from werkzeug.test import TestResponse

    from tests.stack.database import Database
    from webapp.settings import Settings

NAME = "Quillfeather"
BLOCKED_SECONDS = 1.2
BACK_SECONDS = 30.0
AWAY: dict[str, Mode] = {
    "error": answer("500 Internal Server Error", b'{"__type":"InternalServerError"}'),
    "latency": Latency(2),
    "black hole": BlackHole(),
    "reset": Reset(),
    "half an answer": CutAfter(20),
}
DYNAMO_AWAY = AWAY | {"throttle": answer("400 Bad Request", b'{"__type":"x#ThrottlingException"}')}
COGNITO_AWAY = AWAY | {"throttle": answer("400 Bad Request", b'{"__type":"TooManyRequestsException"}')}

Ask = Callable[[], "TestResponse"]
Asked = dict[str, tuple[Ask, int]]


@pytest.fixture
def line(settings: Settings) -> Iterator[Proxy]:
    """The way to the local AWS, to be spoiled."""
    with Proxy.before(settings.aws_endpoint_url) as line:
        yield line


@pytest.fixture
def patient(database: Database) -> UUID:
    with database.administer() as connection:
        factories.clinic(connection)
        keys = {"family_key": NAME.lower(), "given_key": "ada", "name_key": f"ada {NAME.lower()}"}
        return factories.patient(connection, given="Ada", family=NAME, **keys)


def static_file(visitor: Visitor) -> str:
    found = re.search(r'src="(/static/[^"]+)"', visitor.get("/sign-in").text)
    assert found
    return found[1]


def timed(ask: Ask, breaker: Breaker) -> tuple[TestResponse, float]:
    """The answer and how long it took, with a breaker that has seen no failure yet: the worst there is.

    Who waits too long is asked again: a door that waits for what is away does so each time, a busy machine does not.
    """
    response, seconds = once(ask, breaker)
    for _ in range(2):
        if seconds >= BLOCKED_SECONDS:
            seconds = once(ask, breaker)[1]
    return response, seconds


def once(ask: Ask, breaker: Breaker) -> tuple[TestResponse, float]:
    breaker.succeeded()
    started = monotonic()
    response = ask()
    return response, monotonic() - started


def check(asked: Asked, breaker: Breaker) -> None:
    """Each has its status in time, says when to come back if it is a 503, and such a page has nobody's name."""
    for name, (ask, status) in asked.items():
        response, seconds = timed(ask, breaker)
        away = status == HTTPStatus.SERVICE_UNAVAILABLE
        assert (response.status_code, name) == (status, name)
        assert seconds < BLOCKED_SECONDS, name
        assert ("Retry-After" in response.headers) is away, name
        assert not away or NAME not in response.text, name


def seconds_until(status: int, ask: Ask) -> float:
    """How long it takes until this is answered, at most half a minute."""
    started = monotonic()
    while ask().status_code != status and monotonic() - started < BACK_SECONDS:
        threading.Event().wait(0.1)
    return monotonic() - started


@pytest.mark.parametrize("mode", DYNAMO_AWAY.values(), ids=DYNAMO_AWAY)
def test_without_dynamo_nobody_sees_a_patient_nobody_waits_and_all_comes_back(
    app: Flask,
    monkeypatch: pytest.MonkeyPatch,
    line: Proxy,
    sign_in: SignIn,
    visitor: Visitor,
    make_account: MakeAccount,
    patient: UUID,
    mode: Mode,
) -> None:
    account, desk, leaving = make_account(), sign_in("receptionist"), sign_in("biller")
    page, script = f"/patients/{patient}", static_file(visitor)
    asked: Asked = {
        "page": (lambda: desk.get(page), 503),
        "fragment": (lambda: desk.get(page, fragment=True, target="main"), 503),
        "search": (lambda: desk.post("/search", {"q": NAME}, fragment=True), 503),
        "sign-in page": (lambda: desk.get("/sign-in"), 200),
        "livez": (lambda: desk.get("/livez"), 200),
        "static file": (lambda: desk.get(script), 200),
        "sign-in": (lambda: enter(visitor, account), 503),
        "sign-out": (lambda: leaving.post("/sign-out"), 503),
    }
    breaker = app.extensions["anteroom.dynamo"].breaker
    with dynamo_away(app, monkeypatch, line.address):
        assert NAME in desk.get(page).text
        with line.being(mode):
            check(asked, breaker)
            assert "_user_id" not in cookie_of(visitor)
            for _ in range(6):
                desk.get(page)
        assert seconds_until(200, lambda: desk.get(page)) < BACK_SECONDS
        assert NAME in desk.get(page).text
        assert seconds_until(303, lambda: enter(visitor, account)) < BACK_SECONDS


def test_without_dynamo_the_breaker_answers_after_five_failures(
    app: Flask, monkeypatch: pytest.MonkeyPatch, line: Proxy, sign_in: SignIn
) -> None:
    person = sign_in("biller")
    with dynamo_away(app, monkeypatch, line.address), line.being(BlackHole()):
        waited = []
        for _ in range(8):
            started = monotonic()
            assert person.get("/home").status_code == 503
            waited.append(monotonic() - started)
    assert max(waited[:5]) < BLOCKED_SECONDS
    assert max(waited[5:]) < 0.2


def test_without_cognito_what_was_typed_stays(
    app: Flask, settings: Settings, visitor: Visitor, make_account: MakeAccount
) -> None:
    account = make_account()
    with cognito_away(app, settings):
        assert account.email in enter(visitor, account).text


def test_without_dynamo_sign_in_says_so(
    app: Flask, monkeypatch: pytest.MonkeyPatch, visitor: Visitor, make_account: MakeAccount
) -> None:
    account = make_account()
    with dynamo_away(app, monkeypatch):
        response = enter(visitor, account)
    assert "Signing in does not work at the moment" in response.text
    assert "_user_id" not in cookie_of(visitor)


def test_without_dynamo_signing_out_empties_the_cookie_and_says_what_it_could_not_do(
    app: Flask, monkeypatch: pytest.MonkeyPatch, sign_in: SignIn
) -> None:
    person = sign_in("biller")
    with dynamo_away(app, monkeypatch):
        response = person.post("/sign-out")
    assert response.status_code == 503
    assert "ends within the hour" in response.text
    assert person.get("/home").status_code == 303


@pytest.mark.parametrize("mode", COGNITO_AWAY.values(), ids=COGNITO_AWAY)
def test_without_cognito_sessions_go_on_sign_in_says_so_and_nobody_waits(
    app: Flask,
    settings: Settings,
    line: Proxy,
    sign_in: SignIn,
    visitor: Visitor,
    make_account: MakeAccount,
    patient: UUID,
    mode: Mode,
) -> None:
    account, desk = make_account(), sign_in("receptionist")
    script = static_file(visitor)
    password = {"password": account.password, "new_password": f"{account.password} too"}
    # What Cognito did although its answer came too late has happened, so that is about somebody else.
    mailed = {"email": make_account().email, "code": "123456", "new_password": password["new_password"]}
    asked: Asked = {
        "page": (lambda: desk.get(f"/patients/{patient}"), 200),
        "search": (lambda: desk.post("/search", {"q": NAME}), 200),
        "sign-in page": (lambda: visitor.get("/sign-in"), 200),
        "livez": (lambda: visitor.get("/livez"), 200),
        "static file": (lambda: visitor.get(script), 200),
        "sign-in": (lambda: enter(visitor, account), 503),
        "forgotten": (lambda: visitor.post("/sign-in/forgot", {"email": account.email}), 503),
        "reset": (lambda: visitor.post("/sign-in/reset", mailed), 503),
        "again": (lambda: desk.post("/session/renew", {"password": account.password}), 503),
        "password": (lambda: desk.post("/password", password), 503),
        "sign-out": (lambda: desk.post("/sign-out"), 303),
        "signed out": (lambda: desk.get("/home"), 303),
    }
    with cognito_away(app, settings, line.address) as people:
        enter(visitor, account)
        open_a_page(visitor)
        assert visitor.post("/sign-out").status_code == 303
        open_a_page(visitor)
        with line.being(mode):
            check(asked, people.breaker)
            assert "Signing in does not work at the moment" in enter(visitor, account).text
        assert seconds_until(303, lambda: enter(visitor, account)) < BACK_SECONDS
        assert visitor.get("/home").status_code == 200
