"""A service with all its rules is one form; what does not go together is said, and visits are asked about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests import factories
from tests.factories import clock_time
from tests.practice.views.test_things import one, rows

if TYPE_CHECKING:
    from tests.factories import Clinic
    from tests.stack.database import Database
    from tests.stack.people import Visitor


def form(clinic: Clinic, **changes: Any) -> dict[str, Any]:
    plain = {
        "name": "Stress test",
        "length_minutes": "45",
        "buffer_before_minutes": "5",
        "buffer_after_minutes": "10",
        "providers": [str(clinic.providers[0])],
        "locations": [str(clinic.location)],
        "room_rule": "some",
        "rooms": [str(clinic.rooms[1])],
        "equipment": ["ECG"],
        "capacity": "1",
        "notice_minutes": "1440",
        "furthest_days": "90",
        "audience": "returning",
        "price": "$1,250.50",
        "deposit": "100",
        "cancel_notice_minutes": "2880",
        "cancel_fee": "40",
        "arrival_checks": ["forms", "identity"],
    }
    return {**plain, **changes}


def test_every_rule_is_kept_as_it_was_entered(manager: Visitor, clinic: Clinic, database: Database) -> None:
    assert manager.post("/settings/services/new", form(clinic)).status_code == 303
    with database.administer() as connection:
        cursor = connection.execute("select * from service where name = 'Stress test'")
        row = dict(zip([each.name for each in cursor.description or ()], cursor.fetchone() or (), strict=True))
    expected = {
        "length_minutes": 45,
        "buffer_before_minutes": 5,
        "buffer_after_minutes": 10,
        "needs_room": True,
        "capacity": 1,
        "notice_minutes": 1440,
        "furthest_days": 90,
        "online": False,
        "audience": "returning",
        "price_cents": 125_050,
        "deposit_cents": 10_000,
        "cancel_notice_minutes": 2880,
        "cancel_fee_cents": 4000,
        "arrival_checks": ["identity", "forms"],
    }
    assert {name: row[name] for name in expected} == expected
    of = f"service_id = '{row['id']}'"
    assert [each[1] for each in rows(database, "service_provider", of)] == [clinic.providers[0]]
    assert [each[1] for each in rows(database, "service_room", of)] == [clinic.rooms[1]]
    assert [each[1] for each in rows(database, "service_equipment", of)] == ["ECG"]
    page = manager.get(f"/settings/services/{row['id']}").text
    for shown in ('value="1250.50"', 'value="45"', 'value="90"'):
        assert shown in page
    assert "$1,250.50" in manager.get("/settings/services").text


def test_a_service_is_made_of_parts_one_level_deep(manager: Visitor, clinic: Clinic, database: Database) -> None:
    assert manager.post("/settings/services/new", form(clinic)).status_code == 303
    nurse = one(database, "select id from service where name = 'Stress test'")
    whole = {"part_1": str(nurse), "part_2": str(clinic.service), "gap_2": "10", "name": "Check-up"}
    assert manager.post("/settings/services/new", form(clinic, **whole)).status_code == 303
    made = one(database, "select id from service where name = 'Check-up'")
    parts = rows(database, "service_part")
    assert [(part[1], part[2], part[3]) for part in parts] == [(1, nurse, 0), (2, clinic.service, 10)]
    nested = {"name": "Whole day", "part_1": str(made), "part_2": str(nurse)}
    answer = manager.post("/settings/services/new", form(clinic, **nested))
    assert answer.status_code == 422
    assert "made of parts itself" in answer.text


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"length_minutes": "7"}, "length_minutes"),
        ({"length_minutes": ""}, "length_minutes"),
        ({"deposit": "9999"}, "deposit"),
        ({"price": "12.345"}, "price"),
        ({"rooms": []}, "rooms"),
        ({"cancel_notice_minutes": "0"}, "cancel_notice_minutes"),
        ({"capacity": "51"}, "capacity"),
        # The form asks for a deposit, and no hold keeps a seat for somebody who pays.
        ({"capacity": "8"}, "deposit"),
        ({"furthest_days": "4000"}, "furthest_days"),
        ({"part_1": "018f0000-0000-7000-8000-00000000dead"}, "part_2"),
        ({"audience": "martians"}, "audience"),
    ],
)
def test_what_does_not_go_together_is_said_at_its_field(
    manager: Visitor, clinic: Clinic, database: Database, changes: dict[str, Any], field: str
) -> None:
    answer = manager.post("/settings/services/new", form(clinic, **changes))
    assert answer.status_code == 422
    assert f'href="#f-{field}"' in answer.text
    assert len(rows(database, "service")) == 1


def test_a_performer_is_taken_out_only_with_an_answer_for_their_visits(
    manager: Visitor, clinic: Clinic, database: Database
) -> None:
    with database.administer() as connection:
        visit = factories.appointment(connection, clinic, clock_time(10))
        name = connection.execute("select family from patient where id = %s", [clinic.patients[0]]).fetchone()
    path = f"/settings/services/{clinic.service}"
    wanted = form(clinic, name="Follow-up", providers=[str(clinic.providers[1])], version="1")
    listed = manager.post(path, wanted)
    assert listed.status_code == 409
    assert str(name[0] if name else "?") in listed.text
    # The page carries the whole form along.
    assert f'name="providers" value="{clinic.providers[1]}"' in listed.text
    assert 'name="price" value="$1,250.50"' in listed.text
    decided = wanted | {f"seen-{visit}": "1", f"visit-{visit}": "keep"}
    assert manager.post(path, decided).status_code == 303
    assert one(database, "select name from service") == "Follow-up"
    assert one(database, "select status from appointment") == "booked"


def test_a_stale_form_changes_nothing(manager: Visitor, clinic: Clinic, database: Database) -> None:
    path = f"/settings/services/{clinic.service}"
    assert manager.post(path, form(clinic, providers=[str(each) for each in clinic.providers], version="1")).status_code
    answer = manager.post(path, form(clinic, name="Late", version="1"))
    assert answer.status_code == 409
    assert 'value="Late"' in answer.text
    assert one(database, "select name from service") == "Stress test"


def test_what_was_named_and_is_not_there_is_refused(manager: Visitor, clinic: Clinic, database: Database) -> None:
    for field in ("providers", "locations", "rooms"):
        wrong = form(clinic, **{field: ["018f0000-0000-7000-8000-00000000dead"]})
        assert manager.post("/settings/services/new", wrong).status_code == 409, field
    assert len(rows(database, "service")) == 1
