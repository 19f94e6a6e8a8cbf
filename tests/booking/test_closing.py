from datetime import date, time, timedelta

import pytest

from tests import factories
from tests.booking.wishes import TEN, Open, Owner, booked, wish
from tests.factories import NOW, Clinic, clock_time
from webapp.booking.actions import CancelRequest, cancel, change_hours, close_location
from webapp.booking.refusals import LocationClosed, OutsideHours
from webapp.db import Role
from webapp.errors import NotFound
from webapp.ids import new_id
from webapp.practice.hours import Block, Span

HOUR = timedelta(hours=1)


def test_a_closure_lists_every_live_visit_it_touches_and_no_other(desk: Open, clinic: Clinic, owner: Owner) -> None:
    elsewhere = factories.clinic(owner)
    before = booked(desk, wish(clinic, TEN - timedelta(minutes=20)))
    touched = booked(desk, wish(clinic, TEN + timedelta(minutes=50)))
    inside = booked(desk, wish(clinic, TEN, patient_id=clinic.patients[1]))
    gone = booked(desk, wish(clinic, TEN, provider_id=clinic.providers[1]))
    booked(desk, wish(elsewhere))
    with desk():
        cancel(CancelRequest(gone, "ill"), at=NOW)
    with desk(factories.scope(Role.MANAGER)):
        closing = close_location(clinic.location, Span(TEN, TEN + HOUR), "Snow")
        assert closing.affected == (inside, touched)
        assert before not in closing.affected
    with pytest.raises(LocationClosed):
        booked(desk, wish(clinic, TEN + timedelta(minutes=20)))
    booked(desk, wish(clinic, TEN + 2 * HOUR))


def test_new_hours_list_the_visits_that_no_longer_lie_in_them(desk: Open, clinic: Clinic, owner: Owner) -> None:
    early = booked(desk, wish(clinic))
    booked(desk, wish(clinic, clock_time(15)))
    straddling = booked(desk, wish(clinic, clock_time(12, 50)))
    booked(desk, wish(clinic, provider_id=clinic.providers[1], starts=TEN + HOUR))
    provider = clinic.providers[0]
    with desk(factories.scope(Role.MANAGER)):
        block = Block(provider, clinic.location, None, 1, time(13), time(17), date(2026, 1, 1))
        assert change_hours(provider, [block], at=NOW) == (early, straddling)
    assert owner.execute("SELECT version FROM resource WHERE id = %s", (provider,)).fetchone() == {"version": 2}
    with pytest.raises(OutsideHours):
        booked(desk, wish(clinic, TEN + HOUR))
    booked(desk, wish(clinic, clock_time(16)))


def test_what_is_not_there_is_not_found(desk: Open, clinic: Clinic) -> None:
    with pytest.raises(NotFound), desk(factories.scope(Role.MANAGER)):
        close_location(new_id(), Span(TEN, TEN + HOUR), "Snow")
    with pytest.raises(NotFound), desk(factories.scope(Role.MANAGER)):
        change_hours(new_id(), [], at=NOW)


def test_the_desk_does_not_close_the_clinic(desk: Open, clinic: Clinic) -> None:
    with pytest.raises(Exception, match="permission denied"), desk():
        close_location(clinic.location, Span(TEN, TEN + HOUR), "Snow")
