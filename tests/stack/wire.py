"""The way to PostgreSQL, to be cut, and an application at the end of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.stack.proxy import Proxy
from webapp import create_app
from webapp.db import db

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask

    from tests.stack.database import Database
    from webapp.settings import Settings


@pytest.fixture
def wire(database: Database) -> Iterator[Proxy]:
    """A proxy of our own before the standing PostgreSQL."""
    with Proxy(database.stack.postgres.port) as wire:
        yield wire


@pytest.fixture
def wired(settings: Settings, wire: Proxy, database: Database) -> Iterator[Flask]:
    """An application that reaches PostgreSQL by the wire only."""
    address = settings.database_url.replace(f":{database.stack.postgres.port}/", f":{wire.port}/")
    app = create_app(replace(settings, database_url=address))
    yield app
    with app.app_context():
        db.engine.dispose()
