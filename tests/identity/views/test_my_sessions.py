"""Where somebody is signed in: seen, ended one by one or all but this, and out in every process at once."""

from __future__ import annotations

import multiprocessing
import re
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from tests.identity.accounts import MakeAccount, identity_scope
from tests.identity.browsing import enter, open_a_page
from tests.stack.people import Visitor
from webapp import clock, dynamo
from webapp.db import transactional
from webapp.identity.actions import disable
from webapp.identity.permissions import StaffRole
from webapp.identity.service import identity
from webapp.identity.sessions import Sessions

if TYPE_CHECKING:
    from flask import Flask

    from webapp.settings import Settings

PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile Safari/604.1"
LAPTOP = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/130.0.0.0 Safari/537.36 Edg/130.0.0.0"
PROCESSES = 8


@pytest.fixture
def two(app: Flask, make_account: MakeAccount) -> tuple[Visitor, Visitor, UUID]:
    """Somebody on a phone and on a laptop."""
    account, browsers = make_account(StaffRole.BILLER), []
    for agent in (PHONE, LAPTOP):
        client = app.test_client()
        client.environ_base["HTTP_USER_AGENT"] = agent
        visitor = Visitor(app, client)
        open_a_page(visitor)
        assert enter(visitor, account).status_code == 303
        open_a_page(visitor)
        browsers.append(visitor)
    return browsers[0], browsers[1], account.id


def digests(page: str) -> list[str]:
    return re.findall(r'name="session" value="([0-9a-f]{64})"', page)


def test_the_list_says_where_and_which_is_this_one(two: tuple[Visitor, Visitor, UUID]) -> None:
    phone, _laptop, _account = two
    page = phone.get("/me/sessions").text
    assert "Safari on iPhone" in page
    assert "Edge on Windows" in page
    assert "127.0.0.1" in page
    assert page.count("This one") == 1
    assert len(digests(page)) == 1


def test_one_is_ended_and_the_other_goes_on(two: tuple[Visitor, Visitor, UUID]) -> None:
    phone, laptop, _account = two
    (other,) = digests(phone.get("/me/sessions").text)
    assert phone.post("/me/sessions/end", {"session": other}).location == "/me/sessions"
    assert laptop.get("/home").status_code == 303
    assert "Edge on Windows" not in phone.get("/me/sessions").text


def test_all_others_are_ended_at_once(two: tuple[Visitor, Visitor, UUID]) -> None:
    phone, laptop, _account = two
    assert laptop.post("/me/sessions/end-others").status_code == 303
    assert phone.get("/home").status_code == 303
    assert laptop.get("/home").status_code == 200


def test_nobody_ends_a_session_of_somebody_else(
    two: tuple[Visitor, Visitor, UUID], app: Flask, make_account: MakeAccount
) -> None:
    phone, laptop, _account = two
    (other,) = digests(phone.get("/me/sessions").text)
    stranger = Visitor(app, app.test_client())
    open_a_page(stranger)
    enter(stranger, make_account(StaffRole.MANAGER))
    open_a_page(stranger)
    for digest in (other, "", "x", "EPOCH", "0" * 64):
        assert stranger.post("/me/sessions/end", {"session": digest}).status_code == 404
    assert laptop.get("/home").status_code == 200


def _looks(settings: Settings, handles: list[str], go: object, asked: object, answers: object) -> None:
    """What one process of several sees: before the change and at its next request."""
    sessions = Sessions(dynamo.connect(settings), settings.session_key)
    before = [sessions.resolve(handle, clock.now()) is not None for handle in handles]
    asked.wait()  # type: ignore[attr-defined]
    go.wait()  # type: ignore[attr-defined]
    after = [sessions.resolve(handle, clock.now()) is not None for handle in handles]
    answers.put((before, after))  # type: ignore[attr-defined]


@pytest.mark.parametrize("how", ["end_all", "disable"])
def test_eight_processes_sign_somebody_out_at_once(
    app: Flask, settings: Settings, two: tuple[Visitor, Visitor, UUID], how: str
) -> None:
    account = two[2]
    handles = []
    for visitor in two[:2]:
        with visitor.client.session_transaction() as session:
            handles.append(session["_user_id"])
    context = multiprocessing.get_context("fork")
    go, asked, answers = context.Event(), context.Barrier(PROCESSES + 1), context.Queue()
    arguments = (settings, handles, go, asked, answers)
    processes = [context.Process(target=_looks, args=arguments) for _ in range(PROCESSES)]
    for process in processes:
        process.start()
    asked.wait(timeout=30)
    with app.app_context():
        if how == "end_all":
            identity().sessions.end_all(account)
        else:
            with identity().sessions.cut_off(account), transactional(identity_scope()) as session:
                disable(session, account, clock.now())
    go.set()
    seen = [answers.get(timeout=30) for _ in processes]
    for process in processes:
        process.join(timeout=30)
    assert seen == [([True, True], [False, False])] * PROCESSES
