"""A receptionist at a booking clinic, and a superuser who looks at what PostgreSQL holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask
from psycopg.rows import dict_row

from tests import factories
from tests.booking.projecting import Projection
from tests.booking.wishes import Open, Owner, application
from webapp import dynamo
from webapp.db import Scope, db, transactional

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from sqlalchemy.orm import Session

    from tests.stack.database import Database
    from webapp.settings import Settings


@pytest.fixture
def owner(database: Database) -> Iterator[Owner]:
    """The superuser: sets up, and looks at what was committed."""
    with database.administer() as connection:
        connection.row_factory = dict_row
        yield connection


@pytest.fixture
def clinic(owner: Owner) -> factories.Clinic:
    return factories.clinic(owner)


@pytest.fixture
def booking(database: Database) -> Iterator[Flask]:
    """An application context for actions."""
    app = application(database.environment["DATABASE_URL"])
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def desk(booking: Flask) -> Open:
    """Open a transaction as a receptionist, or in the given scope."""

    def start(scope: Scope | None = None, **options: Any) -> AbstractContextManager[Session]:
        return transactional(scope or factories.scope(**options))

    return start


@pytest.fixture
def projection(desk: Open, database: Database, settings: Settings) -> Iterator[Projection]:
    worker = application(settings.worker_database_url)
    reader = application(settings.database_url)
    for app in (worker, reader):
        dynamo.init_app(app, settings)
    yield Projection(desk, worker, reader)
    for app in (worker, reader):
        with app.app_context():
            db.session.remove()
            db.engine.dispose()
