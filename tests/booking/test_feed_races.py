"""Two tabs make the first calendar address of one patient, or of one provider, at the same moment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.booking.test_races import arena
from tests.booking.wishes import ACTOR
from tests.factories import NOW
from webapp.booking.actions.feeds import make_feed

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from tests.booking.arena import Arena

__all__ = ["arena"]


def _makes(**whose: UUID) -> Callable[[], UUID]:
    return lambda: make_feed(key="k" * 32, actor=ACTOR, at=NOW, **whose).id


@pytest.mark.parametrize("whose", ["patient_id", "provider_id"])
def test_the_later_of_two_first_addresses_is_the_one(arena: Arena, whose: str) -> None:
    clinic = arena.clinic
    of = {whose: clinic.patients[0] if whose == "patient_id" else clinic.providers[0]}
    hand = arena.patient if whose == "patient_id" else arena.hand
    with hand() as first, hand() as second:
        first.did(_makes(**of))
        step = second.does(_makes(**of))
        assert second.waits(step)
        first.commits()
        assert second.ends(step) == "done"
    rows = arena.owner.execute("SELECT id FROM calendar_feed WHERE revoked_at IS NULL").fetchall()
    assert [row["id"] for row in rows] == [step.result()]
