"""A role that holds at some locations changes visits there only: the action says so, and PostgreSQL by itself."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import psycopg
import pytest
from sqlalchemy.exc import DBAPIError

from tests import factories
from tests.booking.wishes import Open, Owner
from tests.factories import NOW, Clinic, clock_time
from webapp.booking import actions
from webapp.booking.actions import BookRequest, CancelRequest, MoveRequest, SwapRequest
from webapp.booking.models import Appointment
from webapp.booking.refusals import NotAllowedHere
from webapp.db import reaches
from webapp.errors import refusal_of
from webapp.ids import new_id

if TYPE_CHECKING:
    from tests.stack.database import Database

TABLES = ("appointment", "occupancy", "appointment_history", "audit", "idempotency")
SET = "SELECT set_config('app.locations', %s, false)"


@pytest.fixture
def there(owner: Owner, clinic: Clinic) -> Clinic:
    """The other site."""
    return factories.branch(owner, clinic)


def everything(owner: Owner) -> dict[str, list[Any]]:
    return {table: owner.execute(f"SELECT * FROM {table} ORDER BY 1, 2".encode()).fetchall() for table in TABLES}


def refused_by(database: Database, locations: str | None, statement: str, *values: object) -> str | None:
    """The name under which PostgreSQL refuses a statement of the desk; None where it lets it pass."""
    with database.connect("app_desk") as connection:
        if locations is not None:
            connection.execute(SET, (locations,))
        try:
            connection.execute(statement.encode(), values)
        except psycopg.errors.CheckViolation as refused:
            return refused.diag.constraint_name
        return None


@pytest.mark.parametrize("locations", [None, "", "there"])
def test_postgresql_refuses_a_change_where_the_scope_does_not_reach(
    database: Database, owner: Owner, clinic: Clinic, there: Clinic, locations: str | None
) -> None:
    visit = factories.appointment(owner, clinic, clock_time(10))
    before = everything(owner)
    reach = str(there.location) if locations == "there" else locations
    statement = "UPDATE appointment SET note = 'x' WHERE id = %s"
    assert refused_by(database, reach, statement, visit) == "appointment_location_allowed"
    assert everything(owner) == before


def test_postgresql_refuses_a_new_visit_where_the_scope_does_not_reach(
    database: Database, owner: Owner, clinic: Clinic, there: Clinic
) -> None:
    statement = """
        INSERT INTO appointment (id, patient_id, service_id, provider_id, room_id, location_id, starts_at, ends_at,
            booked_at, status, price_cents)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, 'booked', 12000)
    """
    starts = clock_time(10)
    values = (
        new_id(),
        clinic.patients[0],
        clinic.service,
        clinic.providers[0],
        clinic.rooms[0],
        clinic.location,
        starts,
        starts + timedelta(minutes=20),
        NOW,
    )
    for reach in (None, "", str(there.location)):
        assert refused_by(database, reach, statement, *values) == "appointment_location_allowed"
    # Where it does reach the next judge is asked: such a visit occupies nobody.
    assert refused_by(database, str(clinic.location), statement, *values) == "appointment_occupancy"


def test_postgresql_lets_no_visit_be_carried_over_the_border(
    database: Database, owner: Owner, clinic: Clinic, there: Clinic
) -> None:
    visit = factories.appointment(owner, clinic, clock_time(10))
    statement = "UPDATE appointment SET location_id = %s WHERE id = %s"
    for reach in (clinic.location, there.location):
        refused = refused_by(database, str(reach), statement, there.location, visit)
        assert refused == "appointment_location_allowed"
    assert refused_by(database, f"{clinic.location},{there.location}", statement, there.location, visit) is None


def test_within_reach_and_everywhere_a_change_passes(database: Database, owner: Owner, clinic: Clinic) -> None:
    visit = factories.appointment(owner, clinic, clock_time(10))
    for reach in (str(clinic.location), "*"):
        assert refused_by(database, reach, "UPDATE appointment SET note = %s WHERE id = %s", reach, visit) is None
        row = owner.execute("SELECT note FROM appointment WHERE id = %s", (visit,)).fetchone()
        assert row == {"note": reach}


@pytest.mark.parametrize("reach", ["nonsense", "**", "* ", "null", "{}", ","])
def test_a_reach_that_is_no_list_of_ids_changes_nothing(
    database: Database, owner: Owner, clinic: Clinic, reach: str
) -> None:
    factories.appointment(owner, clinic, clock_time(10))
    with database.connect("app_desk") as connection:
        connection.execute(SET, (reach,))
        with pytest.raises(psycopg.errors.InvalidTextRepresentation):
            connection.execute("UPDATE appointment SET note = 'x'")


def test_whoever_reaches_everywhere_does_not_pay_for_the_question(
    database: Database, owner: Owner, clinic: Clinic
) -> None:
    visit = factories.appointment(owner, clinic, clock_time(10))

    def fired(reach: str) -> set[str]:
        with database.connect("app_desk") as connection:
            connection.execute(SET, (reach,))
            statement = "EXPLAIN (ANALYZE, FORMAT JSON) UPDATE appointment SET note = %s WHERE id = %s"
            row = connection.execute(statement, (reach, visit)).fetchone()
            assert row is not None
            return {trigger["Trigger Name"] for trigger in row[0][0]["Triggers"]}

    assert "appointment_within_reach" in fired(str(clinic.location))
    assert "appointment_within_reach" not in fired("*")


Change = Callable[[Clinic, UUID], object]
CHANGES: dict[str, Change] = {
    "book": lambda at, _visit: actions.book(
        BookRequest(at.patients[1], at.service, at.location, clock_time(11)), actor=None, at=NOW
    ),
    "move": lambda _at, visit: actions.move(MoveRequest(visit, clock_time(11)), at=NOW),
    "cancel": lambda _at, visit: actions.cancel(CancelRequest(visit, "sick"), at=NOW),
    "confirm": lambda _at, visit: actions.confirm(visit, at=NOW),
    "check in": lambda _at, visit: actions.check_in(visit, at=NOW),
    "missed": lambda _at, visit: actions.mark_no_show(visit, at=clock_time(11)),
}


@pytest.mark.parametrize("change", CHANGES)
def test_each_change_is_refused_elsewhere_and_done_within_reach(
    desk: Open, owner: Owner, clinic: Clinic, there: Clinic, change: str
) -> None:
    visit = factories.appointment(owner, clinic, clock_time(10))
    before = everything(owner)
    for elsewhere in ((), (there.location,)):
        with pytest.raises(NotAllowedHere) as refused, desk(locations=elsewhere):
            CHANGES[change](clinic, visit)
        assert refused.value.patient in clinic.patients
        assert everything(owner) == before
    with desk(locations=(clinic.location,)):
        CHANGES[change](clinic, visit)
    assert everything(owner) != before


def test_a_visit_moves_and_swaps_between_locations_only_with_both_in_reach(
    desk: Open, owner: Owner, clinic: Clinic, there: Clinic
) -> None:
    ours = factories.appointment(owner, clinic, clock_time(10))
    theirs = factories.appointment(owner, there, clock_time(10), patient_id=clinic.patients[1])
    over = MoveRequest(ours, clock_time(11), there.providers[0], there.location)
    before = everything(owner)
    for reach in (clinic.location, there.location):
        with pytest.raises(NotAllowedHere), desk(locations=(reach,)):
            actions.move(over, at=NOW)
        with pytest.raises(NotAllowedHere), desk(locations=(reach,)):
            actions.swap(SwapRequest(ours, theirs, {}), at=NOW)
    assert everything(owner) == before
    with desk(locations=(clinic.location, there.location)):
        assert actions.move(over, at=NOW).location_id == there.location


def test_what_an_action_forgets_to_ask_the_database_refuses_in_the_same_words(
    desk: Open, owner: Owner, clinic: Clinic, there: Clinic
) -> None:
    visit = factories.appointment(owner, clinic, clock_time(10))
    for elsewhere in ((), (there.location,)):
        with pytest.raises(DBAPIError) as refused, desk(locations=elsewhere) as session:
            session.get_one(Appointment, visit).note = "x"
        assert isinstance(refusal_of(refused.value), NotAllowedHere)


def test_outside_a_transaction_nothing_is_within_reach(desk: Open, clinic: Clinic) -> None:
    with desk():
        assert reaches(clinic.location)
    assert not reaches(clinic.location)


def test_a_hold_whose_time_is_over_frees_its_place_whoever_needs_it(
    desk: Open, owner: Owner, clinic: Clinic, there: Clinic
) -> None:
    """The provider works at both: a hold that lapsed at the other site is nobody's act of ours."""
    provider = clinic.providers[0]
    hold = factories.appointment(
        owner,
        there,
        clock_time(10),
        provider_id=provider,
        status="held",
        held_until=NOW - timedelta(minutes=1),
    )
    with desk(locations=(clinic.location,)):
        request = BookRequest(clinic.patients[1], clinic.service, clinic.location, clock_time(10), provider)
        assert actions.book(request, actor=None, at=NOW).location_id == clinic.location
    row = owner.execute("SELECT status FROM appointment WHERE id = %s", (hold,)).fetchone()
    assert row == {"status": "lapsed"}
