from datetime import timedelta
from uuid import UUID

import pytest

from tests import factories
from tests.booking.wishes import TEN, Open, Owner, booked, occupied, visit_row, wish
from tests.factories import NOW, Clinic, clock_time
from webapp.booking.actions import CancelRequest, MoveRequest, cancel, check_in, confirm, move
from webapp.booking.refusals import LocationClosed, NotOffered, OutsideHours, SlotTaken, TimePassed, WrongState
from webapp.errors import NotFound, VersionConflict
from webapp.ids import new_id

ELEVEN = clock_time(11)
LENGTH = timedelta(minutes=20)


def moved(desk: Open, request: MoveRequest) -> None:
    with desk():
        move(request, at=NOW)


def test_a_visit_moves_to_another_time_and_gives_the_old_one_back(desk: Open, clinic: Clinic, owner: Owner) -> None:
    visit = booked(desk, wish(clinic))
    moved(desk, MoveRequest(visit, ELEVEN))
    row = visit_row(owner, visit)
    assert (row["starts_at"], row["ends_at"], row["version"]) == (ELEVEN, ELEVEN + LENGTH, 2)
    assert set(occupied(owner, visit).values()) == {(ELEVEN, ELEVEN + LENGTH)}
    booked(desk, wish(clinic, patient_id=clinic.patients[1]))


def test_a_visit_moves_by_a_part_of_its_own_length(desk: Open, clinic: Clinic, owner: Owner) -> None:
    visit = booked(desk, wish(clinic))
    for minutes in (15, -15, 5, -5):
        starts = visit_row(owner, visit)["starts_at"] + timedelta(minutes=minutes)
        moved(desk, MoveRequest(visit, starts))
        assert set(occupied(owner, visit).values()) == {(starts, starts + LENGTH)}
        assert len(occupied(owner, visit)) == 3


def test_a_visit_moves_to_another_provider_at_the_same_time(desk: Open, clinic: Clinic, owner: Owner) -> None:
    visit = booked(desk, wish(clinic))
    moved(desk, MoveRequest(visit, TEN, clinic.providers[1]))
    assert clinic.providers[1] in occupied(owner, visit)
    assert clinic.providers[0] not in occupied(owner, visit)
    assert len(occupied(owner, visit)) == 3


def test_a_visit_keeps_its_room_when_it_can(desk: Open, clinic: Clinic, owner: Owner) -> None:
    other = booked(desk, wish(clinic, patient_id=clinic.patients[1], provider_id=clinic.providers[1]))
    visit = booked(desk, wish(clinic))
    room = visit_row(owner, visit)["room_id"]
    with desk():
        cancel(CancelRequest(other, "ill"), at=NOW)
    moved(desk, MoveRequest(visit, TEN + timedelta(minutes=5)))
    assert visit_row(owner, visit)["room_id"] == room


def test_a_move_onto_another_visit_is_refused_and_changes_nothing(desk: Open, clinic: Clinic, owner: Owner) -> None:
    visit = booked(desk, wish(clinic))
    booked(desk, wish(clinic, ELEVEN, patient_id=clinic.patients[1]))
    before = visit_row(owner, visit), occupied(owner, visit)
    with pytest.raises(SlotTaken):
        moved(desk, MoveRequest(visit, ELEVEN + timedelta(minutes=10)))
    assert (visit_row(owner, visit), occupied(owner, visit)) == before


def test_a_refused_move_leaves_the_visit_as_it_was_in_a_transaction_that_goes_on(
    desk: Open, clinic: Clinic, owner: Owner
) -> None:
    visit = booked(desk, wish(clinic))
    booked(desk, wish(clinic, ELEVEN, patient_id=clinic.patients[1]))
    with desk():
        with pytest.raises(SlotTaken):
            move(MoveRequest(visit, ELEVEN), at=NOW)
        assert confirm(visit, at=NOW).starts_at == TEN
    assert (visit_row(owner, visit)["starts_at"], visit_row(owner, visit)["version"]) == (TEN, 2)


def test_length_price_and_buffers_stay_as_they_were_agreed(desk: Open, clinic: Clinic, owner: Owner) -> None:
    visit = booked(desk, wish(clinic))
    owner.execute("UPDATE service SET length_minutes = 60, price_cents = 99, buffer_after_minutes = 30")
    moved(desk, MoveRequest(visit, ELEVEN))
    row = visit_row(owner, visit)
    assert (row["ends_at"] - row["starts_at"], row["price_cents"], row["buffer_after_minutes"]) == (LENGTH, 12_000, 0)


def test_buffers_move_along(desk: Open, owner: Owner) -> None:
    clinic = factories.clinic(owner, buffer_before_minutes=5, buffer_after_minutes=10)
    visit = booked(desk, wish(clinic))
    moved(desk, MoveRequest(visit, ELEVEN))
    busy = occupied(owner, visit)
    assert busy[clinic.providers[0]] == (ELEVEN - timedelta(minutes=5), ELEVEN + timedelta(minutes=30))
    assert busy[clinic.patients[0]] == (ELEVEN, ELEVEN + LENGTH)


def test_the_rules_of_booking_hold_for_a_move(desk: Open, clinic: Clinic, owner: Owner) -> None:
    visit = booked(desk, wish(clinic))
    factories.closure(owner, clinic.location, clock_time(14), clock_time(15))
    with pytest.raises(OutsideHours):
        moved(desk, MoveRequest(visit, clock_time(18)))
    with pytest.raises(LocationClosed):
        moved(desk, MoveRequest(visit, clock_time(14)))
    with pytest.raises(NotOffered):
        moved(desk, MoveRequest(visit, ELEVEN, factories.provider(owner)))
    with pytest.raises(TimePassed):
        moved(desk, MoveRequest(visit, TEN - timedelta(days=7)))
    with pytest.raises(NotFound):
        moved(desk, MoveRequest(new_id(), ELEVEN))


def test_a_visit_moves_to_another_site(desk: Open, clinic: Clinic, owner: Owner) -> None:
    elsewhere = factories.location(owner)
    there = factories.room(owner, elsewhere)
    factories.insert(owner, "service_location", service_id=clinic.service, location_id=elsewhere)
    factories.hours(owner, clinic.providers[0], elsewhere)
    visit = booked(desk, wish(clinic))
    moved(desk, MoveRequest(visit, ELEVEN, location_id=elsewhere))
    assert there in occupied(owner, visit)
    assert visit_row(owner, visit)["location_id"] == elsewhere


def test_somebody_elses_change_is_not_overwritten(desk: Open, clinic: Clinic, owner: Owner) -> None:
    visit = booked(desk, wish(clinic))
    moved(desk, MoveRequest(visit, ELEVEN, version=1))
    with pytest.raises(VersionConflict):
        moved(desk, MoveRequest(visit, clock_time(12), version=1))
    assert visit_row(owner, visit)["starts_at"] == ELEVEN


def test_only_visits_still_to_come_move(desk: Open, clinic: Clinic) -> None:
    arrived, cancelled = booked(desk, wish(clinic)), booked(desk, wish(clinic, ELEVEN))
    with desk():
        check_in(arrived, at=NOW)
        cancel(CancelRequest(cancelled, "ill"), at=NOW)
    for visit in (arrived, cancelled):
        with pytest.raises(WrongState):
            moved(desk, MoveRequest(visit, clock_time(12)))


def test_moving_twice_in_one_transaction_ends_at_the_last_place(desk: Open, clinic: Clinic, owner: Owner) -> None:
    visit = booked(desk, wish(clinic))
    with desk():
        move(MoveRequest(visit, ELEVEN), at=NOW)
        move(MoveRequest(visit, clock_time(12)), at=NOW)
    _only_at(owner, visit, 12)


def test_two_visits_trade_places_through_a_free_time(desk: Open, clinic: Clinic, owner: Owner) -> None:
    first = booked(desk, wish(clinic))
    second = booked(desk, wish(clinic, ELEVEN, patient_id=clinic.patients[1]))
    with desk():
        move(MoveRequest(first, clock_time(12)), at=NOW)
        move(MoveRequest(second, TEN), at=NOW)
        move(MoveRequest(first, ELEVEN), at=NOW)
    _only_at(owner, first, 11)
    _only_at(owner, second, 10)


def _only_at(owner: Owner, visit: UUID, hour: int) -> None:
    starts = clock_time(hour)
    assert set(occupied(owner, visit).values()) == {(starts, starts + LENGTH)}
    assert len(occupied(owner, visit)) == 3


def test_a_service_whose_buffers_grew_does_not_keep_an_earlier_visit_from_moving(
    desk: Open, clinic: Clinic, owner: Owner
) -> None:
    visit = booked(desk, wish(clinic))
    booked(desk, wish(clinic, ELEVEN, patient_id=clinic.patients[1]))
    owner.execute("UPDATE service SET buffer_before_minutes = 30, buffer_after_minutes = 30")
    moved(desk, MoveRequest(visit, ELEVEN + LENGTH))
    assert set(occupied(owner, visit).values()) == {(ELEVEN + LENGTH, ELEVEN + 2 * LENGTH)}
