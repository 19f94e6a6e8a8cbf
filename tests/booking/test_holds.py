from datetime import timedelta

import pytest

from tests import factories
from tests.booking.wishes import TEN, Open, Owner, booked, occupied, visit_row, wish
from tests.factories import NOW, Clinic
from webapp.booking.actions import CancelRequest, MoveRequest, block_time, cancel, move
from webapp.booking.queries import busy
from webapp.booking.refusals import SlotTaken
from webapp.db import Role
from webapp.practice.hours import Span

MINUTE = timedelta(minutes=1)


def test_a_hold_keeps_provider_and_room_but_not_the_patient(desk: Open, clinic: Clinic, owner: Owner) -> None:
    hold = factories.appointment(owner, clinic, TEN, status="held", held_until=NOW + MINUTE)
    assert set(occupied(owner, hold)) == {clinic.providers[0], clinic.rooms[0]}
    with pytest.raises(SlotTaken):
        booked(desk, wish(clinic, patient_id=clinic.patients[1]))
    booked(desk, wish(clinic, provider_id=clinic.providers[1]))


def test_a_lapsed_hold_gives_way_to_a_booking_and_says_so_in_its_history(
    desk: Open, clinic: Clinic, owner: Owner
) -> None:
    hold = factories.appointment(owner, clinic, TEN, status="held", held_until=NOW)
    visit = booked(desk, wish(clinic, patient_id=clinic.patients[1]))
    row = visit_row(owner, hold)
    assert (row["status"], row["held_until"], row["version"]) == ("lapsed", None, 2)
    assert row["cancelled_at"] is None
    assert occupied(owner, hold) == {}
    assert len(occupied(owner, visit)) == 3
    last = owner.execute(
        "SELECT from_status, to_status FROM appointment_history WHERE appointment_id = %s ORDER BY id DESC", (hold,)
    ).fetchone()
    assert last == {"from_status": "held", "to_status": "lapsed"}


def test_a_hold_whose_payment_is_open_never_gives_way(desk: Open, clinic: Clinic, owner: Owner) -> None:
    hold = factories.appointment(
        owner, clinic, TEN, status="held", held_until=NOW - timedelta(hours=1), payment_open=True
    )
    with pytest.raises(SlotTaken):
        booked(desk, wish(clinic, patient_id=clinic.patients[1]))
    assert visit_row(owner, hold)["status"] == "held"


def test_a_lapsed_hold_gives_way_to_a_move_too(desk: Open, clinic: Clinic, owner: Owner) -> None:
    visit = booked(desk, wish(clinic, TEN + 60 * MINUTE, patient_id=clinic.patients[1]))
    hold = factories.appointment(owner, clinic, TEN, status="held", held_until=NOW)
    with desk():
        move(MoveRequest(visit, TEN), at=NOW)
    assert visit_row(owner, hold)["status"] == "lapsed"


def test_a_lapsed_hold_that_nobody_wants_stays(desk: Open, clinic: Clinic, owner: Owner) -> None:
    hold = factories.appointment(owner, clinic, TEN, status="held", held_until=NOW)
    booked(desk, wish(clinic, TEN + 20 * MINUTE))
    assert visit_row(owner, hold)["status"] == "held"


def test_the_door_shows_a_lapsed_hold_as_free(desk: Open, clinic: Clinic, owner: Owner) -> None:
    factories.appointment(owner, clinic, TEN, status="held", held_until=NOW)
    span = Span(TEN, TEN + MINUTE)
    with desk():
        assert busy([*clinic.providers, *clinic.rooms], span, NOW) == []
        assert len(busy([*clinic.providers, *clinic.rooms], span, NOW - MINUTE)) == 2


def test_a_hold_can_be_cancelled(desk: Open, clinic: Clinic, owner: Owner) -> None:
    hold = factories.appointment(owner, clinic, TEN, status="held", held_until=NOW + MINUTE, payment_open=True)
    with desk():
        cancel(CancelRequest(hold, "changed their mind"), at=NOW)
    assert occupied(owner, hold) == {}


def test_an_overbooked_visit_keeps_ordinary_ones_away(desk: Open, clinic: Clinic, owner: Owner) -> None:
    first = booked(desk, wish(clinic))
    extra = factories.appointment(
        owner,
        clinic,
        TEN,
        lane=1,
        overbook_reason="Sibling of the ten o'clock",
        patient_id=clinic.patients[1],
        room_id=clinic.rooms[1],
    )
    with desk():
        cancel(CancelRequest(first, "ill"), at=NOW)
    with pytest.raises(SlotTaken):
        booked(desk, wish(clinic))
    with desk():
        cancel(CancelRequest(extra, "ill"), at=NOW)
    booked(desk, wish(clinic))


def test_blocked_time_keeps_visits_away_and_visits_keep_it_away(desk: Open, clinic: Clinic, owner: Owner) -> None:
    with desk(factories.scope(Role.MANAGER)):
        blocked = block_time(clinic.providers[0], TEN, TEN + 60 * MINUTE, "Admin time", at=NOW).id
    assert occupied(owner, blocked) == {clinic.providers[0]: (TEN, TEN + 60 * MINUTE)}
    with pytest.raises(SlotTaken):
        booked(desk, wish(clinic, TEN + 50 * MINUTE))
    booked(desk, wish(clinic, TEN + 60 * MINUTE))
    with pytest.raises(SlotTaken), desk(factories.scope(Role.MANAGER)):
        block_time(clinic.providers[0], TEN + 70 * MINUTE, TEN + 90 * MINUTE, "Admin time", at=NOW)
