"""A Monday at 8:00 at the front desk."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.morning import clinic, desk, eight_in_the_morning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask

__all__ = ["clinic", "desk", "eight_in_the_morning"]


@pytest.fixture
def app_context(app: Flask) -> Iterator[None]:
    """An application context for actions."""
    with app.app_context():
        yield
