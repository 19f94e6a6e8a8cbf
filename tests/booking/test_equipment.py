"""Equipment, rooms of a service, and group visits take their time as staff and rooms do."""

from datetime import timedelta
from uuid import UUID

import psycopg
import pytest

from tests import factories
from tests.booking.wishes import TEN, Open, Owner, booked, occupied, visit_row, wish
from tests.factories import NOW, Clinic, clock_time
from webapp.booking.actions import CancelRequest, MoveRequest, SwapRequest, cancel, move, swap
from webapp.booking.refusals import NotOffered, ProviderAway, SlotTaken

ELEVEN = clock_time(11)


@pytest.fixture
def clinic(owner: Owner) -> Clinic:
    clinic = factories.clinic(owner, providers=3, rooms=3, patients=3)
    factories.insert(owner, "service_equipment", service_id=clinic.service, kind="ultrasound")
    return clinic


def with_of(owner: Owner, visit: UUID) -> list[UUID]:
    pieces: list[UUID] = visit_row(owner, visit)["equipment_ids"]
    return pieces


def test_one_piece_of_each_kind_is_taken_with_the_buffers_of_the_room(desk: Open, clinic: Clinic, owner: Owner) -> None:
    probe, cart = factories.equipment(owner, clinic), factories.equipment(owner, clinic, "cart")
    factories.equipment(owner, clinic, "laser")
    factories.insert(owner, "service_equipment", service_id=clinic.service, kind="cart")
    owner.execute("UPDATE service SET buffer_after_minutes = 10")
    visit = booked(desk, wish(clinic))
    assert set(with_of(owner, visit)) == {probe, cart}
    spans = occupied(owner, visit)
    staff = (TEN, TEN + timedelta(minutes=30))
    assert (spans[probe], spans[cart]) == (staff, staff)


def test_every_piece_is_tried_before_a_visit_is_refused(desk: Open, clinic: Clinic, owner: Owner) -> None:
    pieces = {factories.equipment(owner, clinic) for _ in range(2)}
    taken = {
        with_of(owner, booked(desk, wish(clinic, patient_id=clinic.patients[n], provider_id=clinic.providers[n])))[0]
        for n in (0, 1)
    }
    assert taken == pieces
    with pytest.raises(SlotTaken) as refused:
        booked(desk, wish(clinic, patient_id=clinic.patients[2], provider_id=clinic.providers[2]))
    assert refused.value.kinds == ("equipment",)


def test_equipment_of_another_site_or_out_of_use_is_not_taken(desk: Open, clinic: Clinic, owner: Owner) -> None:
    factories.equipment(owner, factories.clinic(owner))
    factories.equipment(owner, clinic, retired_at=NOW)
    with pytest.raises(NotOffered):
        booked(desk, wish(clinic))


def test_a_move_keeps_its_piece_where_it_is_free_and_takes_another_where_not(
    desk: Open, clinic: Clinic, owner: Owner
) -> None:
    for _ in range(2):
        factories.equipment(owner, clinic)
    first = booked(desk, wish(clinic))
    mine = with_of(owner, first)
    with desk():
        move(MoveRequest(first, ELEVEN), at=NOW)
    assert with_of(owner, first) == mine
    second = booked(desk, wish(clinic, patient_id=clinic.patients[1]))
    with desk():
        move(MoveRequest(second, ELEVEN, clinic.providers[1]), at=NOW)
    assert with_of(owner, second) != mine
    third = booked(desk, wish(clinic, patient_id=clinic.patients[2]))
    with pytest.raises(SlotTaken) as refused, desk():
        move(MoveRequest(third, ELEVEN, clinic.providers[2]), at=NOW)
    assert refused.value.kinds == ("equipment",)
    assert set(with_of(owner, third)) <= set(occupied(owner, third))


def test_two_visits_swap_with_their_equipment(desk: Open, clinic: Clinic, owner: Owner) -> None:
    factories.equipment(owner, clinic)
    one = booked(desk, wish(clinic))
    other = booked(desk, wish(clinic, ELEVEN, patient_id=clinic.patients[1]))
    with desk():
        swap(SwapRequest(one, other, {}), at=NOW)
    assert visit_row(owner, one)["starts_at"] == ELEVEN
    assert len(occupied(owner, one)) == len(occupied(owner, other)) == 4


def test_a_service_takes_only_the_rooms_it_may(desk: Open, clinic: Clinic, owner: Owner) -> None:
    factories.equipment(owner, clinic)
    factories.insert(owner, "service_room", service_id=clinic.service, room_id=clinic.rooms[1])
    # The usual room of these hours is another one: the rule of the service is the stricter.
    owner.execute("UPDATE schedule SET room_id = %s", (clinic.rooms[0],))
    visit = booked(desk, wish(clinic))
    assert visit_row(owner, visit)["room_id"] == clinic.rooms[1]


def test_a_group_visit_takes_staff_room_and_equipment_and_its_seats_only_patients(
    desk: Open, clinic: Clinic, owner: Owner
) -> None:
    piece = factories.equipment(owner, clinic)
    session = factories.group_session(owner, clinic, TEN, equipment_ids=[piece], buffer_after_minutes=15)
    staff = (TEN, TEN + timedelta(minutes=75))
    assert occupied(owner, session) == dict.fromkeys((clinic.providers[0], clinic.rooms[0], piece), staff)
    seats = [
        factories.appointment(
            owner, clinic, TEN, patient_id=clinic.patients[n], group_session_id=session, seat_no=n + 1, ends_at=ELEVEN
        )
        for n in (0, 1)
    ]
    assert occupied(owner, seats[0]) == {clinic.patients[0]: (TEN, ELEVEN)}
    with pytest.raises(SlotTaken):
        booked(desk, wish(clinic, patient_id=clinic.patients[2]))
    with pytest.raises(SlotTaken) as refused:
        booked(desk, wish(clinic, provider_id=clinic.providers[1], patient_id=clinic.patients[1]))
    assert refused.value.kinds == ("patient",)
    with desk():
        cancel(CancelRequest(seats[1], "ill"), at=NOW)
    with owner.transaction():
        owner.execute("UPDATE group_session SET status = 'cancelled', cancel_reason = 'ill' WHERE id = %s", (session,))
        owner.execute("SELECT doors.settle_session(%s, %s)", (session, NOW))
    assert occupied(owner, session) == {}


def test_a_group_visit_and_its_occupancy_cannot_differ(clinic: Clinic, owner: Owner) -> None:
    session = factories.group_session(owner, clinic, TEN)
    for statement in (
        "UPDATE group_session SET starts_at = starts_at - interval '5 minutes' WHERE id = %s",
        "DELETE FROM occupancy WHERE owner_id = %s",
    ):
        with pytest.raises(psycopg.errors.CheckViolation) as refused:
            owner.execute(statement.encode(), (session,))
        assert refused.value.diag.constraint_name == "group_session_occupancy"


def test_leave_takes_what_visits_leave_of_it_and_what_they_give_back(desk: Open, clinic: Clinic, owner: Owner) -> None:
    factories.equipment(owner, clinic)
    kept = booked(desk, wish(clinic))
    absence = factories.leave(owner, clinic.providers[0], clock_time(9), clock_time(12))

    def away() -> list[tuple[object, object]]:
        rows = owner.execute("SELECT during FROM occupancy WHERE owner_id = %s ORDER BY during", (absence,))
        return [(row["during"].lower, row["during"].upper) for row in rows]

    assert away() == [(clock_time(9), TEN), (TEN + timedelta(minutes=20), clock_time(12))]
    with desk():
        move(MoveRequest(kept, clock_time(13)), at=NOW)
    assert away() == [
        (clock_time(9), TEN),
        (TEN, TEN + timedelta(minutes=20)),
        (TEN + timedelta(minutes=20), clock_time(12)),
    ]
    for starts in (TEN, clock_time(9, 30), clock_time(11, 50)):
        with pytest.raises(ProviderAway):
            booked(desk, wish(clinic, starts, patient_id=clinic.patients[1]))


def test_overlapping_leave_covers_the_time_of_both_when_one_ends(desk: Open, clinic: Clinic, owner: Owner) -> None:
    factories.equipment(owner, clinic)
    short = factories.leave(owner, clinic.providers[0], TEN, ELEVEN)
    long = factories.leave(owner, clinic.providers[0], clock_time(9), clock_time(12))
    assert occupied(owner, short) == {clinic.providers[0]: (TEN, ELEVEN)}
    with owner.transaction():
        owner.execute("DELETE FROM leave WHERE id = %s", (short,))
        owner.execute("SELECT doors.settle_leave(%s, %s)", (short, NOW))
    total = owner.execute(
        "SELECT range_agg(during) = tstzmultirange(tstzrange(%s, %s)) AS all FROM occupancy WHERE owner_id = %s",
        (clock_time(9), clock_time(12), long),
    ).fetchone()
    assert total == {"all": True}
    with pytest.raises(ProviderAway):
        booked(desk, wish(clinic))


def test_leave_and_its_occupancy_cannot_differ(clinic: Clinic, owner: Owner) -> None:
    absence = factories.leave(owner, clinic.providers[0], TEN, ELEVEN)
    for statement in (
        "UPDATE leave SET ends_at = ends_at + interval '5 minutes' WHERE id = %s",
        "UPDATE leave SET ends_at = ends_at - interval '5 minutes' WHERE id = %s",
        "DELETE FROM leave WHERE id = %s",
        "DELETE FROM occupancy WHERE owner_id = %s",
    ):
        with pytest.raises(psycopg.errors.CheckViolation) as refused:
            owner.execute(statement.encode(), (absence,))
        assert refused.value.diag.constraint_name == "leave_occupancy"


def test_a_lapsed_hold_inside_leave_gives_its_time_to_the_leave(desk: Open, clinic: Clinic, owner: Owner) -> None:
    factories.equipment(owner, clinic)
    room, mine, other = clinic.rooms[0], clinic.providers[0], clinic.providers[1]
    hold = factories.appointment(owner, clinic, TEN, status="held", held_until=NOW + timedelta(minutes=1))
    absence = factories.leave(owner, mine, TEN, ELEVEN)
    owner.execute("UPDATE schedule SET room_id = %s", (room,))
    # Another provider takes the room of the hold, whose provider nobody asked about.
    booked(desk, wish(clinic, provider_id=other, patient_id=clinic.patients[1]), NOW + timedelta(minutes=2))
    assert visit_row(owner, hold)["status"] == "lapsed"
    rows = owner.execute("SELECT during FROM occupancy WHERE owner_id = %s ORDER BY during", (absence,)).fetchall()
    assert [(row["during"].lower, row["during"].upper) for row in rows] == [
        (TEN, TEN + timedelta(minutes=20)),
        (TEN + timedelta(minutes=20), ELEVEN),
    ]
