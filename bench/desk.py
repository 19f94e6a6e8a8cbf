"""The application in this process on a town's database, somebody signed in, and what requests of theirs cost."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from contextlib import contextmanager
from contextvars import Context
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from time import monotonic, perf_counter, process_time
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import psycopg
from flask import Flask, Response
from itsdangerous import URLSafeTimedSerializer

from deploy.local import processes
from tests.stack.services import REPOSITORY
from webapp import create_app
from webapp.db import Role, Scope, db
from webapp.identity.permissions import Permission, StaffRole
from webapp.identity.person import Standing
from webapp.identity.service import identity
from webapp.identity.tokens import Token
from webapp.ids import new_id
from webapp.routing import requires
from webapp.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

    from bench.town import Town
    from deploy.local.stack import Stack

START_SECONDS = 10.0
FRAGMENT = {"HX-Request": "true", "HX-Request-Type": "partial"}
EMPTY = "/empty"
# What every transaction begins with, whatever it is for.
UNCOUNTED = ("select set_config", "SELECT 1", "select 1", "BEGIN", "COMMIT")


@dataclass(frozen=True, slots=True)
class Cost:
    """What one request took: seconds on the clock, seconds of this process's CPU, statements, bytes of its answer."""

    wall: float
    cpu: float
    statements: int
    size: int


@dataclass
class Desk:
    """A receptionist at a browser without a network."""

    app: Flask
    town: Town
    client: FlaskClient
    account: UUID
    secret: str
    statements: list[str] = field(default_factory=list)
    sql_seconds: float = 0.0

    def take_sql_seconds(self) -> float:
        """Seconds spent in statements since the last time this was asked."""
        taken, self.sql_seconds = self.sql_seconds, 0.0
        return taken

    def listen(self) -> None:
        """Hear every statement that goes to the driver and how long it took; who acts and pings are not counted."""
        send = psycopg.Cursor.execute

        def heard(cursor: psycopg.Cursor[Any], query: Any, *given: Any, **options: Any) -> psycopg.Cursor[Any]:  # noqa: ANN401 - the driver's own
            started = perf_counter()
            sent = send(cursor, query, *given, **options)
            if not str(query).startswith(UNCOUNTED):
                self.statements.append(str(query))
                self.sql_seconds += perf_counter() - started
            return sent

        psycopg.Cursor.execute = heard  # type: ignore[method-assign, assignment]

    def guard(self) -> dict[str, str]:
        """The hidden fields of a form of ours."""
        token = URLSafeTimedSerializer(self.app.secret_key or "", salt="wtf-csrf-token").dumps(self.secret)
        return {"csrf_token": str(token), "_key": str(uuid4())}

    def get(self, url: str, **headers: str) -> TestResponse:
        return _by_itself(lambda: self.client.get(url, headers=headers))

    def post(self, url: str, form: dict[str, Any], **headers: str) -> TestResponse:
        sent = {**self.guard(), **form}
        return _by_itself(lambda: self.client.post(url, data=sent, headers=headers))

    def cost(self, ask: Callable[[], TestResponse], expected: int = 200) -> Cost:
        """Measure one request; RuntimeError for an answer that is not the one to be measured."""
        self.statements.clear()
        wall, cpu = perf_counter(), process_time()
        answer = ask()
        spent = Cost(perf_counter() - wall, process_time() - cpu, len(self.statements), len(answer.get_data()))
        if answer.status_code != expected:
            raise RuntimeError(f"{answer.request.path} answered {answer.status_code}, not {expected}")
        return spent

    def beside_empty(self, ask: Callable[[], TestResponse], times: int, expected: int = 200) -> list[tuple[Cost, Cost]]:
        """Measure a request and the empty one by turns, so that both meet the same machine."""
        return [(self.cost(ask, expected), self.cost(lambda: self.get(EMPTY))) for _ in range(times)]

    def scope(self, role: Role = Role.DESK) -> Scope:
        return Scope(role, self.account, self.town.now, str(new_id()))


def _by_itself(ask: Callable[[], TestResponse]) -> TestResponse:
    """Ask as somebody from outside: within the application's context a request would find what the last one knew."""
    return Context().run(ask)


@contextmanager
def fixed_answers() -> Iterator[str]:
    """Run the DynamoDB that answers at once; yields its address."""
    port = processes.free_port()
    server = subprocess.Popen([sys.executable, "-m", "bench.fixed_answers", str(port)], cwd=REPOSITORY)
    try:
        ends = monotonic() + START_SECONDS
        while not processes.port_is_taken(port):
            if monotonic() > ends:
                raise RuntimeError("the fixed answers did not start")
        yield f"http://{processes.LOOPBACK}:{port}"
    finally:
        processes.stop(server, patience=5.0)


def environment(stack: Stack, town: Town, dynamo: str, port: int = 8000) -> dict[str, str]:
    """Settings of the application on the town's database with the fixed answers for DynamoDB."""
    settings = stack.environment(database=town.name, web_port=port)
    os.environ.update({name: value for name, value in settings.items() if name.startswith("AWS_")})
    return {**settings, "AWS_ENDPOINT_URL": dynamo}


@contextmanager
def open_desk(stack: Stack, town: Town, dynamo: str) -> Iterator[Desk]:
    """Open the application with an empty route beside its own, and sign somebody in."""
    app = create_app(Settings.from_environment(environment(stack, town, dynamo)))
    _add_empty(app)
    # A line for each request would be most of what this prints.
    logging.getLogger("webapp.request").setLevel(logging.WARNING)
    with app.app_context():
        desk = sign_in(app, town)
        desk.listen()
        yield desk
        db.engine.dispose()


def sign_in(app: Flask, town: Town, roles: Sequence[StaffRole] = (StaffRole.RECEPTIONIST,)) -> Desk:
    """Make a session directly: what Cognito takes is not ours to measure."""
    account, now, secret = uuid4(), datetime.now(UTC), uuid4().hex
    standing = Standing(account, "Robin Example", frozenset(roles), ())
    with app.app_context():
        sessions = identity().sessions
        token = Token(text="a.b.c", subject=str(account), expires_at=now + timedelta(hours=1))
        handle = sessions.create(standing, token=token, epoch=sessions.epoch(account), now=now)
    client = app.test_client()
    with client.session_transaction() as session:
        session.update(csrf_token=secret, _user_id=str(handle), _fresh=True)
    return Desk(app, town, client, account, secret)


def _add_empty(app: Flask) -> None:
    """The least that a route behind a session does: read it, check the permission, open no transaction, say nothing."""

    @app.get(EMPTY)
    @requires(Permission.HOME_VIEW, role=None)
    def empty() -> Response:
        return Response("")

    _ = empty
