from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from time import perf_counter
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import event

from tests import factories
from tests.factories import NOW, Clinic, clock_time
from tests.stack.database import Database
from tests.stack.people import Visitor
from webapp import clock
from webapp.activity.queries import of_actor
from webapp.db import db

TODAY = "/board/2026-11-23"
STATEMENTS = 9


@pytest.fixture
def visit(database: Database, clinic: Clinic) -> UUID:
    with database.administer() as connection:
        return factories.appointment(connection, clinic, clock_time(10))


@contextmanager
def statements(app: Flask) -> Iterator[list[str]]:
    seen: list[str] = []

    def remember(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", remember)
    yield seen
    event.remove(engine, "before_cursor_execute", remember)


def actor_of(desk: Visitor) -> UUID:
    assert desk.account_id is not None
    return desk.account_id


def status_of(database: Database, visit: UUID) -> str:
    with database.administer() as connection:
        row = connection.execute("select status from appointment where id = %s", (visit,)).fetchone()
    assert row is not None
    return str(row[0])


def test_the_board_shows_the_visits_of_the_day_with_counts(desk: Visitor, visit: UUID) -> None:
    page = desk.get("/board")
    assert page.status_code == 200
    assert "Monday, November 23" in page.text
    assert f'id="visit-{visit}"' in page.text
    assert "10:00 AM" in page.text
    assert "Rosa Jimenez" not in desk.get("/board/2026-11-24").text


def test_free_time_is_a_link_to_booking(desk: Visitor, clinic: Clinic) -> None:
    page = desk.get(TODAY).text
    assert f"/book?provider={clinic.providers[0]}&amp;at=2026-11-23T14:00Z" in page


def test_a_provider_who_is_asked_for_is_shown_on_a_day_off(desk: Visitor, database: Database, clinic: Clinic) -> None:
    with database.administer() as connection:
        away = factories.provider(connection, given="Jonas", family="Weber")
    assert f'id="col-{away}"' not in desk.get(TODAY).text
    page = desk.get(f"{TODAY}?provider={away}").text
    assert f'id="col-{away}"' in page
    assert f'id="col-{clinic.providers[0]}"' not in page
    assert "Not working" in page


def test_a_filter_by_status_hides_the_others_and_keeps_their_count(desk: Visitor, visit: UUID) -> None:
    assert f'id="visit-{visit}"' in desk.get(f"{TODAY}?status=booked").text
    filtered = desk.get(f"{TODAY}?status=confirmed").text
    assert f'id="visit-{visit}"' not in filtered
    assert "<b>1</b>" in filtered


@pytest.mark.parametrize(
    "query",
    [
        "view=month",
        "status=x",
        "room=x",
        "provider=x",
        "visit=x",
        "location=x",
        "location=3f9c2a68-6a0f-4c7e-9d5b-1b8f2f6f0a11",
    ],
)
def test_an_address_with_nonsense_shows_the_board(desk: Visitor, visit: UUID, query: str) -> None:
    page = desk.get(f"{TODAY}?{query}")
    assert page.status_code == 200
    assert f'id="visit-{visit}"' in page.text


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", "1582-10-15", "2026-02-30"])
def test_the_edges_of_the_calendar_are_days_or_no_page(desk: Visitor, clinic: Clinic, day: str) -> None:
    assert desk.get(f"/board/{day}").status_code in {200, 404}


def test_a_poll_is_answered_304_until_a_visit_changes(desk: Visitor, database: Database, visit: UUID) -> None:
    tag = desk.get(TODAY).headers["HX-PTag"]
    poll = {"HX-PTag": tag, "X-Poll": "1"}
    assert desk.get(TODAY, fragment=True, target="board", headers=poll).status_code == 304
    assert desk.post(f"/appointments/{visit}/check-in").status_code == 303
    fresh = desk.get(TODAY, fragment=True, target="board", headers=poll)
    assert fresh.status_code == 200
    assert fresh.headers["HX-PTag"] != tag
    assert "<html" not in fresh.text
    assert "s-arrived" in fresh.text


def test_a_poll_that_shows_nothing_leaves_no_record(app: Flask, desk: Visitor, visit: UUID) -> None:
    tag = desk.get(TODAY).headers["HX-PTag"]
    desk.get(TODAY, fragment=True, target="board", headers={"HX-PTag": tag})
    with app.app_context():
        assert len(of_actor(actor_of(desk))) == 1


def test_the_drawer_opens_beside_the_board_and_alone(desk: Visitor, visit: UUID) -> None:
    whole = desk.get(f"{TODAY}?visit={visit}")
    assert "Check in" in whole.text
    assert f'id="visit-{visit}"' in whole.text
    alone = desk.get(f"{TODAY}?visit={visit}", fragment=True, target="drawer")
    assert "Check in" in alone.text
    assert "<html" not in alone.text
    assert alone.headers["HX-Trigger"] == '{"tick": {"target": "body"}}'


def test_the_drawer_of_a_visit_that_does_not_exist_is_not_found(desk: Visitor, clinic: Clinic) -> None:
    assert desk.get(f"{TODAY}?visit={uuid4()}").status_code == 404
    assert desk.get(f"{TODAY}?visit={uuid4()}", fragment=True, target="drawer").status_code == 404


def test_the_steps_of_a_visit_lead_back_to_where_the_button_was(desk: Visitor, database: Database, visit: UUID) -> None:
    back = f"{TODAY}?view=list"
    answer = desk.post(f"/appointments/{visit}/check-in", {"back": back, "version": "1"})
    assert answer.status_code == 303
    assert answer.location == back
    assert status_of(database, visit) == "arrived"
    assert "Checked in" in desk.get(answer.location).text
    assert desk.post(f"/appointments/{visit}/start").location == f"{TODAY}?visit={visit}"
    assert desk.post(f"/appointments/{visit}/finish").status_code == 303
    assert status_of(database, visit) == "finished"


@pytest.mark.parametrize("back", ["//evil.example/board/2026-11-23", "https://evil.example", "/\\evil", "/sign-out"])
def test_a_step_never_leads_to_another_site(desk: Visitor, visit: UUID, back: str) -> None:
    answer = desk.post(f"/appointments/{visit}/confirm", {"back": back})
    assert answer.location == f"{TODAY}?visit={visit}"


def test_a_step_that_came_too_late_shows_the_visit_as_it_is(desk: Visitor, visit: UUID) -> None:
    assert desk.post(f"/appointments/{visit}/check-in", {"version": "1"}).status_code == 303
    late = desk.post(
        f"/appointments/{visit}/check-in", {"version": "1"}, fragment=True, headers={"HX-Target": "div#drawer"}
    )
    assert late.status_code == 409
    assert "This visit has changed in the meantime" in late.text
    assert "To room" in late.text
    page = desk.post(f"/appointments/{visit}/check-in", {"version": "1"})
    assert page.status_code == 409
    assert "<html" in page.text


def test_before_its_day_a_visit_offers_to_confirm_not_to_check_in(
    desk: Visitor, database: Database, clinic: Clinic
) -> None:
    with database.administer() as connection:
        tomorrow = factories.appointment(connection, clinic, clock_time(10) + timedelta(days=1))
    drawer = desk.get(f"/board/2026-11-24?visit={tomorrow}", fragment=True, target="drawer").text
    assert "Confirm" in drawer
    assert "Check in" not in drawer


def test_a_waiting_patient_is_shown_with_minutes(desk: Visitor, visit: UUID) -> None:
    desk.post(f"/appointments/{visit}/check-in")
    with clock.stopped_at(NOW + timedelta(minutes=12)):
        assert "12 min" in desk.get(TODAY).text


def test_opening_a_drawer_does_not_send_the_board_again(desk: Visitor, visit: UUID) -> None:
    tag = desk.get(TODAY).headers["HX-PTag"]
    poll = desk.get(f"{TODAY}?visit={visit}", fragment=True, target="board", headers={"HX-PTag": tag})
    assert poll.status_code == 304


def test_every_board_is_recorded_with_who_was_on_it(app: Flask, desk: Visitor, clinic: Clinic, visit: UUID) -> None:
    desk.get(TODAY)
    with app.app_context():
        (item,) = of_actor(actor_of(desk))
    assert item.action == "listed"
    assert item.listed == {clinic.patients[0]}


def test_sixty_cards_take_few_statements_and_little_time(app: Flask, desk: Visitor, database: Database) -> None:
    with database.administer() as connection:
        clinic = factories.clinic(connection, providers=6, rooms=6, patients=60)
        for number, patient in enumerate(clinic.patients):
            column, row = number % 6, number // 6
            factories.appointment(
                connection,
                clinic,
                clock_time(9) + timedelta(minutes=30 * row),
                patient_id=patient,
                provider_id=clinic.providers[column],
                room_id=clinic.rooms[column],
                ends_at=clock_time(9) + timedelta(minutes=30 * row + 20),
            )
    address = f"{TODAY}?location={clinic.location}"
    assert desk.get(address).text.count('class="appt ') == 60
    with statements(app) as seen:
        begin = perf_counter()
        desk.get(address)
        took = perf_counter() - begin
    assert len(seen) <= STATEMENTS, seen
    assert took < 0.3
