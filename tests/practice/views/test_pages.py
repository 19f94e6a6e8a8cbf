"""Every settings page answers whoever may see it, with and without anything to show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests import factories
from tests.factories import NOW, clock_time
from webapp.ids import new_id

if TYPE_CHECKING:
    from tests.factories import Clinic
    from tests.stack.database import Database
    from tests.stack.people import SignIn, Visitor

LISTS = (
    "/settings",
    "/settings/schedules",
    "/settings/closures",
    "/settings/services",
    "/settings/providers",
    "/settings/rooms",
    "/settings/equipment",
    "/settings/locations",
)
FORMS = (
    "/settings/services/new",
    "/settings/closures/new",
    "/settings/providers/new",
    "/settings/rooms/new",
    "/settings/equipment/new",
    "/settings/locations/new",
)


def things(clinic: Clinic) -> list[str]:
    return [
        f"/settings/locations/{clinic.location}",
        f"/settings/rooms/{clinic.rooms[0]}",
        f"/settings/providers/{clinic.providers[0]}",
        f"/settings/services/{clinic.service}",
        f"/settings/schedules/{clinic.providers[0]}",
    ]


def test_an_empty_clinic_says_what_to_do_first(manager: Visitor) -> None:
    for path in (*LISTS, *FORMS, "/exceptions/new"):
        assert manager.get(path).status_code == 200, path
    assert "Add a location first" in manager.get("/settings/rooms").text


def test_a_manager_sees_and_changes_everything(manager: Visitor, clinic: Clinic) -> None:
    hours = f"/settings/schedules/{clinic.providers[0]}/hours"
    for path in (*LISTS, *FORMS, *things(clinic), hours, f"{hours}?first=2026-12-07", "/exceptions/new"):
        assert manager.get(path).status_code == 200, path
    for path in things(clinic):
        page = manager.get(path).text
        assert 'type="submit"' in page or "Change hours" in page, path


def test_the_desk_looks_and_writes_down_exceptions_only(desk: Visitor, clinic: Clinic) -> None:
    for path in (*LISTS, *things(clinic), "/exceptions/new"):
        page = desk.get(path)
        assert page.status_code == 200, path
        for button in (">Save<", ">Retire<", "Change hours", "Close a location", "Add a"):
            if path != "/exceptions/new":
                assert button not in page.text, (path, button)
    for path in FORMS:
        assert desk.get(path).status_code == 403, path
    assert "Time off" in desk.get("/settings/schedules").text


def test_a_biller_is_not_even_offered_the_settings(sign_in: SignIn, clinic: Clinic) -> None:
    biller = sign_in("biller", at=NOW)
    assert 'href="/settings"' not in biller.get("/board").text
    for path in (*LISTS, *things(clinic)):
        assert biller.get(path).status_code == 403, path


def test_the_week_shows_hours_closures_and_leave(
    manager: Visitor, sign_in: SignIn, clinic: Clinic, database: Database
) -> None:
    with database.administer() as connection:
        factories.closure(connection, clinic.location, clock_time(13), clock_time(15))
        away = {"starts_at": clock_time(9), "ends_at": clock_time(11), "kind": "sick", "note": "influenza"}
        with connection.transaction():
            factories.insert(connection, "leave", id=new_id(), provider_id=clinic.providers[0], **away)
            connection.execute("select doors.settle_leave(id, %s) from leave", [NOW])
    path = f"/settings/schedules/{clinic.providers[0]}"
    page = manager.get(path).text
    for shown in ("9:00 AM to 5:00 PM", "Closed: Snow", "Away", "Sick", "influenza", "Clinic closed", "56 h a week"):
        assert shown in page, shown
    clinician = sign_in("clinician", at=NOW).get(path).text
    assert "Away" in clinician
    for hidden in ("Sick", "influenza"):
        assert hidden not in clinician
    other_week = manager.get(f"{path}?week=2026-12-09").text
    assert "Week of Monday, December 7, 2026" in other_week
    assert manager.get(f"{path}?week=9999-99-99").status_code == 200
