"""Our calendars as the programs of others read them: by a parser that shares no line with what writes them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from icalendar import Calendar

from tests import factories
from tests.factories import NOW, Clinic, clock_time
from webapp.booking import calendars

if TYPE_CHECKING:
    from tests.stack.database import Database
    from tests.stack.people import SignIn, Visitor

# Longer than a line of a calendar may be, in characters of two, three and four octets, with all that has a meaning.
AWKWARD = "Zoë's Clinic; \\N, ward 3: «Ω» 診療所 🏥 — " * 3


@pytest.fixture
def visit(clinic: Clinic, database: Database) -> UUID:
    """Rosa's visit at ten, at a place whose name is hard to write."""
    with database.administer() as connection:
        connection.execute("UPDATE location SET name = %s WHERE id = %s", (AWKWARD.strip(), clinic.location))
        return factories.appointment(connection, clinic, clock_time(10))


def events(content: bytes) -> list[Any]:
    """Its events; what the parser only puts up with is an error here."""
    calendar = Calendar.from_ical(content)
    assert isinstance(calendar, Calendar)
    assert (str(calendar["VERSION"]), str(calendar["METHOD"])) == ("2.0", "PUBLISH")
    found = calendar.walk("VEVENT")
    assert [each.errors for each in (calendar, *found)] == [[]] * (len(found) + 1)
    assert all(len(line) <= calendars.LONGEST_LINE for line in content.split(b"\r\n"))
    return list(found)


def address(page: str) -> str:
    found = re.search(r"/calendar/[\w-]{43}\.ics", page)
    assert found is not None
    return found.group()


def facts(event: Any) -> tuple[str, datetime, timedelta, int, str]:
    starts, ends = event["DTSTART"].dt, event["DTEND"].dt
    assert starts.utcoffset() == ends.utcoffset() == event["DTSTAMP"].dt.utcoffset() == timedelta(0)
    return str(event["UID"]), starts, ends - starts, int(event["SEQUENCE"]), str(event["STATUS"])


def test_a_patients_feed_keeps_one_event_through_a_move_and_a_cancellation(
    rosa: Visitor, visitor: Visitor, clinic: Clinic, visit: UUID
) -> None:
    mine, length = f"/me/{clinic.patients[0]}", timedelta(minutes=20)
    rosa.post(f"{mine}/calendar")
    path = address(rosa.get(f"{mine}/calendar").text)
    uid = f"{visit}@anteroom"
    (event,) = events(visitor.get(path).data)
    assert facts(event) == (uid, clock_time(10), length, 1, "CONFIRMED")
    assert str(event["SUMMARY"]) == f"Visit at {AWKWARD.strip()}"
    assert str(event["LOCATION"]).startswith(AWKWARD.strip())
    rosa.post(f"{mine}/visits/{visit}/move", {"starts_at": "2026-11-23T16:00Z", "version": 1})
    (event,) = events(visitor.get(path).data)
    assert facts(event) == (uid, clock_time(11), length, 2, "CONFIRMED")
    rosa.post(f"{mine}/visits/{visit}/cancel", {"version": 2, "fee": 0})
    (event,) = events(visitor.get(path).data)
    assert facts(event) == (uid, clock_time(11), length, 3, "CANCELLED")


def test_a_providers_feed_has_their_visits_and_no_name(
    sign_in: SignIn, visitor: Visitor, clinic: Clinic, visit: UUID, database: Database
) -> None:
    with database.administer() as connection:
        second = factories.appointment(connection, clinic, clock_time(14), patient_id=clinic.patients[1])
        (names,) = connection.execute("SELECT array_agg(family) FROM patient").fetchall()
    provider = sign_in("clinician", provider=clinic.providers[0], at=NOW)
    provider.post("/my-day/calendar")
    content = visitor.get(address(provider.get("/my-day/calendar").text)).data
    assert {(facts(event)[0], facts(event)[1]) for event in events(content)} == {
        (f"{visit}@anteroom", clock_time(10)),
        (f"{second}@anteroom", clock_time(14)),
    }
    unfolded = content.decode().replace("\r\n ", "")
    assert [name for name in names[0] if name in unfolded] == []


def test_the_file_of_one_visit_is_the_event_of_the_feed(rosa: Visitor, clinic: Clinic, visit: UUID) -> None:
    answer = rosa.get(f"/me/{clinic.patients[0]}/visits/{visit}/visit.ics")
    (event,) = events(answer.data)
    assert facts(event) == (f"{visit}@anteroom", clock_time(10), timedelta(minutes=20), 1, "CONFIRMED")
    assert str(event["SUMMARY"]) == f"Visit at {AWKWARD.strip()}"


@pytest.mark.parametrize(
    "text", [AWKWARD, "a\nb", "\\n", ";,:\\", "x" * 74 + "é", "🏥" * 40, " lead and trail ", '"q"']
)
def test_what_is_written_is_what_is_read(text: str) -> None:
    entry = calendars.Entry(UUID(int=1), NOW, NOW + timedelta(hours=1), text, text, 0, NOW)
    written = calendars.calendar([entry], name=text, remind=timedelta(hours=2)).encode()
    (event,) = events(written)
    assert (str(event["SUMMARY"]), str(event["LOCATION"])) == (text, text)
    # The parser puts up with these as they are; others take what follows for another value.
    summary = re.search(r"\r\nSUMMARY:(.*?)\r\n", written.decode().replace("\r\n ", ""))
    assert summary is not None
    assert re.search(r"(?<!\\)(?:\\\\)*[;,]", summary[1]) is None
    (alarm,) = event.walk("VALARM")
    assert alarm["TRIGGER"].dt == timedelta(hours=-2)
    assert event["DTSTAMP"].dt == NOW.astimezone(UTC).replace(microsecond=0)
