"""A clinician's own day: whose turn it is, what must be known of them, and who may see that."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests import factories
from tests.factories import NOW, clock_time
from webapp import clock
from webapp.activity import queries as log_of
from webapp.ids import new_id

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from flask import Flask

    from tests.factories import Clinic
    from tests.stack.database import Database
    from tests.stack.people import Visitor

TEN = clock_time(10)


@pytest.fixture
def osei(sign_in: Callable[..., Visitor], clinic: Clinic) -> Visitor:
    """The first provider, signed in."""
    return sign_in("clinician", at=NOW, provider=clinic.providers[0])


@pytest.fixture
def osei_at_ten(sign_in: Callable[..., Visitor], clinic: Clinic) -> Visitor:
    return sign_in("clinician", at=TEN, provider=clinic.providers[0])


@pytest.fixture
def day(database: Database, clinic: Clinic) -> dict[str, UUID]:
    """Five people of today: 9:00 in the room, 9:30 and 9:40 waiting (the later one longer), 10:20 and 11:00 to come."""
    visits = {
        "Inroom": (9, 0, {"status": "in_room", "arrived_at": clock_time(8, 50), "started_at": clock_time(9)}),
        "Shortwait": (9, 30, {"status": "arrived", "arrived_at": clock_time(9, 50)}),
        "Longwait": (9, 50, {"status": "arrived", "arrived_at": clock_time(9, 20)}),
        "Soon": (10, 20, {"status": "confirmed"}),
        "Late": (11, 0, {}),
    }
    people = {}
    with database.administer() as connection:
        for name, (hour, minute, columns) in visits.items():
            people[name] = factories.patient(connection, family=name)
            factories.appointment(
                connection,
                clinic,
                clock_time(hour, minute),
                patient_id=people[name],
                **columns,  # type: ignore[arg-type]
            )
        other = {"patient_id": factories.patient(connection, family="Elsewhere"), "provider_id": clinic.providers[1]}
        factories.appointment(connection, clinic, clock_time(9), room_id=clinic.rooms[1], **other)
        tomorrow = clock_time(9, day=NOW.date() + timedelta(days=1))
        factories.appointment(connection, clinic, tomorrow, patient_id=factories.patient(connection, family="Tomorrow"))
    return people


def order(page: str) -> list[str]:
    """Family names in the order of the page."""
    return [first or second for first, second in re.findall(r"Rosa (\w+)</a>|Rosa (\w+)</span></a>", page)]


def test_the_room_comes_first_then_who_waited_longest(osei_at_ten: Visitor, day: dict[str, UUID]) -> None:
    with clock.stopped_at(TEN):
        page = osei_at_ten.get("/my-day").text
    assert order(page) == ["Inroom", "Longwait", "Shortwait", "Soon", "Late"]
    assert page.index("Next patient") < page.index("Rosa Longwait") < page.index("Rosa Shortwait")
    for minutes in ("60 min", "40 min", "10 min"):
        assert minutes in page
    assert "Elsewhere" not in page
    assert "Tomorrow" not in page


def test_alerts_for_clinicians_are_there_and_the_desk_never_gets_them(
    osei: Visitor, desk: Visitor, day: dict[str, UUID], database: Database, clinic: Clinic
) -> None:
    with database.administer() as connection:
        for table, label in (("clinical_alert", "Penicillin"), ("patient_alert", "Call only")):
            factories.insert(connection, table, id=new_id(), patient_id=day["Longwait"], label=label)
    page = osei.get("/my-day").text
    assert "Penicillin" in page
    assert "Call only" in page
    assert f"/patients/{day['Longwait']}" in page
    assert desk.get("/my-day").status_code == 403
    for path in (f"/board/{NOW.date()}", f"/patients/{day['Longwait']}", f"/sheets/{NOW.date()}"):
        assert "Penicillin" not in desk.get(path).text
        assert "Penicillin" not in osei.get(path).text


def test_a_step_leads_back_to_the_day_and_counts_once(
    osei_at_ten: Visitor, day: dict[str, UUID], database: Database
) -> None:
    with clock.stopped_at(TEN):
        page = osei_at_ten.get("/my-day").text
        form = re.search(r'action="/appointments/([0-9a-f-]+)/start".*?name="version" value="(\d+)"', page, re.DOTALL)
        assert form is not None
        url, sent = f"/appointments/{form[1]}/start", {"version": form[2], "back": "/my-day"}
        key = new_id()
        assert [osei_at_ten.post(url, sent, key=key).location for _ in range(2)] == ["/my-day", "/my-day"]
        assert order(osei_at_ten.get("/my-day").text)[:3] == ["Inroom", "Longwait", "Shortwait"]
        assert osei_at_ten.post(url, sent).status_code == 409
    with database.administer() as connection:
        found = connection.execute("select status, started_at from appointment where id = %s", (form[1],)).fetchone()
    assert found == ("in_room", TEN)


def test_an_unchanged_day_costs_a_304_and_a_change_is_seen(
    osei: Visitor, day: dict[str, UUID], database: Database
) -> None:
    first = osei.get("/my-day", fragment=True)
    tag = first.headers["HX-PTag"]
    again = osei.get("/my-day", fragment=True, headers={"HX-PTag": tag})
    assert (again.status_code, again.text) == (304, "")
    with database.administer() as connection:
        factories.insert(connection, "clinical_alert", id=new_id(), patient_id=day["Soon"], label="New allergy")
    changed = osei.get("/my-day", fragment=True, headers={"HX-PTag": tag})
    assert changed.status_code == 200
    assert "New allergy" in changed.text
    assert "<html" not in changed.text


def test_looking_is_recorded_for_everybody_shown(app: Flask, osei: Visitor, day: dict[str, UUID]) -> None:
    osei.get("/my-day")
    assert osei.account_id is not None
    with app.app_context():
        (record,) = log_of.of_actor(osei.account_id)
    assert (record.action, record.listed) == ("listed", frozenset(day.values()))


def test_today_is_today_where_each_visit_is(
    sign_in: Callable[..., Visitor], database: Database, clinic: Clinic
) -> None:
    with database.administer() as connection:
        far = factories.branch(connection, clinic, time_zone="Pacific/Kiritimati")
        for family, hour in (("Theretoday", 12), ("Theretomorrow", 36)):
            patient = factories.patient(connection, family=family)
            # It is Tuesday, 3:00 there.
            starts = NOW.replace(hour=0) + timedelta(hours=hour)
            factories.appointment(connection, far, starts, patient_id=patient)
    page = sign_in("clinician", at=NOW, provider=far.providers[0]).get("/my-day").text
    assert "Rosa Theretoday" in page
    assert "Rosa Theretomorrow" not in page


def test_somebody_without_a_column_is_told_so(sign_in: Callable[..., Visitor], clinic: Clinic) -> None:
    page = sign_in("clinician", at=NOW).get("/my-day").text
    assert "not linked to a provider" in page
    assert "No visits today" in sign_in("clinician", at=NOW, provider=clinic.providers[0]).get("/my-day").text
