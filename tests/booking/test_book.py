from datetime import UTC, date, datetime, time, timedelta

import pytest

from tests import factories
from tests.booking.wishes import ACTOR, TEN, Open, Owner, booked, count, occupied, wish
from tests.factories import NOW, Clinic, clock_time
from webapp.booking.actions import book
from webapp.booking.refusals import (
    LocationClosed,
    NotOffered,
    OutsideHours,
    PatientNotBookable,
    SlotTaken,
    TimePassed,
)
from webapp.errors import NotFound
from webapp.ids import new_id


def test_a_visit_is_booked_with_the_services_length_price_and_buffers(desk: Open, clinic: Clinic, owner: Owner) -> None:
    service = factories.service(
        owner,
        clinic.providers,
        [clinic.location],
        length_minutes=45,
        price_cents=18_050,
        buffer_before_minutes=5,
        buffer_after_minutes=10,
    )
    with desk():
        visit = book(wish(clinic, service_id=service, note="Brings X-rays", via="phone"), actor=ACTOR, at=NOW)
        assert visit.status == "booked"
        assert (visit.starts_at, visit.ends_at) == (TEN, TEN + timedelta(minutes=45))
        assert (visit.price_cents, visit.currency, visit.via, visit.note) == (18_050, "USD", "phone", "Brings X-rays")
        assert (visit.buffer_before_minutes, visit.buffer_after_minutes) == (5, 10)
        assert (visit.booked_at, visit.booked_by, visit.version) == (NOW, ACTOR, 1)
        made, room = visit.id, visit.room_id
    staff = (TEN - timedelta(minutes=5), TEN + timedelta(minutes=55))
    assert occupied(owner, made) == {
        clinic.providers[0]: staff,
        room: staff,
        clinic.patients[0]: (TEN, TEN + timedelta(minutes=45)),
    }


def test_the_same_time_is_given_once(desk: Open, clinic: Clinic, owner: Owner) -> None:
    booked(desk, wish(clinic))
    with pytest.raises(SlotTaken) as refused:
        booked(desk, wish(clinic, patient_id=clinic.patients[1]))
    assert refused.value.kinds == ("provider",)
    assert count(owner, "appointment") == 1


@pytest.mark.parametrize("minutes", [-15, -5, 5, 15])
def test_a_visit_that_overlaps_another_in_part_is_refused(desk: Open, clinic: Clinic, minutes: int) -> None:
    booked(desk, wish(clinic))
    with pytest.raises(SlotTaken):
        booked(desk, wish(clinic, TEN + timedelta(minutes=minutes), patient_id=clinic.patients[1]))


@pytest.mark.parametrize("minutes", [-20, 20])
def test_neighbours_may_touch(desk: Open, clinic: Clinic, minutes: int) -> None:
    booked(desk, wish(clinic))
    booked(desk, wish(clinic, TEN + timedelta(minutes=minutes), patient_id=clinic.patients[1]))


def test_a_buffer_keeps_the_next_visit_away_but_not_the_patient(desk: Open, clinic: Clinic, owner: Owner) -> None:
    tidied = factories.service(owner, clinic.providers, [clinic.location], buffer_after_minutes=10)
    booked(desk, wish(clinic, service_id=tidied))
    right_after = TEN + timedelta(minutes=20)
    with pytest.raises(SlotTaken):
        booked(desk, wish(clinic, right_after, patient_id=clinic.patients[1]))
    booked(desk, wish(clinic, right_after, provider_id=clinic.providers[1]))
    booked(desk, wish(clinic, right_after + timedelta(minutes=10), patient_id=clinic.patients[1]))


def test_a_patient_is_never_in_two_places(desk: Open, clinic: Clinic) -> None:
    booked(desk, wish(clinic))
    with pytest.raises(SlotTaken) as refused:
        booked(desk, wish(clinic, provider_id=clinic.providers[1]))
    assert "patient" in refused.value.kinds


def test_any_room_is_tried_before_the_visit_is_refused(desk: Open, owner: Owner) -> None:
    clinic = factories.clinic(owner, providers=3, rooms=2, patients=3)
    first, second = (
        booked(desk, wish(clinic, patient_id=clinic.patients[n], provider_id=clinic.providers[n])) for n in (0, 1)
    )
    rooms = {row["room_id"] for row in owner.execute("SELECT room_id FROM appointment")}
    assert rooms == set(clinic.rooms)
    with pytest.raises(SlotTaken) as refused:
        booked(desk, wish(clinic, patient_id=clinic.patients[2], provider_id=clinic.providers[2]))
    assert refused.value.kinds == ("room",)
    assert first != second


def test_hours_that_name_a_room_are_kept_to_it(desk: Open, owner: Owner) -> None:
    clinic = factories.clinic(owner, providers=1, rooms=3)
    owner.execute("UPDATE schedule SET room_id = %s", (clinic.rooms[2],))
    booked(desk, wish(clinic))
    assert owner.execute("SELECT room_id FROM appointment").fetchone() == {"room_id": clinic.rooms[2]}


def test_a_service_without_a_room_takes_none(desk: Open, owner: Owner) -> None:
    clinic = factories.clinic(owner, rooms=0, needs_room=False)
    visit = booked(desk, wish(clinic))
    assert set(occupied(owner, visit)) == {clinic.providers[0], clinic.patients[0]}


def test_any_provider_means_whoever_is_least_busy_that_day(desk: Open, owner: Owner) -> None:
    clinic = factories.clinic(owner, providers=3, rooms=3, patients=9)
    for n, person in enumerate(clinic.patients):
        booked(desk, wish(clinic, TEN + n * timedelta(minutes=30), patient_id=person, provider_id=None))
    counts = owner.execute("SELECT count(*) AS n FROM appointment GROUP BY provider_id")
    assert [row["n"] for row in counts] == [3, 3, 3]


def test_any_provider_is_refused_only_when_all_are_busy(desk: Open, owner: Owner) -> None:
    clinic = factories.clinic(owner, providers=3, rooms=4, patients=4)
    for person in clinic.patients[:3]:
        booked(desk, wish(clinic, patient_id=person, provider_id=None))
    with pytest.raises(SlotTaken):
        booked(desk, wish(clinic, patient_id=clinic.patients[3], provider_id=None))


@pytest.mark.parametrize(
    "starts",
    [clock_time(8, 55), clock_time(16, 45), clock_time(3)],
    ids=["before opening", "too late to end in time", "at night"],
)
def test_outside_hours_is_refused(desk: Open, clinic: Clinic, starts: datetime) -> None:
    with pytest.raises(OutsideHours):
        booked(desk, wish(clinic, starts), at=clock_time(0))


def test_hours_are_local_hours_on_both_sides_of_a_clock_change(desk: Open, clinic: Clinic) -> None:
    before, after = date(2027, 3, 12), date(2027, 3, 15)
    booked(desk, wish(clinic, clock_time(9, day=before)))
    booked(desk, wish(clinic, clock_time(9, day=after)))
    with pytest.raises(OutsideHours):
        booked(desk, wish(clinic, clock_time(9, day=after) + timedelta(hours=8)))


def test_a_break_between_two_blocks_is_kept_free(desk: Open, clinic: Clinic, owner: Owner) -> None:
    owner.execute("UPDATE schedule SET ends = '12:00' WHERE provider_id = %s", (clinic.providers[0],))
    factories.hours(owner, clinic.providers[0], clinic.location, starts=time(13), ends=time(17))
    with pytest.raises(OutsideHours):
        booked(desk, wish(clinic, clock_time(11, 50)))
    booked(desk, wish(clinic, clock_time(13)))


def test_a_closed_clinic_is_not_booked_even_for_a_minute(desk: Open, clinic: Clinic, owner: Owner) -> None:
    factories.closure(owner, clinic.location, TEN + timedelta(minutes=15), TEN + timedelta(hours=5))
    with pytest.raises(LocationClosed):
        booked(desk, wish(clinic))
    booked(desk, wish(clinic, TEN - timedelta(minutes=5)))


@pytest.mark.parametrize("change", ["deceased_at = now()", "merged_into = %(other)s"])
def test_the_dead_and_the_merged_are_not_booked(desk: Open, clinic: Clinic, owner: Owner, change: str) -> None:
    values = {"id": clinic.patients[0], "other": clinic.patients[1]}
    owner.execute(f"UPDATE patient SET {change} WHERE id = %(id)s".encode(), values)
    with pytest.raises(PatientNotBookable) as refused:
        booked(desk, wish(clinic))
    assert refused.value.patient == clinic.patients[0]  # for the record of access


def test_what_is_not_offered_there_or_by_them_is_refused(desk: Open, clinic: Clinic, owner: Owner) -> None:
    elsewhere, stranger = factories.location(owner), factories.provider(owner)
    with pytest.raises(NotOffered):
        booked(desk, wish(clinic, location_id=elsewhere))
    with pytest.raises(NotOffered):
        booked(desk, wish(clinic, provider_id=stranger))
    owner.execute("UPDATE service SET retired_at = now()")
    with pytest.raises(NotOffered):
        booked(desk, wish(clinic))


def test_the_retired_take_no_new_visits(desk: Open, clinic: Clinic, owner: Owner) -> None:
    owner.execute("UPDATE provider SET retired_at = now() WHERE id = %s", (clinic.providers[0],))
    with pytest.raises(NotOffered):
        booked(desk, wish(clinic))
    owner.execute("UPDATE room SET retired_at = now() WHERE id = %s", (clinic.rooms[0],))
    visit = booked(desk, wish(clinic, provider_id=None))
    assert set(occupied(owner, visit)) == {clinic.providers[1], clinic.rooms[1], clinic.patients[0]}


def test_a_stranger_is_not_found(desk: Open, clinic: Clinic) -> None:
    with pytest.raises(NotFound):
        booked(desk, wish(clinic, patient_id=new_id()))


def test_time_that_is_over_is_refused(desk: Open, clinic: Clinic) -> None:
    late = TEN + timedelta(minutes=20)
    with pytest.raises(TimePassed):
        booked(desk, wish(clinic), at=late)
    booked(desk, wish(clinic), at=late - timedelta(minutes=1))


def test_a_refusal_leaves_nothing_behind_in_a_transaction_that_goes_on(desk: Open, owner: Owner) -> None:
    clinic = factories.clinic(owner, providers=2, rooms=2, patients=3)
    booked(desk, wish(clinic))
    with desk():
        with pytest.raises(SlotTaken):
            book(wish(clinic, patient_id=clinic.patients[1]), actor=ACTOR, at=NOW)
        kept = book(wish(clinic, patient_id=clinic.patients[1], provider_id=None), actor=ACTOR, at=NOW).id
    assert len(occupied(owner, kept)) == 3
    assert count(owner, "occupancy") == 6


def test_two_bookings_of_one_transaction_are_one_change(desk: Open, clinic: Clinic, owner: Owner) -> None:
    with pytest.raises(SlotTaken), desk():  # noqa: PT012 - the whole transaction is refused
        book(wish(clinic), actor=ACTOR, at=NOW)
        book(wish(clinic, patient_id=clinic.patients[1]), actor=ACTOR, at=NOW)
    for table in ("appointment", "occupancy", "appointment_history"):
        assert count(owner, table) == 0


def test_instants_are_kept_in_utc(desk: Open, clinic: Clinic) -> None:
    with desk():
        assert book(wish(clinic), actor=ACTOR, at=NOW).starts_at.utcoffset() == timedelta(0)
        assert TEN.tzinfo is UTC


def test_hours_of_every_second_week_take_no_visit_between(desk: Open, clinic: Clinic, owner: Owner) -> None:
    provider = clinic.providers[0]
    owner.execute("update schedule set every_weeks = 2, valid_from = '2026-11-16' where provider_id = %s", (provider,))
    with pytest.raises(OutsideHours):
        booked(desk, wish(clinic, provider_id=provider))
    booked(desk, wish(clinic, TEN + timedelta(days=7), provider_id=provider))
