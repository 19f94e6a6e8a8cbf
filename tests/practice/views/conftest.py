"""A Monday at 8:00 at a clinic, and a manager who changes its settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.factories import NOW
from tests.morning import clinic, desk, eight_in_the_morning

if TYPE_CHECKING:
    from tests.stack.people import SignIn, Visitor

__all__ = ["clinic", "desk", "eight_in_the_morning"]


@pytest.fixture
def manager(sign_in: SignIn) -> Visitor:
    return sign_in("manager", at=NOW)
