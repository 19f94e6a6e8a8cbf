"""Day, Week and List through the web: what is narrowed, who is away, which statements it takes, what is put back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import psycopg
import pytest
from flask import Flask

from tests import factories
from tests.desk.test_board import TODAY, actor_of, status_of
from tests.desk.test_revision import plainly
from tests.factories import NOW, Clinic, clock_time, insert
from webapp import clock
from webapp.activity.queries import of_actor
from webapp.desk.day_plan import Facts, aligned
from webapp.ids import new_id

if TYPE_CHECKING:
    from tests.stack.database import Database
    from tests.stack.people import Visitor

MOST_STATEMENTS = 5


@contextmanager
def everything_sent() -> Iterator[list[str]]:
    """Every statement of the driver, by whatever layer it was sent."""
    sent: list[str] = []
    plain = psycopg.Cursor.execute

    def remember(self: Any, query: Any, *rest: Any, **options: Any) -> Any:
        if query != ";":  # the pool asks whether its connection still lives
            sent.append(str(query))
        return plain(self, query, *rest, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(psycopg.Cursor, "execute", remember)
        yield sent


@pytest.fixture
def full(database: Database) -> Clinic:
    """Ten providers with twenty visits each."""
    with database.administer() as connection:
        clinic = factories.clinic(connection, providers=10, rooms=10, patients=200)
        for number, patient in enumerate(clinic.patients):
            column, row = number % 10, number // 10
            factories.appointment(
                connection, clinic, clock_time(9) + timedelta(minutes=20 * row), patient_id=patient,
                provider_id=clinic.providers[column], room_id=clinic.rooms[column],
            )  # fmt: skip
    return clinic


@pytest.mark.parametrize("view", ["day", "list", "week"])
def test_ten_providers_with_twenty_visits_take_five_statements(
    app: Flask, full: Clinic, desk: Visitor, view: str
) -> None:
    desk.get("/home")
    with everything_sent() as sent:
        page = desk.get(f"{TODAY}?view={view}")
    assert page.status_code == 200
    assert len(sent) <= MOST_STATEMENTS, sent
    poll = {"HX-PTag": page.headers["HX-PTag"]}
    desk.get(f"{TODAY}?view={view}", fragment=True, target="board", headers=poll)
    with everything_sent() as sent:
        unchanged = desk.get(f"{TODAY}?view={view}", fragment=True, target="board", headers=poll)
    assert unchanged.status_code == 304
    assert len(sent) == 1, sent


def test_the_week_of_everybody_counts_and_names_nobody(app: Flask, full: Clinic, desk: Visitor) -> None:
    page = desk.get(f"{TODAY}?view=week").text
    assert "November 23 to 29" in page
    assert page.count('class="week-cell') == 70
    assert "8 h free" in page
    assert "1 h 20 min free" in page
    assert "Rosa Jimenez" not in page
    with app.app_context():
        (item,) = of_actor(actor_of(desk))
    assert item.listed == frozenset()


def test_the_week_of_one_provider_has_a_column_for_each_day(app: Flask, full: Clinic, desk: Visitor) -> None:
    page = desk.get(f"{TODAY}?view=week&provider={full.providers[3]}").text
    assert page.count('<section class="col') == 7
    assert page.count('class="appt ') == 20
    with app.app_context():
        (item,) = of_actor(actor_of(desk))
    assert len(item.listed) == 20


def test_the_week_of_nobody_is_empty(desk: Visitor, clinic: Clinic) -> None:
    assert desk.get(f"{TODAY}?view=week&provider={new_id()}").status_code == 200


def test_a_room_narrows_every_view(full: Clinic, desk: Visitor) -> None:
    for view, mark in (("day", 'class="appt '), ("list", 'class="visit-row ')):
        page = desk.get(f"{TODAY}?view={view}&room={full.rooms[4]}").text
        assert page.count(mark) == 20
        assert "free" not in page.split('id="board"')[1].split("board-scroll")[-1] or view == "list"


def test_places_are_offered_where_there_are_several(desk: Visitor, database: Database, clinic: Clinic) -> None:
    assert "side-choice" not in desk.get(TODAY).text
    with database.administer() as connection:
        other = factories.clinic(connection)
        visit = factories.appointment(connection, other, clock_time(10))
    page = desk.get(f"{TODAY}?location={other.location}")
    assert page.text.count("side-choice") == 2
    assert f'id="visit-{visit}"' in page.text
    assert f'id="visit-{visit}"' not in desk.get(f"{TODAY}?location={clinic.location}").text


def test_leave_blocked_time_and_extra_hours_are_seen(desk: Visitor, database: Database, clinic: Clinic) -> None:
    one, other = clinic.providers
    with database.administer() as connection, plainly(connection):
        insert(
            connection, "leave", id=new_id(), provider_id=one, starts_at=clock_time(9), ends_at=clock_time(17),
            kind="sick", note="A broken leg",
        )  # fmt: skip
        insert(
            connection, "blocked_time", id=new_id(), resource_id=other, starts_at=clock_time(9),
            ends_at=clock_time(17), label="Training",
        )  # fmt: skip
        insert(
            connection, "extra_hours", id=new_id(), provider_id=other, location_id=clinic.location,
            starts_at=clock_time(17), ends_at=clock_time(19),
        )  # fmt: skip
    page = desk.get(TODAY).text
    assert "Away" in page
    assert "broken" not in page
    assert "sick" not in page
    assert "Training" in page
    assert f"/book?provider={one}" not in page
    assert f"/book?provider={other}&amp;at=2026-11-23T22:00Z" in page
    assert "at=2026-11-23T15:00Z" not in page


def test_a_hold_says_where_it_comes_from_and_nobodys_name(desk: Visitor, database: Database, clinic: Clinic) -> None:
    with database.administer() as connection:
        for number, via in enumerate(("portal", "desk")):
            factories.appointment(
                connection, clinic, clock_time(10), patient_id=clinic.patients[number],
                provider_id=clinic.providers[number], room_id=clinic.rooms[number], status="held", via=via,
                held_until=NOW + timedelta(minutes=4, seconds=12),
            )  # fmt: skip
    page = desk.get(TODAY).text
    assert page.count("Held on the portal") == 1
    assert page.count("Offered by the desk") == 1
    assert page.count("4:12 left") == 2
    assert "Rosa" not in page.split('id="board"')[1]


def test_a_days_hours_line_up_when_clocks_change() -> None:
    zone = "America/New_York"

    def worked(day: date, first: int, last: int) -> Facts:
        start, end = (int(clock_time(hour, day=day).timestamp()) for hour in (first, last))
        return Facts(hours=((start, end),))

    sunday, monday = date(2026, 11, 1), date(2026, 11, 2)
    one, other, free = aligned(
        [(sunday, worked(sunday, 9, 17)), (monday, worked(monday, 8, 12)), (date(2026, 11, 3), Facts(()))], zone
    )
    assert [each.starts_at.hour for each in (one, other, free)] == [13, 13, 13]
    assert {each.rows for each in (one, other, free)} == {9 * 12}


@pytest.fixture
def visit(database: Database, clinic: Clinic) -> UUID:
    with database.administer() as connection:
        return factories.appointment(connection, clinic, clock_time(10))


def test_a_step_offers_to_be_put_back_in_its_toast_and_in_the_drawer(
    desk: Visitor, database: Database, visit: UUID
) -> None:
    back = f"{TODAY}?visit={visit}"
    page = desk.get(desk.post(f"/appointments/{visit}/check-in", {"version": "1", "back": back}).location).text
    assert page.count(f'action="/appointments/{visit}/undo"') == 2
    undone = desk.post(f"/appointments/{visit}/undo", {"version": "2", "back": back})
    assert undone.status_code == 303
    assert undone.location == back
    assert status_of(database, visit) == "booked"
    after = desk.get(back).text
    assert "Undone." in after
    assert f'action="/appointments/{visit}/undo"' not in after


def test_the_drawer_stops_offering_when_the_grace_is_over(desk: Visitor, visit: UUID) -> None:
    desk.post(f"/appointments/{visit}/check-in", {"version": "1"})
    desk.get(TODAY)
    with clock.stopped_at(NOW + timedelta(minutes=3, seconds=1)):
        assert "/undo" not in desk.get(f"{TODAY}?visit={visit}").text
        late = desk.post(
            f"/appointments/{visit}/undo", {"version": "2"}, fragment=True, headers={"HX-Target": "div#said"}
        )
    assert late.status_code == 409
    assert "can no longer be undone" in late.text
    assert "<html" not in late.text


def test_putting_back_needs_to_say_which_change(desk: Visitor, visit: UUID) -> None:
    desk.post(f"/appointments/{visit}/confirm", {"version": "1"})
    assert desk.post(f"/appointments/{visit}/undo").status_code == 400
    assert desk.post(f"/appointments/{visit}/undo", {"version": "1"}).status_code == 409


def test_a_step_that_lost_the_race_says_what_somebody_else_did(desk: Visitor, visit: UUID) -> None:
    assert (
        desk.post(f"/appointments/{visit}/move", {"version": "1", "starts_at": "2026-11-23T16:00Z"}).status_code == 303
    )
    for address, target in ((f"/appointments/{visit}/check-in", "drawer"), (f"/appointments/{visit}/move", "said")):
        form = {"version": "1", "starts_at": "2026-11-23T17:00Z"}
        late = desk.post(address, form, fragment=True, headers={"HX-Target": f"div#{target}"})
        assert late.status_code == 409
        assert "Moved to 11:00 AM by Robin Example at 8:00 AM." in late.text


def test_a_move_on_the_board_is_answered_there(desk: Visitor, visit: UUID) -> None:
    here = {"HX-Current-URL": f"http://localhost{TODAY}", "HX-Target": "div#said"}
    moved = desk.post(
        f"/appointments/{visit}/move", {"version": "1", "starts_at": "2026-11-23T16:00Z"}, fragment=True, headers=here
    )
    board = desk.get(desk.get(moved.location).location, fragment=True, headers=here)
    assert board.status_code == 200
    assert "Moved." in board.text
    assert 'id="board"' not in board.text
    assert "tick" in board.headers["HX-Trigger"]


def test_checks_are_kept_to_those_the_service_asks_for(desk: Visitor, database: Database, visit: UUID) -> None:
    with database.administer() as connection:
        connection.execute("update service set arrival_checks = '{identity,forms}'")
    before = desk.get(f"{TODAY}?visit={visit}").text
    assert before.count('name="checks"') == 2
    desk.post(f"/appointments/{visit}/check-in", {"version": "1", "checks": ["forms", "balance", "x"]})
    page = desk.get(f"{TODAY}?visit={visit}").text
    assert page.count('name="checks"') == 1
    assert "Still to check: Identity" in page
    assert desk.post(f"/appointments/{visit}/checks", {"checks": "identity"}).status_code == 303
    assert "Still to check" not in desk.get(TODAY).text
    undone = desk.post(f"/appointments/{visit}/undo", {"version": "2"})
    assert undone.status_code == 303
    assert status_of(database, visit) == "booked"


def test_nobody_ticks_before_the_arrival(desk: Visitor, visit: UUID) -> None:
    assert desk.post(f"/appointments/{visit}/checks", {"checks": "identity"}).status_code == 409


def test_the_room_is_named_where_the_patient_is_taken(desk: Visitor, database: Database, visit: UUID) -> None:
    with database.administer() as connection:
        connection.execute("update room set name = 'Blue room' where id = (select room_id from appointment)")
    desk.post(f"/appointments/{visit}/check-in", {"version": "1"})
    assert "To room · Blue room" in desk.get(f"{TODAY}?visit={visit}", fragment=True, target="drawer").text
