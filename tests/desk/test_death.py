"""A death is recorded once, ends what was planned, is said everywhere, and can be taken back."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from psycopg.rows import dict_row

from tests import factories
from tests.booking.waiting_list import Worker, offered, offers, waiter
from tests.factories import NOW, Clinic, clock_time, insert
from webapp.booking.actions.waiting.freed import OFFERED_AFTER
from webapp.db import Role, transactional
from webapp.identity.permissions import Purpose, Relation
from webapp.identity.person import Grant
from webapp.identity.queries import grants_of
from webapp.ids import new_id

if TYPE_CHECKING:
    from flask import Flask

    from tests.stack.database import Database
    from tests.stack.people import SignIn, Visitor

DIED = "11/20/2026"
VISITS = frozenset({Purpose.VISITS})
JOBS = "select args from jobs.procrastinate_jobs where task_name = 'identity.end_sessions'"


def row(database: Database, statement: str, *values: object) -> Any:
    with database.administer() as connection:
        return connection.execute(statement.encode(), values).fetchone()


@pytest.fixture
def visit(database: Database, clinic: Clinic) -> UUID:
    """Tomorrow's visit of the first patient."""
    with database.administer() as connection:
        return factories.appointment(connection, clinic, clock_time(10) + timedelta(days=1))


def record(desk: Visitor, patient: UUID, **form: object) -> Any:
    return desk.post(f"/patients/{patient}/death", {"version": "1", "died_on": DIED, **form})


def test_the_page_lists_visits_to_come_and_asks_whether_to_cancel_them(
    desk: Visitor, clinic: Clinic, visit: UUID
) -> None:
    page = desk.get(f"/patients/{clinic.patients[0]}/death").text
    assert f'href="/appointments/{visit}"' in page
    assert "Tomorrow, Tue, Nov 24, 10:00 AM" in page
    assert 'name="cancels" value="1" checked' in page


def test_visits_are_canceled_as_asked_in_the_same_change(
    desk: Visitor, clinic: Clinic, visit: UUID, database: Database
) -> None:
    patient = clinic.patients[0]
    assert record(desk, patient, cancels="1").status_code == 303
    assert row(database, "select status, cancel_reason from appointment where id = %s", visit) == (
        "cancelled",
        "Deceased",
    )
    assert row(database, "select count(*) from occupancy") == (0,)
    page = desk.get(f"/patients/{patient}").text
    assert "Deceased" in page
    assert "Nov 20, 2026" in page
    assert "Book visit" not in page


def test_visits_that_are_kept_stay_and_the_drawer_says_that_the_person_has_died(
    desk: Visitor, clinic: Clinic, visit: UUID, database: Database
) -> None:
    record(desk, clinic.patients[0])
    assert row(database, "select status from appointment where id = %s", visit) == ("booked",)
    page = desk.get(f"/board/2026-11-24?visit={visit}").text
    assert "Deceased" in page[page.index("drawer-who") : page.index("</header>", page.index("drawer-who"))]


def test_nobody_books_for_the_dead(desk: Visitor, clinic: Clinic) -> None:
    patient = clinic.patients[0]
    record(desk, patient)
    answer = desk.post(
        "/book",
        {
            "patient": patient, "service": clinic.service, "location": clinic.location,
            "starts_at": "2026-11-24T15:00Z",
        },
    )  # fmt: skip
    assert answer.status_code == 409
    assert "has died" in answer.text


def test_wishes_offers_and_holds_end(desk: Visitor, clinic: Clinic, database: Database) -> None:
    patient, wish = clinic.patients[0], new_id()
    with database.administer() as connection:
        hold = factories.appointment(
            connection, clinic, clock_time(12), status="held", held_until=NOW + timedelta(hours=1)
        )
        insert(
            connection, "waiting_wish", id=wish, patient_id=patient, service_id=clinic.service, earliest=NOW.date(),
            created_at=NOW,
        )  # fmt: skip
        insert(
            connection, "waiting_offer", id=new_id(), wish_id=wish, patient_id=patient, hold_id=hold, offered_at=NOW,
            expires_at=NOW + timedelta(hours=1),
        )  # fmt: skip
    record(desk, patient)
    assert row(database, "select status, ended_at from waiting_wish") == ("withdrawn", NOW)
    assert row(database, "select outcome from waiting_offer") == ("refused",)
    assert row(database, "select status from appointment where id = %s", hold) == ("cancelled",)


def test_what_becomes_free_is_offered_to_who_waits(
    app: Flask, desk: Visitor, clinic: Clinic, visit: UUID, database: Database
) -> None:
    with database.administer() as connection:
        connection.row_factory = dict_row
        dying = waiter(connection, clinic, patient_id=clinic.patients[0])
        others = [waiter(connection, clinic, created_at=NOW - timedelta(hours=n)) for n in (2, 1)]
        offered(app, connection, clinic, to=dying)
        record(desk, clinic.patients[0], cancels="1")
        worker = Worker(app, connection)
        with app.app_context():
            worker.works(NOW)
            assert {offer["starts_at"]: offer["wish_id"] for offer in offers(connection, "open")} == {
                clock_time(10): others[0]
            }
            worker.works(NOW + OFFERED_AFTER)
        assert {offer["starts_at"]: offer["wish_id"] for offer in offers(connection, "open")} == {
            clock_time(10): others[0],
            clock_time(10) + timedelta(days=1): others[1],
        }


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", "Enter the date of death"),
        ("13/13/2026", "Enter a date that exists"),
        ("11/24/2026", "in the future"),
        ("1/1/1970", "before the date of birth"),
    ],
)
def test_a_date_that_cannot_be_is_refused_and_kept(
    desk: Visitor, clinic: Clinic, database: Database, typed: str, sentence: str
) -> None:
    answer = record(desk, clinic.patients[0], died_on=typed)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert f'value="{typed}"' in answer.text
    assert row(database, "select count(*) from patient where deceased_at is not null") == (0,)


def test_somebody_elses_change_comes_first(desk: Visitor, clinic: Clinic, database: Database) -> None:
    with database.administer() as connection:
        connection.execute("update patient set version = 2")
    assert record(desk, clinic.patients[0]).status_code == 409
    assert row(database, "select count(*) from patient where deceased_at is not null") == (0,)


def test_a_death_is_taken_back_and_what_was_canceled_stays_canceled(
    desk: Visitor, clinic: Clinic, visit: UUID, database: Database
) -> None:
    patient = clinic.patients[0]
    record(desk, patient, cancels="1")
    assert "Take back a death" in desk.get(f"/patients/{patient}/death").text
    assert desk.post(f"/patients/{patient}/death/undo", {"version": "2"}).status_code == 303
    assert row(database, "select deceased_at, version from patient where id = %s", patient) == (None, 3)
    assert row(database, "select status from appointment where id = %s", visit) == ("cancelled",)
    again = desk.post(f"/patients/{patient}/death/undo", {"version": "3"})
    assert again.status_code == 409
    assert "no longer" in again.text


def helping(database: Database, sign_in: SignIn, patient: UUID) -> Visitor:
    """A carer of a patient who is signed in."""
    helper = sign_in("patient", at=NOW, grants=(Grant(patient, None, VISITS, Relation.CARER, name="Rosa Jimenez"),))
    with database.administer() as connection:
        link = {"account_id": helper.account_id, "patient_id": patient, "relation": "carer", "purposes": ["visits"]}
        insert(connection, "account_patient", **link)
    return helper


def acts_in(database: Database, account: UUID | None) -> tuple[Grant, ...]:
    assert account is not None
    with transactional(factories.scope(Role.IDENTITY), read_only=True) as session:
        return grants_of(session, account)


def test_whoever_helped_is_out_with_the_next_request_and_is_told_when_they_come_again(
    app: Flask, desk: Visitor, sign_in: SignIn, clinic: Clinic, visit: UUID, database: Database
) -> None:
    patient = clinic.patients[0]
    helper, other = helping(database, sign_in, patient), helping(database, sign_in, clinic.patients[1])
    own = sign_in("patient", patients=(patient,), at=NOW)
    assert helper.get(f"/me/{patient}").status_code == 200
    record(desk, patient)
    assert helper.get(f"/me/{patient}").location.startswith("/sign-in")
    assert other.get(f"/me/{clinic.patients[1]}").status_code == 200
    assert own.get(f"/me/{patient}").status_code == 200
    assert row(database, JOBS) == ({"account": str(helper.account_id)},)
    with app.app_context():
        again = sign_in("patient", at=NOW, grants=acts_in(database, helper.account_id))
    for path in (f"/me/{patient}", f"/me/{patient}/visits/{visit}", f"/me/{patient}/calendar"):
        refused = again.get(path)
        assert refused.status_code == 404
        assert "You do not act for this person any more." in refused.text
    home = again.get("/me").text
    assert "You do not act for" in home
    assert "any more." in home
    # Of somebody for whom they never acted nothing is said.
    assert "any more" not in again.get(f"/me/{clinic.patients[1]}").text


def test_with_a_death_that_is_taken_back_helping_goes_on(
    app: Flask, desk: Visitor, sign_in: SignIn, clinic: Clinic, visit: UUID, database: Database
) -> None:
    patient = clinic.patients[0]
    helper = helping(database, sign_in, patient)
    record(desk, patient)
    desk.post(f"/patients/{patient}/death/undo", {"version": "2"})
    with app.app_context():
        again = sign_in("patient", at=NOW, grants=acts_in(database, helper.account_id))
    assert again.get(f"/me/{patient}").status_code == 200


def test_visits_where_a_role_does_not_reach_are_left_to_those_who_work_there(
    sign_in: SignIn, clinic: Clinic, visit: UUID, database: Database
) -> None:
    with database.administer() as connection:
        elsewhere = factories.branch(connection, clinic)
    limited = sign_in("receptionist", at=NOW, sites=(elsewhere.location,))
    assert record(limited, clinic.patients[0], cancels="1").status_code == 303
    assert row(database, "select status from appointment where id = %s", visit) == ("booked",)
    assert row(database, "select count(*) from patient where deceased_at is not null") == (1,)


def test_the_dead_are_marked_where_people_are_listed(desk: Visitor, clinic: Clinic) -> None:
    record(desk, clinic.patients[0])
    page = desk.post("/search", {"q": "rosa"}).text
    assert "Deceased" in page
    assert f'href="/book?patient={clinic.patients[0]}"' not in page
