"""The desk asks why a time is not offered, beside the booking, and gets the rule by its name."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests import factories
from tests.factories import NOW, clock_time
from webapp.ids import new_id

if TYPE_CHECKING:
    from tests.factories import Clinic
    from tests.stack.database import Database
    from tests.stack.people import SignIn, Visitor


def question(clinic: Clinic, time: str = "10:00", **other: Any) -> str:
    fields = {
        "service": clinic.service,
        "provider": clinic.providers[0],
        "location": clinic.location,
        "patient": clinic.patients[0],
        "day": "2026-11-23",
        "time": time,
        **other,
    }
    return "/why?" + "&".join(f"{name}={value}" for name, value in fields.items())


def test_the_booking_dialog_leads_to_the_question_and_back(desk: Visitor, clinic: Clinic) -> None:
    dialog = desk.get(f"/book?patient={clinic.patients[0]}&service={clinic.service}", fragment=True, target="dialog")
    assert "Why is a time not offered?" in dialog.text
    sheet = desk.get(f"/why?patient={clinic.patients[0]}&service={clinic.service}", fragment=True, target="dialog")
    assert sheet.text.lstrip().startswith("<form")
    assert f"/book?patient={clinic.patients[0]}" in sheet.text
    assert 'role="status"' not in sheet.text


@pytest.mark.parametrize(
    ("time", "rule"),
    [
        ("08:00", "Outside hours"),
        ("16:50", "Hours end before it would"),
        ("07:30", "Over"),
        ("10:10", "has another visit until 10:20 AM"),
        ("12:00", "is closed: Snow."),
        ("14:00", "is blocked until 3:00 PM: Admin time."),
    ],
)
def test_the_rule_is_named(desk: Visitor, clinic: Clinic, database: Database, time: str, rule: str) -> None:
    with database.administer() as connection:
        factories.appointment(connection, clinic, clock_time(10), patient_id=clinic.patients[1])
        factories.closure(connection, clinic.location, clock_time(12), clock_time(13))
        with connection.transaction():
            block = {"starts_at": clock_time(14), "ends_at": clock_time(15), "label": "Admin time"}
            made = new_id()
            factories.insert(connection, "blocked_time", id=made, resource_id=clinic.providers[0], **block)
            connection.execute(
                "select doors.occupy(%s, 'blocked_time', array[%s::uuid], array[tstzrange(%s, %s)], 0, null, %s)",
                [made, clinic.providers[0], clock_time(14), clock_time(15), NOW],
            )
    answer = desk.get(question(clinic, time))
    assert answer.status_code == 200
    assert rule in answer.text


def test_a_free_time_is_booked_from_there(desk: Visitor, clinic: Clinic) -> None:
    answer = desk.get(question(clinic)).text
    assert "This time is free." in answer
    assert "at=2026-11-23T15:00Z" in answer.replace("%3A", ":")


def test_what_the_desk_may_overrule_is_offered_all_the_same(desk: Visitor, clinic: Clinic, database: Database) -> None:
    with database.administer() as connection:
        connection.execute("update service set notice_minutes = 1440, furthest_days = 30, online = false")
    soon = desk.get(question(clinic)).text
    for shown in ("Minimum notice", "needs 1 day notice", "The desk can book it all the same.", "Only staff book"):
        assert shown in soon
    assert "Furthest day" in desk.get(question(clinic, day="2027-02-01")).text


def test_a_week_that_is_not_theirs_equipment_and_who_performs_it(
    desk: Visitor, clinic: Clinic, database: Database
) -> None:
    with database.administer() as connection:
        factories.insert(connection, "service_equipment", service_id=clinic.service, kind="ECG")
        connection.execute(
            "update schedule set every_weeks = 2, valid_from = '2026-11-16' where provider_id = %s",
            [clinic.providers[1]],
        )
    assert "has no ECG" in desk.get(question(clinic)).text
    assert "Not in this week" in desk.get(question(clinic, provider=clinic.providers[1])).text
    with database.administer() as connection:
        connection.execute("delete from service_provider where provider_id = %s", [clinic.providers[1]])
        connection.execute("update provider set retired_at = now() where id = %s", [clinic.providers[0]])
    assert "Not performed" in desk.get(question(clinic, provider=clinic.providers[1])).text
    assert "Provider retired" in desk.get(question(clinic)).text


def test_why_somebody_is_away_is_for_those_who_write_it_down(
    desk: Visitor, sign_in: SignIn, clinic: Clinic, database: Database
) -> None:
    with database.administer() as connection, connection.transaction():
        away = {"starts_at": clock_time(9), "ends_at": clock_time(9) + timedelta(hours=3), "kind": "sick"}
        factories.insert(connection, "leave", id=new_id(), provider_id=clinic.providers[0], **away)
        connection.execute("select doors.settle_leave(id, %s) from leave", [NOW])
    assert "is away: Sick." in desk.get(question(clinic)).text
    clinician = sign_in("clinician", at=NOW).get(question(clinic)).text
    assert "is away." in clinician
    assert "Sick" not in clinician


def test_what_cannot_be_read_is_said_and_a_foreign_id_is_not_found(desk: Visitor, clinic: Clinic) -> None:
    answer = desk.get(question(clinic, "25:99", day="soon"))
    assert answer.status_code == 422
    for field in ("day", "time"):
        assert f'href="#f-{field}"' in answer.text
    assert desk.get(question(clinic, location=clinic.rooms[0])).status_code == 404
    assert desk.get(question(clinic, patient=clinic.rooms[0])).status_code == 404
    assert desk.get(question(clinic, service=clinic.rooms[0])).status_code == 404
