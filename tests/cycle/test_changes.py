"""Who may change, when it counts, and what one key is good for."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from tests.cycle.trial import hooks, keys, moved, words

if TYPE_CHECKING:
    from flask import Flask

    from tests.stack.database import Database
    from tests.stack.people import SignIn, Visitor


def test_a_change_commits_and_answers_303(desk: Visitor, database: Database) -> None:
    answer = desk.post("/trial", {"word": "oak"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/trial")
    assert words(database) == ["oak"]
    assert keys(database) == 1


def test_a_read_runs_in_a_transaction_that_refuses_changes(desk: Visitor, database: Database) -> None:
    hooks.before = ["insert into trial values ('ivy')"]
    assert desk.get("/trial").status_code == 500
    assert words(database) == []


def test_somebody_without_a_session_goes_to_the_sign_in_page_and_back(visitor: Visitor) -> None:
    page = visitor.get("/trial?day=1")
    assert (page.status_code, page.headers["Location"]) == (303, "/sign-in?next=%2Ftrial%3Fday%3D1")
    here = {"HX-Current-URL": "http://localhost/board?view=list"}
    fragment = visitor.get("/trial", fragment=True, headers=here)
    assert fragment.status_code == 401
    assert fragment.headers["HX-Redirect"] == "/sign-in?next=%2Fboard%3Fview%3Dlist"
    assert hooks.runs == 0


def test_a_role_without_the_permission_is_refused_before_the_view_runs(sign_in: SignIn, app: Flask) -> None:
    answer = sign_in("patient").get("/trial")
    assert answer.status_code == 403
    assert hooks.runs == 0


def test_the_same_key_again_has_the_same_outcome_and_one_effect(desk: Visitor, database: Database) -> None:
    key = uuid4()
    first, second = (desk.post("/trial", {"word": "oak"}, key=key) for _ in range(2))
    assert (first.status_code, first.headers["Location"]) == (second.status_code, second.headers["Location"])
    assert words(database) == ["oak"]
    assert hooks.runs == 1


def test_other_content_under_the_same_key_is_refused(desk: Visitor, database: Database) -> None:
    key = uuid4()
    desk.post("/trial", {"word": "oak"}, key=key)
    answer = desk.post("/trial", {"word": "elm"}, key=key)
    assert answer.status_code == 409
    assert "already sent" in answer.text
    assert answer.text.endswith("new")
    assert words(database) == ["oak"]


def test_the_address_is_part_of_the_content(desk: Visitor) -> None:
    key = uuid4()
    assert desk.post("/trial/1", key=key).status_code == 303
    assert desk.post("/trial/2", key=key).status_code == 409


def test_the_same_key_of_somebody_else_is_another_key(desk: Visitor, sign_in: SignIn, database: Database) -> None:
    key = uuid4()
    assert desk.post("/trial", {"word": "oak"}, key=key).status_code == 303
    assert sign_in("receptionist").post("/trial", {"word": "elm"}, key=key).status_code == 303
    assert words(database) == ["elm", "oak"]


def test_a_refusal_keeps_no_key_and_the_key_works_with_other_content(desk: Visitor, database: Database) -> None:
    key = uuid4()
    desk.post("/trial", {"word": "oak"})
    refused = desk.post("/trial", {"word": "oak"}, key=key)
    assert refused.status_code == 409
    assert str(key) in refused.text
    assert desk.post("/trial", {"word": "elm"}, key=key).status_code == 303
    assert words(database) == ["elm", "oak"]
    assert keys(database) == 2


def test_an_invalid_form_shows_the_input_again(desk: Visitor, database: Database) -> None:
    answer = desk.post("/trial", {"word": ""})
    assert answer.status_code == 422
    assert keys(database) == 0


def test_a_constraint_becomes_its_refusal_with_the_input_kept(desk: Visitor) -> None:
    answer = desk.post("/trial", {"word": "rhododendron"})
    assert answer.status_code == 422
    assert answer.text.startswith("That word is too long. You typed rhododendron.")


def test_a_constraint_that_speaks_at_commit_becomes_its_refusal(desk: Visitor, database: Database) -> None:
    desk.post("/trial", {"word": "oak"})
    answer = desk.post("/trial", {"word": "oak"})
    assert answer.status_code == 409
    assert "That word is taken. You typed oak. Taken: oak." in answer.text
    assert words(database) == ["oak"]


@pytest.mark.parametrize("state", ["40001", "40P01"])
def test_a_torn_transaction_is_run_again(desk: Visitor, database: Database, state: str) -> None:
    tear = f"do $$ begin raise exception 'torn' using errcode = '{state}'; end $$"
    hooks.before = [tear, tear]
    assert desk.post("/trial", {"word": "oak"}).status_code == 303
    assert hooks.runs == 3
    assert words(database) == ["oak"]


def test_a_transaction_torn_three_times_says_that_nothing_was_saved(desk: Visitor, database: Database) -> None:
    hooks.before = ["do $$ begin raise exception 'torn' using errcode = '40001'; end $$"] * 3
    answer = desk.post("/trial", {"word": "oak"})
    assert answer.status_code == 503
    assert "nothing was saved" in answer.text
    assert words(database) == []


def test_fifty_presses_at_once_have_one_effect_and_one_outcome(app: Flask, desk: Visitor, database: Database) -> None:
    key, start = uuid4(), threading.Barrier(10)

    def press(_number: int) -> tuple[int, str]:
        twin = moved(desk, app)
        start.wait()
        answer = twin.post("/trial", {"word": "oak"}, key=key)
        return answer.status_code, answer.headers["Location"]

    with ThreadPoolExecutor(10) as pool:
        outcomes = set(pool.map(press, range(50)))
    assert outcomes == {(303, "/trial")}
    assert words(database) == ["oak"]


@pytest.mark.parametrize("key", ["", "not-a-key", "0" * 99])
def test_a_form_without_a_proper_key_changes_nothing(desk: Visitor, database: Database, key: str) -> None:
    answer = desk.client.post("/trial", data={"csrf_token": desk.csrf_token, "_key": key, "word": "oak"})
    assert answer.status_code == 400
    assert words(database) == []


def test_a_value_that_the_database_cannot_hold_is_no_error_of_ours(desk: Visitor, database: Database) -> None:
    hooks.before = ["select cast('twelve' as integer)"]
    assert desk.post("/trial", {"word": "oak"}).status_code == 400
    assert words(database) == []


@pytest.mark.parametrize("state", ["57014", "55P03", "53300"])
def test_a_database_that_is_too_slow_or_full_says_that_nothing_was_saved(
    desk: Visitor, database: Database, state: str
) -> None:
    hooks.before = [f"do $$ begin raise exception 'slow' using errcode = '{state}'; end $$"]
    answer = desk.post("/trial", {"word": "oak"})
    assert answer.status_code == 503
    assert "nothing was saved" in answer.text
    assert hooks.runs == 1
    assert words(database) == []
