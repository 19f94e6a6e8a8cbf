"""Files to import, a superuser who looks at what came of them, and the application around."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.interop.bundles import Write

if TYPE_CHECKING:
    from flask import Flask

    from tests.stack.database import Database


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a bundle to a file."""

    def written(value: object, name: str = "bundle.json") -> Path:
        path = tmp_path / name
        content = value if isinstance(value, bytes) else json.dumps(value).encode()
        path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
        return path

    return written


@pytest.fixture
def admin(database: Database) -> Iterator[psycopg.Connection[Any]]:
    with database.administer() as connection:
        yield connection


@pytest.fixture
def in_app(app: Flask) -> Iterator[None]:
    with app.app_context():
        yield
