"""Booking over what is booked, through the dialogs: by those who may, with a reason, and by nobody else."""

from typing import Any

import pytest

from tests import factories
from tests.booking.views.test_book import choice, take
from tests.factories import NOW, Clinic, clock_time
from tests.stack.database import Database
from tests.stack.people import SignIn, Visitor

TAKEN = {"anyway": "1", "overbook_reason": "Sibling of the ten o'clock"}


@pytest.fixture
def clinician(sign_in: SignIn) -> Visitor:
    return sign_in("clinician", at=NOW)


def lanes(database: Database) -> list[tuple[Any, ...]]:
    with database.administer() as connection:
        return connection.execute("select lane, overbook_reason from appointment order by lane").fetchall()


def test_a_taken_time_is_offered_to_those_who_may_book_over_it(
    clinician: Visitor, desk: Visitor, database: Database, clinic: Clinic
) -> None:
    take(database, clinic)
    address = f"/book?patient={clinic.patients[0]}&provider={clinic.providers[0]}&at=2026-11-23T15:00Z"
    page = clinician.get(address).text
    assert "Reason to book 10:00 AM anyway" in page
    assert "Book anyway" in page
    assert "anyway" not in desk.get(address).text
    lost = clinician.post("/book", choice(clinic))
    assert lost.status_code == 409
    assert "Book anyway" in lost.text


def test_with_a_reason_it_is_booked_beside_the_other(clinician: Visitor, database: Database, clinic: Clinic) -> None:
    take(database, clinic)
    assert clinician.post("/book", choice(clinic, **TAKEN)).status_code == 303
    assert lanes(database) == [(0, None), (1, "Sibling of the ten o'clock")]
    board = clinician.get("/board/2026-11-23").text
    assert "Overbooked" in board


def test_without_a_reason_it_is_asked_for_and_kept(clinician: Visitor, database: Database, clinic: Clinic) -> None:
    take(database, clinic)
    answer = clinician.post("/book", choice(clinic, anyway="1", overbook_reason="  ", note="Brings X-rays"))
    assert answer.status_code == 422
    assert "Say why this visit is booked over another one." in answer.text
    assert "Brings X-rays" in answer.text
    assert "Reason to book 10:00 AM anyway" in answer.text
    assert len(lanes(database)) == 1


def test_who_may_not_is_refused_and_nothing_is_booked(desk: Visitor, database: Database, clinic: Clinic) -> None:
    take(database, clinic)
    assert desk.post("/book", choice(clinic, **TAKEN)).status_code == 403
    assert len(lanes(database)) == 1


def test_a_busy_patient_is_offered_nothing(clinician: Visitor, database: Database, clinic: Clinic) -> None:
    with database.administer() as connection:
        factories.appointment(connection, clinic, clock_time(10), provider_id=clinic.providers[1])
    answer = clinician.post("/book", choice(clinic, **TAKEN))
    assert answer.status_code == 409
    assert "Book anyway" not in answer.text


def test_a_visit_is_moved_over_another_with_leave(
    clinician: Visitor, desk: Visitor, database: Database, clinic: Clinic
) -> None:
    take(database, clinic)
    with database.administer() as connection:
        visit = factories.appointment(connection, clinic, clock_time(11))
    form = {"starts_at": "2026-11-23T15:00Z", "provider": str(clinic.providers[0]), "version": "1"}
    lost = clinician.post(f"/appointments/{visit}/move", form)
    assert lost.status_code == 409
    assert "Move anyway" in lost.text
    assert desk.post(f"/appointments/{visit}/move", {**form, **TAKEN}).status_code == 403
    assert clinician.post(f"/appointments/{visit}/move", {**form, **TAKEN}).status_code == 303
    assert lanes(database) == [(0, None), (1, "Sibling of the ten o'clock")]
