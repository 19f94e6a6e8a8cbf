"""What the worker tells Prometheus about its work; without PostgreSQL it says that, and no number that is none."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests import factories
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


def test_days_and_messages_that_wait_have_an_age(worker: Flask, database: Database) -> None:
    calm = told(worker)
    assert (calm["anteroom_availability_lag_seconds"], calm["anteroom_message_lag_seconds"]) == (0, 0)
    with database.administer() as connection:
        clinic = factories.clinic(connection)
        connection.execute(
            "insert into availability_day (location_id, day, version, stale_since)"
            " values (%s, current_date, 2, now() - interval '40 s')",
            (clinic.location,),
        )
        for due in ("now() - interval '70 s'", "now() + interval '1 h'"):
            connection.execute(
                "insert into message (id, patient_id, kind, channel, subject_id, starts_at, location_id, created_at,"
                " due_at, useless_at, dedupe_key) values (gen_random_uuid(), %s, 'confirmation', 'email',"
                f" gen_random_uuid(), now(), %s, now(), {due}, now() + interval '1 d', gen_random_uuid())".encode(),
                (clinic.patients[0], clinic.location),
            )
    late = told(worker)
    assert 39 < late["anteroom_availability_lag_seconds"] < 60
    assert 69 < late["anteroom_message_lag_seconds"] < 90


def test_without_postgresql_nothing_is_made_up(worker: Flask, wire: Proxy) -> None:
    assert told(worker)["anteroom_database_up"] == 1
    wire.mode = Reset()
    assert told(worker) == {"anteroom_database_up": 0}
