"""The access matrix: every route and method, for every kind of visitor, has the status written here.

A route without a row fails.  Allowed people get the status of the row: on an empty clinic, with ids that are nobody's.
Visitors: nobody, each role, nobody's role, a disabled account, a session that is over.  What no row names is 405.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest

from tests.stack.people import FRAGMENT, Visitor
from webapp import clock
from webapp.identity.permissions import StaffRole
from webapp.routing import door_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask
    from werkzeug.routing import Rule
    from werkzeug.test import TestResponse

    from tests.stack.people import SignIn

EVERYBODY = frozenset(StaffRole)
MANAGER = frozenset({StaffRole.MANAGER})
AUDITOR = frozenset({StaffRole.AUDITOR})
PATIENT = frozenset({StaffRole.PATIENT})
FRONT = frozenset({StaffRole.RECEPTIONIST, StaffRole.CLINICIAN, StaffRole.MANAGER})
DESK = FRONT | {StaffRole.BILLER, StaffRole.COORDINATOR}
BOOKERS = FRONT | {StaffRole.COORDINATOR}
EDITORS = frozenset({StaffRole.RECEPTIONIST, StaffRole.MANAGER})

NOBODYS_ID = UUID("018f0000-0000-7000-8000-00000000dead")


@dataclass(frozen=True)
class Row:
    """Who may come in, and what they get."""

    roles: frozenset[StaffRole]
    status: int

    def expected(self, role: StaffRole) -> int:
        return self.status if role in self.roles else 403


OPEN: dict[tuple[str, str], int] = {
    ("ops.livez", "GET"): 200,
    ("ops.readyz", "GET"): 200,
    ("identity.sign_in", "GET"): 200,
    ("identity.sign_in", "POST"): 422,
    ("identity.new_password", "GET"): 303,
    ("identity.new_password", "POST"): 303,
    ("identity.code", "GET"): 303,
    ("identity.code", "POST"): 303,
    ("identity.enroll", "GET"): 303,
    ("identity.enroll", "POST"): 303,
    ("identity.recover", "GET"): 303,
    ("identity.recover", "POST"): 303,
    ("identity.forgot", "GET"): 200,
    ("identity.forgot", "POST"): 422,
    ("identity.reset", "GET"): 200,
    ("identity.reset", "POST"): 422,
    ("identity.sign_out", "POST"): 303,
    ("identity.switch_user", "POST"): 303,
}

MATRIX: dict[tuple[str, str], Row] = {
    ("identity.start", "GET"): Row(EVERYBODY, 303),
    ("identity.resume", "GET"): Row(EVERYBODY, 404),
    ("identity.password", "GET"): Row(EVERYBODY, 200),
    ("identity.change_password", "POST"): Row(EVERYBODY, 422),
    ("identity.home", "GET"): Row(EVERYBODY - PATIENT, 200),
    ("identity.ends", "GET"): Row(EVERYBODY, 204),
    ("identity.keep_draft", "POST"): Row(EVERYBODY, 422),
    ("identity.take_draft", "POST"): Row(EVERYBODY, 204),
    ("identity.my_sessions", "GET"): Row(EVERYBODY, 200),
    ("identity.end_one", "POST"): Row(EVERYBODY, 404),
    ("identity.end_others", "POST"): Row(EVERYBODY, 303),
    ("identity.stay", "POST"): Row(EVERYBODY, 303),
    ("identity.renew", "GET"): Row(EVERYBODY, 200),
    ("identity.renew_it", "POST"): Row(EVERYBODY, 422),
    ("patients.new", "GET"): Row(EDITORS, 200),
    ("patients.register", "POST"): Row(EDITORS, 422),
    ("patients.contact", "GET"): Row(EDITORS, 404),
    ("patients.change_contact", "POST"): Row(EDITORS, 404),
    ("booking.book", "GET"): Row(BOOKERS, 200),
    ("booking.book_it", "POST"): Row(BOOKERS, 422),
    ("booking.move", "GET"): Row(FRONT, 404),
    ("booking.move_it", "POST"): Row(FRONT, 404),
    ("booking.cancel", "GET"): Row(FRONT, 404),
    ("booking.cancel_it", "POST"): Row(FRONT, 404),
    ("desk.today", "GET"): Row(DESK, 200),
    ("desk.board", "GET"): Row(DESK, 200),
    ("desk.visit", "GET"): Row(DESK, 404),
    ("desk.confirm", "POST"): Row(FRONT, 404),
    ("desk.check_in", "POST"): Row(FRONT, 404),
    ("desk.start", "POST"): Row(FRONT, 404),
    ("desk.finish", "POST"): Row(FRONT, 404),
    ("desk.no_show", "POST"): Row(FRONT, 404),
    ("desk.search_page", "GET"): Row(DESK, 200),
    ("desk.search", "POST"): Row(DESK, 200),
    ("desk.patients", "GET"): Row(DESK, 200),
    ("desk.record", "GET"): Row(DESK, 404),
    ("desk.death", "GET"): Row(EDITORS, 404),
    ("desk.record_it", "POST"): Row(EDITORS, 404),
    ("desk.take_it_back", "POST"): Row(EDITORS, 404),
    ("desk.choose", "GET"): Row(MANAGER, 404),
    ("desk.compare", "GET"): Row(MANAGER, 404),
    ("desk.merge", "POST"): Row(MANAGER, 404),
    ("desk.merged", "GET"): Row(MANAGER, 404),
    ("desk.part", "POST"): Row(MANAGER, 404),
    ("portal.home", "GET"): Row(PATIENT, 200),
    ("ops.accounts", "GET"): Row(MANAGER, 200),
    ("ops.invitation", "GET"): Row(MANAGER, 200),
    ("ops.invite", "POST"): Row(MANAGER, 422),
    ("ops.account", "GET"): Row(MANAGER, 404),
    ("ops.change_roles", "POST"): Row(MANAGER, 404),
    ("ops.disable", "POST"): Row(MANAGER, 404),
    ("ops.enable", "POST"): Row(MANAGER, 404),
    ("ops.end_sessions", "POST"): Row(MANAGER, 404),
    ("ops.reset_second_factor", "POST"): Row(MANAGER, 404),
    ("ops.invite_again", "POST"): Row(MANAGER, 404),
    ("ops.activity_of_day", "GET"): Row(MANAGER | AUDITOR, 200),
    ("ops.activity_of_patient", "GET"): Row(MANAGER | AUDITOR, 404),
    ("ops.activity_of_person", "GET"): Row(MANAGER | AUDITOR, 404),
    ("ops.find_activity", "POST"): Row(MANAGER | AUDITOR, 422),
    ("ops.export_activity", "POST"): Row(AUDITOR, 422),
    ("ops.roles", "GET"): Row(EVERYBODY - PATIENT, 200),
    ("ops.jobs", "GET"): Row(MANAGER | AUDITOR, 200),
    ("ops.retry", "POST"): Row(MANAGER, 404),
    ("ops.styleguide", "GET"): Row(EVERYBODY, 200),
}


def doors(app: Flask) -> list[tuple[Rule, str]]:
    return [
        (rule, method)
        for rule in app.url_map.iter_rules()
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    ]


def address(app: Flask, rule: Rule) -> str:
    """The route with ids that belong to nobody and a day in the past."""
    samples = {"UUIDConverter": NOBODYS_ID, "IntegerConverter": 4711, "DayConverter": date(2020, 2, 29)}
    kinds = {name: type(converter).__name__ for name, converter in rule._converters.items()}
    values: dict[str, Any] = {name: samples.get(kind, "x") for name, kind in kinds.items()}
    with app.test_request_context():
        return app.url_for(rule.endpoint, **values)


METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
# These end the session of who asks, so each visitor gets to them last.
LAST = ("identity.sign_out", "identity.switch_user")


def served(app: Flask) -> dict[str, dict[str, str]]:
    """Addresses, each with the endpoint that serves a method at it; those that end sessions come last."""
    at: dict[str, dict[str, str]] = {}
    for rule, method in sorted(doors(app), key=lambda door: door[0].endpoint in LAST):
        methods = at.setdefault(address(app, rule), {})
        methods[method] = rule.endpoint
        if method == "GET":
            methods["HEAD"] = rule.endpoint
    return at


def ask(visitor: Visitor, method: str, url: str, **options: Any) -> TestResponse:
    """One request as a page of ours would send it, whatever the method."""
    guard = {} if method in {"GET", "HEAD"} else {"csrf_token": visitor.csrf_token, "_key": str(uuid4())}
    return visitor.client.open(url, method=method, data=guard, **options)


def wrong(app: Flask, visitor: Visitor, expected: Callable[[tuple[str, str]], int]) -> dict[tuple[str, str], Any]:
    """Ask for every address by every method; what was answered otherwise than expected (405 where nothing serves)."""
    found = {}
    for url, methods in served(app).items():
        statuses = {}
        for method in METHODS:
            with visitor.client.session_transaction() as cookie:
                cookie["csrf_token"] = visitor.secret  # signing out empties the cookie
            answer, endpoint = ask(visitor, method, url), methods.get(method)
            row = (endpoint, "GET" if method == "HEAD" else method) if endpoint else None
            wanted = expected(row) if row else 405
            if answer.status_code != wanted:
                found[url, method] = (answer.status_code, wanted)
            if answer.status_code == 405:
                assert "GET" in answer.headers["Allow"] or "POST" in answer.headers["Allow"], url
            if method == "HEAD":
                assert answer.data == b"", url
            statuses[method] = answer.status_code
        if "GET" in methods:
            assert statuses["HEAD"] == statuses["GET"], url
    return found


def as_nobody(row: tuple[str, str]) -> int:
    return OPEN.get(row, 303)


def test_every_route_has_a_row_and_every_row_a_route(app: Flask) -> None:
    routes = {(rule.endpoint, method) for rule, method in doors(app)}
    assert routes == OPEN.keys() | MATRIX.keys()
    assert {method for _, method in routes} == {"GET", "POST"}


def test_only_the_closed_list_is_open_to_everybody(app: Flask) -> None:
    without_session = set()
    for rule, method in doors(app):
        door = door_of(app, rule.endpoint)
        assert door is not None
        if door.permission is None:
            without_session.add((rule.endpoint, method))
    assert without_session == OPEN.keys()


def leads_to_sign_in(app: Flask, visitor: Visitor) -> None:
    """Every door behind a session sends this visitor to the sign-in page, as page and as fragment."""
    for rule, method in doors(app):
        url, name = address(app, rule), (rule.endpoint, method)
        if name in OPEN:
            continue
        answer = ask(visitor, method, url)
        assert answer.status_code == 303, name
        assert answer.headers["Location"].startswith("/sign-in?next="), name
        fragment = ask(visitor, method, url, headers=FRAGMENT)
        assert fragment.status_code == 401, name
        assert fragment.headers["HX-Redirect"].startswith("/sign-in?next="), name
        assert fragment.text == "", name


def test_nobody_passes_the_open_doors_only(app: Flask, visitor: Visitor) -> None:
    leads_to_sign_in(app, visitor)
    assert wrong(app, visitor, as_nobody) == {}


@pytest.mark.parametrize("role", StaffRole)
def test_a_role_gets_what_its_row_says(app: Flask, sign_in: SignIn, role: StaffRole) -> None:
    person = sign_in(role)
    assert wrong(app, person, lambda row: OPEN[row] if row in OPEN else MATRIX[row].expected(role)) == {}


def test_a_person_without_a_role_may_do_nothing(app: Flask, sign_in: SignIn) -> None:
    assert wrong(app, sign_in(), lambda row: OPEN.get(row, 403)) == {}


def test_a_disabled_account_is_nobody_from_its_next_request_on(app: Flask, sign_in: SignIn) -> None:
    person, manager = sign_in(*StaffRole), sign_in("manager")
    assert person.get("/home").status_code == 200
    assert manager.post(f"/accounts/{person.account_id}/disable").status_code == 303
    leads_to_sign_in(app, person)
    assert wrong(app, person, as_nobody) == {}


def test_an_hour_after_signing_in_everybody_is_nobody(app: Flask, sign_in: SignIn) -> None:
    start = datetime.now(UTC).replace(microsecond=0)
    person = sign_in(*StaffRole, at=start)
    for minutes in range(0, 60, 10):
        with clock.stopped_at(start + timedelta(minutes=minutes)):
            assert person.get("/home").status_code == 200
    with clock.stopped_at(start + timedelta(hours=1)):
        leads_to_sign_in(app, person)
        assert wrong(app, person, as_nobody) == {}


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "PROPFIND"])
def test_other_methods_reach_no_view(app: Flask, sign_in: SignIn, method: str) -> None:
    person = sign_in(*StaffRole)
    for rule, _ in doors(app):
        answer = person.client.open(address(app, rule), method=method, data={"csrf_token": person.csrf_token})
        assert answer.status_code == 405, rule
