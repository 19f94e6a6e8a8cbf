"""Group visits at the desk: a seat in the dialog, one card on the board, the roster with its steps."""

import re
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests import factories
from tests.booking.views.test_book import choice
from tests.booking.waiting_list import waiter, wish_row
from tests.booking.wishes import Owner
from tests.factories import NOW, Clinic, clock_time
from tests.stack.database import Database
from tests.stack.people import Visitor
from webapp import clock

BOARD = "/board/2026-11-23"


@pytest.fixture
def clinic(database: Database) -> Clinic:
    """A clinic whose service is a group of two."""
    with database.administer() as connection:
        return factories.clinic(connection, patients=4, capacity=2, name="Back school")


def rows(database: Database, query: str) -> list[Any]:
    with database.administer() as connection:
        return connection.execute(query.encode()).fetchall()


def begin(desk: Visitor, database: Database, clinic: Clinic, starts: str = "2026-11-23T15:00Z") -> UUID:
    """Start a group with the first patient in it."""
    assert desk.post("/book/seat", choice(clinic, starts_at=starts)).status_code == 303
    return UUID(str(rows(database, "select id from group_session order by created_at, id desc limit 1")[0][0]))


def seat(desk: Visitor, clinic: Clinic, group: UUID, patient: int, **options: Any) -> Any:
    form = choice(clinic, starts_at=f"group-{group}", patient=clinic.patients[patient])
    return desk.post("/book/seat", form, **options)


def test_the_dialog_starts_a_group_where_there_is_none(desk: Visitor, database: Database, clinic: Clinic) -> None:
    page = desk.get(f"/book?patient={clinic.patients[0]}").text
    assert "No group is planned" in page
    assert "Start a group at 9:00 AM" in page
    assert 'action="/book/seat"' in page
    begin(desk, database, clinic)
    assert rows(database, "select capacity, status from group_session") == [(2, "open")]
    assert rows(database, "select seat_no, starts_at from appointment") == [(1, clock_time(10))]


def test_the_dialog_offers_groups_with_what_is_left(desk: Visitor, database: Database, clinic: Clinic) -> None:
    group = begin(desk, database, clinic)
    page = desk.get(f"/book?patient={clinic.patients[1]}").text
    assert "1 left" in page
    assert re.search(rf'value="group-{group}" checked', page)
    assert "Book seat" in page
    assert seat(desk, clinic, group, 1).status_code == 303
    full = desk.get(f"/book?patient={clinic.patients[2]}").text
    assert "Full" in full
    assert re.search(rf'value="group-{group}" disabled', full)


def test_the_last_seat_that_somebody_took_meanwhile_is_told(desk: Visitor, database: Database, clinic: Clinic) -> None:
    group = begin(desk, database, clinic)
    seat(desk, clinic, group, 1)
    lost = seat(desk, clinic, group, 2)
    assert lost.status_code == 409
    assert "This group is full" in lost.text


def test_a_seat_pressed_twice_is_one_seat(desk: Visitor, database: Database, clinic: Clinic) -> None:
    group, key = begin(desk, database, clinic), uuid4()
    first, second = (seat(desk, clinic, group, 1, key=key) for _ in range(2))
    assert first.location == second.location
    assert len(rows(database, "select 1 from appointment")) == 2


def test_the_board_shows_one_card_and_the_drawer_leads_to_the_roster(
    desk: Visitor, database: Database, clinic: Clinic
) -> None:
    group = begin(desk, database, clinic)
    seat(desk, clinic, group, 1)
    board = desk.get(BOARD).text
    assert board.count("appt-group") == 1
    assert "2 of 2" in board
    assert 'id="visit-' not in board
    visit = rows(database, "select id from appointment order by seat_no")[0][0]
    assert "Seat 1, see who is in it" in desk.get(f"{BOARD}?visit={visit}").text
    listing = desk.get(f"{BOARD}?view=list").text
    assert listing.count("Back school") >= 2


def test_from_the_roster_people_are_checked_in_one_after_the_other(
    desk: Visitor, database: Database, clinic: Clinic
) -> None:
    group = begin(desk, database, clinic)
    seat(desk, clinic, group, 1)
    page = desk.get(f"/groups/{group}").text
    assert "2 of 2" in page
    assert page.count("/check-in") == 2
    assert "Add somebody" not in page
    visit = rows(database, "select id from appointment order by seat_no")[0][0]
    answer = desk.post(f"/appointments/{visit}/check-in", {"version": "1", "back": f"/groups/{group}"})
    assert answer.location == f"/groups/{group}"
    assert desk.get(answer.location).text.count("/check-in") == 1
    assert "1 here" in desk.get(BOARD).text


def test_from_the_roster_those_who_wait_are_offered_the_free_seats(
    desk: Visitor, database: Database, clinic: Clinic
) -> None:
    group = begin(desk, database, clinic)
    assert "Offer the free seats" not in desk.get(f"/groups/{group}").text
    with database.administer() as connection:
        waiter(connection, clinic)
    page = desk.get(f"/groups/{group}").text
    assert "1 person waits for such a group." in page
    assert f'action="/groups/{group}/offer"' in page
    answer = desk.post(f"/groups/{group}/offer")
    assert answer.location == f"/groups/{group}"
    assert "The first in line are being asked" in desk.get(answer.location).text
    assert rows(
        database, "select args->>'session' from jobs.procrastinate_jobs where task_name like '%free_seats'"
    ) == [(str(group),)]
    seat(desk, clinic, group, 1)
    late = desk.post(f"/groups/{group}/offer")
    assert late.status_code == 409
    assert "No seat is left to offer" in late.text


def test_a_group_moves_from_its_roster_or_says_who_is_busy(desk: Visitor, database: Database, clinic: Clinic) -> None:
    group = begin(desk, database, clinic)
    with database.administer() as connection:
        other = factories.service(connection, clinic.providers, [clinic.location], name="Ear check")
        factories.appointment(
            connection,
            clinic,
            clock_time(11),
            service_id=other,
            provider_id=clinic.providers[1],
            room_id=clinic.rooms[1],
        )
    assert "Everybody in it moves along" in desk.get(f"/groups/{group}/move").text
    form = {"starts_at": "2026-11-23T16:00Z", "version": "1", "provider": ""}
    busy = desk.post(f"/groups/{group}/move", form)
    assert busy.status_code == 409
    assert "has another visit at that time" in busy.text
    moved = desk.post(f"/groups/{group}/move", form | {"starts_at": "2026-11-23T17:00Z"})
    assert moved.location == f"/groups/{group}"
    assert rows(database, "select starts_at from appointment where seat_no = 1") == [(clock_time(12),)]


def test_a_group_is_canceled_with_a_reason(desk: Visitor, database: Database, clinic: Clinic) -> None:
    group = begin(desk, database, clinic)
    assert 'name="offer"' not in desk.get(f"/groups/{group}/cancel").text
    with database.administer() as connection:
        waiter(connection, clinic)
    assert 'name="offer" value="1" checked' in desk.get(f"/groups/{group}/cancel").text
    assert "Why is it canceled?" in desk.get(f"/groups/{group}/cancel").text
    assert desk.post(f"/groups/{group}/cancel", {"reason": ""}).status_code == 422
    # Whoever unticks the box keeps the time.
    form = {"reason": "provider", "version": "1", "offer_asked": "1"}
    assert desk.post(f"/groups/{group}/cancel", form).status_code == 303
    assert rows(database, "select from jobs.procrastinate_jobs where task_name like 'booking.offer%'") == []
    assert rows(database, "select status, cancel_reason from appointment") == [("cancelled", "The provider is away")]
    assert "This group was canceled" in desk.get(f"/groups/{group}").text
    assert desk.post(f"/groups/{group}/cancel", form).status_code == 409
    assert "appt-group" not in desk.get(BOARD).text


def test_a_seat_changes_to_another_group_from_the_move_dialog(
    desk: Visitor, database: Database, clinic: Clinic
) -> None:
    begin(desk, database, clinic)
    later = choice(clinic, starts_at="2026-11-23T17:00Z", patient=clinic.patients[1])
    desk.post("/book/seat", later)
    (first,), (second,) = rows(database, "select id from group_session order by starts_at")
    visit = rows(database, f"select id from appointment where group_session_id = '{first}'")[0][0]
    page = desk.get(f"/appointments/{visit}/move").text
    assert f'value="group-{second}"' in page
    assert f'value="group-{first}"' not in page
    assert desk.post(f"/appointments/{visit}/group", {"version": "1"}).status_code == 422
    form = {"version": "1", "starts_at": f"group-{second}"}
    assert desk.post(f"/appointments/{visit}/group", form).status_code == 303
    moved = f"select group_session_id, starts_at from appointment where id = '{visit}'"
    assert rows(database, moved) == [(second, clock_time(12))]


def test_what_our_forms_never_send_is_refused(desk: Visitor, database: Database, clinic: Clinic) -> None:
    group = begin(desk, database, clinic)
    assert desk.post("/book/seat", choice(clinic, starts_at="group-x")).status_code == 422
    assert desk.post("/book/seat", choice(clinic, starts_at=f"group-{uuid4()}")).status_code == 404
    assert seat(desk, clinic, group, 0).status_code == 409
    assert desk.get(f"/groups/{uuid4()}").status_code == 404


def test_a_group_over_is_no_longer_joined(desk: Visitor, database: Database, clinic: Clinic) -> None:
    with database.administer() as connection:
        factories.insert(
            connection,
            "group_session",
            id=(old := uuid4()),
            service_id=clinic.service,
            provider_id=clinic.providers[0],
            location_id=clinic.location,
            starts_at=clock_time(7),
            ends_at=clock_time(7, 20),
            capacity=2,
            status="cancelled",
            cancel_reason="Snow",
            created_at=NOW,
        )
    assert "Add somebody" not in desk.get(f"/groups/{old}").text
    assert seat(desk, clinic, old, 0).status_code == 409


def test_a_free_seat_shows_who_waits_for_one_and_booking_it_takes_them_off(
    desk: Visitor, database: Database, clinic: Clinic, owner: Owner
) -> None:
    group = begin(desk, database, clinic)
    form = choice(clinic, starts_at="2026-11-23T17:00Z", patient=clinic.patients[1])
    assert desk.post("/book/seat", form).status_code == 303
    visit = rows(database, f"select id from appointment where patient_id = '{clinic.patients[1]}'")[0][0]
    wish = waiter(owner, clinic)
    waiter(owner, clinic, patient_id=clinic.patients[1], appointment_id=visit)
    person = wish_row(owner, wish)["patient_id"]
    page = desk.get(f"/book?at=group-{group}").text
    assert "From the waiting list" in page
    assert page.count("waiting-who") == 2
    assert f"/appointments/{visit}/move?provider={clinic.providers[0]}&amp;at=group-{group}" in page
    assert f'value="group-{group}" checked' in desk.get(f"/appointments/{visit}/move?at=group-{group}").text
    assert f'name="wish" value="{wish}"' in desk.get(f"/book?at=group-{group}&patient={person}&wish={wish}").text
    sent = choice(clinic, starts_at=f"group-{group}", patient=person) | {"wish": str(wish)}
    assert desk.post("/book/seat", sent).status_code == 303
    assert wish_row(owner, wish)["status"] == "taken"
    # The group of two is full now: nobody fits.
    assert "From the waiting list" not in desk.get(f"/book?at=group-{group}").text


def test_a_seat_that_is_offered_is_on_the_roster_and_counted_on_the_board(
    desk: Visitor, database: Database, clinic: Clinic, owner: Owner
) -> None:
    group = begin(desk, database, clinic)
    factories.appointment(
        owner, clinic, clock_time(10), patient_id=clinic.patients[1], group_session_id=group, seat_no=2,
        status="held", held_until=NOW + timedelta(minutes=5), ends_at=clock_time(10, 20),
    )  # fmt: skip
    board = desk.get(BOARD).text
    assert ("2 of 2" in board, "1 held" in board) == (True, True)
    roster = desk.get(f"/groups/{group}").text
    for shown in ("2 of 2", "Held", "offered until 8:05 AM"):
        assert shown in roster
    assert "Add somebody" not in roster
    assert "This group is full" in seat(desk, clinic, group, 2).text
    with clock.stopped_at(NOW + timedelta(minutes=5)):
        board = desk.get(BOARD).text
        assert ("1 of 2" in board, "1 held" in board) == (True, False)
        assert "1 left" in desk.get(f"/groups/{group}").text
