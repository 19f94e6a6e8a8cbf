"""Other hours leave the past as it was, ask about the visits they strand, and about each of them once."""

from __future__ import annotations

from datetime import time

import pytest

from tests import factories
from tests.booking.test_affected import DAY, MANAGER, afternoons, asked, done, hits
from tests.booking.wishes import TEN, Open, Owner, booked, wish
from tests.factories import NOW, Clinic, clock_time
from webapp.booking.actions import Choice, Decisions, ExtraHoursRemoval, carry_out
from webapp.booking.refusals import OutsideHours
from webapp.db import Role
from webapp.errors import NotFound, VersionConflict
from webapp.ids import new_id


def test_new_hours_leave_the_past_as_it_was_and_exceptions_as_they_are(
    desk: Open, clinic: Clinic, owner: Owner
) -> None:
    provider = clinic.providers[0]
    visit = booked(desk, wish(clinic))
    done(desk, afternoons(clinic), Decisions({visit: 1}, {visit: Choice("keep")}))
    rows = owner.execute(
        "select weekday, starts, valid_from, valid_to from schedule where provider_id = %s"
        " order by valid_from, weekday",
        (provider,),
    ).fetchall()
    assert [row["valid_to"] for row in rows[:7]] == [NOW.date() - DAY] * 7
    assert rows[7:] == [{"weekday": 1, "starts": time(13), "valid_from": NOW.date(), "valid_to": None}]
    with pytest.raises(OutsideHours):
        booked(desk, wish(clinic, TEN + 7 * DAY, patient_id=clinic.patients[1]))
    # It was decided once that the visit stays: the next change does not ask again.
    done(desk, afternoons(clinic, version=2))
    with pytest.raises(VersionConflict), desk(factories.scope(MANAGER)):
        carry_out(afternoons(clinic, version=2), Decisions(), at=NOW)


def test_hours_for_a_while_give_way_to_those_of_before(desk: Open, clinic: Clinic) -> None:
    done(desk, afternoons(clinic, last=NOW.date() + 6 * DAY))
    with pytest.raises(OutsideHours):
        booked(desk, wish(clinic, TEN + DAY))
    booked(desk, wish(clinic, TEN + 7 * DAY))


def test_extra_hours_that_are_taken_back_list_the_visits_in_them(desk: Open, clinic: Clinic, owner: Owner) -> None:
    evening = new_id()
    span = {"starts_at": clock_time(18), "ends_at": clock_time(20)}
    factories.insert(
        owner, "extra_hours", id=evening, provider_id=clinic.providers[0], location_id=clinic.location, **span
    )
    visit = factories.appointment(owner, clinic, clock_time(18), ends_at=clock_time(19))
    booked(desk, wish(clinic, patient_id=clinic.patients[1]))
    refusal = asked(desk, ExtraHoursRemoval(evening), role=Role.DESK)
    assert set(hits(refusal)) == {visit}
    assert refusal.status == 409
    done(desk, ExtraHoursRemoval(evening), Decisions({visit: 1}, rest="keep"), Role.DESK)
    assert owner.execute("select count(*) as n from extra_hours").fetchone() == {"n": 0}
    with pytest.raises(NotFound), desk():
        carry_out(ExtraHoursRemoval(evening), Decisions(), at=NOW)
