"""Signing in while a service is away."""

from __future__ import annotations

import socket
from time import monotonic
from typing import TYPE_CHECKING

import pytest

from tests.identity.accounts import MakeAccount
from tests.identity.browsing import cognito_away, cookie_of, dynamo_away, enter
from tests.stack.people import SignIn, Visitor

if TYPE_CHECKING:
    from flask import Flask

    from webapp.settings import Settings


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


def test_a_dynamo_that_swallows_everything_holds_a_worker_for_a_second_at_most(
    app: Flask, monkeypatch: pytest.MonkeyPatch, sign_in: SignIn
) -> None:
    person = sign_in("biller")
    waited = []
    with (
        socket.create_server(("127.0.0.1", 0)) as black_hole,
        dynamo_away(app, monkeypatch, f"http://127.0.0.1:{black_hole.getsockname()[1]}"),
    ):
        for _ in range(8):
            started = monotonic()
            assert person.get("/home").status_code == 503
            waited.append(monotonic() - started)
        assert person.get("/sign-in").status_code == 200
    assert max(waited) < 1.2
    # After five failures in a row the breaker answers for it.
    assert max(waited[5:]) < 0.2
    assert person.get("/home").status_code == 200
