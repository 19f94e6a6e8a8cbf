"""A receptionist whose role holds at one of two locations: everything is seen, visits are changed at hers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest

from tests import factories
from tests.factories import NOW, Clinic, clock_time
from tests.stack.people import SignIn, Visitor

if TYPE_CHECKING:
    from tests.stack.database import Database

TODAY = "/board/2026-11-23"
SENTENCE = "Your role does not reach that location."
TABLES = ("appointment", "occupancy", "appointment_history", "audit", "idempotency")
STEPS = ("confirm", "check-in", "start", "finish", "no-show", "cancel", "move")
FORMS: dict[str, dict[str, str]] = {"cancel": {"reason": "sick"}, "move": {"starts_at": "2026-11-23T18:00Z"}}


@pytest.fixture
def there(database: Database, clinic: Clinic) -> Clinic:
    """The other site; by name it comes before hers."""
    with database.administer() as connection:
        return factories.branch(connection, clinic, name="A Branch")


@pytest.fixture
def robin(sign_in: SignIn, clinic: Clinic, there: Clinic) -> Visitor:
    """A receptionist at the clinic's first site only."""
    return sign_in("receptionist", at=NOW, sites=(clinic.location,))


def made(database: Database, site: Clinic, **columns: object) -> UUID:
    with database.administer() as connection:
        return factories.appointment(connection, site, clock_time(10), **columns)


def everything(database: Database) -> dict[str, list[Any]]:
    with database.administer() as connection:
        return {
            table: connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2".encode()).fetchall() for table in TABLES
        }


def wanted(site: Clinic, **other: object) -> dict[str, str]:
    fields = {
        "patient": site.patients[0],
        "service": site.service,
        "provider": site.providers[0],
        "location": site.location,
        "starts_at": "2026-11-23T15:00Z",
        "note": "Brings a letter",
    }
    return {name: str(value) for name, value in {**fields, **other}.items()}


def test_at_her_location_she_takes_a_visit_from_booking_to_its_end(
    robin: Visitor, database: Database, clinic: Clinic
) -> None:
    booked = robin.post("/book", wanted(clinic))
    assert booked.status_code == 303
    address = booked.location
    move = {"starts_at": "2026-11-23T18:00Z"}
    assert robin.post(f"{address}/move", move).status_code == 303
    for step in ("confirm", "check-in", "start", "finish"):
        assert robin.post(f"{address}/{step}").status_code == 303
    other = made(database, clinic, patient_id=clinic.patients[1])
    assert robin.post(f"/appointments/{other}/cancel", {"reason": "sick"}).status_code == 303


@pytest.mark.parametrize("fragment", [False, True])
@pytest.mark.parametrize("step", STEPS)
def test_at_another_location_every_step_is_refused_in_a_sentence(
    robin: Visitor, database: Database, there: Clinic, step: str, *, fragment: bool
) -> None:
    visit = made(database, there)
    before = everything(database)
    answer = robin.post(f"/appointments/{visit}/{step}", FORMS.get(step), fragment=fragment)
    assert answer.status_code == 403
    assert SENTENCE in answer.text
    assert ("<html" in answer.text) is not fragment
    assert everything(database) == before


def test_a_step_in_the_drawer_is_refused_in_the_drawer(robin: Visitor, database: Database, there: Clinic) -> None:
    visit = made(database, there)
    answer = robin.post(
        f"/appointments/{visit}/check-in", {"version": "1"}, fragment=True, headers={"HX-Target": "div#drawer"}
    )
    assert answer.status_code == 403
    assert SENTENCE in answer.text
    assert "Rosa Jimenez" in answer.text
    assert "Check in" not in answer.text


@pytest.mark.parametrize("fragment", [False, True])
def test_booking_elsewhere_is_refused_with_the_input_kept(
    robin: Visitor, database: Database, there: Clinic, *, fragment: bool
) -> None:
    before, key = everything(database), uuid4()
    answer = robin.post("/book", wanted(there), key=key, fragment=fragment, headers={"HX-Target": "div#book-sheet"})
    assert answer.status_code == 403
    assert SENTENCE in answer.text
    assert "Brings a letter" in answer.text
    assert str(there.location) not in answer.text
    assert everything(database) == before


def test_a_visit_goes_neither_to_another_location_nor_comes_from_there(
    robin: Visitor, database: Database, clinic: Clinic, there: Clinic
) -> None:
    ours, theirs = made(database, clinic), made(database, there, patient_id=clinic.patients[1])
    before = everything(database)
    for visit, site in ((ours, there), (theirs, clinic)):
        form = {
            "starts_at": "2026-11-23T18:00Z",
            "location": str(site.location),
            "provider": str(site.providers[0]),
        }
        answer = robin.post(f"/appointments/{visit}/move", form)
        assert (answer.status_code, SENTENCE in answer.text) == (403, True)
    assert everything(database) == before


def test_what_would_be_refused_is_not_offered(
    robin: Visitor, desk: Visitor, database: Database, clinic: Clinic, there: Clinic
) -> None:
    visit = made(database, there)
    drawer = f"{TODAY}?visit={visit}"
    board = f"{TODAY}?location={there.location}"
    record = f"/patients/{clinic.patients[0]}"
    links = (f"/appointments/{visit}/check-in", f"/appointments/{visit}/move", f"/appointments/{visit}/cancel")
    for page in (drawer, record):
        assert [link in desk.get(page).text for link in links] == [True] * 3
        assert [link in robin.get(page).text for link in links] == [False] * 3
    reason = "This visit is at A Branch, and your role holds elsewhere."
    assert [reason in each.get(drawer).text for each in (desk, robin)] == [False, True]
    for page, link in ((board, "/book?provider="), (f"{board}&view=list", links[0])):
        assert link in desk.get(page).text
        assert link not in robin.get(page).text
    for link in links[1:]:
        assert desk.get(link).status_code == 200
        answer = robin.get(link)
        assert (answer.status_code, SENTENCE in answer.text) == (403, True)


def test_she_sees_the_visits_of_all_locations_and_her_board_opens_at_hers(
    robin: Visitor, desk: Visitor, database: Database, clinic: Clinic, there: Clinic
) -> None:
    ours, theirs = made(database, clinic), made(database, there, patient_id=clinic.patients[1])
    assert f'id="visit-{theirs}"' in desk.get("/board").text
    assert f'id="visit-{ours}"' in robin.get("/board").text
    assert f'id="visit-{theirs}"' in robin.get(f"/board?location={there.location}").text


def test_the_booking_dialog_asks_for_a_location_where_there_is_a_choice(
    robin: Visitor, desk: Visitor, clinic: Clinic, there: Clinic
) -> None:
    address = f"/book?patient={clinic.patients[0]}&location={there.location}"
    option = f'<option value="{there.location}"'
    assert option in desk.get(address).text
    page = robin.get(address).text
    assert option not in page
    assert f'name="location" value="{clinic.location}"' in page
    assert "Where" in page


def test_a_clinic_that_offers_nothing_at_her_location_says_so(
    robin: Visitor, database: Database, clinic: Clinic
) -> None:
    with database.administer() as connection:
        connection.execute("DELETE FROM service_location WHERE location_id = %s", (clinic.location,))
    page = robin.get(f"/book?patient={clinic.patients[0]}")
    assert page.status_code == 200
    assert "Nothing can be booked at your location" in page.text


def test_of_two_roles_the_one_that_holds_everywhere_counts(
    sign_in: SignIn, database: Database, clinic: Clinic, there: Clinic
) -> None:
    nowhere = sign_in("receptionist", "clinician", at=NOW, sites=())
    visit = made(database, there)
    assert nowhere.post(f"/appointments/{visit}/check-in").status_code == 403
    both = sign_in("manager", at=NOW)
    assert both.post(f"/appointments/{visit}/check-in").status_code == 303


def test_a_location_taken_away_is_gone_at_the_next_request(
    robin: Visitor, sign_in: SignIn, database: Database, clinic: Clinic, there: Clinic
) -> None:
    visit = made(database, clinic)
    assert robin.get("/board").status_code == 200
    form = {
        "role": "receptionist",
        "seen": f"receptionist@{clinic.location}",
        "reach-receptionist": "some",
        "site-receptionist": str(there.location),
    }
    assert sign_in("manager", at=NOW).post(f"/accounts/{robin.account_id}/roles", form).status_code == 303
    before = everything(database)
    answer = robin.post(f"/appointments/{visit}/check-in")
    assert (answer.status_code, answer.location.startswith("/sign-in")) == (303, True)
    assert everything(database) == before
