"""A change that hits visits lists them, and happens only together with an answer for each."""

from __future__ import annotations

from datetime import date, time, timedelta
from uuid import UUID

import pytest

from tests import factories
from tests.booking.wishes import TEN, Open, Owner, booked, visit_row, wish
from tests.factories import NOW, Clinic, clock_time
from webapp.booking.actions import (
    CancelRequest,
    Change,
    Choice,
    ClosureChange,
    Decisions,
    Hit,
    HoursChange,
    LeaveChange,
    Retirement,
    ServiceChange,
    Target,
    cancel,
    carry_out,
    end_leave,
)
from webapp.booking.refusals import ProviderAway, Undecided, VisitsAffected
from webapp.db import Role
from webapp.errors import NotFound
from webapp.ids import new_id
from webapp.practice.actions import NewHours, NewLeave, Retire, SaveService
from webapp.practice.hours import Block, Span

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
MANAGER = Role.MANAGER


def afternoons(clinic: Clinic, *, version: int = 1, last: date | None = None) -> Change:
    """The first provider works from one to five on Mondays, from today on."""
    provider, day = clinic.providers[0], NOW.date()
    block = Block(provider, clinic.location, None, 1, time(13), time(17), day, last)
    return HoursChange(NewHours(provider, day, last, (block,), version))


def leave(clinic: Clinic, start: int = 9, end: int = 12) -> Change:
    return LeaveChange(NewLeave(clinic.providers[0], Span(clock_time(start), clock_time(end)), "sick", "flu"))


def asked(desk: Open, change: Change, decisions: Decisions | None = None, role: Role = MANAGER) -> VisitsAffected:
    """Try a change that is refused with a list."""
    with pytest.raises(VisitsAffected) as refused, desk(factories.scope(role)):
        carry_out(change, decisions or Decisions(), at=NOW)
    return refused.value


def hits(refusal: VisitsAffected) -> dict[UUID, Hit]:
    return {hit.visit.id: hit for hit in refusal.alternatives if isinstance(hit, Hit)}


def done(desk: Open, change: Change, decisions: Decisions | None = None, role: Role = MANAGER) -> UUID:
    with desk(factories.scope(role)):
        return carry_out(change, decisions or Decisions(), at=NOW).made


def every(clinic: Clinic) -> dict[str, Change]:
    """Each change there is, with a visit of the first provider at ten in its way."""
    only_other = SaveService(
        {"name": "Follow-up", "length_minutes": 20, "price_cents": 1},
        frozenset(clinic.providers[1:]),
        frozenset([clinic.location]),
        frozenset(),
        frozenset(),
        (),
        clinic.service,
        1,
    )
    return {
        "hours": afternoons(clinic),
        "leave": leave(clinic),
        "closure": ClosureChange(clinic.location, Span(TEN, TEN + HOUR), "Snow"),
        "provider": Retirement(Retire("providers", clinic.providers[0], 1)),
        "location": Retirement(Retire("locations", clinic.location, 1)),
        "service": Retirement(Retire("services", clinic.service, 1)),
        "performers": ServiceChange(only_other),
    }


@pytest.mark.parametrize("name", ["hours", "leave", "closure", "provider", "location", "service", "performers"])
def test_a_change_that_hits_a_visit_changes_nothing_until_somebody_decides(
    desk: Open, clinic: Clinic, owner: Owner, name: str
) -> None:
    visit = booked(desk, wish(clinic))
    audited = owner.execute("select count(*) from audit").fetchone()
    assert set(hits(asked(desk, every(clinic)[name]))) == {visit}
    assert owner.execute("select count(*) from audit").fetchone() == audited
    keep = Decisions({visit: 1}, {visit: Choice("keep")})
    done(desk, every(clinic)[name], keep)
    assert visit_row(owner, visit)["starts_at"] == TEN
    assert owner.execute("select count(*) from audit").fetchone() != audited


@pytest.mark.parametrize("name", ["hours", "leave", "closure", "provider", "location", "service", "performers"])
def test_a_change_that_hits_nobody_happens_at_once(desk: Open, clinic: Clinic, name: str) -> None:
    gone = booked(desk, wish(clinic))
    with desk():
        cancel(CancelRequest(gone, "ill"), at=NOW)
    done(desk, every(clinic)[name])


def test_a_room_and_a_piece_of_equipment_are_retired_with_their_visits_in_view(
    desk: Open, clinic: Clinic, owner: Owner
) -> None:
    visit = booked(desk, wish(clinic))
    room = visit_row(owner, visit)["room_id"]
    found = hits(asked(desk, Retirement(Retire("rooms", room, 1))))
    assert set(found) == {visit}
    first = found[visit].offers[0]
    assert first.start == TEN
    assert room not in first.room_ids
    move = Choice("move", Target(first.provider_id, first.location_id, first.start))
    done(desk, Retirement(Retire("rooms", room, 1)), Decisions({visit: 1}, {visit: move}))
    assert visit_row(owner, visit)["room_id"] not in {None, room}
    ecg = factories.resource(owner, "equipment")
    factories.insert(owner, "equipment", id=ecg, location_id=clinic.location, kind="ECG", name="ECG 1")
    done(desk, Retirement(Retire("equipment", ecg, 1)))


def test_what_is_offered_instead_is_free_under_the_new_rules(desk: Open, clinic: Clinic, owner: Owner) -> None:
    del owner
    visit = booked(desk, wish(clinic))
    next_in_line = booked(desk, wish(clinic, TEN + HOUR, patient_id=clinic.patients[1]))
    found = hits(asked(desk, leave(clinic)))
    assert set(found) == {visit, next_in_line}
    for hit in found.values():
        for offer in hit.offers:
            away = offer.provider_id == clinic.providers[0]
            assert not away or offer.start >= clock_time(12) or offer.end <= clock_time(9)
    own, other = (hit for hit in found[visit].offers[:2])
    assert {own.provider_id, other.provider_id} == set(clinic.providers)
    assert other.start == TEN
    # Two visits are never offered the same time first.
    firsts = [(hit.offers[0].provider_id, hit.offers[0].start) for hit in found.values()]
    assert len(set(firsts)) == 2


def test_moving_keeping_and_canceling_happen_together_with_the_change(desk: Open, clinic: Clinic, owner: Owner) -> None:
    third = factories.patient(owner)
    keep, goes, ends = (
        booked(desk, wish(clinic)),
        booked(desk, wish(clinic, TEN + HOUR, patient_id=clinic.patients[1])),
        booked(desk, wish(clinic, clock_time(9), patient_id=third)),
    )
    target = Target(clinic.providers[1], clinic.location, TEN + HOUR)
    choices = {keep: Choice("keep"), goes: Choice("move", target), ends: Choice("cancel")}
    decisions = Decisions(dict.fromkeys((keep, goes, ends), 1), choices, reason="The provider is away")
    done(desk, leave(clinic), decisions, Role.DESK)
    assert visit_row(owner, goes)["provider_id"] == clinic.providers[1]
    assert visit_row(owner, ends)["status"] == "cancelled"
    assert visit_row(owner, ends)["cancel_reason"] == "The provider is away"
    spans = owner.execute(
        "select lower(during) as opens, upper(during) as closes from occupancy where owner_kind = 'leave' order by 1"
    ).fetchall()
    assert [(row["opens"], row["closes"]) for row in spans] == [
        (clock_time(9), TEN),
        (TEN + timedelta(minutes=20), clock_time(12)),
    ]
    with pytest.raises(ProviderAway):
        booked(desk, wish(clinic, clock_time(9), patient_id=third))
    booked(desk, wish(clinic, clock_time(13), patient_id=third))


def test_who_comes_back_early_is_free_from_then_on(desk: Open, clinic: Clinic, owner: Owner) -> None:
    done(desk, leave(clinic), role=Role.DESK)
    row = owner.execute("select id from leave").fetchone()
    assert row is not None
    with desk(at=TEN):
        end_leave(row["id"], at=TEN)
    kept = owner.execute("select starts_at, ends_at from leave").fetchone()
    assert kept == {"starts_at": clock_time(9), "ends_at": TEN}
    booked(desk, wish(clinic, TEN), at=TEN)
    with pytest.raises(NotFound), desk():
        end_leave(row["id"], at=TEN + HOUR)


def test_a_list_that_changed_meanwhile_is_shown_again_and_nothing_happens(
    desk: Open, clinic: Clinic, owner: Owner
) -> None:
    visit = booked(desk, wish(clinic))
    seen = Decisions({visit: 1}, {visit: Choice("cancel")}, reason="Away")
    late = booked(desk, wish(clinic, TEN + HOUR, patient_id=clinic.patients[1]))
    refusal = asked(desk, leave(clinic), seen)
    assert refusal.again
    assert refusal.status == 409
    assert set(hits(refusal)) == {visit, late}
    assert visit_row(owner, visit)["status"] == "booked"
    assert owner.execute("select count(*) as n from leave").fetchone() == {"n": 0}
    stale = Decisions({visit: 2, late: 1}, rest="keep")
    assert asked(desk, leave(clinic), stale).again


def test_every_visit_needs_an_answer(desk: Open, clinic: Clinic) -> None:
    visit, other = booked(desk, wish(clinic)), booked(desk, wish(clinic, TEN + HOUR, patient_id=clinic.patients[1]))
    half = Decisions({visit: 1, other: 1}, {visit: Choice("keep")})
    refusal = asked(desk, leave(clinic), half)
    assert isinstance(refusal, Undecided)
    assert refusal.visits == (other,)


def test_the_rest_moves_to_the_first_time_that_is_offered(desk: Open, clinic: Clinic, owner: Owner) -> None:
    visits = {
        booked(desk, wish(clinic)): 1,
        booked(desk, wish(clinic, TEN + HOUR, patient_id=clinic.patients[1])): 1,
    }
    done(desk, leave(clinic), Decisions(visits, rest="move"), Role.DESK)
    for visit in visits:
        row = visit_row(owner, visit)
        assert row["version"] == 2
        assert row["provider_id"] == clinic.providers[1] or row["starts_at"] >= clock_time(12)


def test_a_time_that_is_gone_is_said_at_its_visit_and_nothing_happens(desk: Open, clinic: Clinic, owner: Owner) -> None:
    visit = booked(desk, wish(clinic))
    taken = wish(clinic, patient_id=clinic.patients[1], provider_id=clinic.providers[1])
    booked(desk, taken)
    move = Choice("move", Target(clinic.providers[1], clinic.location, TEN))
    refusal = asked(desk, leave(clinic), Decisions({visit: 1}, {visit: move}))
    assert refusal.field == f"visit-{visit}"
    assert owner.execute("select count(*) as n from leave").fetchone() == {"n": 0}
    into_the_leave = Choice("move", Target(clinic.providers[0], clinic.location, TEN + timedelta(minutes=5)))
    asked(desk, leave(clinic), Decisions({visit: 1}, {visit: into_the_leave}))
    without_reason = Decisions({visit: 1}, {visit: Choice("cancel")})
    assert asked(desk, leave(clinic), without_reason).field == f"visit-{visit}"


def test_visits_that_are_over_are_nobodys_concern(desk: Open, clinic: Clinic, owner: Owner) -> None:
    factories.appointment(owner, clinic, clock_time(7, 30), status="finished")
    factories.appointment(owner, clinic, TEN - 7 * DAY)
    done(desk, Retirement(Retire("providers", clinic.providers[0], 1)))


def test_the_desk_writes_down_leave_and_changes_no_hours(desk: Open, clinic: Clinic) -> None:
    for change in (afternoons(clinic), Retirement(Retire("providers", clinic.providers[0], 1))):
        with pytest.raises(Exception, match="permission denied"):
            done(desk, change, role=Role.DESK)
    done(desk, leave(clinic), role=Role.DESK)


def test_a_group_visit_is_listed_whoever_sits_in_it(desk: Open, clinic: Clinic, owner: Owner) -> None:
    group = new_id()
    with owner.transaction():
        factories.insert(
            owner,
            "group_session",
            id=group,
            service_id=clinic.service,
            provider_id=clinic.providers[0],
            location_id=clinic.location,
            starts_at=TEN,
            ends_at=TEN + HOUR,
            capacity=8,
            created_at=NOW,
        )
        owner.execute("select doors.settle_session(%s, %s)", (group, NOW))
    (hit,) = hits(asked(desk, leave(clinic))).values()
    assert (hit.visit.id, hit.visit.patient_id, hit.may_cancel) == (group, None, True)
    assert isinstance(asked(desk, leave(clinic), Decisions({group: 1})), Undecided)
    # No reason was given.
    assert asked(desk, leave(clinic), Decisions({group: 1}, {group: Choice("cancel")})).field == f"visit-{group}"
    done(desk, leave(clinic), Decisions({group: 1}, rest="keep"), Role.DESK)
    assert owner.execute("select status from group_session").fetchone() == {"status": "open"}
