"""Handing the desk on: locked at once, and what was half typed comes back to nobody but its own person."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.identity.accounts import Account, MakeAccount
from tests.identity.browsing import cookie_of, enter, open_a_page
from webapp import clock, dynamo
from webapp.identity.drafts import LARGEST, Draft, Drafts, FormDraft
from webapp.identity.permissions import StaffRole
from webapp.identity.session_items import TABLE

if TYPE_CHECKING:
    from flask import Flask

    from tests.stack.people import Visitor
    from webapp.settings import Settings

PLACE = "/patients/new"
TYPED = "Confidential Surname"
DRAFT = json.dumps({"path": PLACE, "forms": [{"action": PLACE, "fields": [["family", TYPED]]}]})


@pytest.fixture
def first(make_account: MakeAccount) -> Account:
    return make_account(StaffRole.RECEPTIONIST)


@pytest.fixture
def desk(visitor: Visitor, first: Account) -> Visitor:
    """A desk where the first person works."""
    come(visitor, first)
    return visitor


def come(visitor: Visitor, account: Account, next_path: str = "/home") -> str:
    open_a_page(visitor)
    answer = enter(visitor, account, next_path=next_path)
    assert answer.status_code == 303
    open_a_page(visitor)
    return str(answer.location)


def take(visitor: Visitor, path: str = PLACE) -> object:
    answer = visitor.post("/session/draft/take", {"path": path})
    return answer.json if answer.status_code == 200 else answer.status_code


def test_switching_ends_the_session_on_the_server_at_once(desk: Visitor, app: Flask) -> None:
    cookie = desk.cookie
    assert desk.post("/switch-user").location == "/sign-in"
    thief = app.test_client(use_cookies=False)
    assert thief.get("/home", headers={"Cookie": f"anteroom={cookie}"}).status_code == 303
    assert "_user_id" not in cookie_of(desk)


def test_the_first_person_finds_page_and_form_again_once(desk: Visitor, first: Account) -> None:
    desk.post("/switch-user", {"draft": DRAFT})
    assert come(desk, first, next_path="/") == PLACE
    assert 'name="anteroom-draft"' in desk.get(PLACE).text
    assert take(desk) == json.loads(DRAFT)
    assert take(desk) == 204
    assert 'name="anteroom-draft"' not in desk.get(PLACE).text


def test_somebody_else_starts_at_their_own_home_and_gets_nothing(
    desk: Visitor, first: Account, make_account: MakeAccount
) -> None:
    other = make_account(StaffRole.RECEPTIONIST)
    desk.post("/switch-user", {"draft": DRAFT})
    assert come(desk, other, next_path=PLACE) == "/"
    assert 'name="anteroom-draft"' not in desk.get(PLACE).text
    assert take(desk) == 204
    desk.post("/switch-user")
    assert come(desk, first, next_path="/") == PLACE
    assert take(desk) == json.loads(DRAFT)


def test_after_the_end_or_signing_out_the_way_back_is_the_same_persons_only(
    desk: Visitor, first: Account, make_account: MakeAccount
) -> None:
    other = make_account(StaffRole.RECEPTIONIST)
    assert come(desk, first, next_path="/patients") == "/patients"
    assert come(desk, other, next_path="/patients") == "/"
    desk.post("/sign-out")
    assert come(desk, first, next_path="/patients") == "/"
    desk.post("/sign-out")
    assert come(desk, first, next_path="/patients") == "/patients"


def test_a_page_near_its_end_keeps_its_form_without_counting_as_seen(desk: Visitor, first: Account) -> None:
    soon = clock.now() + timedelta(minutes=14)
    with clock.stopped_at(soon):
        assert desk.post("/session/draft", {"draft": DRAFT}).status_code == 204
    with clock.stopped_at(soon + timedelta(minutes=2)):
        assert desk.get("/home").status_code == 303


BAD = [
    "",
    "{",
    "[]",
    '{"path": "//evil.example", "forms": []}',
    '{"path": "/sign-in", "forms": []}',
    '{"path": "/a", "forms": [{"action": "/a", "fields": [["x"]]}]}',
    '{"path": "/a", "forms": [], "account": "x"}',
    json.dumps({"path": "/a", "forms": [{"action": "/a", "fields": [["x", "y" * LARGEST]]}]}),
]


@pytest.mark.parametrize("text", BAD, ids=range(len(BAD)))
def test_what_no_page_of_ours_sends_is_not_kept(desk: Visitor, first: Account, text: str) -> None:
    assert desk.post("/session/draft", {"draft": text}).status_code == 422
    assert desk.post("/switch-user", {"draft": text}).status_code == 303
    assert come(desk, first, next_path="/") == "/"


def test_the_table_shows_neither_what_was_typed_nor_where(app: Flask, settings: Settings, first: Account) -> None:
    with app.app_context():
        client = dynamo.client()
        kept = Drafts(client, settings.session_key)
        draft = Draft(path=PLACE, forms=[FormDraft(action=PLACE, fields=[("family", TYPED)])])
        now = clock.now()
        kept.keep(first.id, draft, now)
        stored = repr(client.query(TABLE, "account = :a", {":a": str(first.id)}).items)
        assert TYPED not in stored
        assert "patients" not in stored
        assert kept.waiting(first.id, now + timedelta(minutes=59)) == [draft]
        assert kept.waiting(first.id, now + timedelta(minutes=60)) == []
        assert kept.take(first.id, PLACE, now + timedelta(minutes=60)) is None
