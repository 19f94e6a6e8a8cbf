from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from flask import Flask

from tests import factories
from tests.factories import Clinic, clock_time, insert
from tests.stack.database import Database
from tests.stack.people import Visitor
from webapp.activity.queries import of_patient
from webapp.ids import new_id


@pytest.fixture
def rosa(database: Database, clinic: Clinic) -> str:
    patient = clinic.patients[0]
    with database.administer() as connection:
        factories.phone(connection, patient, "(207) 555-0142")
        insert(
            connection,
            "patient_alert",
            id=new_id(),
            patient_id=patient,
            label="Call only",
            detail="no texts",
            icon="phone",
            tone="danger",
        )
        insert(connection, "clinical_alert", id=new_id(), patient_id=patient, label="Penicillin allergy")
        encounter = new_id()
        insert(
            connection, "encounter", id=encounter, patient_id=patient, source_system="urn:test", source_id="1",
            status="finished", class_code="AMB", starts_at=datetime(2020, 4, 1, 14, tzinfo=UTC),
        )  # fmt: skip
        insert(
            connection, "encounter_detail", encounter_id=encounter, patient_id=patient, type_text="Depression screening"
        )
    return str(patient)


def test_the_record_shows_three_identifiers_alerts_and_how_to_reach_them(desk: Visitor, rosa: str) -> None:
    page = desk.get(f"/patients/{rosa}").text
    for words in ("Rosa Jimenez", "Mar 4, 1973", "53 years", "(207) 555-0142", "Call only", "no texts"):
        assert words in page


def test_the_desk_sees_no_clinical_field(desk: Visitor, rosa: str) -> None:
    for tab in ("", "?tab=visits"):
        page = desk.get(f"/patients/{rosa}{tab}").text
        assert "Apr 1, 2020" in page
        assert "Penicillin" not in page
        assert "Depression" not in page


def test_todays_visit_can_be_checked_in_from_the_record(
    desk: Visitor, database: Database, clinic: Clinic, rosa: str
) -> None:
    with database.administer() as connection:
        visit = factories.appointment(connection, clinic, clock_time(10))
        factories.appointment(connection, clinic, clock_time(10) + timedelta(days=3))
    page = desk.get(f"/patients/{rosa}").text
    assert "Check in, 10:00 AM" in page
    answer = desk.post(f"/appointments/{visit}/check-in", {"back": f"/patients/{rosa}", "version": "1"})
    assert answer.location == f"/patients/{rosa}"
    assert "Waiting" in desk.get(answer.location).text


def test_opening_a_record_is_recorded_with_the_patient(app: Flask, desk: Visitor, clinic: Clinic, rosa: str) -> None:
    desk.get(f"/patients/{rosa}")
    with app.app_context():
        (item,) = of_patient(clinic.patients[0])
    assert (item.action, item.actor) == ("opened", desk.account_id)


def test_a_record_of_nobody_is_not_found(desk: Visitor, clinic: Clinic) -> None:
    assert desk.get(f"/patients/{uuid4()}").status_code == 404


def test_the_key_for_booking_books_for_the_person_whose_record_is_open(desk: Visitor, clinic: Clinic) -> None:
    patient = clinic.patients[0]
    assert f'href="/book?patient={patient}"' in desk.get(f"/patients/{patient}").text.partition("</header>")[0]
    assert 'href="/book"' in desk.get("/patients").text.partition("</header>")[0]
