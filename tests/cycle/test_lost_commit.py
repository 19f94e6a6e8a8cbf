"""The wire is cut at COMMIT: the person is told the truth."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest
from flask import g

from tests.cycle.trial import hooks, moved, words
from tests.stack.proxy import CutAt, Latency, Mode, Pass, Proxy, Reset, SilentAt
from webapp import patience

if TYPE_CHECKING:
    from flask import Flask
    from werkzeug.test import TestResponse

    from tests.stack.database import Database
    from tests.stack.people import Visitor

COMMIT = b"COMMIT"
PAGE, RESERVE = 2.0, 0.6
PRODUCTS_OWN_SECONDS = 5.0


def through(app: Flask, wire: Proxy, visitor: Visitor, mode: Mode, key: UUID | None = None) -> TestResponse:
    wire.mode = mode
    return moved(visitor, app).post("/trial", {"word": "oak"}, key=key)


def test_a_cut_before_commit_saves_nothing_and_says_so(
    wired: Flask, wire: Proxy, desk: Visitor, database: Database
) -> None:
    answer = through(wired, wire, desk, CutAt(COMMIT))
    assert answer.status_code == 503
    assert "nothing was saved" in answer.text
    assert words(database) == []


def test_a_cut_after_commit_tells_that_it_was_saved(
    wired: Flask, wire: Proxy, desk: Visitor, database: Database
) -> None:
    answer = through(wired, wire, desk, CutAt(COMMIT, heard=True))
    assert (answer.status_code, answer.headers["Location"]) == (303, "/trial")
    assert words(database) == ["oak"]


def test_an_outcome_that_cannot_be_looked_up_is_called_unknown_and_the_key_finds_it(
    wired: Flask, wire: Proxy, desk: Visitor, database: Database
) -> None:
    key = uuid4()
    answer = through(wired, wire, desk, CutAt(COMMIT, heard=True, after=Reset()), key=key)
    assert answer.status_code == 503
    assert "could not check" in answer.text
    again = through(wired, wire, desk, Pass(), key=key)
    assert again.status_code == 303
    assert words(database) == ["oak"]


def test_a_view_that_commits_by_itself_never_says_that_nothing_was_done(
    wired: Flask, wire: Proxy, desk: Visitor, database: Database
) -> None:
    wire.mode = CutAt(b"oakoak")
    answer = moved(desk, wired).post("/trial/twice", {"word": "oak"})
    assert answer.status_code == 503
    assert "could not check" in answer.text
    assert words(database) == ["oak"]


@pytest.fixture
def waited(wired: Flask, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What each request has waited for PostgreSQL, of half of what it may as a rule: machines that test are slow."""
    monkeypatch.setattr(patience, "PAGE_SECONDS", PAGE)
    monkeypatch.setattr(patience, "RESERVE_SECONDS", RESERVE)
    spent: list[float] = []

    @wired.teardown_request
    def remember(_error: BaseException | None) -> None:
        spent.append(g.get("waited_for_postgresql", 0.0))

    return spent


@pytest.mark.parametrize("heard", [False, True])
def test_silence_from_commit_on_is_called_unknown_within_one_budget_and_the_key_finds_it(
    wired: Flask, wire: Proxy, desk: Visitor, database: Database, waited: list[float], *, heard: bool
) -> None:
    key = uuid4()
    answer = through(wired, wire, desk, SilentAt(COMMIT, heard=heard), key=key)
    assert answer.status_code == 503
    assert "could not check" in answer.text
    # The COMMIT had all but the reserve, looking had that; nothing else may take more than a moment.
    assert PAGE - RESERVE < waited[-1] < PRODUCTS_OWN_SECONDS
    assert through(wired, wire, desk, Pass(), key=key).status_code == 303
    assert words(database) == ["oak"]
    assert waited[-1] < PAGE - RESERVE


def test_many_slow_statements_have_no_more_time_than_one(
    wired: Flask, wire: Proxy, desk: Visitor, waited: list[float]
) -> None:
    hooks.before = ["select 1"] * 40
    wire.mode = Latency(PAGE / 10)
    answer = moved(desk, wired).get("/trial")
    assert answer.status_code == 503
    assert waited[-1] < PRODUCTS_OWN_SECONDS
    wire.mode = Pass()
    assert moved(desk, wired).get("/trial").status_code == 200


def test_who_has_waited_for_everything_still_reads_what_answers_at_once(
    wired: Flask, desk: Visitor, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "PAGE_SECONDS", 0.0)
    assert moved(desk, wired).post("/trial", {"word": "oak"}).status_code == 303
    assert words(database) == ["oak"]
