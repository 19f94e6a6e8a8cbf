"""A worker in this process for one pass, and worker processes that can be killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.jobs.trial import TABLE
from tests.stack.services import REPOSITORY
from webapp import create_app
from webapp.db import db
from webapp.jobs import run_worker

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from flask import Flask

    from tests.stack.database import Database
    from webapp.settings import Settings

PATIENCE = 30.0
Query = Callable[..., list[tuple[Any, ...]]]
Worker = subprocess.Popen[bytes]


@pytest.fixture(scope="module")
def worker_app(settings: Settings) -> Iterator[Flask]:
    app = create_app(replace(settings, database_url=settings.worker_database_url))
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def run_due(worker_app: Flask, settings: Settings, database: Database) -> Callable[[], None]:
    """Do all work that is due, in this process."""
    return lambda: run_worker(worker_app, settings, wait=False)


@pytest.fixture
def query(database: Database) -> Iterator[Query]:
    """Ask or tell the database as its administrator; the trial table is there."""
    with database.administer() as connection:
        connection.execute(TABLE)

        def ask(statement: str, *values: object) -> list[tuple[Any, ...]]:
            cursor = connection.execute(statement.encode(), values)
            return cursor.fetchall() if cursor.description else []

        yield ask
        connection.execute("drop table trial_run")


@pytest.fixture
def start_worker(database: Database, tmp_path: Path) -> Iterator[Callable[[], Worker]]:
    started: list[Worker] = []
    log = (tmp_path / "worker.log").open("ab")

    def start() -> Worker:
        command = [sys.executable, "-m", "flask", "--app", "tests.jobs.worker", "worker"]
        environment = {**os.environ, **database.environment}
        started.append(subprocess.Popen(command, cwd=REPOSITORY, env=environment, stderr=log))
        return started[-1]

    yield start
    for worker in started:
        worker.send_signal(signal.SIGKILL)
        worker.wait()
    log.close()
    sys.stderr.write((tmp_path / "worker.log").read_text())


def until(condition: Callable[[], bool]) -> None:
    """Wait for another process; fails after half a minute."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)
