"""What the worker tells Prometheus about its work; without PostgreSQL it says that, and no number that is none."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.stack.proxy import Proxy, Reset
from webapp import create_app
from webapp.db import db
from webapp.ops.gauges import Standing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask

    from tests.stack.database import Database
    from webapp.settings import Settings

SECRET = "Qzanary"


@pytest.fixture
def wire(database: Database) -> Iterator[Proxy]:
    with Proxy(database.stack.postgres.port) as wire:
        yield wire


@pytest.fixture
def worker(settings: Settings, database: Database, wire: Proxy) -> Iterator[Flask]:
    """The application as a worker has it, behind a wire that can be cut."""
    address = settings.worker_database_url.replace(f":{database.stack.postgres.port}/", f":{wire.port}/")
    app = create_app(replace(settings, database_url=address))
    yield app
    with app.app_context():
        db.engine.dispose()


def told(app: Flask) -> dict[str, float]:
    """Every gauge, with its label."""
    return {
        " ".join([sample.name, *sample.labels.values()]): sample.value
        for family in Standing(app).collect()
        for sample in family.samples
    }


def test_jobs_are_counted_by_state_and_the_oldest_due_one_has_an_age(worker: Flask, database: Database) -> None:
    calm = told(worker)
    assert calm["anteroom_database_up"] == 1
    assert calm["anteroom_oldest_due_job_seconds"] == 0
    with database.administer() as connection:
        for status, scheduled in (
            ("todo", "now() - interval '90 s'"), ("todo", "null"), ("todo", "now() + interval '1 h'"),
            ("failed", "null"), ("doing", "null"),
        ):  # fmt: skip
            connection.execute(
                "insert into jobs.procrastinate_jobs (queue_name, task_name, status, args, scheduled_at)"
                f" values ('q', 't', '{status}', '{{\"a\": \"{SECRET}\"}}', {scheduled})".encode()
            )
    busy = told(worker)
    assert {name: value for name, value in busy.items() if name.startswith("anteroom_jobs")} == {
        "anteroom_jobs due": 2,
        "anteroom_jobs later": 1,
        "anteroom_jobs doing": 1,
        "anteroom_jobs failed": 1,
    }
    assert 89 < busy["anteroom_oldest_due_job_seconds"] < 120
    assert SECRET not in str(busy)


def test_without_postgresql_nothing_is_made_up(worker: Flask, wire: Proxy) -> None:
    assert told(worker)["anteroom_database_up"] == 1
    wire.mode = Reset()
    assert told(worker) == {"anteroom_database_up": 0}
