"""Locations, rooms, equipment and providers are added, changed, retired and brought back by forms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests import factories
from tests.factories import NOW

if TYPE_CHECKING:
    from tests.factories import Clinic
    from tests.stack.database import Database
    from tests.stack.people import SignIn, Visitor


def rows(database: Database, table: str, where: str = "true") -> list[Any]:
    with database.administer() as connection:
        return connection.execute(f"select * from {table} where {where} order by 1".encode()).fetchall()


def one(database: Database, query: str, *values: Any) -> Any:
    with database.administer() as connection:
        row = connection.execute(query.encode(), values).fetchone()
    assert row is not None
    return row[0]


EASTSIDE = {"name": "Eastside", "time_zone": "America/Chicago", "line": "4 Elm Street", "city": "Portland"}
NEW: dict[str, dict[str, str]] = {
    "locations": EASTSIDE,
    "rooms": {"name": "Room 9"},
    "equipment": {"name": "ECG 1", "kind": "ECG"},
    "providers": {"given": "Nina", "family": "Bell", "credential": "RN", "position": "7"},
}


@pytest.mark.parametrize("kind", NEW)
def test_what_is_added_is_in_the_list_and_can_be_changed_retired_and_brought_back(
    manager: Visitor, clinic: Clinic, database: Database, kind: str
) -> None:
    form = {**NEW[kind], **({"location_id": str(clinic.location)} if kind in {"rooms", "equipment"} else {})}
    answer = manager.post(f"/settings/{kind}/new", form)
    assert (answer.status_code, answer.location) == (303, f"/settings/{kind}")
    shown = form.get("name") or "Nina Bell, RN"
    assert shown in manager.get(answer.location).text
    table = kind if kind == "equipment" else kind.removesuffix("s")
    named = "family = 'Bell'" if kind == "providers" else f"name = '{form['name']}'"
    made = one(database, f"select id from {table} where {named}")
    path = f"/settings/{kind}/{made}"
    other = {name: value for name, value in NEW[kind].items() if name not in {"name", "family"}}
    changed = {**other, "version": "1", ("family" if kind == "providers" else "name"): "Otherwise"}
    assert manager.post(path, changed).status_code == 303
    assert "Otherwise" in manager.get(f"/settings/{kind}").text
    assert manager.post(f"{path}/retire", {"version": "2"}).status_code == 303
    page = manager.get(path).text
    assert "Retired" in page
    assert manager.post(f"{path}/back", {"version": "3"}).status_code == 303
    assert one(database, f"select retired_at is null and version = 4 from {table} where id = %s", made)
    assert len(rows(database, "audit", f"table_name = '{table}'")) >= 4


@pytest.mark.parametrize(("sent", "kept"), [("45", 45), ("5", 5), ("1440", 1440), ("", 30)])
def test_each_location_says_how_long_an_offer_is_held(
    manager: Visitor, clinic: Clinic, database: Database, sent: str, kept: int
) -> None:
    path = f"/settings/locations/{clinic.location}"
    form = {**EASTSIDE, "time_zone": "America/New_York", "version": "1", "waiting_offer_minutes": sent}
    assert manager.post(path, form).status_code == 303
    assert one(database, "select waiting_offer_minutes from location") == kept
    assert f'value="{kept}"' in manager.get(path).text


@pytest.mark.parametrize(("sent", "kept"), [("50", 5_000), ("7.50", 750), ("0", 0), ("", 0)])
def test_each_location_says_from_what_difference_on_a_manager_signs(
    manager: Visitor, clinic: Clinic, database: Database, sent: str, kept: int
) -> None:
    path = f"/settings/locations/{clinic.location}"
    assert 'name="manager_signs_over_cents" value="20"' in manager.get(path).text.replace('type="text" ', "")
    form = {**EASTSIDE, "time_zone": "America/New_York", "version": "1", "manager_signs_over_cents": sent}
    assert manager.post(path, form).status_code == 303
    assert one(database, "select manager_signs_over_cents from location") == kept
    wrong = manager.post(path, {**form, "version": "2", "manager_signs_over_cents": "-5"})
    assert wrong.status_code == 422
    assert "Enter an amount like 20" in wrong.text


@pytest.mark.parametrize("wrong", ["4", "1441", "soon", "-30", "30.5"])
def test_an_offer_is_held_five_minutes_to_a_day(
    manager: Visitor, clinic: Clinic, database: Database, wrong: str
) -> None:
    form = {**EASTSIDE, "version": "1", "waiting_offer_minutes": wrong}
    answer = manager.post(f"/settings/locations/{clinic.location}", form)
    assert answer.status_code == 422
    assert "Enter 5 to 1440 minutes" in answer.text
    assert one(database, "select waiting_offer_minutes from location") == 30


def test_two_managers_never_overwrite_each_other_silently(
    manager: Visitor, sign_in: SignIn, clinic: Clinic, database: Database
) -> None:
    path = f"/settings/rooms/{clinic.rooms[0]}"
    assert manager.post(path, {"name": "Blue room", "version": "1"}).status_code == 303
    answer = sign_in("manager", at=NOW).post(path, {"name": "Green room", "version": "1"})
    assert answer.status_code == 409
    assert 'value="Green room"' in answer.text
    assert 'name="version" value="1"' in answer.text
    assert "Open it as it is now" in answer.text
    assert one(database, "select name from room where id = %s", clinic.rooms[0]) == "Blue room"
    assert manager.post(f"{path}/retire", {"version": "1"}).status_code == 409


def test_everything_that_is_wrong_is_said_at_once_and_kept(manager: Visitor, database: Database) -> None:
    answer = manager.post("/settings/locations/new", {"name": " ", "time_zone": "Mars/Base", "phone": "x" * 300})
    assert answer.status_code == 422
    for field in ("name", "time_zone", "phone"):
        assert f'href="#f-{field}"' in answer.text
    assert "x" * 300 in answer.text
    assert rows(database, "location") == []
    assert manager.post("/settings/providers/new", {"given": "", "family": "", "position": "-1"}).status_code == 422


def test_a_name_that_is_taken_is_said_beside_it(manager: Visitor, clinic: Clinic, database: Database) -> None:
    name = one(database, "select name from room where id = %s", clinic.rooms[0])
    answer = manager.post("/settings/rooms/new", {"name": name, "location_id": str(clinic.location)})
    assert answer.status_code == 422
    assert "Another room there has this name" in answer.text
    assert 'href="#f-name"' in answer.text
    assert len(rows(database, "resource", "kind = 'room'")) == 2


def test_a_zone_stays_once_hours_are_planned_in_it(manager: Visitor, clinic: Clinic, database: Database) -> None:
    form = {"name": "Harbor", "time_zone": "America/Chicago", "version": "1"}
    answer = manager.post(f"/settings/locations/{clinic.location}", form)
    assert answer.status_code == 409
    assert "add a new location" in answer.text
    kept = form | {"time_zone": "America/New_York"}
    assert manager.post(f"/settings/locations/{clinic.location}", kept).status_code == 303
    assert one(database, "select name from location") == "Harbor"


def test_pressed_twice_it_is_added_once(manager: Visitor, clinic: Clinic, database: Database) -> None:
    key = "018f0000-0000-7000-8000-000000000001"
    form = {"name": "Room 9", "location_id": str(clinic.location)}
    answers = [manager.post("/settings/rooms/new", form, key=key) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert len(rows(database, "room")) == 3


def test_a_foreign_id_is_no_such_page(manager: Visitor, clinic: Clinic) -> None:
    for path in (
        f"/settings/rooms/{clinic.providers[0]}",
        f"/settings/services/{clinic.providers[0]}",
        f"/settings/schedules/{clinic.rooms[0]}",
        f"/settings/schedules/{clinic.rooms[0]}/hours",
        "/settings/spaceships",
    ):
        assert manager.get(path).status_code == 404, path
    nowhere = {"name": "Room 9", "location_id": str(clinic.providers[0])}
    assert manager.post("/settings/rooms/new", nowhere).status_code == 404


def test_a_retired_room_is_offered_to_nobody(manager: Visitor, clinic: Clinic, database: Database) -> None:
    with database.administer() as connection:
        factories.appointment(connection, clinic, factories.clock_time(10))
    path = f"/settings/rooms/{clinic.rooms[0]}/retire"
    listed = manager.post(path, {"version": "1"})
    assert listed.status_code == 409
    assert "1 booked visit is affected" in listed.text
    assert one(database, "select retired_at is null from room where id = %s", clinic.rooms[0])
