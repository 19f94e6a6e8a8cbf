"""Three routes that change one table: enough to prove the order of a request on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID

from flask import Blueprint, Response, g, request
from sqlalchemy import text

from tests.stack.people import Visitor
from webapp import activity, hypermedia
from webapp.activity import queries as recorded
from webapp.cycle import scope
from webapp.db import Role, db, transactional
from webapp.errors import FormInvalid, NotFound, Refusal, refuses
from webapp.identity.permissions import Permission
from webapp.routing import requires

if TYPE_CHECKING:
    from flask import Flask

    from tests.stack.database import Database

PATIENT = UUID("018f0000-0000-7000-8000-000000000001")

TABLE = """
create table trial (
    word text,
    constraint trial_word unique (word) deferrable initially deferred,
    constraint trial_short check (length(word) < 9)
);
grant select, insert on trial to app_desk
"""
INSERT = text("insert into trial values (:word)")
WORDS = text("select word from trial order by word")


@refuses("trial_word")
class WordTaken(Refusal):
    code = "word_taken"
    message = "That word is taken."


@refuses("trial_short")
class WordTooLong(Refusal):
    status = 422
    code = "word_too_long"
    message = "That word is too long."


@dataclass
class Hooks:
    """Statements the test wants to run inside the view, and how often the view ran."""

    before: list[str] = field(default_factory=list)
    runs: int = 0

    def reset(self) -> None:
        self.before, self.runs = [], 0


hooks = Hooks()
trial = Blueprint("trial", __name__)


@trial.get("/trial")
@requires(Permission.BOARD_VIEW, role=Role.DESK)
def read() -> Response:
    hooks.runs += 1
    for statement in hooks.before:
        db.session.execute(text(statement))
    activity.note("opened", patient=PATIENT)
    return Response(" ".join(db.session.execute(WORDS).scalars()))


def say_again(refusal: Refusal) -> Response:
    activity.note("opened", patient=PATIENT)
    taken = " ".join(db.session.execute(WORDS).scalars())
    return Response(f"{refusal.message} You typed {request.form['word']}. Taken: {taken}. {g.get('form_key', 'new')}")


@trial.post("/trial")
@requires(Permission.VISIT_BOOK, role=Role.DESK, refused=say_again)
def write() -> Response:
    hooks.runs += 1
    word = request.form["word"]
    if word == "":
        raise FormInvalid({"word": ["Enter a word."]})
    if word == "missing":
        raise NotFound
    db.session.execute(INSERT, {"word": word})
    if hooks.before:
        db.session.execute(text(hooks.before.pop()))
    activity.note("changed", patient=PATIENT)
    return hypermedia.done("saved", "/trial", word=word)


@trial.post("/trial/<int:number>")
@requires(Permission.VISIT_BOOK, role=Role.DESK)
def write_number(number: int) -> Response:
    db.session.execute(INSERT, {"word": str(number)})
    return hypermedia.done("saved", "/trial")


@trial.post("/trial/twice")
@requires(Permission.VISIT_BOOK, role=Role.DESK, gateway=True)
def write_twice() -> Response:
    """As with a gateway between them: the first transaction stands whatever becomes of the second."""
    for word in (request.form["word"], request.form["word"] * 2):
        with transactional(scope()):
            db.session.execute(INSERT, {"word": word})
    return hypermedia.see("/trial")


def words(database: Database) -> list[str]:
    with database.administer() as connection:
        return [row[0] for row in connection.execute("select word from trial order by word")]


def keys(database: Database) -> int:
    with database.administer() as connection:
        row = connection.execute("select count(*) from idempotency").fetchone()
    assert row is not None
    return int(row[0])


def actions(app: Flask) -> list[str]:
    with app.app_context():
        return [record.action for record in recorded.of_patient(PATIENT)]


def moved(visitor: Visitor, app: Flask) -> Visitor:
    """The same browser, in front of another instance of the application."""
    client = app.test_client()
    client.set_cookie("anteroom", visitor.cookie)
    return Visitor(app, client, visitor.account_id, visitor.secret)
