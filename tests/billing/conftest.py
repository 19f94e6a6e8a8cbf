"""A biller at a clinic with a patient, a visit that is over, and an open drawer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from psycopg.rows import dict_row

from tests import factories
from tests.billing.till import Till
from tests.booking.wishes import application
from webapp.db import Role, db

if TYPE_CHECKING:
    from collections.abc import Iterator

    from psycopg import Connection

    from tests.stack.database import Database


@pytest.fixture
def owner(database: Database) -> Iterator[Connection[Any]]:
    """The superuser: sets up, and looks at what was committed."""
    with database.administer() as connection:
        connection.row_factory = dict_row
        yield connection


@pytest.fixture
def till(database: Database, owner: Connection[Any]) -> Iterator[Till]:
    app = application(database.environment["DATABASE_URL"])
    with app.app_context():
        made = Till(app, owner, factories.clinic(owner), factories.scope(Role.BILLER))
        made.drawer = made.opened()
        yield made
        db.session.remove()
        db.engine.dispose()
