"""A worker process tells DynamoDB what changes for as long as it lives, and what changed while none did."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests import factories
from tests.jobs.conftest import Worker, until
from tests.stack.proxy import Proxy, Reset
from webapp import dynamo
from webapp.booking.projection.plan import key, read
from webapp.booking.projection.project import TABLE

if TYPE_CHECKING:
    from tests.stack.database import Database
    from webapp.settings import Settings

DAY = (datetime.now(UTC) + timedelta(days=3)).date()


@pytest.fixture
def ten_oclock() -> datetime:
    return factories.clock_time(10, day=DAY)


def test_it_tells_what_happens_and_what_happened_while_dynamodb_was_away(
    database: Database, settings: Settings, start_worker: Callable[[], Worker], ten_oclock: datetime
) -> None:
    with database.administer() as owner, Proxy.before(settings.aws_endpoint_url) as proxy:
        clinic = factories.clinic(owner, furthest_days=5)
        database.environment["AWS_ENDPOINT_URL"], whole = proxy.address, database.environment["AWS_ENDPOINT_URL"]
        try:
            worker = start_worker()
        finally:
            database.environment["AWS_ENDPOINT_URL"] = whole
        client = dynamo.connect(settings)

        def taken(moment: datetime) -> bool:
            item = client.get(TABLE, {"pk": key(clinic.location, DAY)})
            plan = None if item is None else read(item["plan"], clinic.location, DAY)
            second = int(moment.timestamp())
            busy = [] if plan is None else plan.busy.get(clinic.providers[0], [])
            return any(start <= second < end for start, end in busy)

        until(lambda: client.get(TABLE, {"pk": key(clinic.location, DAY)}) is not None)
        factories.appointment(owner, clinic, ten_oclock)
        until(lambda: taken(ten_oclock))
        later = ten_oclock + timedelta(hours=2)
        with proxy.being(Reset()):
            factories.appointment(owner, clinic, later, patient_id=clinic.patients[1])
            # It took the mark and could not tell.
            until(lambda: owner.execute("SELECT FROM availability_day WHERE published < version").rowcount == 1)
            until(lambda: owner.execute("SELECT FROM availability_dirty").rowcount == 0)
            assert not taken(later)
        until(lambda: taken(later))
        assert worker.poll() is None
