"""What every request behind a session goes through."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.access_rows import address, doors
from tests.stack.people import SignIn, Visitor
from webapp import clock
from webapp.dynamo.budget import ENVIRON_KEY, Budget
from webapp.identity.permissions import StaffRole
from webapp.identity.service import identity
from webapp.routing import door_of

if TYPE_CHECKING:
    from flask import Flask

# What the list of accounts tells besides: when each signed in last, one more read of the same table.
ALSO_READS = {("ops.accounts", "GET"): 1}


def test_a_page_without_a_session_leads_to_the_sign_in_page_and_back(visitor: Visitor) -> None:
    response = visitor.get("/home?a=1")
    assert (response.status_code, response.location) == (303, "/sign-in?next=%2Fhome%3Fa%3D1")


def test_a_fragment_without_a_session_sends_the_whole_page_to_sign_in(visitor: Visitor) -> None:
    response = visitor.get("/home", fragment=True, headers={"HX-Current-URL": "http://localhost/board?view=list"})
    assert response.status_code == 401
    assert response.headers["HX-Redirect"] == "/sign-in?next=%2Fboard%3Fview%3Dlist"
    assert response.text == ""


@pytest.mark.parametrize("role", list(StaffRole))
def test_every_door_behind_a_session_reads_it_exactly_once(app: Flask, sign_in: SignIn, role: StaffRole) -> None:
    person, reads = sign_in(role), {}
    for rule, method in doors(app):
        door, budget = door_of(app, rule.endpoint), Budget()
        if door is None or door.permission is None:
            continue
        ask = person.get if method == "GET" else person.post
        ask(address(app, rule), environ_overrides={ENVIRON_KEY: budget})
        # The unread count of the portal's bell comes along in the same round trip.
        reads[rule.endpoint, method] = [
            name for name, tables in budget.calls if name == "BatchGetItem" and "sessions" in tables.split(",")
        ]
    extra = {name: len(seen) - 1 for name, seen in reads.items() if len(seen) != 1}
    assert extra.items() <= ALSO_READS.items()
    assert reads


def test_pages_without_a_session_read_none(sign_in: SignIn) -> None:
    budget = Budget()
    assert sign_in("auditor").get("/sign-in", environ_overrides={ENVIRON_KEY: budget}).status_code == 200
    assert budget.calls == []


def test_an_hour_after_signing_in_everyone_is_out(sign_in: SignIn) -> None:
    start = datetime.now(UTC).replace(microsecond=0)
    person = sign_in("biller", at=start)
    for minutes in range(0, 60, 10):
        with clock.stopped_at(start + timedelta(minutes=minutes)):
            assert person.get("/home").status_code == 200
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
