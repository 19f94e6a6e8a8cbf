"""An application with the trial routes, alone or with a wire that can be cut."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.cycle.trial import TABLE, hooks, trial
from tests.stack.proxy import ACTIVITY, CutAt, Proxy
from webapp import create_app
from webapp.db import db

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask

    from tests.stack.database import Database
    from tests.stack.people import SignIn, Visitor
    from webapp.settings import Settings


@pytest.fixture(scope="module")
def trial_app(settings: Settings) -> Iterator[Flask]:
    app = create_app(settings)
    app.register_blueprint(trial)
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def app(trial_app: Flask, database: Database) -> Iterator[Flask]:
    with database.administer() as connection:
        connection.execute(TABLE)
    hooks.reset()
    yield trial_app
    with database.administer() as connection:
        connection.execute("drop table trial")


@pytest.fixture
def wire(database: Database, settings: Settings, app: Flask) -> Iterator[Proxy]:
    wire = Proxy(database.stack.postgres.port)
    yield wire
    wire.close()


@pytest.fixture
def wired(settings: Settings, wire: Proxy, database: Database) -> Iterator[Flask]:
    address = settings.database_url.replace(f":{database.stack.postgres.port}/", f":{wire.port}/")
    app = create_app(replace(settings, database_url=address))
    app.register_blueprint(trial)
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def desk(sign_in: SignIn) -> Visitor:
    return sign_in("receptionist")


@pytest.fixture
def deaf(database: Database, settings: Settings, app: Flask) -> Iterator[Flask]:
    """An application whose DynamoDB reads sessions but never hears of activity."""
    wire = Proxy.before(settings.aws_endpoint_url)
    wire.mode = CutAt(ACTIVITY, after=None)
    deaf = create_app(replace(settings, aws_endpoint_url=wire.address))
    deaf.register_blueprint(trial)
    yield deaf
    wire.close()
    with deaf.app_context():
        db.engine.dispose()
