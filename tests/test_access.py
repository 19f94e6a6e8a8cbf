"""The access matrix: every route and method, for nobody and for every role, has the status written here.

A route without a row fails.  Allowed people get the status of the row: on an empty clinic, with ids that are nobody's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from tests.stack.people import Visitor
from webapp.identity.permissions import StaffRole
from webapp.routing import door_of

if TYPE_CHECKING:
    from flask import Flask
    from werkzeug.routing import Rule

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
    ("booking.waiting_list", "GET"): Row(FRONT, 200),
    ("booking.waiting_offers", "GET"): Row(FRONT, 303),
    ("booking.accept_offer", "POST"): Row(FRONT, 404),
    ("booking.refuse_offer", "POST"): Row(FRONT, 404),
    ("booking.new_wish", "GET"): Row(FRONT, 404),
    ("booking.add_wish", "POST"): Row(FRONT, 404),
    ("booking.wish", "GET"): Row(FRONT, 404),
    ("booking.change_wish", "POST"): Row(FRONT, 404),
    ("booking.withdraw", "POST"): Row(FRONT, 404),
    ("desk.waiting_beside", "GET"): Row(FRONT, 303),
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


def ask(visitor: Visitor, method: str, url: str) -> int:
    answer = visitor.get(url) if method == "GET" else visitor.post(url)
    return answer.status_code


def test_every_route_has_a_row_and_every_row_a_route(app: Flask) -> None:
    routes = {(rule.endpoint, method) for rule, method in doors(app)}
    assert routes == OPEN.keys() | MATRIX.keys()


def test_only_the_closed_list_is_open_to_everybody(app: Flask) -> None:
    without_session = set()
    for rule, method in doors(app):
        door = door_of(app, rule.endpoint)
        assert door is not None
        if door.permission is None:
            without_session.add((rule.endpoint, method))
    assert without_session == OPEN.keys()


def test_nobody_passes_the_open_doors_only(app: Flask) -> None:
    for rule, method in doors(app):
        url, name, visitor = address(app, rule), (rule.endpoint, method), Visitor(app, app.test_client())
        if name in OPEN:
            assert ask(visitor, method, url) == OPEN[name], name
        else:
            answer = visitor.get(url) if method == "GET" else visitor.post(url)
            assert answer.status_code == 303, name
            assert answer.headers["Location"].startswith("/sign-in?next="), name
            fragment = visitor.get(url, fragment=True) if method == "GET" else visitor.post(url, fragment=True)
            assert fragment.status_code == 401, name
            assert fragment.headers["HX-Redirect"].startswith("/sign-in?next="), name
            assert fragment.text == "", name


@pytest.mark.parametrize("role", StaffRole)
def test_a_role_gets_what_its_row_says(app: Flask, sign_in: SignIn, role: StaffRole) -> None:
    person = sign_in(role)
    wrong = {}
    for rule, method in doors(app):
        name = (rule.endpoint, method)
        row = MATRIX.get(name)
        if row is None:
            continue
        expected = row.expected(role)
        status = ask(person, method, address(app, rule))
        if status != expected:
            wrong[name] = (status, expected)
    assert wrong == {}


def test_a_person_without_a_role_may_do_nothing(app: Flask, sign_in: SignIn) -> None:
    person = sign_in()
    for rule, method in doors(app):
        if (rule.endpoint, method) in MATRIX:
            assert ask(person, method, address(app, rule)) == 403, rule


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "PROPFIND"])
def test_other_methods_reach_no_view(app: Flask, sign_in: SignIn, method: str) -> None:
    person = sign_in(*StaffRole)
    for rule, _ in doors(app):
        answer = person.client.open(address(app, rule), method=method, data={"csrf_token": person.csrf_token})
        assert answer.status_code in {400, 405}, rule
