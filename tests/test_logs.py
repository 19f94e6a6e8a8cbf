"""One line of JSON for each request, and nothing of a patient in any of them."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from sqlalchemy import text

from webapp import problems
from webapp.clock import now
from webapp.db import Role, Scope, transactional

if TYPE_CHECKING:
    from flask import Flask

    from tests.stack.people import SignIn, Visitor

SECRET = "Wilhelmina Secretname"


def lines(err: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in err.splitlines() if line.startswith("{")]


def test_a_request_is_logged_by_its_route_and_never_by_its_path(
    visitor: Visitor, capsys: pytest.CaptureFixture[str]
) -> None:
    visitor.get(f"/patients/{uuid4()}?q={SECRET}")
    (line,) = [line for line in lines(capsys.readouterr().err) if line["event"] == "request"]
    assert line["route"] == "/patients/<uuid:patient_id>"
    assert line["status"] == 303
    assert isinstance(line["ms"], float)
    assert line["request"]


def test_an_exception_is_logged_by_class_and_frames_without_its_message(
    app: Flask, capsys: pytest.CaptureFixture[str]
) -> None:
    scope = Scope(Role.DESK, uuid4(), now(), str(uuid4()))
    with app.app_context():
        try:
            with transactional(scope) as session:
                session.execute(text("select cast(:name as integer)"), {"name": SECRET})
        except Exception as error:
            problems.log.error("failed", exc_info=error)
            logging.getLogger("elsewhere").exception("a library's own words")
    err = capsys.readouterr().err
    assert SECRET not in err
    assert "Secretname" not in err
    for line in lines(err):
        assert line["exception"] == "DataError"
        assert line["sqlstate"] == "22P02"
        assert line["frames"]


def test_what_people_type_is_in_no_log(sign_in: SignIn, capsys: pytest.CaptureFixture[str]) -> None:
    desk = sign_in("receptionist")
    desk.post("/search", {"q": SECRET})
    desk.post("/patients/new", {"given": SECRET, "family": SECRET, "birth_date": "1980-13-45", "phone": "555"})
    desk.post("/book", {"patient": SECRET, "reason": SECRET})
    assert "Secretname" not in capsys.readouterr().err


def test_an_unexpected_error_shows_a_reference_and_nothing_else(app: Flask) -> None:
    with app.test_request_context("/board"):
        app.preprocess_request()
        answer = problems._unexpected(RuntimeError(SECRET))
        reference = problems.reference()
    assert answer.status_code == 500
    assert SECRET not in answer.get_data(as_text=True)
    assert reference in answer.get_data(as_text=True)
