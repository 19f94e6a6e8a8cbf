"""Holding a time for somebody: to the second, for nobody else, and never while it is being paid for."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from tests import factories
from tests.booking.wishes import ACTOR, TEN, Open, Owner, application, booked, occupied, visit_row, wish
from tests.factories import NOW, Clinic, clock_time
from tests.stack.database import Database
from webapp import clock
from webapp.booking.actions import (
    CancelRequest,
    HoldRequest,
    book_held,
    cancel,
    hold,
    lapse,
    overdue,
    release,
    take_over,
)
from webapp.booking.jobs import lapse_holds
from webapp.booking.refusals import HoldOver, LocationClosed, PatientNotBookable, ProviderAway, SlotTaken, WrongState
from webapp.db import Role, db
from webapp.errors import NotFound, VersionConflict
from webapp.ids import new_id

SECOND = timedelta(seconds=1)
TTL = timedelta(minutes=10)
ENDS = NOW + TTL
ELEVEN = clock_time(11)


def asked(clinic: Clinic, starts: datetime = TEN, **other: Any) -> HoldRequest:
    defaults = {"patient_id": clinic.patients[0], "provider_id": clinic.providers[0]}
    return HoldRequest(
        service_id=clinic.service, location_id=clinic.location, starts_at=starts, **{**defaults, **other}
    )


def held(desk: Open, request: HoldRequest, at: datetime = NOW) -> UUID:
    with desk(at=at):
        return hold(request, TTL, actor=ACTOR, at=at).id


def became_visit(desk: Open, hold_id: UUID, at: datetime = NOW, **other: Any) -> None:
    with desk(at=at):
        book_held(hold_id, actor=ACTOR, at=at, **other)


def steps(owner: Owner, visit: UUID) -> list[tuple[str | None, str]]:
    query = "SELECT from_status, to_status FROM appointment_history WHERE appointment_id = %s ORDER BY id"
    return [(row["from_status"], row["to_status"]) for row in owner.execute(query, (visit,))]


def test_a_hold_takes_staff_room_and_equipment_and_leaves_the_patient_free(
    desk: Open, clinic: Clinic, owner: Owner
) -> None:
    piece = factories.equipment(owner, clinic)
    factories.insert(owner, "service_equipment", service_id=clinic.service, kind="ultrasound")
    made = held(desk, asked(clinic))
    row = visit_row(owner, made)
    assert (row["status"], row["held_until"], row["via"], row["payment_open"]) == ("held", ENDS, "portal", False)
    assert occupied(owner, made).keys() == {clinic.providers[0], row["room_id"], piece}
    kept = owner.execute("SELECT DISTINCT lapses_at FROM occupancy").fetchall()
    assert kept == [{"lapses_at": ENDS}]
    with pytest.raises(SlotTaken):
        booked(desk, wish(clinic, patient_id=clinic.patients[1]))


def test_a_hold_that_is_booked_takes_the_patient_too(desk: Open, clinic: Clinic, owner: Owner) -> None:
    made = held(desk, asked(clinic))
    later = NOW + timedelta(minutes=5)
    became_visit(desk, made, later, version=1)
    row = visit_row(owner, made)
    assert (row["status"], row["held_until"], row["version"]) == ("booked", None, 2)
    assert (row["booked_at"], row["booked_by"]) == (later, ACTOR)
    assert clinic.patients[0] in occupied(owner, made)
    assert steps(owner, made) == [(None, "held"), ("held", "booked")]
    with pytest.raises(WrongState):
        became_visit(desk, made)


def test_at_its_end_a_hold_is_over_and_a_second_earlier_it_is_not(desk: Open, clinic: Clinic, owner: Owner) -> None:
    made = held(desk, asked(clinic))
    with pytest.raises(HoldOver):
        became_visit(desk, made, ENDS)
    with pytest.raises(SlotTaken):
        booked(desk, wish(clinic, patient_id=clinic.patients[1]), ENDS - SECOND)
    became_visit(desk, made, ENDS - SECOND)
    other = held(desk, asked(clinic, ELEVEN, patient_id=clinic.patients[1]))
    booked(desk, wish(clinic, ELEVEN), ENDS)
    assert visit_row(owner, other)["status"] == "lapsed"
    with pytest.raises(HoldOver):
        became_visit(desk, other, ENDS - SECOND)


def test_a_hold_that_is_being_paid_for_never_ends(desk: Open, clinic: Clinic, owner: Owner) -> None:
    made = factories.appointment(owner, clinic, TEN, status="held", held_until=NOW, payment_open=True)
    late = NOW + timedelta(minutes=59)
    with desk(at=late):
        assert not lapse(made, at=late)
        assert not release(made, at=late)
        assert overdue(late) == []
    with pytest.raises(SlotTaken):
        booked(desk, wish(clinic, patient_id=clinic.patients[1]), late)
    factories.closure(owner, clinic.location, TEN, ELEVEN)
    became_visit(desk, made, late)
    assert visit_row(owner, made)["payment_open"] is False


def test_what_came_between_is_asked_again_when_a_hold_is_booked(desk: Open, owner: Owner) -> None:
    clinic = factories.clinic(owner, patients=3)
    away = held(desk, asked(clinic))
    factories.leave(owner, clinic.providers[0], TEN, ELEVEN)
    with pytest.raises(ProviderAway):
        became_visit(desk, away)
    shut = held(desk, asked(clinic, ELEVEN, patient_id=clinic.patients[1]))
    factories.closure(owner, clinic.location, ELEVEN, clock_time(12))
    with pytest.raises(LocationClosed):
        became_visit(desk, shut)
    died = held(desk, asked(clinic, clock_time(13), patient_id=clinic.patients[2]))
    owner.execute("UPDATE patient SET deceased_at = now() WHERE id = %s", (clinic.patients[2],))
    with pytest.raises(PatientNotBookable):
        became_visit(desk, died)
    assert {visit_row(owner, made)["status"] for made in (away, shut, died)} == {"held"}


def test_a_patient_who_has_another_visit_by_then_is_told_so(desk: Open, clinic: Clinic, owner: Owner) -> None:
    made = held(desk, asked(clinic))
    booked(desk, wish(clinic, provider_id=clinic.providers[1]))
    with pytest.raises(SlotTaken) as refused:
        became_visit(desk, made)
    assert refused.value.kinds == ("patient",)
    assert visit_row(owner, made)["status"] == "held"


def test_a_version_that_is_gone_is_not_booked(desk: Open, clinic: Clinic) -> None:
    made = held(desk, asked(clinic))
    with pytest.raises(VersionConflict):
        became_visit(desk, made, version=7)
    with pytest.raises(NotFound):
        became_visit(desk, new_id())


def test_a_new_hold_of_a_patient_takes_the_place_of_the_one_before(desk: Open, clinic: Clinic, owner: Owner) -> None:
    first = held(desk, asked(clinic))
    second = held(desk, asked(clinic, TEN + timedelta(minutes=10)))
    assert steps(owner, first) == [(None, "held"), ("held", "lapsed")]
    assert occupied(owner, first) == {}
    assert set(occupied(owner, second)) == {clinic.providers[0], visit_row(owner, second)["room_id"]}
    third = held(desk, asked(clinic, TEN + timedelta(minutes=10)))
    assert visit_row(owner, second)["status"] == "lapsed"
    assert len(occupied(owner, third)) == 2
    booked(desk, wish(clinic, clock_time(9, 50), patient_id=clinic.patients[1]))


def test_a_new_hold_that_finds_no_place_leaves_the_one_before(desk: Open, clinic: Clinic, owner: Owner) -> None:
    first = held(desk, asked(clinic))
    booked(desk, wish(clinic, ELEVEN, patient_id=clinic.patients[1]))
    with pytest.raises(SlotTaken):
        held(desk, asked(clinic, ELEVEN))
    assert visit_row(owner, first)["status"] == "held"
    assert len(occupied(owner, first)) == 2


def test_holds_of_others_of_the_desk_and_of_a_payment_stay(desk: Open, clinic: Clinic, owner: Owner) -> None:
    paying = factories.appointment(owner, clinic, TEN, status="held", held_until=ENDS, payment_open=True, via="portal")
    at_desk = held(desk, asked(clinic, ELEVEN, via="desk"))
    other = held(desk, asked(clinic, clock_time(12), patient_id=clinic.patients[1]))
    mine = held(desk, asked(clinic, clock_time(13)))
    assert {visit_row(owner, made)["status"] for made in (paying, at_desk, other, mine)} == {"held"}


def test_a_new_hold_ends_those_of_the_patient_that_are_over(desk: Open, clinic: Clinic, owner: Owner) -> None:
    over = held(desk, asked(clinic, ELEVEN))
    held(desk, asked(clinic), ENDS)
    assert visit_row(owner, over)["status"] == "lapsed"
    assert occupied(owner, over) == {}


def test_a_hold_is_given_back(desk: Open, clinic: Clinic, owner: Owner) -> None:
    made = held(desk, asked(clinic))
    with desk():
        assert not lapse(made, at=ENDS - SECOND)
        assert release(made, at=NOW)
        assert not release(made, at=NOW)
    assert visit_row(owner, made)["status"] == "lapsed"
    booked(desk, wish(clinic, patient_id=clinic.patients[1]))


def test_a_patient_gives_back_only_what_is_theirs(desk: Open, clinic: Clinic, owner: Owner) -> None:
    made = held(desk, asked(clinic))
    stranger = factories.scope(Role.PATIENT, patients=(clinic.patients[1],))
    nobody = factories.scope(Role.PATIENT)
    for scope in (stranger, nobody):
        with desk(scope):
            assert not release(made, at=NOW)
    with desk(factories.scope(Role.PATIENT, patients=(clinic.patients[0],))):
        assert release(made, at=NOW)
    assert visit_row(owner, made)["status"] == "lapsed"


def test_the_sweep_ends_what_is_over_and_nothing_else(
    database: Database, desk: Open, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    clinic = factories.clinic(owner, patients=3)
    over = held(desk, asked(clinic))
    paying = factories.appointment(owner, clinic, ELEVEN, status="held", held_until=NOW, payment_open=True)
    live = held(desk, asked(clinic, clock_time(12), patient_id=clinic.patients[1]), NOW + SECOND)
    monkeypatch.setattr(clock, "now", lambda: ENDS)
    stack = database.stack
    address = stack.postgres.address(database.name, "anteroom_worker", stack.passwords["anteroom_worker"])
    with application(address).app_context():
        lapse_holds(0)
        db.engine.dispose()
    assert visit_row(owner, over)["status"] == "lapsed"
    assert {visit_row(owner, made)["status"] for made in (paying, live)} == {"held"}
    assert steps(owner, over)[-1] == ("held", "lapsed")
    who = owner.execute("SELECT actor FROM appointment_history ORDER BY id DESC LIMIT 1").fetchone()
    assert who == {"actor": None}


def test_a_visit_moves_into_the_time_that_is_held_for_it(desk: Open, clinic: Clinic, owner: Owner) -> None:
    visit = booked(desk, wish(clinic))
    kept = held(desk, asked(clinic, TEN + timedelta(minutes=10), provider_id=clinic.providers[1], via="desk"))
    with desk():
        take_over(kept, visit, at=NOW, version=1)
    row = visit_row(owner, visit)
    assert (row["starts_at"], row["provider_id"], row["version"]) == (
        TEN + timedelta(minutes=10),
        clinic.providers[1],
        2,
    )
    assert occupied(owner, visit).keys() == {clinic.patients[0], clinic.providers[1], row["room_id"]}
    assert occupied(owner, kept) == {}
    assert steps(owner, kept) == [(None, "held"), ("held", "lapsed")]
    booked(desk, wish(clinic, patient_id=clinic.patients[1]))


def test_a_hold_is_taken_over_once_in_time_and_by_its_patient(desk: Open, clinic: Clinic, owner: Owner) -> None:
    visit = booked(desk, wish(clinic))
    stranger = booked(desk, wish(clinic, clock_time(12), patient_id=clinic.patients[1]))
    kept = held(desk, asked(clinic, ELEVEN, via="desk"))
    with pytest.raises(NotFound), desk():
        take_over(kept, stranger, at=NOW)
    with pytest.raises(HoldOver), desk(at=ENDS):
        take_over(kept, visit, at=ENDS)
    with pytest.raises(VersionConflict), desk():
        take_over(kept, visit, at=NOW, version=9)
    with desk():
        take_over(kept, visit, at=NOW)
    with pytest.raises(HoldOver), desk():
        take_over(kept, visit, at=NOW)
    assert visit_row(owner, visit)["starts_at"] == ELEVEN


def test_a_hold_is_not_taken_over_into_another_visit_of_the_patient(desk: Open, clinic: Clinic, owner: Owner) -> None:
    visit = booked(desk, wish(clinic))
    booked(desk, wish(clinic, ELEVEN, provider_id=clinic.providers[1]))
    kept = held(desk, asked(clinic, ELEVEN, via="desk"))
    with pytest.raises(SlotTaken), desk():
        take_over(kept, visit, at=NOW)
    assert visit_row(owner, kept)["status"] == "held"
    assert visit_row(owner, visit)["starts_at"] == TEN
    with desk():
        cancel(CancelRequest(kept, "changed their mind"), at=NOW)
    assert occupied(owner, kept) == {}
