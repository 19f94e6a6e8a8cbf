"""Five in the afternoon, when people close the day."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.billing.till import LATER
from webapp import clock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.stack.people import Visitor


@pytest.fixture
def five_in_the_afternoon() -> Iterator[None]:
    with clock.stopped_at(LATER):
        yield


@pytest.fixture
def desk(sign_in: Callable[..., Visitor], five_in_the_afternoon: None) -> Visitor:
    return sign_in("receptionist", at=LATER)


@pytest.fixture
def manager(sign_in: Callable[..., Visitor], five_in_the_afternoon: None) -> Visitor:
    return sign_in("manager", at=LATER)
