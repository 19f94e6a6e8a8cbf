"""Every door of the application for every kind of visitor and by every method: as its row of the matrix says.

Visitors: nobody, each role, nobody's role, a disabled account, a session that is over.  What no row names is 405.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from werkzeug.exceptions import MethodNotAllowed

from tests.access_rows import MATRIX, OPEN, address, doors
from tests.stack.people import FRAGMENT, Visitor
from webapp import clock
from webapp.identity.permissions import StaffRole
from webapp.routing import door_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from flask import Flask
    from werkzeug.test import TestResponse

    from tests.stack.people import SignIn

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
    for url, methods in at.items():
        methods.update(also_served(app, url, methods))
    return at


def also_served(app: Flask, url: str, known: Mapping[str, str]) -> dict[str, str]:
    """Methods that a wider rule serves at the same address: /settings/<kind>/<id> at /settings/schedules/<id>."""
    found, addresses = {}, app.url_map.bind("localhost")
    for method in set(METHODS) - known.keys():
        with suppress(MethodNotAllowed):
            found[method] = str(addresses.match(url, method)[0])
    return found


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
        # An instance an hour before its database is not ready, either.
        assert wrong(app, person, lambda row: 503 if row == ("ops.readyz", "GET") else as_nobody(row)) == {}


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "PROPFIND"])
def test_other_methods_reach_no_view(app: Flask, sign_in: SignIn, method: str) -> None:
    person = sign_in(*StaffRole)
    for rule, _ in doors(app):
        answer = person.client.open(address(app, rule), method=method, data={"csrf_token": person.csrf_token})
        assert answer.status_code == 405, rule
