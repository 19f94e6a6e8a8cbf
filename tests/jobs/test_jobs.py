"""Jobs exist when their transaction committed, run at least once, back off, give up, and say so."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from psycopg.errors import InsufficientPrivilege

from tests.jobs.conftest import Query, Worker, until
from tests.jobs.trial import GATE, announcing, counted, failing, promising, waiting
from webapp.db import Role, Scope, transactional
from webapp.jobs import MOST_ATTEMPTS, promise, queue
from webapp.ops.jobs import forget_keys

if TYPE_CHECKING:
    from flask import Flask

    from tests.stack.database import Database
    from tests.stack.people import SignIn
    from webapp.jobs import Job

RunDue = Callable[[], None]
JOBS = "select status::text, attempts from jobs.procrastinate_jobs where task_name like 'trial.%%'"
RUNS = "select name from trial_run"
WAIT = """
select extract(epoch from scheduled_at - now())::float from jobs.procrastinate_jobs where task_name like 'trial.%%'
"""


def promised(app: Flask, job: Job[Any, Any], *, role: Role = Role.DESK, at: datetime | None = None) -> None:
    scope = Scope(role, uuid4(), datetime.now(UTC), str(uuid4()))
    with app.app_context(), transactional(scope):
        promise(job, at=at, name="one")


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.JOB])
def test_every_role_can_promise_a_job_and_it_runs(app: Flask, query: Query, run_due: RunDue, role: Role) -> None:
    promised(app, counted, role=role)
    run_due()
    assert query(RUNS) == [("one",)]
    assert query(JOBS) == []


def test_a_promise_rolls_back_with_its_transaction(app: Flask, query: Query) -> None:
    scope = Scope(Role.DESK, uuid4(), datetime.now(UTC), str(uuid4()))

    def promise_and_fail() -> None:
        with transactional(scope):
            promise(counted, name="one")
            raise ZeroDivisionError

    with app.app_context(), pytest.raises(ZeroDivisionError):
        promise_and_fail()
    assert query(JOBS) == []


@pytest.mark.parametrize("first", [promising, announcing])
def test_a_job_promises_another(app: Flask, query: Query, run_due: RunDue, first: Job[..., None]) -> None:
    """Of its own slice, and of one further right."""
    promised(app, first)
    run_due()
    assert query(RUNS) == [("one",)]
    assert query(JOBS) == []


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.JOB])
def test_the_application_may_not_read_arguments(database: Database, role: Role) -> None:
    with database.connect(role.value) as connection, pytest.raises(InsufficientPrivilege):
        connection.execute("select args from jobs.procrastinate_jobs")


def test_a_scheduled_job_waits_for_its_time(app: Flask, query: Query, run_due: RunDue) -> None:
    promised(app, counted, at=datetime.now(UTC) + timedelta(hours=1))
    run_due()
    assert query(RUNS) == []
    query("update jobs.procrastinate_jobs set scheduled_at = now()")
    run_due()
    assert query(RUNS) == [("one",)]


def test_a_failing_job_backs_off_twice_as_long_each_time(app: Flask, query: Query, run_due: RunDue) -> None:
    promised(app, failing)
    waits = []
    for _ in range(3):
        query("update jobs.procrastinate_jobs set scheduled_at = null")
        run_due()
        # The worker may have promised itself what is due every minute.
        ((wait,),) = query(WAIT)
        waits.append(wait)
    assert waits == pytest.approx([2, 4, 8], abs=1.5)


def test_a_job_that_fails_eight_times_is_listed_and_one_press_tries_again(
    app: Flask, query: Query, run_due: RunDue, sign_in: SignIn
) -> None:
    promised(app, failing)
    for _ in range(MOST_ATTEMPTS):
        query("update jobs.procrastinate_jobs set scheduled_at = null")
        run_due()
    assert query(JOBS) == [("failed", MOST_ATTEMPTS)]
    manager = sign_in("manager")
    page = manager.get("/jobs").text
    assert "trial.fail" in page
    assert "LookupError" in page
    assert "a message that names" not in page
    run_due()  # what the last attempt promised
    told = manager.get("/notices").text
    assert told.count("Background work was given up after eight attempts: trial.fail.") == 1
    ((number,),) = query("select id from jobs.procrastinate_jobs where status = 'failed'")
    assert manager.post(f"/jobs/{number}/retry").status_code == 303
    assert query(JOBS)[0][0] == "todo"
    run_due()
    assert len(query(RUNS)) == MOST_ATTEMPTS + 1
    assert manager.post(f"/jobs/{number + 1}/retry").status_code == 404


def test_a_job_whose_worker_was_killed_runs_again(
    app: Flask, query: Query, database: Database, start_worker: Callable[[], Worker]
) -> None:
    query("select pg_advisory_lock(%s)", GATE)
    promised(app, waiting)
    first = start_worker()
    until(lambda: query(RUNS) == [("one",)])
    first.kill()
    first.wait()
    assert query(JOBS) == [("doing", 0)]
    # Half a minute without a heartbeat, without waiting for it.
    query("update jobs.procrastinate_workers set last_heartbeat = last_heartbeat - interval '31 seconds'")
    query("select pg_advisory_unlock(%s)", GATE)
    start_worker()
    until(lambda: query(JOBS) == [])
    assert query(RUNS) == [("one",), ("one",)]


def test_a_job_of_a_live_worker_is_left_alone(app: Flask, query: Query, start_worker: Callable[[], Worker]) -> None:
    query("select pg_advisory_lock(%s)", GATE)
    promised(app, waiting)
    start_worker()
    until(lambda: query(RUNS) == [("one",)])
    done = "select max(job_id) from jobs.procrastinate_periodic_defers where task_name = 'ops.reclaim'"
    ((before,),) = query(done)
    until(lambda: query(done)[0][0] != before)
    assert query(JOBS) == [("doing", 0)]
    query("select pg_advisory_unlock(%s)", GATE)
    until(lambda: query(JOBS) == [])
    assert query(RUNS) == [("one",)]


def test_a_worker_told_to_stop_ends_its_job_first(app: Flask, query: Query, start_worker: Callable[[], Worker]) -> None:
    query("select pg_advisory_lock(%s)", GATE)
    promised(app, waiting)
    worker = start_worker()
    until(lambda: query(RUNS) == [("one",)])
    worker.terminate()
    query("select pg_advisory_unlock(%s)", GATE)
    assert worker.wait(20) == 0
    assert query(JOBS) == []


def test_keys_older_than_a_week_are_forgotten(app: Flask, worker_app: Flask, query: Query) -> None:
    for days in (6, 8):
        query(
            "insert into idempotency (actor, key, request_hash, status, location, created_at)"
            " values (gen_random_uuid(), gen_random_uuid(), '', 303, '/', now() - make_interval(days => %s))",
            days,
        )
    with worker_app.app_context():
        forget_keys(timestamp=0)
    assert query("select (now() - created_at) < interval '7 days' from idempotency") == [(True,)]


def test_every_job_has_a_name_of_its_own() -> None:
    names = [name for name in queue.tasks if not name.startswith(("trial.", "builtin:"))]
    assert {"activity.project_changes", "ops.reclaim", "ops.forget_keys"} <= set(names)
