from datetime import timedelta

import pytest
from flask import Flask

from tests import factories
from tests.factories import NOW, Clinic, clock_time
from tests.stack.database import Database
from tests.stack.people import SignIn
from webapp.activity.queries import of_patient


@pytest.fixture
def _visits(database: Database, clinic: Clinic) -> None:
    with database.administer() as connection:
        factories.appointment(connection, clinic, clock_time(10))
        factories.appointment(connection, clinic, clock_time(11) + timedelta(days=7), note="Difficult on the phone")
        factories.appointment(connection, clinic, clock_time(14), patient_id=clinic.patients[1])


@pytest.mark.usefixtures("_visits")
def test_a_patient_sees_the_next_visit_first(app: Flask, sign_in: SignIn, clinic: Clinic) -> None:
    me = sign_in("patient", patients=(clinic.patients[0],), at=NOW)
    page = me.get("/me")
    assert page.status_code == 200
    assert "Monday, November 23" in page.text
    assert "10:00 to 10:20 AM" in page.text
    assert "Nov 30, 2026, 11:00 AM" in page.text
    assert "2:00 PM" not in page.text
    assert "Difficult" not in page.text
    with app.app_context():
        (item,) = of_patient(clinic.patients[0])
    assert item.action == "opened"


@pytest.mark.usefixtures("_visits")
def test_without_anybody_to_act_for_there_is_nothing(sign_in: SignIn) -> None:
    page = sign_in("patient", at=NOW).get("/me")
    assert page.status_code == 200
    assert "No visit is booked" in page.text
