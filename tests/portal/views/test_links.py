"""Without a session: a signed link that confirms one visit, and a secret calendar address that can be taken back."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests import factories
from tests.factories import NOW, Clinic, clock_time
from tests.portal.calendar_reader import Event, read
from tests.test_planted_values import stored_in_dynamo
from webapp import clock
from webapp.booking.visit_links import Named, path_of, read_token

if TYPE_CHECKING:
    from uuid import UUID

    from flask import Flask

    from tests.stack.database import Database
    from tests.stack.people import SignIn, Visitor


@pytest.fixture
def visit(clinic: Clinic, database: Database) -> UUID:
    """Rosa's visit at ten."""
    with database.administer() as connection:
        return factories.appointment(connection, clinic, clock_time(10))


@pytest.fixture
def link(app: Flask, clinic: Clinic, visit: UUID) -> str:
    return path_of(Named(visit, clinic.patients[0]), secret=str(app.secret_key))


def status(database: Database, visit: UUID) -> str:
    with database.administer() as connection:
        row = connection.execute("select status from appointment where id = %s", (visit,)).fetchone()
    assert row is not None
    return str(row[0])


def test_looking_confirms_nothing_and_the_button_does(
    visitor: Visitor, link: str, visit: UUID, database: Database
) -> None:
    page = visitor.get(link)
    assert "10:00 AM" in page.text
    assert status(database, visit) == "booked"
    answer = visitor.post(link)
    assert answer.status_code == 200
    assert "Thank you. We expect you." in answer.text
    assert status(database, visit) == "confirmed"
    assert visitor.post(link).status_code == 200
    assert status(database, visit) == "confirmed"


def test_the_page_names_nobody_and_nothing_that_is_done(
    visitor: Visitor, link: str, clinic: Clinic, database: Database
) -> None:
    with database.administer() as connection:
        row = connection.execute(
            "select p.given, p.family, s.name, v.family from patient as p, service as s, provider as v"
            " where p.id = %s and s.id = %s and v.id = %s",
            (clinic.patients[0], clinic.service, clinic.providers[0]),
        ).fetchone()
    assert row is not None
    page = visitor.get(link).text
    assert [word for word in row if word in page] == []


def test_no_log_and_no_record_of_access_has_the_link(
    visitor: Visitor, link: str, database: Database, capfd: pytest.CaptureFixture[str]
) -> None:
    visitor.get(link)
    visitor.post(link)
    visitor.get(link + "x")
    output = capfd.readouterr()
    assert "/visit/<token>" in output.out + output.err
    token = link.removeprefix("/visit/")
    assert token not in output.out + output.err + stored_in_dynamo(database)


def test_it_opens_no_session(visitor: Visitor, link: str, clinic: Clinic, visit: UUID) -> None:
    visitor.post(link)
    page = visitor.get(f"/me/{clinic.patients[0]}/visits/{visit}")
    assert page.status_code == 303
    assert page.headers["Location"].startswith("/sign-in")


def test_a_token_that_we_did_not_sign_opens_nothing(
    app: Flask, visitor: Visitor, link: str, clinic: Clinic, visit: UUID, database: Database
) -> None:
    other = path_of(Named(visit, clinic.patients[0]), secret="somebody else's")
    foreign = path_of(Named(visit, clinic.patients[1]), secret=str(app.secret_key))
    for path in (other, foreign, link[:-1], link + "x", "/visit/x", "/visit/%00", "/visit/a.b"):
        assert visitor.get(path).status_code == 404, path
        assert visitor.post(path).status_code == 404, path
    assert status(database, visit) == "booked"
    assert read_token("é", secret=str(app.secret_key)) is None


def test_what_is_over_or_canceled_is_not_confirmed(
    visitor: Visitor, link: str, visit: UUID, database: Database
) -> None:
    with clock.stopped_at(clock_time(10)):
        assert "This visit has begun" in visitor.post(link).text
    assert status(database, visit) == "booked"
    with database.administer() as connection, connection.transaction():
        connection.execute(
            "update appointment set status = 'cancelled', cancel_reason = 'x', cancelled_at = %s", (NOW,)
        )
        connection.execute("select doors.settle(%s, %s)", (visit, NOW))
    assert "not booked any more" in visitor.post(link).text
    assert status(database, visit) == "cancelled"


def address(page: str) -> str:
    found = re.search(r"/calendar/[\w-]{43}\.ics", page)
    assert found is not None
    return found.group()


def events(visitor: Visitor, path: str) -> dict[str, Event]:
    answer = visitor.get(path)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    return {event.uid: event for event in read(answer.data)}


def test_a_calendar_follows_a_visit_that_is_moved_and_canceled(
    rosa: Visitor, visitor: Visitor, clinic: Clinic, visit: UUID
) -> None:
    mine = f"/me/{clinic.patients[0]}"
    assert rosa.post(f"{mine}/calendar").status_code == 303
    path = address(rosa.get(f"{mine}/calendar").text)
    (first,) = events(visitor, path).values()
    assert (first.starts, first.status, first.sequence) == (clock_time(10), "CONFIRMED", 1)
    rosa.post(f"{mine}/visits/{visit}/move", {"starts_at": "2026-11-23T16:00Z", "version": 1})
    (moved,) = events(visitor, path).values()
    assert (moved.uid, moved.starts, moved.status, moved.sequence) == (first.uid, clock_time(11), "CONFIRMED", 2)
    rosa.post(f"{mine}/visits/{visit}/cancel", {"version": 2, "fee": 0})
    (gone,) = events(visitor, path).values()
    assert (gone.uid, gone.status, gone.sequence) == (first.uid, "CANCELLED", 3)


def test_a_calendar_says_when_and_where_and_nothing_else(
    rosa: Visitor, visitor: Visitor, clinic: Clinic, visit: UUID, database: Database
) -> None:
    rosa.post(f"/me/{clinic.patients[0]}/calendar")
    path = address(rosa.get(f"/me/{clinic.patients[0]}/calendar").text)
    with database.administer() as connection:
        row = connection.execute(
            "select l.name, s.name from location as l, service as s where l.id = %s and s.id = %s",
            (clinic.location, clinic.service),
        ).fetchone()
    assert row is not None
    event = events(visitor, path)[f"{visit}@anteroom"]
    assert event.summary == f"Visit at {row[0]}"
    assert row[1] not in visitor.get(path).text
    assert event.names == {
        "UID", "DTSTAMP", "SEQUENCE", "DTSTART", "DTEND", "SUMMARY", "LOCATION", "STATUS", "CLASS",
    }  # fmt: skip


def test_an_address_is_taken_back_and_only_its_hash_is_kept(
    rosa: Visitor, visitor: Visitor, clinic: Clinic, visit: UUID, database: Database
) -> None:
    mine = f"/me/{clinic.patients[0]}/calendar"
    rosa.post(mine)
    first = address(rosa.get(mine).text)
    with database.administer() as connection:
        (row,) = connection.execute("select row_to_json(f)::text from calendar_feed as f").fetchall()
    assert first.removeprefix("/calendar/").removesuffix(".ics") not in row[0]
    rosa.post(mine)
    second = address(rosa.get(mine).text)
    assert first != second
    assert visitor.get(first).status_code == 404
    assert list(events(visitor, second)) == [f"{visit}@anteroom"]
    rosa.post(f"{mine}/revoke")
    assert visitor.get(second).status_code == 404
    assert "Make a calendar address" in rosa.get(mine).text


def test_a_provider_has_a_calendar_of_their_own_visits(
    sign_in: SignIn, visitor: Visitor, clinic: Clinic, visit: UUID, database: Database
) -> None:
    with database.administer() as connection:
        factories.appointment(connection, clinic, clock_time(11), provider_id=clinic.providers[1],
                              room_id=clinic.rooms[1])  # fmt: skip
    provider = sign_in("clinician", provider=clinic.providers[0], at=NOW)
    assert "Make a calendar address" in provider.get("/my-day/calendar").text
    provider.post("/my-day/calendar")
    path = address(provider.get("/my-day/calendar").text)
    assert list(events(visitor, path)) == [f"{visit}@anteroom"]
    provider.post("/my-day/calendar/revoke")
    assert visitor.get(path).status_code == 404


def test_the_file_of_one_visit_reads_like_the_calendar(rosa: Visitor, clinic: Clinic, visit: UUID) -> None:
    (event,) = read(rosa.get(f"/me/{clinic.patients[0]}/visits/{visit}/visit.ics").data)
    assert (event.starts, event.ends) == (clock_time(10), clock_time(10) + timedelta(minutes=20))
    assert event.uid == f"{visit}@anteroom"
