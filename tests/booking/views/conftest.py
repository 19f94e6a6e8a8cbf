"""A Monday at 8:00 at the front desk, with somebody who may wait for something."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from psycopg.rows import dict_row

from tests import factories
from tests.booking.wishes import Owner
from tests.morning import clinic, desk, eight_in_the_morning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.stack.database import Database

__all__ = ["clinic", "desk", "eight_in_the_morning"]


@pytest.fixture
def owner(database: Database) -> Iterator[Owner]:
    with database.administer() as connection:
        connection.row_factory = dict_row
        yield connection


@pytest.fixture
def anna(owner: Owner) -> UUID:
    person = factories.patient(owner, given="Anna", family="Archer")
    factories.phone(owner, person)
    return person
