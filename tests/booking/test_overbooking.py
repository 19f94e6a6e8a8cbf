"""Booking over what is booked: with leave and a reason, and never for the patient."""

from datetime import timedelta
from uuid import UUID

import pytest

from tests import factories
from tests.booking.wishes import ACTOR, TEN, Open, Owner, booked, visit_row, wish
from tests.factories import NOW, Clinic, clock_time
from webapp.booking.actions import (
    BookRequest,
    CancelRequest,
    MoveRequest,
    Overbook,
    SwapRequest,
    book,
    book_held,
    cancel,
    check_in,
    finish,
    move,
    start,
    swap,
)
from webapp.booking.refusals import (
    LocationClosed,
    OutsideHours,
    OverbookReasonMissing,
    PatientNotBookable,
    ProviderAway,
    SlotTaken,
)

URGENT = Overbook(" Sibling of the ten o'clock ")
ELEVEN = clock_time(11)


def over(desk: Open, request: BookRequest, why: Overbook = URGENT) -> UUID:
    with desk():
        return book(request, actor=ACTOR, at=NOW, overbook=why).id


def lanes(owner: Owner, visit: UUID) -> dict[UUID, int]:
    rows = owner.execute("SELECT resource_id, lane FROM occupancy WHERE owner_id = %s", (visit,))
    return {row["resource_id"]: row["lane"] for row in rows}


@pytest.fixture
def clinic(owner: Owner) -> Clinic:
    return factories.clinic(owner, providers=2, rooms=3, patients=4)


def test_a_taken_time_is_booked_over_in_the_lowest_free_lane(desk: Open, clinic: Clinic, owner: Owner) -> None:
    booked(desk, wish(clinic))
    second, third = (over(desk, wish(clinic, patient_id=clinic.patients[n])) for n in (1, 2))
    row = visit_row(owner, second)
    assert (row["lane"], row["overbook_reason"], row["status"]) == (1, "Sibling of the ten o'clock", "booked")
    assert lanes(owner, second) == {clinic.providers[0]: 1, row["room_id"]: 1, clinic.patients[1]: 0}
    assert visit_row(owner, third)["lane"] == 2
    # It has a room of its own as long as one is free.
    assert len({row["room_id"] for row in owner.execute("SELECT room_id FROM appointment")}) == 3
    later = over(desk, wish(clinic, TEN + timedelta(minutes=20), patient_id=clinic.patients[1]))
    assert visit_row(owner, later)["lane"] == 0


def test_a_time_that_is_free_is_simply_booked(desk: Open, clinic: Clinic, owner: Owner) -> None:
    visit = over(desk, wish(clinic))
    assert visit_row(owner, visit)["overbook_reason"] is None
    assert set(lanes(owner, visit).values()) == {0}


def test_a_reason_is_asked_for(desk: Open, clinic: Clinic) -> None:
    with pytest.raises(OverbookReasonMissing):
        over(desk, wish(clinic), Overbook("  "))


def test_an_overbooked_visit_blocks_others_after_the_first_is_gone(desk: Open, clinic: Clinic, owner: Owner) -> None:
    first = booked(desk, wish(clinic))
    second = over(desk, wish(clinic, patient_id=clinic.patients[1]))
    with desk():
        cancel(CancelRequest(first, "ill"), at=NOW)
    with pytest.raises(SlotTaken):
        booked(desk, wish(clinic, patient_id=clinic.patients[2]))
    assert visit_row(owner, over(desk, wish(clinic, patient_id=clinic.patients[2])))["lane"] == 2
    assert visit_row(owner, second)["lane"] == 1


def test_a_patient_is_never_booked_over(desk: Open, clinic: Clinic) -> None:
    booked(desk, wish(clinic))
    over(desk, wish(clinic, patient_id=clinic.patients[1]))
    for patient in clinic.patients[:2]:
        with pytest.raises(SlotTaken) as refused:
            over(desk, wish(clinic, TEN + timedelta(minutes=10), patient_id=patient, provider_id=clinic.providers[1]))
        assert refused.value.kinds == ("patient",)


def test_closures_leave_hours_and_death_are_not_booked_over(desk: Open, clinic: Clinic, owner: Owner) -> None:
    factories.closure(owner, clinic.location, TEN, ELEVEN)
    with pytest.raises(LocationClosed):
        over(desk, wish(clinic))
    factories.leave(owner, clinic.providers[0], ELEVEN, clock_time(12))
    with pytest.raises(ProviderAway):
        over(desk, wish(clinic, ELEVEN))
    with pytest.raises(OutsideHours):
        over(desk, wish(clinic, clock_time(18)))
    owner.execute("UPDATE patient SET deceased_at = now() WHERE id = %s", (clinic.patients[0],))
    with pytest.raises(PatientNotBookable):
        over(desk, wish(clinic, clock_time(13)))


def test_anybody_overbooked_is_somebody_free_while_there_is_one(desk: Open, clinic: Clinic, owner: Owner) -> None:
    booked(desk, wish(clinic))
    free = over(desk, wish(clinic, patient_id=clinic.patients[1], provider_id=None))
    assert (visit_row(owner, free)["provider_id"], visit_row(owner, free)["lane"]) == (clinic.providers[1], 0)
    beside = over(desk, wish(clinic, patient_id=clinic.patients[2], provider_id=None))
    assert visit_row(owner, beside)["lane"] == 1


def test_an_overbooked_visit_moves_to_a_place_of_its_own_or_over_again(
    desk: Open, clinic: Clinic, owner: Owner
) -> None:
    booked(desk, wish(clinic))
    booked(desk, wish(clinic, ELEVEN, patient_id=clinic.patients[2]))
    extra = over(desk, wish(clinic, patient_id=clinic.patients[1]))
    with pytest.raises(SlotTaken), desk():
        move(MoveRequest(extra, ELEVEN), at=NOW)
    with desk():
        assert move(MoveRequest(extra, ELEVEN), at=NOW, overbook=URGENT).lane == 1
    with desk():
        move(MoveRequest(extra, clock_time(12)), at=NOW)
    row = visit_row(owner, extra)
    assert (row["starts_at"], row["lane"], row["overbook_reason"]) == (clock_time(12), 0, None)
    assert set(lanes(owner, extra).values()) == {0}


def test_a_swap_gives_no_leave_to_overbook(desk: Open, clinic: Clinic, owner: Owner) -> None:
    booked(desk, wish(clinic))
    other = booked(desk, wish(clinic, ELEVEN, patient_id=clinic.patients[2]))
    extra = over(desk, wish(clinic, patient_id=clinic.patients[1]))
    with pytest.raises(SlotTaken), desk():
        swap(SwapRequest(extra, other, {}), at=NOW)
    assert visit_row(owner, extra)["lane"] == 1


def test_an_overbooked_visit_goes_through_its_day_like_any_other(desk: Open, clinic: Clinic, owner: Owner) -> None:
    booked(desk, wish(clinic))
    extra = over(desk, wish(clinic, patient_id=clinic.patients[1]))
    with desk(at=TEN):
        check_in(extra, at=TEN)
        start(extra, at=TEN)
        finish(extra, at=TEN + timedelta(minutes=5))
    assert set(lanes(owner, extra).values()) == {0, 1}
    booked(desk, wish(clinic, TEN + timedelta(minutes=20), patient_id=clinic.patients[1]))


def test_whoever_was_there_first_goes_through_their_day_beside_an_overbooked_visit(
    desk: Open, clinic: Clinic, owner: Owner
) -> None:
    first = booked(desk, wish(clinic))
    over(desk, wish(clinic, patient_id=clinic.patients[1]))
    with desk(at=TEN):
        check_in(first, at=TEN)
        start(first, at=TEN)
        finish(first, at=TEN + timedelta(minutes=5))
    assert visit_row(owner, first)["released_at"] == TEN + timedelta(minutes=5)


def test_a_hold_is_booked_beside_an_overbooked_visit(desk: Open, clinic: Clinic, owner: Owner) -> None:
    kept = factories.appointment(owner, clinic, TEN, status="held", held_until=TEN)
    over(desk, wish(clinic, patient_id=clinic.patients[1]))
    with desk():
        book_held(kept, actor=ACTOR, at=NOW)
    assert set(lanes(owner, kept).values()) == {0}


def test_nine_lanes_are_enough(desk: Open, owner: Owner) -> None:
    clinic = factories.clinic(owner, providers=1, rooms=0, patients=11, needs_room=False)
    for person in clinic.patients[:10]:
        over(desk, wish(clinic, patient_id=person))
    with pytest.raises(SlotTaken):
        over(desk, wish(clinic, patient_id=clinic.patients[10]))
