from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask

from tests import factories
from tests.factories import NOW, Clinic, clock_time
from tests.stack.database import Database
from tests.stack.people import Visitor
from webapp import create_app
from webapp.activity import queries
from webapp.activity.jobs import project_changes
from webapp.dynamo.budget import ENVIRON_KEY, Budget


def choice(clinic: Clinic, **other: object) -> dict[str, Any]:
    fields = {
        "patient": clinic.patients[0],
        "service": clinic.service,
        "provider": clinic.providers[0],
        "location": clinic.location,
        "starts_at": "2026-11-23T15:00Z",
        "note": "",
    }
    return {name: str(value) for name, value in {**fields, **other}.items()}


def booked(database: Database) -> list[tuple[Any, ...]]:
    with database.administer() as connection:
        return connection.execute(
            "select id, starts_at, provider_id, note from appointment order by starts_at"
        ).fetchall()


def take(database: Database, clinic: Clinic) -> None:
    """Somebody else has the first provider at ten."""
    with database.administer() as connection:
        factories.appointment(connection, clinic, clock_time(10), patient_id=clinic.patients[1])


def test_the_dialog_asks_who_the_visit_is_for(desk: Visitor, clinic: Clinic) -> None:
    page = desk.get("/book")
    assert page.status_code == 200
    assert "Name, birth date, phone or record number" in page.text
    assert "<html" not in desk.get("/book", fragment=True, target="dialog").text


def test_the_dialog_offers_first_free_times_and_a_week(desk: Visitor, clinic: Clinic) -> None:
    page = desk.get(f"/book?patient={clinic.patients[0]}").text
    assert "First free times" in page
    assert "9:00 AM" in page
    assert "Today, Mon, Nov 23" in page
    assert "November 23 to 29" in page
    assert "Book 9:00 AM" in page


def test_a_time_from_the_board_is_chosen_already(desk: Visitor, clinic: Clinic) -> None:
    address = f"/book?patient={clinic.patients[0]}&provider={clinic.providers[1]}&at=2026-11-23T18:35Z"
    assert "Book 1:35 PM" in desk.get(address).text


def test_a_time_that_is_not_free_shows_the_nearest(desk: Visitor, database: Database, clinic: Clinic) -> None:
    take(database, clinic)
    address = f"/book?patient={clinic.patients[0]}&provider={clinic.providers[0]}&at=2026-11-23T15:00Z"
    page = desk.get(address).text
    assert "10:00 AM is not free for this visit" in page
    assert "Nearest free times" in page
    assert "No time chosen yet" in page


def test_booking_leads_to_the_visit_on_its_board(desk: Visitor, database: Database, clinic: Clinic) -> None:
    answer = desk.post("/book", choice(clinic, note="Bring the\nreferral"))
    assert answer.status_code == 303
    ((visit, starts, provider, note),) = booked(database)
    assert (starts, provider, note) == (clock_time(10), clinic.providers[0], "Bring the\nreferral")
    assert answer.location == f"/appointments/{visit}"
    there = desk.get(answer.location)
    assert there.location == f"/board/2026-11-23?visit={visit}"
    assert "Booked." in desk.get(there.location).text


def test_from_a_dialog_the_whole_page_follows(desk: Visitor, database: Database, clinic: Clinic) -> None:
    desk.post("/book", choice(clinic), fragment=True)
    ((visit, *_),) = booked(database)
    followed = desk.get(f"/board/2026-11-23?visit={visit}", fragment=True, target="book-sheet")
    assert followed.headers["HX-Redirect"] == f"/board/2026-11-23?visit={visit}"


def test_without_a_provider_anyone_who_is_free_takes_it(desk: Visitor, database: Database, clinic: Clinic) -> None:
    take(database, clinic)
    assert desk.post("/book", choice(clinic, provider="")).status_code == 303
    assert clinic.providers[1] in {row[2] for row in booked(database)}


def test_a_race_that_was_lost_is_409_with_the_nearest_times_and_the_input_kept(
    desk: Visitor, database: Database, clinic: Clinic
) -> None:
    take(database, clinic)
    lost = desk.post(
        "/book", choice(clinic, note="Needs a ramp"), fragment=True, headers={"HX-Target": "div#book-sheet"}
    )
    assert lost.status_code == 409
    assert "That time was just taken" in lost.text
    assert "Nearest free times" in lost.text
    assert "9:40 AM" in lost.text
    assert "10:20 AM" in lost.text
    assert "Needs a ramp" in lost.text
    assert "<html" not in lost.text
    assert len(booked(database)) == 1


def test_after_a_refusal_the_same_form_with_another_time_books(
    desk: Visitor, database: Database, clinic: Clinic
) -> None:
    take(database, clinic)
    key = uuid4()
    assert desk.post("/book", choice(clinic), key=key).status_code == 409
    assert desk.post("/book", choice(clinic, starts_at="2026-11-23T16:00Z"), key=key).status_code == 303
    assert len(booked(database)) == 2


def test_the_same_form_twice_books_once(desk: Visitor, database: Database, clinic: Clinic) -> None:
    key = uuid4()
    first, second = (desk.post("/book", choice(clinic), key=key) for _ in range(2))
    assert (first.status_code, first.location) == (second.status_code, second.location)
    assert len(booked(database)) == 1


def test_a_patient_who_is_busy_is_told_apart(desk: Visitor, database: Database, clinic: Clinic) -> None:
    with database.administer() as connection:
        factories.appointment(
            connection, clinic, clock_time(10), provider_id=clinic.providers[1], room_id=clinic.rooms[1]
        )
    lost = desk.post("/book", choice(clinic))
    assert lost.status_code == 409
    assert "The patient already has a visit at that time" in lost.text


def test_all_that_is_missing_is_said_at_once(desk: Visitor, database: Database, clinic: Clinic) -> None:
    answer = desk.post("/book", choice(clinic, starts_at="", note="x" * 501))
    assert answer.status_code == 422
    assert "Choose a time" in answer.text
    assert "Shorten this to 500 characters" in answer.text
    assert "Error:" in answer.text
    assert booked(database) == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("starts_at", "2026-11-23T15:03Z"),
        ("starts_at", "2026-11-23T15:00"),
        ("starts_at", "0001-01-01T00:00Z"),
        ("starts_at", "9999-12-31T23:55Z"),
        ("service", "nonsense"),
        ("location", ""),
        ("note", "nul\0"),
        ("price_cents", "1"),
        ("status", "confirmed"),
    ],
)
def test_what_our_form_never_sends_is_refused(
    desk: Visitor, database: Database, clinic: Clinic, field: str, value: str
) -> None:
    answer = desk.post("/book", {**choice(clinic), field: value})
    assert answer.status_code in {400, 422}
    assert booked(database) == []


@pytest.mark.parametrize("field", ["patient", "service", "provider", "location"])
def test_ids_of_nothing_are_refused(desk: Visitor, database: Database, clinic: Clinic, field: str) -> None:
    assert desk.post("/book", choice(clinic, **{field: uuid4()})).status_code in {404, 409, 422}
    assert booked(database) == []


def test_the_dead_are_not_booked(desk: Visitor, database: Database, clinic: Clinic) -> None:
    with database.administer() as connection:
        gone = factories.patient(connection, deceased_at=NOW)
    answer = desk.post("/book", choice(clinic, patient=gone))
    assert answer.status_code == 409
    assert "cannot be booked" in answer.text


def test_type_and_provider_of_the_last_visit_are_proposed(desk: Visitor, database: Database, clinic: Clinic) -> None:
    with database.administer() as connection:
        other = factories.service(connection, [clinic.providers[1]], [clinic.location], position=9, name="Ear check")
        factories.appointment(
            connection,
            clinic,
            clock_time(10, day=date(2026, 11, 16)),
            service_id=other,
            provider_id=clinic.providers[1],
            status="finished",
        )
    page = desk.get(f"/book?patient={clinic.patients[0]}").text
    assert f'value="{other}" selected' in page
    assert f'value="{clinic.providers[1]}" selected' in page


def test_a_later_week_and_a_half_of_the_day_can_be_chosen(desk: Visitor, clinic: Clinic) -> None:
    page = desk.get(f"/book?patient={clinic.patients[0]}&week=2027-03-10&half=pm").text
    assert "March 10 to 16" in page
    assert "2027-03-10T13:00Z" not in page
    assert "2027-03-10T17:00Z" in page


@pytest.mark.parametrize("query", ["patient=x", "at=x", "week=0001-01-01", "week=9999-12-31", "half=x", "service=x"])
def test_an_address_with_nonsense_opens_the_dialog(desk: Visitor, clinic: Clinic, query: str) -> None:
    assert desk.get(f"/book?patient={clinic.patients[0]}&{query}").status_code == 200


def test_moving_offers_the_visits_own_time_around_it(desk: Visitor, database: Database, clinic: Clinic) -> None:
    with database.administer() as connection:
        visit = factories.appointment(connection, clinic, clock_time(10))
    page = desk.get(f"/appointments/{visit}/move?at=2026-11-23T15:10Z")
    assert "Move to 10:10 AM" in page.text
    answer = desk.post(
        f"/appointments/{visit}/move", {"starts_at": "2026-11-23T15:10Z", "version": "1", "provider": ""}
    )
    assert answer.status_code == 303
    assert booked(database)[0][1] == clock_time(10, 10)


def test_moving_proposes_nothing_and_never_the_place_the_visit_has(
    desk: Visitor, database: Database, clinic: Clinic
) -> None:
    with database.administer() as connection:
        visit = factories.appointment(connection, clinic, clock_time(10, day=date(2026, 12, 7)))
    page = desk.get(f"/appointments/{visit}/move").text
    assert "No time chosen yet" in page
    assert "December 7 to 13" in page
    assert 'value="2026-12-07T15:20Z"' in page
    assert 'value="2026-12-07T15:00Z"' not in page


def test_moving_onto_a_visit_is_409_with_alternatives(desk: Visitor, database: Database, clinic: Clinic) -> None:
    take(database, clinic)
    with database.administer() as connection:
        visit = factories.appointment(connection, clinic, clock_time(14))
    form = {"starts_at": "2026-11-23T15:00Z", "version": "1", "provider": str(clinic.providers[0])}
    lost = desk.post(f"/appointments/{visit}/move", form)
    assert lost.status_code == 409
    assert "Nearest free times" in lost.text


def test_a_visit_that_is_over_can_not_be_moved(desk: Visitor, database: Database, clinic: Clinic) -> None:
    with database.administer() as connection:
        visit = factories.appointment(connection, clinic, clock_time(10), status="finished")
    assert "can no longer be moved" in desk.get(f"/appointments/{visit}/move").text
    assert desk.post(f"/appointments/{visit}/move", {"starts_at": "2026-11-23T16:00Z"}).status_code == 409


def test_canceling_asks_for_a_reason(desk: Visitor, database: Database, clinic: Clinic) -> None:
    with database.administer() as connection:
        visit = factories.appointment(connection, clinic, clock_time(10))
    address = f"/appointments/{visit}/cancel"
    assert "Why is it canceled?" in desk.get(address).text
    assert desk.post(address, {"reason": ""}).status_code == 422
    wordless = desk.post(address, {"reason": "other", "other": " "})
    assert wordless.status_code == 422
    assert "Say why the visit is canceled" in wordless.text
    assert desk.post(address, {"reason": "other", "other": "Snow", "version": "1"}).status_code == 303
    assert reason_of(database, visit) == "Snow"
    assert desk.post(address, {"reason": "sick"}).status_code == 409


def reason_of(database: Database, visit: UUID) -> str:
    with database.administer() as connection:
        row = connection.execute("select cancel_reason from appointment where id = %s", (visit,)).fetchone()
    assert row is not None
    return str(row[0])


def test_a_booking_waits_for_no_log_and_its_job_tells_all_of_it(
    app: Flask, desk: Visitor, database: Database, clinic: Clinic
) -> None:
    budget = Budget()
    assert desk.post("/book", choice(clinic), environ_overrides={ENVIRON_KEY: budget}).status_code == 303
    assert "activity" not in {table for _, table in budget.calls}
    with database.administer() as connection:
        ((request,),) = connection.execute("select distinct request from audit where origin is not null").fetchall()
    settings = app.config["ANTEROOM"]
    with create_app(replace(settings, database_url=settings.worker_database_url)).app_context():
        assert queries.of_patient(clinic.patients[0]) == []
        project_changes(request)
        (record,) = queries.of_patient(clinic.patients[0])
    assert (record.action, record.actor, record.detail) == ("changed", desk.account_id, "visit.booked")
    assert (record.route, record.address, set(record.roles)) == ("booking.book_it", "127.0.0.1", {"receptionist"})
