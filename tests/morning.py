"""A clinic on a Monday at 8:00 in New York, and a receptionist who looks at it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests import factories
from tests.factories import NOW, Clinic
from webapp import clock

if TYPE_CHECKING:
    from tests.stack.database import Database
    from tests.stack.people import Visitor


@pytest.fixture(autouse=True)
def eight_in_the_morning() -> Iterator[None]:
    with clock.stopped_at(NOW):
        yield


def next_hour() -> datetime:
    """A full hour that is still to come: the local DynamoDB sweeps, some time, what is over by the machine's clock."""
    return datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)


@pytest.fixture
def on_the_hour() -> Iterator[datetime]:
    """The clock stands still at the next full hour."""
    with clock.stopped_at(next_hour()):
        yield clock.now()


@pytest.fixture
def clinic(database: Database) -> Clinic:
    with database.administer() as connection:
        return factories.clinic(connection)


@pytest.fixture
def desk(sign_in: Callable[..., Visitor]) -> Visitor:
    return sign_in("receptionist", at=NOW)
