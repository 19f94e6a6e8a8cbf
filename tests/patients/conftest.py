"""Two records of one person, for those who merge them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from psycopg.rows import dict_row

from tests import factories
from tests.booking.wishes import application
from tests.patients import merging
from tests.patients.merging import Pair
from webapp.db import db

if TYPE_CHECKING:
    from flask import Flask
    from psycopg import Connection

    from tests.stack.database import Database


@pytest.fixture
def owner(database: Database) -> Iterator[Connection[Any]]:
    with database.administer() as connection:
        yield connection


@pytest.fixture
def watch(database: Database) -> Iterator[Connection[Any]]:
    """A second superuser, who sees who waits."""
    with database.administer() as connection:
        connection.row_factory = dict_row
        yield connection


@pytest.fixture
def pair(owner: Connection[Any]) -> Pair:
    clinic = factories.clinic(owner)
    stays, goes = clinic.patients
    merging.fill(owner, clinic, stays, 10)
    visit = merging.fill(owner, clinic, goes, 12, account=False)
    return Pair(clinic, stays, goes, visit)


@pytest.fixture
def manager(database: Database) -> Iterator[Flask]:
    app = application(database.environment["DATABASE_URL"])
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()
