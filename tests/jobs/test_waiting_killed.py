"""The chain of the waiting list goes on when a worker process is killed in the middle of one of its steps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from psycopg.rows import dict_row

from tests import factories
from tests.booking.waiting_list import offered_to, offers, waiter
from tests.booking.wishes import Owner
from tests.jobs.conftest import Worker, until
from webapp.booking.actions import CancelRequest, cancel
from webapp.booking.actions.waiting.offers import refuse
from webapp.db import transactional

if TYPE_CHECKING:
    from flask import Flask

    from tests.stack.database import Database

DAY = timedelta(days=1)
JOBS = "jobs.procrastinate_jobs"
WAITS = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
DOING = f"SELECT FROM {JOBS} WHERE status = 'doing' AND task_name LIKE 'booking.%%_%%' AND attempts = 0"

Start = Callable[[], Worker]


@pytest.fixture
def owner(database: Database) -> Iterator[Owner]:
    with database.administer() as connection:
        connection.row_factory = dict_row
        yield connection


def noon_in_some_days() -> datetime:
    return (datetime.now(UTC) + 7 * DAY).replace(hour=17, minute=0, second=0, microsecond=0)


def canceled(app: Flask, owner: Owner) -> tuple[UUID, list[UUID]]:
    """A time that two wait for is canceled; its provider, and the two in their order."""
    clinic = factories.clinic(owner)
    now = datetime.now(UTC)
    visit = factories.appointment(owner, clinic, noon_in_some_days())
    line = [waiter(owner, clinic, created_at=now - n * DAY, earliest=now.date()) for n in (2, 1)]
    with app.app_context(), transactional(factories.scope(at=now)):
        cancel(CancelRequest(visit, "ill"), at=now)
    return clinic.providers[0], line


def due_at_once(owner: Owner) -> None:
    owner.execute(f"UPDATE {JOBS} SET scheduled_at = now() WHERE status = 'todo'")


def killed_in_its_turn(owner: Owner, provider: UUID, start: Start) -> None:
    """Start a worker, kill it while its step waits for the provider's turn, and let half a minute pass."""
    owner.execute("SELECT pg_advisory_lock(uuid_hash_extended(%s, 3))", (provider,))
    worker = start()
    until(lambda: owner.execute(WAITS).rowcount == 1 and owner.execute(DOING).rowcount == 1)
    worker.kill()
    worker.wait()
    owner.execute("UPDATE jobs.procrastinate_workers SET last_heartbeat = last_heartbeat - interval '31 seconds'")
    owner.execute("SELECT pg_advisory_unlock_all()")


def test_steps_whose_workers_are_killed_are_done_once_by_the_next_ones(
    app: Flask, owner: Owner, start_worker: Start
) -> None:
    provider, (first, second) = canceled(app, owner)
    due_at_once(owner)
    killed_in_its_turn(owner, provider, start_worker)
    assert offers(owner) == []
    worker = start_worker()
    until(lambda: offered_to(owner) == [first])
    worker.kill()
    worker.wait()
    now = datetime.now(UTC)
    with app.app_context(), transactional(factories.scope(at=now)):
        refuse(offers(owner)[0]["id"], at=now)
    killed_in_its_turn(owner, provider, start_worker)
    assert offered_to(owner) == []
    start_worker()
    until(lambda: offered_to(owner) == [second])
    assert offered_to(owner, "refused") == [first]
    assert owner.execute("SELECT FROM appointment WHERE status = 'held'").rowcount == 1
