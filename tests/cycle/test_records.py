"""Who saw what is written before it is sent, and what happens when it cannot be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.cycle.trial import actions, keys, moved, words
from webapp import dynamo, idempotency
from webapp.activity import queries as recorded

if TYPE_CHECKING:
    from flask import Flask

    from tests.stack.database import Database
    from tests.stack.people import Visitor


def test_a_read_is_recorded_before_it_is_sent(desk: Visitor, app: Flask) -> None:
    assert desk.get("/trial").status_code == 200
    assert actions(app) == ["opened"]


def test_a_refusal_is_recorded_with_what_its_page_showed(desk: Visitor, app: Flask) -> None:
    desk.post("/trial", {"word": ""})
    assert actions(app) == ["opened"]
    assert desk.account_id is not None
    with app.app_context():
        mine = {(record.action, record.detail) for record in recorded.of_actor(desk.account_id)}
    assert mine == {("opened", ""), ("refused", "form_invalid")}


def test_a_read_that_cannot_be_recorded_is_not_shown(desk: Visitor, deaf: Flask) -> None:
    desk.post("/trial", {"word": "oak"})
    answer = moved(desk, deaf).get("/trial")
    assert answer.status_code == 503
    assert "oak" not in answer.text


def test_a_refusal_that_cannot_be_recorded_shows_nothing_of_the_patient(desk: Visitor, deaf: Flask) -> None:
    desk.post("/trial", {"word": "oak"})
    answer = moved(desk, deaf).post("/trial", {"word": "oak"})
    assert answer.status_code == 503
    assert "oak" not in answer.text


def test_a_change_that_cannot_be_recorded_is_still_reported_as_saved(
    desk: Visitor, deaf: Flask, database: Database
) -> None:
    answer = moved(desk, deaf).post("/trial", {"word": "oak"})
    assert answer.status_code == 200
    assert "Saved" in answer.text
    assert "Reference" in answer.text
    assert words(database) == ["oak"]


def test_a_missing_thing_answers_404_and_keeps_no_key(desk: Visitor, database: Database) -> None:
    assert desk.post("/trial", {"word": "missing"}).status_code == 404
    assert keys(database) == 0


def test_the_session_is_read_exactly_once(desk: Visitor, app: Flask) -> None:
    with app.test_request_context("/trial", headers={"Cookie": f"anteroom={desk.cookie}"}):
        app.full_dispatch_request()
        reads = [call for call in dynamo.spent().calls if call[0] == "BatchGetItem"]
        # How many notices there are comes along on a whole page of staff's.
        assert reads == [("BatchGetItem", "sessions,notifications")]


def test_requests_hash_the_same_whatever_the_order_of_fields() -> None:
    one = idempotency.hash_request("a", {"x": 1}, [("b", "2"), ("a", "1"), ("_key", "k"), ("csrf_token", "t")])
    two = idempotency.hash_request("a", {"x": 1}, [("a", "1"), ("b", "2")])
    assert one == two
    assert one != idempotency.hash_request("a", {"x": 2}, [("a", "1"), ("b", "2")])
    assert one != idempotency.hash_request("a", {"x": 1}, [("a", "1b"), ("", "2")])
