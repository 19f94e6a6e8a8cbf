"""The waiting list from the patient's side: on it in one press, offered a time, taken with one tap."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests import factories
from tests.factories import NOW, Clinic, clock_time
from webapp import clock
from webapp.booking.states import UNDO_GRACE
from webapp.ids import new_id

if TYPE_CHECKING:
    from uuid import UUID

    from tests.stack.database import Database
    from tests.stack.people import Visitor

HALF_AN_HOUR = clock_time(8, 30)


def me(clinic: Clinic, number: int = 0) -> str:
    return f"/me/{clinic.patients[number]}"


def one(database: Database, query: str) -> Any:
    with database.administer() as connection:
        row = connection.execute(query.encode()).fetchone()
    return None if row is None else row[0]


def offered(clinic: Clinic, database: Database, *, instead: UUID | None = None) -> UUID:
    """A time at eleven that is held for the first patient until half past eight."""
    with database.administer() as connection, connection.transaction():
        wish, offer = new_id(), new_id()
        factories.insert(
            connection, "waiting_wish", id=wish, patient_id=clinic.patients[0], service_id=clinic.service,
            earliest=NOW.date(), created_at=NOW, appointment_id=instead,
        )  # fmt: skip
        hold = factories.appointment(connection, clinic, clock_time(11), status="held", held_until=HALF_AN_HOUR)
        factories.insert(
            connection, "waiting_offer", id=offer, wish_id=wish, patient_id=clinic.patients[0], hold_id=hold,
            offered_at=NOW, expires_at=HALF_AN_HOUR,
        )  # fmt: skip
    return offer


def test_one_press_puts_a_patient_on_the_list_and_one_takes_them_off(
    rosa: Visitor, clinic: Clinic, database: Database
) -> None:
    assert "When could you come?" in rosa.get(f"{me(clinic)}/waiting/new?service={clinic.service}").text
    sent = {"service": clinic.service, "provider": "", "half": "am", "notice": "120", "latest": "", "visit": ""}
    assert rosa.post(f"{me(clinic)}/waiting/new", sent).status_code == 303
    assert one(database, "select urgency from waiting_wish where status = 'waiting'") == 1
    page = rosa.get(f"{me(clinic)}/waiting").text
    assert "mornings" in page
    assert rosa.post(f"{me(clinic)}/waiting/new", sent).status_code == 409
    wish = one(database, "select id from waiting_wish")
    assert rosa.post(f"{me(clinic)}/waiting/{wish}/withdraw").status_code == 303
    assert one(database, "select status from waiting_wish") == "withdrawn"


def test_a_patient_waits_for_a_seat_in_a_group_too(rosa: Visitor, clinic: Clinic, database: Database) -> None:
    with database.administer() as connection:
        connection.execute("update service set capacity = 2")
        group = factories.group_session(connection, clinic, clock_time(15), capacity=2)
        seat = factories.appointment(
            connection, clinic, clock_time(15), group_session_id=group, seat_no=1, ends_at=clock_time(16),
        )  # fmt: skip
    assert f"waiting/new?service={clinic.service}" in rosa.get(f"{me(clinic)}/book?service={clinic.service}").text
    asked = f"{me(clinic)}/waiting/new?visit={seat}"
    assert asked.removeprefix(me(clinic)) in rosa.get(f"{me(clinic)}/visits/{seat}").text
    sent = {"service": clinic.service, "provider": "", "half": "any", "notice": "0", "latest": "", "visit": seat}
    assert rosa.post(f"{me(clinic)}/waiting/new", sent).status_code == 303
    assert one(database, "select appointment_id from waiting_wish where status = 'waiting'") == seat


def test_a_last_day_that_is_over_is_said_and_nothing_is_lost(rosa: Visitor, clinic: Clinic, database: Database) -> None:
    sent = {"service": clinic.service, "half": "pm", "notice": "0", "latest": "2026-11-01", "weekday": "2"}
    answer = rosa.post(f"{me(clinic)}/waiting/new", sent)
    assert answer.status_code == 422
    assert "Enter a day to come" in answer.text
    assert 'value="2026-11-01"' in answer.text
    assert one(database, "select count(*) from waiting_wish") == 0


def test_an_offer_on_the_home_is_taken_with_one_tap(rosa: Visitor, clinic: Clinic, database: Database) -> None:
    offer = offered(clinic, database)
    assert "Take this time" in rosa.get("/me").text
    answer = rosa.post(f"{me(clinic)}/offers/{offer}")
    assert answer.status_code == 303
    assert "Your visit is booked" in rosa.get(answer.headers["Location"]).text
    assert one(database, "select status from appointment") == "booked"
    assert one(database, "select status from waiting_wish") == "taken"
    again = rosa.post(f"{me(clinic)}/offers/{offer}")
    assert again.status_code == 409
    assert "This offer is over" in again.text


def test_the_visit_one_has_moves_into_the_earlier_time(rosa: Visitor, clinic: Clinic, database: Database) -> None:
    with database.administer() as connection:
        visit = factories.appointment(connection, clinic, clock_time(15))
    offer = offered(clinic, database, instead=visit)
    assert "Instead of" in rosa.get(f"{me(clinic)}/offers/{offer}").text
    assert rosa.post(f"{me(clinic)}/offers/{offer}").status_code == 303
    assert one(database, f"select starts_at from appointment where id = '{visit}'") == clock_time(11)
    assert one(database, "select task_name from jobs.procrastinate_jobs where task_name = 'booking.offer_time'")


def test_a_time_that_is_offered_is_taken_on_its_own_page_only(
    rosa: Visitor, clinic: Clinic, database: Database
) -> None:
    with database.administer() as connection:
        visit = factories.appointment(connection, clinic, clock_time(15))
    offer = offered(clinic, database, instead=visit)
    hold = one(database, f"select hold_id from waiting_offer where id = '{offer}'")
    assert rosa.get(f"{me(clinic)}/held/{hold}").headers["Location"].endswith(f"/offers/{offer}")
    # Booked by itself it would be a second visit beside the one that was to move.
    assert rosa.post(f"{me(clinic)}/held/{hold}", {"fee": "0", "notice": "0", "note": ""}).status_code == 404
    assert one(database, f"select status from appointment where id = '{hold}'") == "held"


def test_an_offer_that_ran_out_is_over(rosa: Visitor, clinic: Clinic, database: Database) -> None:
    offer = offered(clinic, database)
    with clock.stopped_at(HALF_AN_HOUR):
        assert "Take this time" not in rosa.get("/me").text
        answer = rosa.post(f"{me(clinic)}/offers/{offer}")
        assert answer.status_code == 409
        assert "This offer is over" in answer.text
    assert one(database, "select status from appointment") == "held"


def test_a_time_one_does_not_want_goes_to_the_next(rosa: Visitor, clinic: Clinic, database: Database) -> None:
    offer = offered(clinic, database)
    assert rosa.post(f"{me(clinic)}/offers/{offer}/refuse").status_code == 303
    assert one(database, "select outcome from waiting_offer") == "refused"
    assert one(database, "select status from waiting_wish") == "waiting"
    assert one(database, "select task_name from jobs.procrastinate_jobs where task_name = 'booking.offer_time'")


def test_a_canceled_visit_is_offered_when_its_grace_is_over(rosa: Visitor, clinic: Clinic, database: Database) -> None:
    with database.administer() as connection:
        visit = factories.appointment(connection, clinic, clock_time(10))
    rosa.post(f"{me(clinic)}/visits/{visit}/cancel", {"version": 1, "fee": 0})
    due = one(database, "select scheduled_at from jobs.procrastinate_jobs where task_name = 'booking.offer_time'")
    assert due > NOW + UNDO_GRACE


@pytest.mark.parametrize("number", [0, 1])
def test_another_patients_offer_is_not_there(luis: Visitor, clinic: Clinic, database: Database, number: int) -> None:
    offer = offered(clinic, database)
    wish = one(database, "select id from waiting_wish")
    assert luis.get(f"{me(clinic, number)}/offers/{offer}").status_code == 404
    for path in (f"offers/{offer}", f"offers/{offer}/refuse", f"waiting/{wish}/withdraw"):
        assert luis.post(f"{me(clinic, number)}/{path}").status_code == 404, path
    assert one(database, "select outcome from waiting_offer") == "open"
