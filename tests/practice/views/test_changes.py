"""Hours, exceptions and closures by their forms; visits in the way are listed, decided about, and then it happens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests import factories
from tests.booking.waiting_list import waiter
from tests.factories import NOW, clock_time
from tests.practice.views.test_things import one, rows
from webapp.activity import queries as activity

if TYPE_CHECKING:
    from uuid import UUID

    from tests.factories import Clinic
    from tests.stack.database import Database
    from tests.stack.people import SignIn, Visitor


@pytest.fixture
def visit(clinic: Clinic, database: Database) -> UUID:
    """Somebody comes to the first provider at ten."""
    with database.administer() as connection:
        return factories.appointment(connection, clinic, clock_time(10))


def row(clinic: Clinic, number: int = 0, **changes: Any) -> dict[str, str]:
    plain = {
        "weekday": "1",
        "starts": "13:00",
        "ends": "17:00",
        "location": str(clinic.location),
        "room": "",
        "rhythm": "1/0",
    }
    return {f"{name}-{number}": str(value) for name, value in {**plain, **changes}.items()}


def sick(clinic: Clinic, **changes: str) -> dict[str, str]:
    return {"provider": str(clinic.providers[0]), "kind": "sick", "first": "2026-11-23", **changes}


def hours_of(database: Database, clinic: Clinic) -> list[Any]:
    with database.administer() as connection:
        query = (
            "select weekday, starts::text, ends::text, valid_from::text, valid_to::text, every_weeks from schedule"
            " where provider_id = %s and valid_from > '2020-01-01' order by valid_from, weekday, starts"
        )
        return connection.execute(query, [clinic.providers[0]]).fetchall()


def test_hours_are_replaced_from_a_day_on(manager: Visitor, clinic: Clinic, database: Database) -> None:
    path = f"/settings/schedules/{clinic.providers[0]}/hours"
    form = {
        "first": "2026-12-07",
        "last": "",
        "version": "1",
        **row(clinic, 0, starts="8:30", ends="12:00"),
        **row(clinic, 1, starts="1 pm", ends="5:30 PM"),
        **row(clinic, 2, weekday=2, rhythm="2/1", room=clinic.rooms[0]),
        **row(clinic, 3, weekday=3, starts="", ends=""),
    }
    answer = manager.post(path, form)
    assert answer.status_code == 303
    assert answer.location == f"/settings/schedules/{clinic.providers[0]}?week=2026-12-07"
    assert hours_of(database, clinic) == [
        (1, "08:30:00", "12:00:00", "2026-12-07", None, 1),
        (1, "13:00:00", "17:30:00", "2026-12-07", None, 1),
        (2, "13:00:00", "17:00:00", "2026-12-14", None, 2),
    ]
    week = manager.get(answer.location).text
    assert "8:30 AM to 12:00 PM" in week
    assert "Every 2nd week" not in week
    assert "Every 2nd week" in manager.get(f"{path.removesuffix('/hours')}?week=2026-12-14").text
    # Opened again, the form begins with what holds then, the rhythm counted from its own first day.
    page = manager.get(f"{path}?first=2026-12-21").text
    assert page.count('value="08:30"') == 1
    assert 'value="2/1" selected>Every 2nd week, from Mon, Dec 28' in page


def test_everything_wrong_with_hours_is_said_at_its_row(manager: Visitor, clinic: Clinic, database: Database) -> None:
    path = f"/settings/schedules/{clinic.providers[0]}/hours"
    form = {
        "first": "2026-11-20",
        "version": "1",
        **row(clinic, 0, ends="12:00"),
        **row(clinic, 1, starts="8:02"),
        **row(clinic, 2, location=clinic.rooms[0]),
        **row(clinic, 3, weekday=4, starts="09:00", ends="11:00"),
        **row(clinic, 4, weekday=4, starts="10:55", ends="12:00"),
    }
    answer = manager.post(path, form)
    assert answer.status_code == 422
    for field in ("first", "ends-0", "starts-1", "location-2", "starts-4"):
        assert f'href="#f-{field}"' in answer.text, field
    assert 'value="8:02"' in answer.text
    backwards = {"first": "2026-12-07", "last": "2026-12-06", "version": "1"} | row(clinic)
    assert 'href="#f-last"' in manager.post(path, backwards).text
    assert hours_of(database, clinic) == []


def test_hours_of_alternating_weeks_do_not_overlap(manager: Visitor, clinic: Clinic) -> None:
    path = f"/settings/schedules/{clinic.providers[0]}/hours"
    head = {"first": "2026-12-07", "version": "1"}
    twice = {**row(clinic, 0, rhythm="2/0"), **row(clinic, 1, rhythm="2/1")}
    assert manager.post(path, head | twice).status_code == 303
    meets = {**row(clinic, 0, rhythm="2/0"), **row(clinic, 1, rhythm="3/1")}
    assert manager.post(path, {**head, "version": "2"} | meets).status_code == 422


def test_a_visit_in_the_way_of_new_hours_is_moved_with_them(
    manager: Visitor, clinic: Clinic, database: Database, visit: UUID
) -> None:
    path = f"/settings/schedules/{clinic.providers[0]}/hours"
    form = {"first": "2026-11-23", "version": "1", **row(clinic)}
    listed = manager.post(path, form)
    assert listed.status_code == 409
    assert hours_of(database, clinic) == []
    value = f"move/{clinic.providers[0]}/{clinic.location}/2026-11-23T18:00Z"
    assert value in listed.text
    assert 'name="starts-0" value="13:00"' in listed.text
    undecided = manager.post(path, form | {f"seen-{visit}": "1"})
    assert undecided.status_code == 422
    assert f'href="#f-visit-{visit}"' in undecided.text
    decided = form | {f"seen-{visit}": "1", f"visit-{visit}": value}
    assert manager.post(path, decided).status_code == 303
    assert one(database, "select starts_at from appointment") == clock_time(13)
    assert len(hours_of(database, clinic)) == 1


def test_a_sick_day_is_three_fields_and_lists_who_comes(
    desk: Visitor, clinic: Clinic, database: Database, visit: UUID
) -> None:
    page = desk.get(f"/exceptions/new?provider={clinic.providers[0]}&day=2026-11-23", fragment=True, target="dialog")
    assert page.text.lstrip().startswith("<form")
    assert 'value="2026-11-23"' in page.text
    listed = desk.post("/exceptions/new", sick(clinic), fragment=True, headers={"HX-Target": "form#exception-sheet"})
    assert listed.status_code == 409
    assert listed.text.lstrip().startswith("<form")
    assert "same time" not in listed.text
    form = sick(clinic, back="/board/2026-11-23") | {
        f"seen-{visit}": "1",
        f"visit-{visit}": "cancel",
        "cancel_reason": "Dr. Osei is sick",
    }
    answer = desk.post("/exceptions/new", form)
    assert (answer.status_code, answer.location) == (303, "/board/2026-11-23")
    assert one(database, "select cancel_reason from appointment") == "Dr. Osei is sick"
    assert one(database, "select ends_at - starts_at = interval '24 hours' from leave")
    leave = one(database, "select id from leave")
    assert desk.post(f"/exceptions/leave/{leave}/end").status_code == 303
    # The morning is over and stays known; the rest of the day is free again.
    assert one(database, "select upper(during) from occupancy where owner_kind = 'leave'") == NOW


def test_extra_hours_need_times_and_a_place(desk: Visitor, clinic: Clinic, database: Database) -> None:
    form = sick(clinic, kind="extra")
    answer = desk.post("/exceptions/new", form)
    assert answer.status_code == 422
    for field in ("starts", "ends", "location"):
        assert f'href="#f-{field}"' in answer.text
    full = form | {"starts": "18:00", "ends": "20:00", "location": str(clinic.location), "note": "Flu shots"}
    assert desk.post("/exceptions/new", full).status_code == 303
    assert one(database, "select starts_at from extra_hours") == clock_time(18)
    assert "6:00 PM to 8:00 PM" in desk.get(f"/settings/schedules/{clinic.providers[0]}").text
    extra = one(database, "select id from extra_hours")
    assert desk.post(f"/exceptions/extra/{extra}/remove").status_code == 303
    assert rows(database, "extra_hours") == []


def test_whoever_opens_time_is_told_that_others_wait_for_it_and_extra_hours_may_be_kept_from_them(
    desk: Visitor, manager: Visitor, clinic: Clinic, database: Database
) -> None:
    with database.administer() as connection:
        waiter(connection, clinic)
        factories.leave(connection, clinic.providers[0], clock_time(9), clock_time(17))
        factories.closure(connection, clinic.location, clock_time(9), clock_time(17))
    hours = {"starts": "18:00", "ends": "20:00", "location": str(clinic.location)}
    form = sick(clinic, kind="extra") | hours | {"offer_asked": "1"}
    assert "is offered it soon" not in desk.get(desk.post("/exceptions/new", form).location).text
    refused = desk.post("/exceptions/new", form | {"starts": ""}).text
    assert 'name="offer" value="1" checked' not in refused
    assert 'name="offer" value="1" checked' in desk.get("/exceptions/new").text
    promises = "jobs.procrastinate_jobs", "task_name = 'booking.offer_opened_time'"
    assert rows(database, *promises) == []
    opens: tuple[tuple[Visitor, str, dict[str, str]], ...] = (
        (desk, "/exceptions/new", form | {"offer": "1"}),
        (desk, f"/exceptions/leave/{one(database, 'select id from leave')}/end", {}),
        (manager, f"/settings/closures/{one(database, 'select id from closure')}/remove", {}),
    )
    for who, path, sent in opens:
        assert "is offered it soon" in who.get(who.post(path, sent).location).text
    # The closure's are one for each of the two who work there.
    assert len(rows(database, *promises)) == 4


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"first": "2026-11-01"}, "first"),
        ({"first": "soon"}, "first"),
        ({"last": "2026-11-01"}, "last"),
        ({"last": "2029-11-01"}, "last"),
        ({"starts": "12:00", "ends": "11:00"}, "ends"),
        ({"provider": ""}, "provider"),
        ({"kind": "bored"}, "kind"),
    ],
)
def test_an_absence_that_cannot_be_is_said_at_its_field(
    desk: Visitor, clinic: Clinic, database: Database, changes: dict[str, str], field: str
) -> None:
    answer = desk.post("/exceptions/new", sick(clinic) | changes)
    assert answer.status_code == 422
    assert f'href="#f-{field}"' in answer.text
    assert rows(database, "leave") == []


def test_a_closure_lists_its_visits_and_can_be_taken_back(
    manager: Visitor, clinic: Clinic, database: Database, visit: UUID
) -> None:
    form = {"location": str(clinic.location), "first": "2026-11-23", "starts": "09:00", "ends": "12:00"}
    assert manager.post("/settings/closures/new", form).status_code == 422
    form["reason"] = "Burst pipe"
    assert manager.post("/settings/closures/new", form).status_code == 409
    kept = form | {f"seen-{visit}": "1", "rest": "keep"}
    assert manager.post("/settings/closures/new", kept).status_code == 303
    assert "Burst pipe" in manager.get("/settings/closures").text
    closure = one(database, "select id from closure")
    assert manager.post(f"/settings/closures/{closure}/remove").status_code == 303
    assert rows(database, "closure") == []


def test_who_saw_names_in_the_list_is_on_record(sign_in: SignIn, clinic: Clinic, visit: UUID, app: Any) -> None:
    del visit
    desk = sign_in("receptionist", at=NOW)
    assert desk.post("/exceptions/new", sick(clinic)).status_code == 409
    with app.app_context():
        assert desk.account_id is not None
        seen = activity.of_actor(desk.account_id, limit=10)
    assert any(clinic.patients[0] in item.listed for item in seen)
