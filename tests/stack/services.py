"""One PostgreSQL and one local AWS for the whole test run, shared by all of its processes."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import alembic.command
import alembic.config
import pytest

from deploy.local import databases
from deploy.local.stack import Stack

if TYPE_CHECKING:
    from collections.abc import Iterator

REPOSITORY = Path(__file__).resolve().parents[2]
TEMPLATE = "anteroom"  # migrated once, never written to, copied for each test process
SHARED = "ANTEROOM_TEST_STACK"


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """With several test processes the first one starts the services before it starts the others."""
    config = session.config
    if hasattr(config, "workerinput") or not getattr(config.option, "numprocesses", None):
        return
    opened = contextlib.ExitStack()
    config.add_cleanup(opened.close)
    stack = opened.enter_context(throw_away_stack())
    os.environ[SHARED] = f"{stack.folder}|{stack.postgres.port}|{stack.aws.port}"


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """The running services: shared ones, or for a run in one process its own."""
    shared = os.environ.get(SHARED)
    if shared is not None:
        folder, postgres_port, aws_port = shared.rsplit("|", 2)
        yield Stack.attached(Path(folder), int(postgres_port), int(aws_port))
        return
    with throw_away_stack() as stack:
        yield stack


@contextlib.contextmanager
def throw_away_stack(*, durable: bool = False) -> Iterator[Stack]:
    """Services with a migrated, empty template, in a folder that `nobody` can reach when we are root.

    `durable` writes as in production, for figures; tests need not survive a crash of the machine.
    """
    folder = Path(tempfile.mkdtemp(prefix="anteroom-test-"))
    folder.chmod(0o711)
    try:
        with Stack(folder, durable=durable) as stack:
            migrate(stack, TEMPLATE)
            yield stack
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def migrate(stack: Stack, database: str, revision: str = "head") -> None:
    """Bring a database to a revision, as the role that migrates in production."""
    config = alembic.config.Config(REPOSITORY / "migrations" / "alembic.ini")
    config.attributes["url"] = stack.environment(database=database)["MIGRATION_DATABASE_URL"]
    alembic.command.upgrade(config, revision)


def copy_of_template(stack: Stack, database: str) -> None:
    """Make a migrated, empty database of one's own, for a test process or a test that spoils its database."""
    databases.clone(stack.postgres, TEMPLATE, database)
