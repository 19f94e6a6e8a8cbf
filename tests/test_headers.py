"""What every answer carries: each route, brought to each status it can have, as page and as fragment."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from tests import factories
from tests.access_rows import NOBODYS_ID, OPEN, address, doors
from tests.morning import on_the_hour
from tests.ops.test_views import elsewhere, without_dynamodb, without_postgresql
from tests.stack.people import FRAGMENT, Visitor
from tests.test_every_door import LAST
from webapp import create_app, rate
from webapp.db import db
from webapp.errors import TooOften
from webapp.identity.permissions import StaffRole
from webapp.routing import door_of
from webapp.security import BODY_BYTES, HEADERS

if TYPE_CHECKING:
    from datetime import datetime

    from flask import Flask
    from werkzeug.routing import Rule
    from werkzeug.test import TestResponse

    from tests.factories import Clinic
    from tests.stack.database import Database
    from tests.stack.people import SignIn
    from webapp.settings import Settings

__all__ = ["on_the_hour", "without_dynamodb", "without_postgresql"]

STATUSES = {200, 204, 303, 304, 308, 400, 401, 403, 404, 405, 409, 413, 422, 429, 500, 503}
VARIES = {"HX-Request-Type", "HX-Target", "Cookie"}
LEAST_PAIRS = 1000
Pair = tuple[str, str, int, bool]


class Seen:
    """Every answer that was looked at, and what was missing from it."""

    def __init__(self) -> None:
        self.pairs: set[Pair] = set()
        self.missing: dict[Pair, list[str]] = {}

    def ask(self, visitor: Visitor, rule: Rule | str, method: str, url: str, **options: Any) -> int:
        """One request as page and as fragment; its status as page."""
        statuses = [self._ask(visitor, rule, method, url, options, fragment=each) for each in (False, True)]
        return statuses[0]

    def _ask(
        self, visitor: Visitor, rule: Rule | str, method: str, url: str, options: dict[str, Any], *, fragment: bool
    ) -> int:
        form = {"csrf_token": visitor.csrf_token, "_key": str(uuid4()), **options.get("data", {})}
        given = {**options, "data": form} if method == "POST" and not options.get("raw") else dict(options)
        given.pop("raw", None)
        headers = {**(FRAGMENT if fragment else {}), **given.pop("headers", {})}
        answer = visitor.client.open(url, method=method, headers=headers, **given)
        self.look(answer, rule if isinstance(rule, str) else rule.endpoint, method, fragment=fragment)
        return answer.status_code

    def look(self, answer: TestResponse, name: str, method: str, *, fragment: bool, kept: bool = False) -> None:
        pair = (name, method, answer.status_code, fragment)
        self.pairs.add(pair)
        missing = [header for header, value in HEADERS if answer.headers.getlist(header) != [value]]
        if not kept and answer.headers.getlist("Cache-Control") != ["no-store"]:
            missing.append("Cache-Control")
        if not kept and not set(", ".join(answer.headers.getlist("Vary")).split(", ")) >= VARIES:
            missing.append("Vary")
        if missing:
            self.missing[pair] = missing

    @property
    def statuses(self) -> set[int]:
        return {status for _, _, status, _ in self.pairs}


@pytest.fixture
def everybody(sign_in: SignIn, clinic: Clinic, on_the_hour: datetime) -> Visitor:
    return sign_in(*StaffRole, patients=clinic.patients, at=on_the_hour)


@pytest.fixture
def clinic(database: Database) -> Clinic:
    with database.administer() as connection:
        return factories.clinic(connection)


@pytest.fixture
def broken(settings: Settings) -> Iterator[Flask]:
    """An application in which every request meets a mistake of ours before its view."""
    app = create_app(settings)

    @app.before_request
    def fail() -> None:
        raise ZeroDivisionError

    yield app
    with app.app_context():
        db.engine.dispose()


def spoilt_requests(seen: Seen, app: Flask, everybody: Visitor, rule: Rule, method: str) -> None:
    """What is refused before a view sees it: 400, 404, 405, 413."""
    url = address(app, rule)
    seen.ask(everybody, rule, "PUT" if method == "GET" else "DELETE", url)
    if str(NOBODYS_ID) in url:
        seen.ask(everybody, rule, method, url.replace(str(NOBODYS_ID), "x"))
    if method == "GET":
        seen.ask(everybody, rule, method, url, query_string={"q": "\0"})
    else:
        seen.ask(everybody, rule, method, url, raw=True, data={"_key": str(uuid4())})
        seen.ask(everybody, rule, method, url, data={"x": "x" * BODY_BYTES})
        seen.ask(everybody, rule, method, url, headers={"Origin": "https://evil.example"})


def visits(app: Flask, database: Database, clinic: Clinic) -> dict[str, str]:
    with database.administer() as connection:
        made = factories.appointment(connection, clinic, factories.clock_time(10))
    return {"appointment_id": str(made), "patient_id": str(clinic.patients[0])}


def test_every_route_at_every_status_carries_all_headers(
    app: Flask,
    sign_in: SignIn,
    visitor: Visitor,
    everybody: Visitor,
    clinic: Clinic,
    database: Database,
    broken: Flask,
    without_dynamodb: Flask,
    without_postgresql: Flask,
    on_the_hour: datetime,
    record_property: Callable[[str, object], None],
) -> None:
    seen = Seen()
    nobody, real = sign_in(at=on_the_hour), visits(app, database, clinic)
    other = sign_in(*StaffRole, patients=clinic.patients, at=on_the_hour)
    elsewheres = [elsewhere(other, each) for each in (broken, without_dynamodb, without_postgresql)]
    for rule, method in sorted(doors(app), key=lambda door: door[0].endpoint in LAST):
        url = address(app, rule)
        if (rule.endpoint, method) in OPEN:
            seen.ask(visitor, rule, method, url)
        else:
            assert seen.ask(visitor, rule, method, url) == 303
            assert seen.ask(nobody, rule, method, url) == 403
            seen.ask(everybody, rule, method, url)
        for name, thing in real.items():
            if name in rule.arguments and method == "GET":
                seen.ask(everybody, rule, method, url.replace(str(NOBODYS_ID), thing))
        spoilt_requests(seen, app, everybody, rule, method)
        for each in elsewheres:
            seen.ask(each, rule, method, url)
    with_a_conflict(seen, everybody, real["appointment_id"])
    too_often(seen, app, sign_in, on_the_hour)
    others(seen, app, everybody)
    assert seen.missing == {}
    record_property("pairs of route and status", len(seen.pairs))
    assert len(seen.pairs) >= LEAST_PAIRS
    assert seen.statuses == STATUSES
    every_door_had_its_statuses(seen, app)


def every_door_had_its_statuses(seen: Seen, app: Flask) -> None:
    """Each was open and shut, asked wrongly, broken, and without its services."""
    for rule, method in doors(app):
        found = {status for name, how, status, _ in seen.pairs if (name, how) == (rule.endpoint, method)}
        inside = (rule.endpoint, method) not in OPEN
        expected = {500} | ({303, 401, 403, 503} if inside else set()) | ({400, 413} if method == "POST" else {400})
        assert expected <= found, (rule.endpoint, method, expected - found)


def with_a_conflict(seen: Seen, person: Visitor, visit: str) -> None:
    """409: what somebody else changed meanwhile, and a key that comes again with other content."""
    step = f"/appointments/{visit}/confirm"
    assert seen.ask(person, "desk.confirm", "POST", step, data={"version": "7", "back": "/board"}) == 409
    key = str(uuid4())
    form = {"given": "Ana", "family": "Ruiz", "birth_date": "3/4/1973", "phone": "(207) 555-0142", "_key": key}
    assert person.post("/patients/new", form, key=key).status_code == 303
    assert seen.ask(person, "patients.register", "POST", "/patients/new", data={**form, "given": "Eva"}) == 409


def too_often(seen: Seen, app: Flask, sign_in: SignIn, at: datetime) -> None:
    """429 at every door with a limit."""
    person = sign_in(*StaffRole, at=at)
    for rule, method in doors(app):
        door = door_of(app, rule.endpoint)
        if door is None or door.limit is None:
            continue
        with app.app_context():
            while is_open(door.limit, person, at):
                pass
        assert seen.ask(person, rule, method, address(app, rule)) == 429


def is_open(limit: rate.Rate, person: Visitor, at: datetime) -> bool:
    assert person.account_id is not None
    try:
        rate.take(limit, person.account_id, at)
    except TooOften:
        return False
    return True


def others(seen: Seen, app: Flask, person: Visitor) -> None:
    """Polls that find nothing new, static files, addresses of nobody's, addresses with two slashes."""
    tick = {**FRAGMENT, "HX-Target": "div#board"}
    tag = person.get("/board/2026-11-23", headers=tick).headers["HX-PTag"]
    answer = person.get("/board/2026-11-23", headers={**tick, "HX-PTag": tag})
    seen.look(answer, "desk.board", "GET", fragment=True)
    assert answer.status_code == 304
    seen.ask(person, "nothing", "GET", "/no-such-page")
    assert seen.ask(person, "slashes", "GET", "/patients//new") == 308
    with app.app_context():
        url = app.jinja_env.globals["asset"]("app.css")  # type: ignore[operator]
    first = person.get(url)
    seen.look(first, "static", "GET", fragment=False, kept=True)
    later = person.get(url, headers={"If-Modified-Since": first.headers["Last-Modified"]})
    seen.look(later, "static", "GET", fragment=False, kept=True)
    assert (first.status_code, later.status_code) == (200, 304)
    seen.ask(person, "static", "GET", "/static/vendor/nothing.css")
