"""A patient of the clinic who is signed in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.factories import NOW

if TYPE_CHECKING:
    from tests.factories import Clinic
    from tests.stack.people import SignIn, Visitor


@pytest.fixture
def rosa(sign_in: SignIn, clinic: Clinic) -> Visitor:
    """The first patient of the clinic, on the portal."""
    return sign_in("patient", patients=(clinic.patients[0],), at=NOW)


@pytest.fixture
def luis(sign_in: SignIn, clinic: Clinic) -> Visitor:
    """The second patient of the clinic, on the portal."""
    return sign_in("patient", patients=(clinic.patients[1],), at=NOW)
