from typing import Any
from uuid import uuid4

from tests.factories import Clinic
from tests.stack.database import Database
from tests.stack.people import Visitor

PAUL = {"given": "Paul", "family": "Brandt", "birth_date": "3/27/1984", "phone": "207 555 0177"}


def people(database: Database) -> list[tuple[Any, ...]]:
    with database.administer() as connection:
        query = "select id, birth_date::text from patient where family = 'Brandt'"
        return connection.execute(query).fetchall()


def test_four_fields_make_a_record(desk: Visitor, database: Database, clinic: Clinic) -> None:
    answer = desk.post("/patients/new", PAUL)
    assert answer.status_code == 303
    ((patient, born),) = people(database)
    assert born == "1984-03-27"
    assert answer.location == f"/patients/{patient}"
    assert "Registered." in desk.get(answer.location).text


def test_who_is_registered_while_booking_goes_on_booking(desk: Visitor, database: Database, clinic: Clinic) -> None:
    answer = desk.post("/patients/new", PAUL | {"then": "book"})
    ((patient, _),) = people(database)
    assert answer.location == f"/book?patient={patient}"


def test_what_is_missing_is_said_all_at_once_and_what_was_typed_is_kept(
    desk: Visitor, database: Database, clinic: Clinic
) -> None:
    answer = desk.post("/patients/new", PAUL | {"family": "", "birth_date": "13/13/1984"})
    assert answer.status_code == 422
    assert "Enter the last name" in answer.text
    assert "Enter a date that exists" in answer.text
    assert 'value="Paul"' in answer.text
    assert "Error:" in answer.text


def test_somebody_like_them_is_shown_first_and_can_be_overridden(
    desk: Visitor, database: Database, clinic: Clinic
) -> None:
    desk.post("/patients/new", PAUL)
    again = desk.post("/patients/new", PAUL | {"phone": "207 555 0178"})
    assert again.status_code == 409
    assert "may have a record already" in again.text
    assert str(people(database)[0][0]) in again.text
    assert 'value="Paul"' in again.text
    assert "Register anyway" in again.text
    assert len(people(database)) == 1
    assert desk.post("/patients/new", PAUL | {"despite_duplicates": "1"}).status_code == 303
    assert len(people(database)) == 2


def test_the_same_form_twice_registers_once(desk: Visitor, database: Database, clinic: Clinic) -> None:
    key = uuid4()
    first, second = (desk.post("/patients/new", PAUL, key=key) for _ in range(2))
    assert first.location == second.location
    assert len(people(database)) == 1


def test_fields_of_a_record_that_the_form_does_not_have_are_refused(
    desk: Visitor, database: Database, clinic: Clinic
) -> None:
    assert desk.post("/patients/new", PAUL | {"record_number": "1"}).status_code == 422
    assert people(database) == []
