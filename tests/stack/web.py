"""The application in the test process, and a server of its own for browsers."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING

import pytest
from pytest_flask.live_server import LiveServer

from deploy.local import processes
from tests.stack.services import REPOSITORY

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator
    from pathlib import Path

    from flask import Flask

    from tests.stack.database import Database
    from webapp.settings import Settings

START_SECONDS = 60.0


@pytest.fixture(scope="session")
def settings(standing_database: Database) -> Settings:
    """The settings of the application under test."""
    from webapp.settings import Settings

    # botocore looks for its credentials in the environment, here as anywhere.
    os.environ.update({key: value for key, value in standing_database.environment.items() if key.startswith("AWS_")})
    return Settings.from_environment(standing_database.environment)


@pytest.fixture(scope="session")
def standing_app(settings: Settings) -> Iterator[Flask]:
    """The real application, made once per test process; tests ask for `app`, which empties the database."""
    from webapp import create_app
    from webapp.db import db

    app = create_app(settings)
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def app(standing_app: Flask, database: Database) -> Iterator[Flask]:  # database: emptied when the test is over
    """The real application on an empty database; pytest-flask makes `client` of it."""
    from webapp.identity.service import identity

    yield standing_app
    # All tests share one network address; no test has to wait for what another one tried.
    with standing_app.app_context():
        identity().attempts.forget("address", processes.LOOPBACK)


class ProductionServer(LiveServer):  # type: ignore[misc]  # pytest-flask has no types
    """pytest-flask's live server, with gunicorn in the place of a forked development server."""

    def __init__(self, app: Flask, port: int, environment: dict[str, str], log: Path) -> None:
        super().__init__(app, processes.LOOPBACK, port, START_SECONDS)
        self._environment = processes.surroundings({**environment, "WEB_CONCURRENCY": "1"})
        self._log = log
        self._gunicorn: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the server and wait until it answers."""
        address = f"{processes.LOOPBACK}:{self.port}"
        self._gunicorn = processes.start(
            [sys.executable, "-m", "gunicorn", "--bind", address, "wsgi:app"],
            log=self._log,
            env=self._environment,
            cwd=REPOSITORY,
        )
        deadline = time.monotonic() + START_SECONDS
        while not self._is_ready():
            if self._gunicorn.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"The server did not start:\n{processes.last_lines(self._log, 30)}")
            time.sleep(0.05)

    def stop(self) -> None:
        """Stop the server; a test process that dies takes it along anyway."""
        if self._gunicorn is not None:
            processes.stop(self._gunicorn, patience=5.0)


@pytest.fixture(scope="session")
def standing_server(
    standing_app: Flask, standing_database: Database, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ProductionServer]:
    """One server per test process, on a free port."""
    port = processes.free_port()
    environment = {**standing_database.environment, "PUBLIC_URL": f"http://{processes.LOOPBACK}:{port}"}
    server = ProductionServer(standing_app, port, environment, tmp_path_factory.mktemp("server") / "log")
    server.start()
    yield server
    server.stop()


@pytest.fixture
def live_server(standing_server: ProductionServer, database: Database) -> ProductionServer:
    """A server on the same, empty database that the test writes to."""
    return standing_server
