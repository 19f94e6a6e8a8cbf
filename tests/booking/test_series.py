"""A series is booked, moved and canceled as a whole, or not at all."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from tests import factories
from tests.booking.wishes import ACTOR, TEN, Open, Owner, booked, count, occupied, visit_row, wish
from tests.factories import NOW, Clinic, clock_time
from webapp.booking.actions import CancelRequest, MoveRequest, cancel
from webapp.booking.actions.series import Chosen, SeriesRequest, book_series
from webapp.booking.actions.several import CancelSeveral, MoveSeveral, cancel_several, move_several
from webapp.booking.plan_refusals import SeriesTooLong, SeriesTooShort, SeveralTaken
from webapp.booking.recurrence import Frequency, Repeat, occurrences
from webapp.booking.refusals import PatientNotBookable, ReasonMissing, SlotTaken, WrongState
from webapp.errors import NotFound, Refusal, VersionConflict
from webapp.ids import new_id

WEEK = timedelta(days=7)
WEEKLY = Repeat(Frequency.WEEKLY, count=4)


def request(clinic: Clinic, repeat: Repeat = WEEKLY, **other: Any) -> SeriesRequest:
    """Every Monday at ten with the first provider."""
    first = other.pop("first_at", TEN)
    visits = tuple(Chosen(each.number, each.at) for each in occurrences(first, factories.NEW_YORK, repeat))
    defaults = {
        "patient_id": clinic.patients[0],
        "service_id": clinic.service,
        "location_id": clinic.location,
        "provider_id": clinic.providers[0],
        "visits": visits,
    }
    return SeriesRequest(repeat=repeat, first_at=first, **{**defaults, **other})


def series(desk: Open, wanted: SeriesRequest) -> list[UUID]:
    with desk():
        return [visit.id for visit in book_series(wanted, actor=ACTOR, at=NOW).visits]


def starts(owner: Owner) -> list[datetime]:
    rows = owner.execute("select starts_at from appointment where status <> 'cancelled' order by starts_at")
    return [row["starts_at"] for row in rows]


def on(day: date, hour: int = 10, minute: int = 0) -> datetime:
    return clock_time(hour, minute, day=day)


MONDAYS = [date(2026, 11, 23) + n * WEEK for n in range(5)]


def test_every_visit_of_a_series_is_booked_and_says_so(desk: Open, clinic: Clinic, owner: Owner) -> None:
    with desk():
        made = book_series(request(clinic, note="Knee"), actor=ACTOR, at=NOW)
        ids, own = [visit.id for visit in made.visits], made.series.id
    assert starts(owner) == [on(day) for day in MONDAYS[:4]]
    for visit in ids:
        row = visit_row(owner, visit)
        assert (row["series_id"], row["status"], row["note"], row["booked_by"]) == (own, "booked", "Knee", ACTOR)
        assert len(occupied(owner, visit)) == 3
    rule = owner.execute("select * from series").fetchone()
    assert rule is not None
    assert (rule["frequency"], rule["every"], rule["count"], rule["until"]) == ("weekly", 1, 4, None)
    assert (rule["time_zone"], rule["first_at"], rule["created_by"]) == (factories.NEW_YORK, TEN, ACTOR)


def test_a_series_keeps_its_wall_time_when_clocks_change(desk: Open, clinic: Clinic, owner: Owner) -> None:
    series(desk, request(clinic, Repeat(Frequency.MONTHLY, count=5)))
    assert [moment.hour for moment in starts(owner)] == [15, 15, 15, 15, 14]


def test_one_visit_without_a_place_and_none_is_booked(desk: Open, clinic: Clinic, owner: Owner) -> None:
    booked(desk, wish(clinic, on(MONDAYS[2]), patient_id=clinic.patients[1]))
    with pytest.raises(SeveralTaken) as refused, desk():
        book_series(request(clinic), actor=ACTOR, at=NOW)
    assert {number: refusal.code for number, refusal in refused.value.refused.items()} == {3: "slot_taken"}


def test_a_refused_series_leaves_nothing_behind(desk: Open, clinic: Clinic, owner: Owner) -> None:
    booked(desk, wish(clinic, on(MONDAYS[2]), patient_id=clinic.patients[1]))
    before = {table: count(owner, table) for table in ("appointment", "series", "occupancy", "appointment_history")}
    with pytest.raises(SeveralTaken):
        series(desk, request(clinic))
    assert {table: count(owner, table) for table in before} == before


def test_a_visit_that_was_given_another_time_or_left_out(desk: Open, clinic: Clinic, owner: Owner) -> None:
    visits = (Chosen(1, on(MONDAYS[0])), Chosen(2, on(MONDAYS[1], 11)), Chosen(4, on(MONDAYS[3])))
    series(desk, request(clinic, visits=visits))
    assert starts(owner) == [each.starts_at for each in visits]


def test_anybody_who_is_free_takes_each_visit(desk: Open, clinic: Clinic, owner: Owner) -> None:
    booked(desk, wish(clinic, on(MONDAYS[1]), patient_id=clinic.patients[1]))
    made = series(desk, request(clinic, provider_id=None))
    assert visit_row(owner, made[1])["provider_id"] == clinic.providers[1]


def test_two_visits_at_once_are_refused(desk: Open, clinic: Clinic, owner: Owner) -> None:
    visits = (Chosen(1, on(MONDAYS[0])), Chosen(2, on(MONDAYS[0], 10, 10)))
    with pytest.raises(SeveralTaken):
        series(desk, request(clinic, visits=visits))
    assert starts(owner) == []


def test_a_series_has_two_to_104_visits(desk: Open, clinic: Clinic) -> None:
    with pytest.raises(SeriesTooShort):
        series(desk, request(clinic, visits=(Chosen(1, TEN),)))
    many = tuple(Chosen(n + 1, TEN + n * WEEK) for n in range(105))
    with pytest.raises(SeriesTooLong):
        series(desk, request(clinic, visits=many))


def test_what_no_other_time_would_help_is_said_once(desk: Open, clinic: Clinic, owner: Owner) -> None:
    gone = factories.patient(owner, deceased_at=NOW)
    with pytest.raises(PatientNotBookable):
        series(desk, request(clinic, patient_id=gone))


@pytest.mark.parametrize("field", ["patient_id", "location_id"])
def test_nothing_is_booked_for_nobody_or_nowhere(desk: Open, clinic: Clinic, field: str) -> None:
    with pytest.raises(NotFound):
        series(desk, request(clinic, WEEKLY, **{field: new_id()}))


def by(visits: list[UUID], shift: timedelta, **other: Any) -> MoveSeveral:
    return MoveSeveral(
        tuple(
            MoveRequest(visit, on(day) + shift, version=1, **other)
            for visit, day in zip(visits, MONDAYS[: len(visits)], strict=True)
        )
    )


@pytest.mark.parametrize("shift", [WEEK, -timedelta(hours=1), timedelta(minutes=10), -timedelta(minutes=5)])
def test_all_move_by_the_same_although_each_is_in_the_way_of_the_next(
    desk: Open, clinic: Clinic, owner: Owner, shift: timedelta
) -> None:
    visits = series(desk, request(clinic))
    with desk():
        move_several(by(visits, shift), at=NOW)
    assert starts(owner) == [on(day) + shift for day in MONDAYS[:4]]
    for visit in visits:
        assert len(occupied(owner, visit)) == 3
        assert visit_row(owner, visit)["version"] == 2


def test_visits_that_trade_times_in_a_ring_have_no_first_step(desk: Open, clinic: Clinic, owner: Owner) -> None:
    one, other, *_ = series(desk, request(clinic))
    ring = MoveSeveral((MoveRequest(one, on(MONDAYS[1])), MoveRequest(other, on(MONDAYS[0]))))
    with pytest.raises(SeveralTaken), desk():
        move_several(ring, at=NOW)


def test_one_that_cannot_move_keeps_all_where_they_are(desk: Open, clinic: Clinic, owner: Owner) -> None:
    visits = series(desk, request(clinic))
    booked(desk, wish(clinic, on(MONDAYS[1], 11), patient_id=clinic.patients[1]))
    before = starts(owner)
    with pytest.raises(SeveralTaken) as refused, desk():
        move_several(by(visits, timedelta(hours=1)), at=NOW)
    assert set(refused.value.refused) == {visits[1]}
    assert isinstance(refused.value.refused[visits[1]], SlotTaken)
    assert starts(owner) == before


def test_all_move_to_another_provider(desk: Open, clinic: Clinic, owner: Owner) -> None:
    visits = series(desk, request(clinic))
    with desk():
        move_several(by(visits, timedelta(), provider_id=clinic.providers[1]), at=NOW)
    assert {visit_row(owner, visit)["provider_id"] for visit in visits} == {clinic.providers[1]}


def test_a_version_that_was_not_seen_stops_the_move(desk: Open, clinic: Clinic, owner: Owner) -> None:
    visits = series(desk, request(clinic))
    moves = tuple(MoveRequest(visit, on(MONDAYS[4]), version=7) for visit in visits[:1])
    with pytest.raises(VersionConflict), desk():
        move_several(MoveSeveral(moves), at=NOW)
    assert starts(owner)[0] == TEN


def test_visits_are_canceled_for_one_reason_and_their_time_is_free(desk: Open, clinic: Clinic, owner: Owner) -> None:
    visits = series(desk, request(clinic))
    with desk():
        cancel_several(CancelSeveral(dict.fromkeys(visits[1:], 1), "Moved away"), at=NOW)
    assert starts(owner) == [TEN]
    assert {visit_row(owner, visit)["cancel_reason"] for visit in visits[1:]} == {"Moved away"}
    assert occupied(owner, visits[2]) == {}


@pytest.mark.parametrize(
    ("versions", "reason", "refusal"), [(1, " ", ReasonMissing), (9, "Ill", VersionConflict), (None, "Ill", WrongState)]
)
def test_a_cancellation_that_is_refused_cancels_none(
    desk: Open, clinic: Clinic, owner: Owner, versions: int | None, reason: str, refusal: type[Refusal]
) -> None:
    visits = series(desk, request(clinic))
    if versions is None:
        with desk():
            cancel(CancelRequest(visits[3], "Ill"), at=NOW)
    before = starts(owner)
    with pytest.raises(refusal), desk():
        cancel_several(CancelSeveral(dict.fromkeys(visits, versions), reason), at=NOW)
    assert starts(owner) == before


def test_visits_of_nobody_are_not_found(desk: Open, clinic: Clinic) -> None:
    with pytest.raises(NotFound), desk():
        cancel_several(CancelSeveral({new_id(): None}, "Ill"), at=NOW)
    with pytest.raises(NotFound), desk():
        move_several(MoveSeveral((MoveRequest(new_id(), TEN),)), at=NOW)


def test_a_series_belongs_to_one_patient(desk: Open, clinic: Clinic, owner: Owner) -> None:
    with desk():
        own = book_series(request(clinic), actor=ACTOR, at=NOW).series.id
    other = booked(desk, wish(clinic, clock_time(12), patient_id=clinic.patients[1]))
    with pytest.raises(psycopg.errors.ForeignKeyViolation, match="appointment_series_id_patient_id_fkey"):
        owner.execute("update appointment set series_id = %s where id = %s", (own, other))
