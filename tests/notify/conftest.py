"""A clinic whose first patient has an e-mail address, and a postman on a clock of the test's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from psycopg.rows import dict_row

from tests import factories
from tests.factories import Clinic
from tests.jobs.conftest import worker_app
from tests.notify.postman import Postman, email
from webapp import clock
from webapp.db import Role, transactional

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from flask import Flask
    from sqlalchemy.orm import Session

    from tests.booking.wishes import Owner
    from tests.stack.database import Database

__all__ = ["worker_app"]

Changing = Callable[..., "AbstractContextManager[Session]"]


@pytest.fixture
def owner(database: Database) -> Iterator[Owner]:
    with database.administer() as connection:
        connection.row_factory = dict_row
        yield connection


@pytest.fixture
def clinic(owner: Owner) -> Clinic:
    clinic = factories.clinic(owner, patients=3)
    for number, patient in enumerate(clinic.patients):
        email(owner, patient, f"rosa{number}@example.com")
    return clinic


@pytest.fixture
def postman(app: Flask, worker_app: Flask, owner: Owner) -> Postman:
    del app  # it empties the mailbox, too
    return Postman(worker_app, owner)


@pytest.fixture
def desk(worker_app: Flask, postman: Postman) -> Changing:
    """A transaction of the desk at the postman's moment, whose changes are committed at its end."""

    @contextmanager
    def changing(role: Role = Role.DESK) -> Iterator[Session]:
        with (
            worker_app.app_context(),
            clock.stopped_at(postman.now),
            transactional(factories.scope(role, at=postman.now)) as session,
        ):
            yield session

    return changing
