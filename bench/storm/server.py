"""A server as in production on a database of its own, and people who are signed in there."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from time import monotonic, sleep
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from itsdangerous import URLSafeTimedSerializer

from bench.storm.crowd import CONNECTIONS
from bench.storm.web import ByWeb, Family
from bench.storm.wire import Browser
from deploy.local import processes
from tests.stack.services import REPOSITORY
from webapp import create_app
from webapp.identity.permissions import BY_RELATION, Relation, StaffRole
from webapp.identity.person import Grant, Standing
from webapp.identity.service import identity
from webapp.identity.tokens import Token
from webapp.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask
    from flask.testing import FlaskClient

    from bench.storm.ground import Ground
    from deploy.local.aws import Deployed
    from deploy.local.stack import Stack

START_SECONDS = 30.0
DESK, DOCTOR, MANAGER = (StaffRole.RECEPTIONIST,), (StaffRole.CLINICIAN,), (StaffRole.MANAGER,)
STAFF = (*[DESK] * (CONNECTIONS - 2), DOCTOR, MANAGER)
"""The last but one may overbook, and the last may edit hours."""
FAMILY = 4
"""For so many patients each browser on the portal acts; half of them are the next browser's, too."""


@contextmanager
def serving(stack: Stack, database: str, ground: Ground, deployed: Deployed | None = None) -> Iterator[ByWeb]:
    """Start gunicorn on a free port for as long as the block runs; everybody in the crowd has sessions."""
    port = processes.free_port()
    environment = stack.environment(database=database, web_port=port, deployed=deployed)
    os.environ.update({name: value for name, value in environment.items() if name.startswith("AWS_")})
    log = stack.folder / "log" / "storm-server.log"
    server = processes.start(
        [sys.executable, "-m", "gunicorn", "--bind", f"{processes.LOOPBACK}:{port}", "wsgi:app"],
        log=log,
        env=processes.surroundings(environment),
        cwd=REPOSITORY,
    )
    try:
        deadline = monotonic() + START_SECONDS
        while not processes.answers(f"http://{processes.LOOPBACK}:{port}/readyz"):
            if server.poll() is not None or monotonic() > deadline:
                raise RuntimeError(f"the server did not start:\n{processes.last_lines(log, 20)}")
            sleep(0.1)
        app = create_app(Settings.from_environment(environment))
        staff = tuple(_browser(app, roles) for roles in STAFF)
        families = tuple(_family(app, ground, number) for number in range(CONNECTIONS))
        yield ByWeb(processes.LOOPBACK, port, ground.location, staff, families, environment)
    finally:
        processes.stop(server, patience=5.0)


def signed_in(
    app: Flask,
    secret: str | None = None,
    roles: tuple[StaffRole, ...] = DESK,
    patients: tuple[UUID, ...] = (),
    account: UUID | None = None,
) -> FlaskClient:
    """A browser with a session, a receptionist's unless said otherwise, made directly: what is measured is not Cognito.

    `patients` are those it acts for, as if they were themselves.
    """
    account, now = account or uuid4(), datetime.now(UTC)
    grants = tuple(Grant(patient, may=BY_RELATION[Relation.SELF]) for patient in patients)
    standing = Standing(account, "Robin Example", frozenset(roles), grants)
    with app.app_context():
        sessions = identity().sessions
        token = Token(text="a.b.c", subject=str(account), expires_at=now + timedelta(hours=1))
        handle = sessions.create(standing, token=token, epoch=sessions.epoch(account), now=now)
    client = app.test_client()
    with client.session_transaction() as session:
        session.update(csrf_token=secret or uuid4().hex, _user_id=str(handle), _fresh=True)
    return client


def _browser(app: Flask, roles: tuple[StaffRole, ...], patients: tuple[UUID, ...] = ()) -> Browser:
    secret, account = uuid4().hex, uuid4()
    cookie = signed_in(app, secret, roles, patients, account).get_cookie("anteroom")
    assert cookie is not None  # noqa: S101 - session_transaction made it
    csrf_token = URLSafeTimedSerializer(app.secret_key or "", salt="wtf-csrf-token").dumps(secret)
    return Browser(f"anteroom={cookie.value}", str(csrf_token), account)


def _family(app: Flask, ground: Ground, number: int) -> Family:
    people = ground.patients
    patients = tuple(people[(FAMILY // 2 * number + n) % len(people)] for n in range(FAMILY))
    return Family(_browser(app, (StaffRole.PATIENT,), patients), patients)
