"""Group visits: never more seats than there are, all move or none, and a seat takes its patient's time only."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from psycopg.types.range import TimestamptzRange

from tests import factories
from tests.booking.groups import CAPACITY, ELEVEN, begun, moved, seated, session_row
from tests.booking.wishes import TEN, Open, Owner, booked, occupied, visit_row, wish
from tests.factories import NOW, Clinic, clock_time
from webapp.booking.actions import CancelRequest, MoveRequest, SwapRequest, cancel, check_in, move, swap
from webapp.booking.actions.seats import change_session
from webapp.booking.actions.sessions import (
    cancel_session,
)
from webapp.booking.plan_refusals import NotAGroup, SeatOnly, SessionClosed, SessionFull, SessionUnderWay
from webapp.booking.refusals import (
    LocationClosed,
    OutsideHours,
    PatientNotBookable,
    ReasonMissing,
    SlotTaken,
    TimePassed,
)
from webapp.errors import NotFound, Refusal, VersionConflict
from webapp.ids import new_id


@pytest.fixture
def clinic(owner: Owner) -> Clinic:
    """A clinic whose service is a group of three, with five patients."""
    return factories.clinic(owner, patients=5, capacity=CAPACITY)


def test_a_group_takes_provider_and_room_once_and_each_seat_its_patient(
    desk: Open, clinic: Clinic, owner: Owner
) -> None:
    session = begun(desk, clinic)
    seats = [seated(desk, session, patient) for patient in clinic.patients[:CAPACITY]]
    assert occupied(owner, session).keys() == {clinic.providers[0], session_row(owner, session)["room_id"]}
    for number, (seat, patient) in enumerate(zip(seats, clinic.patients, strict=False), 1):
        row = visit_row(owner, seat)
        assert occupied(owner, seat).keys() == {patient}
        assert (row["seat_no"], row["group_session_id"], row["status"]) == (number, session, "booked")
        assert (row["provider_id"], row["starts_at"], row["price_cents"]) == (clinic.providers[0], TEN, 12_000)


def test_a_full_group_takes_nobody_until_somebody_leaves(desk: Open, clinic: Clinic, owner: Owner) -> None:
    session = begun(desk, clinic)
    seats = [seated(desk, session, patient) for patient in clinic.patients[:CAPACITY]]
    with pytest.raises(SessionFull):
        seated(desk, session, clinic.patients[3])
    with desk():
        cancel(CancelRequest(seats[1], "Ill"), at=NOW)
    assert visit_row(owner, seated(desk, session, clinic.patients[3]))["seat_no"] == 2


def test_the_group_is_in_the_way_of_other_visits(desk: Open, clinic: Clinic) -> None:
    begun(desk, clinic)
    with pytest.raises(SlotTaken):
        booked(desk, wish(clinic))
    with pytest.raises(SlotTaken):
        begun(desk, clinic, TEN + timedelta(minutes=10))


def test_a_visit_is_in_the_way_of_a_group_and_anybody_else_takes_it(desk: Open, clinic: Clinic, owner: Owner) -> None:
    booked(desk, wish(clinic))
    session = begun(desk, clinic, provider_id=None)
    assert session_row(owner, session)["provider_id"] == clinic.providers[1]


def test_buffers_lengthen_the_groups_time_and_nobodys_seat(desk: Open, owner: Owner) -> None:
    clinic = factories.clinic(owner, capacity=2, buffer_before_minutes=5, buffer_after_minutes=10)
    session = begun(desk, clinic)
    seat = seated(desk, session, clinic.patients[0])
    end = TEN + timedelta(minutes=20)
    around = (TEN - timedelta(minutes=5), end + timedelta(minutes=10))
    assert set(occupied(owner, session).values()) == {around}
    assert set(occupied(owner, seat).values()) == {(TEN, end)}


@pytest.mark.parametrize(
    ("other", "refusal"),
    [
        ({"capacity": 4}, NotAGroup),
        ({"capacity": 1}, NotAGroup),
        ({"starts": clock_time(20)}, OutsideHours),
        ({"starts": TEN - timedelta(days=7)}, TimePassed),
    ],
)
def test_a_group_that_cannot_be_is_refused(
    desk: Open, clinic: Clinic, other: dict[str, Any], refusal: type[Refusal]
) -> None:
    with pytest.raises(refusal):
        begun(desk, clinic, **other)


def test_a_service_of_one_patient_is_no_group(desk: Open, owner: Owner) -> None:
    with pytest.raises(NotAGroup):
        begun(desk, factories.clinic(owner))


def test_a_smaller_group_than_the_service_allows(desk: Open, clinic: Clinic) -> None:
    session = begun(desk, clinic, capacity=2)
    for patient in clinic.patients[:2]:
        seated(desk, session, patient)
    with pytest.raises(SessionFull):
        seated(desk, session, clinic.patients[2])


def test_nobody_is_in_a_group_twice_or_has_another_visit_then(desk: Open, clinic: Clinic) -> None:
    session = begun(desk, clinic)
    seated(desk, session, clinic.patients[0])
    booked(desk, wish(clinic, patient_id=clinic.patients[1], provider_id=clinic.providers[1]))
    for patient in clinic.patients[:2]:
        with pytest.raises(SlotTaken) as busy:
            seated(desk, session, patient)
        assert busy.value.kinds == ("patient",)


def test_who_has_died_or_comes_too_late_gets_no_seat(desk: Open, clinic: Clinic, owner: Owner) -> None:
    session = begun(desk, clinic)
    with pytest.raises(PatientNotBookable):
        seated(desk, session, factories.patient(owner, deceased_at=NOW))
    with pytest.raises(TimePassed):
        seated(desk, session, clinic.patients[0], at=TEN + timedelta(minutes=20))
    with pytest.raises(NotFound):
        seated(desk, new_id(), clinic.patients[0])
    with pytest.raises(NotFound):
        seated(desk, session, new_id())


def test_nobody_joins_where_the_clinic_was_closed_since(desk: Open, clinic: Clinic, owner: Owner) -> None:
    session = begun(desk, clinic)
    factories.insert(
        owner,
        "closure",
        id=new_id(),
        location_id=clinic.location,
        during=TimestamptzRange(TEN, ELEVEN),
        reason="Snow",
    )
    with pytest.raises(LocationClosed):
        seated(desk, session, clinic.patients[0])


@pytest.mark.parametrize("shift", [timedelta(hours=1), timedelta(minutes=10), timedelta(days=7)])
def test_a_group_moves_with_everybody_in_it(desk: Open, clinic: Clinic, owner: Owner, shift: timedelta) -> None:
    session = begun(desk, clinic)
    room = session_row(owner, session)["room_id"]
    seats = [seated(desk, session, patient) for patient in clinic.patients[:2]]
    moved(desk, session, TEN + shift, version=1)
    row = session_row(owner, session)
    assert (row["starts_at"], row["version"], row["room_id"]) == (TEN + shift, 2, room)
    for seat in seats:
        assert visit_row(owner, seat)["starts_at"] == TEN + shift
        assert {span[0] for span in occupied(owner, seat).values()} == {TEN + shift}
    assert {span[0] for span in occupied(owner, session).values()} == {TEN + shift}


def test_a_group_moves_to_another_provider(desk: Open, clinic: Clinic, owner: Owner) -> None:
    session = begun(desk, clinic)
    seat = seated(desk, session, clinic.patients[0])
    moved(desk, session, TEN, provider_id=clinic.providers[1])
    assert visit_row(owner, seat)["provider_id"] == clinic.providers[1]
    booked(desk, wish(clinic, patient_id=clinic.patients[1]))


def test_one_patient_who_is_busy_keeps_the_whole_group(desk: Open, clinic: Clinic, owner: Owner) -> None:
    session = begun(desk, clinic)
    seats = [seated(desk, session, patient) for patient in clinic.patients[:2]]
    booked(desk, wish(clinic, ELEVEN, patient_id=clinic.patients[1], provider_id=clinic.providers[1]))
    with pytest.raises(SlotTaken) as busy:
        moved(desk, session, ELEVEN)
    assert busy.value.patient == clinic.patients[1]
    assert session_row(owner, session)["starts_at"] == TEN
    assert {visit_row(owner, seat)["starts_at"] for seat in seats} == {TEN}


def test_a_group_that_began_for_somebody_neither_moves_nor_is_canceled(desk: Open, clinic: Clinic) -> None:
    session = begun(desk, clinic)
    seat = seated(desk, session, clinic.patients[0])
    with desk():
        check_in(seat, at=NOW)
    with pytest.raises(SessionUnderWay):
        moved(desk, session, ELEVEN)
    with desk():
        cancel_session(session, "The provider is ill", at=NOW)  # who waits is told so


def test_canceling_a_group_cancels_every_seat(desk: Open, clinic: Clinic, owner: Owner) -> None:
    session = begun(desk, clinic)
    seats = [seated(desk, session, patient) for patient in clinic.patients[:2]]
    with pytest.raises(ReasonMissing), desk():
        cancel_session(session, " ", at=NOW)
    with pytest.raises(VersionConflict), desk():
        cancel_session(session, "Ill", at=NOW, version=4)
    with desk():
        cancel_session(session, "The provider is ill", at=NOW, version=1)
    assert session_row(owner, session)["status"] == "cancelled"
    assert {visit_row(owner, seat)["cancel_reason"] for seat in seats} == {"The provider is ill"}
    assert occupied(owner, session) == occupied(owner, seats[0]) == {}
    with pytest.raises(SessionClosed):
        seated(desk, session, clinic.patients[2])
    with pytest.raises(SessionClosed):
        moved(desk, session, ELEVEN)


def test_a_seat_neither_moves_nor_swaps_by_itself(desk: Open, clinic: Clinic) -> None:
    seat = seated(desk, begun(desk, clinic), clinic.patients[0])
    other = booked(desk, wish(clinic, ELEVEN, patient_id=clinic.patients[1]))
    with pytest.raises(SeatOnly), desk():
        move(MoveRequest(seat, ELEVEN), at=NOW)
    with pytest.raises(SeatOnly), desk():
        swap(SwapRequest(seat, other, {}), at=NOW)


def test_a_seat_changes_to_another_group(desk: Open, clinic: Clinic, owner: Owner) -> None:
    seat = seated(desk, begun(desk, clinic), clinic.patients[0])
    later = begun(desk, clinic, ELEVEN, capacity=2)
    seated(desk, later, clinic.patients[1])
    with desk():
        change_session(seat, later, at=NOW, version=1)
    row = visit_row(owner, seat)
    assert (row["group_session_id"], row["seat_no"], row["starts_at"], row["version"]) == (later, 2, ELEVEN, 2)
    other = seated(desk, begun(desk, clinic, clock_time(12)), clinic.patients[2])
    with pytest.raises(SessionFull), desk():
        change_session(other, later, at=NOW)
    single = booked(desk, wish(clinic, clock_time(14), patient_id=clinic.patients[3]))
    with pytest.raises(NotFound), desk():
        change_session(single, later, at=NOW)


def test_moving_to_a_time_that_passed_is_refused(desk: Open, clinic: Clinic) -> None:
    session = begun(desk, clinic)
    with pytest.raises(TimePassed):
        moved(desk, session, datetime(2026, 11, 16, 15, tzinfo=UTC))
