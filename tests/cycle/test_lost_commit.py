"""The wire is cut at COMMIT: the person is told the truth."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from tests.cycle.trial import moved, words
from tests.stack.proxy import CutAt, Mode, Pass, Proxy, Reset

if TYPE_CHECKING:
    from flask import Flask
    from werkzeug.test import TestResponse

    from tests.stack.database import Database
    from tests.stack.people import Visitor

COMMIT = b"COMMIT"


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
