"""Jobs whose runs a test can count, stop and break; loaded by a worker process through `tests.jobs.worker`."""

from __future__ import annotations

from sqlalchemy import text

from webapp.db import transactional
from webapp.jobs import announce, job, promise, scope

TABLE = """
create table trial_run (name text, at timestamptz default clock_timestamp());
grant select, insert on trial_run to app_job, app_desk
"""
GATE = 4711
_COUNT = text("insert into trial_run values (:name)")
_WAIT = text("select pg_advisory_xact_lock_shared(:gate)")


def count(name: str) -> None:
    with transactional(scope()) as session:
        session.execute(_COUNT, {"name": name})


@job("trial.count")
def counted(name: str) -> None:
    count(name)


@job("trial.promise")
def promising(name: str) -> None:
    with transactional(scope()):
        promise(counted, name=name)


@job("trial.announce")
def announcing(name: str) -> None:
    with transactional(scope()):
        announce("trial.count", name=name)


@job("trial.fail")
def failing(name: str) -> None:
    count(name)
    raise LookupError(f"a message that names {name} and is never kept")


@job("trial.wait")
def waiting(name: str) -> None:
    """Run until the test opens the gate."""
    count(name)
    with transactional(scope()) as session:
        session.execute(text("set local lock_timeout = 0; set local statement_timeout = 0"))
        session.execute(_WAIT, {"gate": GATE})
