from datetime import timedelta

import pytest

from tests import factories
from tests.factories import Clinic, clock_time
from tests.stack.database import Database
from tests.stack.people import SignIn, Visitor


@pytest.fixture
def rosa(database: Database, clinic: Clinic) -> str:
    with database.administer() as connection:
        patient = factories.patient(connection, family="Alvarez", family_key="alvarez", name_key="rosa alvarez")
        factories.phone(connection, patient, "(207) 555-0142")
    return str(patient)


def test_three_letters_find_a_patient_with_what_tells_them_apart(desk: Visitor, rosa: str) -> None:
    page = desk.post("/search", {"q": "alv"}, fragment=True, headers={"HX-Target": "div#omnibox-results"}).text
    assert f'href="/patients/{rosa}"' in page
    assert "<mark>Alv</mark>arez" in page
    assert "Born Mar 4, 1973" in page
    assert "(207) 555-0142" in page
    assert "never seen" in page
    assert "<html" not in page


def test_the_first_match_can_be_booked_and_nobody_found_can_be_registered(desk: Visitor, rosa: str) -> None:
    found = desk.post("/search", {"q": "alv"}).text
    assert f'href="/book?patient={rosa}"' in found
    nobody = desk.post("/search", {"q": "zzyzx"}).text
    assert "Nobody found" in nobody
    assert 'href="/patients/new"' in nobody


def test_search_for_a_booking_leads_to_the_dialog_and_keeps_the_time(desk: Visitor, rosa: str) -> None:
    page = desk.post("/search", {"q": "alv", "for": "book", "at": "2026-11-23T15:00Z"}).text
    assert f'href="/book?patient={rosa}&amp;at=2026-11-23T15%3A00Z"' in page


def test_results_say_when_people_come(desk: Visitor, database: Database, clinic: Clinic, rosa: str) -> None:
    with database.administer() as connection:
        factories.appointment(connection, clinic, clock_time(10), patient_id=rosa)
    assert "today 10:00 AM" in desk.post("/search", {"q": "alv"}).text


def test_what_was_typed_is_text_not_markup(desk: Visitor, clinic: Clinic) -> None:
    assert "<script>" not in desk.post("/search", {"q": "<script>alert(1)"}).text.replace("<script src", "")


@pytest.mark.parametrize(
    "q", ["", "a", " ", "%25%25", "'", "\\", "x" * 5000, "🙂🙂", "1/1/0001", "99999999999999999999"]
)
def test_anything_may_be_typed(desk: Visitor, rosa: str, q: str) -> None:
    assert desk.post("/search", {"q": q}).status_code == 200


def test_the_patients_page_starts_with_who_comes_today(
    desk: Visitor, database: Database, clinic: Clinic, rosa: str
) -> None:
    with database.administer() as connection:
        factories.appointment(connection, clinic, clock_time(10), patient_id=rosa)
        factories.appointment(connection, clinic, clock_time(10) + timedelta(days=1), patient_id=clinic.patients[1])
    page = desk.get("/patients").text
    assert rosa in page
    assert str(clinic.patients[1]) not in page


def test_actions_are_offered_to_those_who_may(sign_in: SignIn, rosa: str) -> None:
    biller = sign_in("biller", at=factories.NOW)
    page = biller.post("/search", {"q": "alv"}).text
    assert rosa in page
    assert "Book for" not in page
    assert "Register" not in page
