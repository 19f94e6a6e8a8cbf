"""A counter, and who stands behind it: fixtures for the tests of its pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from psycopg.rows import dict_row

from tests import factories
from tests.billing.counter import Counter
from tests.factories import NOW
from webapp import clock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask

    from tests.stack.database import Database
    from tests.stack.people import SignIn, Visitor


@pytest.fixture
def counter(app: Flask, database: Database) -> Iterator[Counter]:
    with database.administer() as owner, clock.stopped_at(NOW):
        owner.row_factory = dict_row
        yield Counter(app, owner, factories.clinic(owner))


@pytest.fixture
def desk(sign_in: SignIn) -> Visitor:
    return sign_in("receptionist", at=NOW)


@pytest.fixture
def biller(sign_in: SignIn) -> Visitor:
    return sign_in("biller", at=NOW)
