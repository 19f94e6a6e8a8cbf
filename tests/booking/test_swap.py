from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from tests import factories
from tests.booking.wishes import TEN, Open, Owner, booked, occupied, visit_row, wish
from tests.factories import NOW, Clinic, clock_time
from webapp.booking.actions import SwapRequest, check_in, swap
from webapp.booking.refusals import SlotTaken, TimePassed, WrongState
from webapp.errors import NotFound, VersionConflict
from webapp.ids import new_id

ELEVEN = clock_time(11)


def swapped(desk: Open, one: UUID, other: UUID, seen: tuple[int, ...] = (), at: datetime = NOW) -> None:
    with desk(at=at):
        swap(SwapRequest(one, other, dict(zip((one, other), seen, strict=False))), at=at)


def where(owner: Owner, visit: UUID) -> tuple[object, ...]:
    row = visit_row(owner, visit)
    return row["starts_at"], row["provider_id"], row["room_id"]


def two(desk: Open, clinic: Clinic, owner: Owner, **second: Any) -> tuple[UUID, UUID]:
    one = booked(desk, wish(clinic))
    return one, booked(desk, wish(clinic, **{"starts": ELEVEN, "patient_id": clinic.patients[1], **second}))


def test_two_visits_trade_time_provider_and_room(desk: Open, clinic: Clinic, owner: Owner) -> None:
    one, other = two(desk, clinic, owner, provider_id=clinic.providers[1])
    before = where(owner, one), where(owner, other)
    swapped(desk, one, other, (1, 1))
    assert (where(owner, other), where(owner, one)) == before
    assert [visit_row(owner, visit)["version"] for visit in (one, other)] == [2, 2]
    assert set(occupied(owner, one).values()) == {(ELEVEN, ELEVEN + timedelta(minutes=20))}
    assert set(occupied(owner, other).values()) == {(TEN, TEN + timedelta(minutes=20))}
    swapped(desk, one, other)
    assert (where(owner, one), where(owner, other)) == before


def test_two_visits_of_one_moment_trade_providers(desk: Open, clinic: Clinic, owner: Owner) -> None:
    one, other = two(desk, clinic, owner, starts=TEN, provider_id=clinic.providers[1])
    swapped(desk, one, other)
    assert where(owner, one)[1] == clinic.providers[1]
    assert len(occupied(owner, one)) == len(occupied(owner, other)) == 3


def test_a_swap_that_does_not_fit_leaves_both_where_they_were(desk: Open, clinic: Clinic, owner: Owner) -> None:
    long = factories.service(owner, clinic.providers, [clinic.location], length_minutes=45)
    one, other = two(desk, clinic, owner, service_id=long)
    booked(desk, wish(clinic, TEN + timedelta(minutes=20), patient_id=factories.patient(owner)))
    before = where(owner, one), where(owner, other), occupied(owner, one), occupied(owner, other)
    with pytest.raises(SlotTaken):
        swapped(desk, one, other)
    assert (where(owner, one), where(owner, other), occupied(owner, one), occupied(owner, other)) == before


def test_what_may_not_move_may_not_trade(desk: Open, clinic: Clinic, owner: Owner) -> None:
    one, other = two(desk, clinic, owner)
    with pytest.raises(VersionConflict):
        swapped(desk, one, other, (1, 2))
    with pytest.raises(TimePassed):
        swapped(desk, one, other, at=TEN + timedelta(minutes=40))
    with pytest.raises(NotFound):
        swapped(desk, one, new_id())
    with desk():
        check_in(other, at=NOW)
    with pytest.raises(WrongState):
        swapped(desk, one, other)
