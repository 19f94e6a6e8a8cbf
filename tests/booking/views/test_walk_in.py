"""Walk-ins at the desk, and visits that belong together in the dialogs."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from tests import factories
from tests.booking.views.test_book import choice
from tests.factories import Clinic, clock_time
from tests.stack.database import Database
from tests.stack.people import SignIn, Visitor
from webapp import clock

HALF_PAST_NINE = clock_time(9, 31)


@pytest.fixture
def morning(sign_in: SignIn) -> Any:
    """A receptionist at 9:31."""
    with clock.stopped_at(HALF_PAST_NINE):
        yield sign_in("receptionist", at=HALF_PAST_NINE)


def visits(database: Database) -> list[Any]:
    with database.administer() as connection:
        query = "select status, via, starts_at, provider_id, id from appointment order by starts_at"
        return connection.execute(query).fetchall()


def asked(clinic: Clinic, **other: object) -> dict[str, str]:
    fields = {"patient": clinic.patients[0], "service": clinic.service, "location": clinic.location, "provider": ""}
    return {name: str(value) for name, value in {**fields, **other}.items()}


def test_who_walks_in_is_booked_and_waits(morning: Visitor, database: Database, clinic: Clinic) -> None:
    assert "Name, birth date, phone or record number" in morning.get("/walk-in").text
    page = morning.get(f"/walk-in?patient={clinic.patients[0]}").text
    assert "Free at 9:35 AM" in page
    assert "Check in now" in page
    answer = morning.post("/walk-in", asked(clinic))
    assert answer.status_code == 303
    ((status, via, starts, _provider, visit),) = visits(database)
    assert (status, via, starts) == ("arrived", "walk_in", clock_time(9, 35))
    assert answer.location == f"/appointments/{visit}"


def test_when_nobody_is_free_the_next_times_are_offered(morning: Visitor, database: Database, clinic: Clinic) -> None:
    with database.administer() as connection:
        for number in (0, 1):
            factories.appointment(
                connection,
                clinic,
                clock_time(9, 30),
                patient_id=factories.patient(connection),
                provider_id=clinic.providers[number],
                room_id=clinic.rooms[number],
            )
    page = morning.get(f"/walk-in?patient={clinic.patients[0]}").text
    assert "Nobody is free right now" in page
    assert "9:50 AM" in page
    refused = morning.post("/walk-in", asked(clinic))
    assert refused.status_code == 409
    assert "9:50 AM" in refused.text
    assert len(visits(database)) == 2


def test_pressed_twice_somebody_walks_in_once(morning: Visitor, database: Database, clinic: Clinic) -> None:
    key = uuid4()
    for _ in range(2):
        assert morning.post("/walk-in", asked(clinic), key=key).status_code == 303
    assert len(visits(database)) == 1


def test_the_time_is_now_whatever_the_form_says(morning: Visitor, database: Database, clinic: Clinic) -> None:
    morning.post("/walk-in", asked(clinic, starts_at="2027-01-01T10:00Z"))
    assert visits(database)[0][2] == clock_time(9, 35)


@pytest.mark.parametrize("field", ["patient", "service", "location"])
def test_nobody_and_nothing_is_refused(morning: Visitor, database: Database, clinic: Clinic, field: str) -> None:
    assert morning.post("/walk-in", asked(clinic, **{field: uuid4()})).status_code in {404, 409, 422}
    assert morning.post("/walk-in", asked(clinic, **{field: ""})).status_code == 422
    assert visits(database) == []


def test_a_search_for_a_walk_in_leads_back_to_it(morning: Visitor, database: Database, clinic: Clinic) -> None:
    found = morning.post("/search", {"q": "rosa", "for": "walk_in"}).text
    assert f"/walk-in?patient={clinic.patients[0]}" in found
    assert "/patients/new?then=walk_in" in morning.get("/walk-in").text


def test_somebody_new_is_registered_and_goes_on(morning: Visitor) -> None:
    form = {
        "given": "Mateo",
        "family": "Walker",
        "birth_date": "3/27/1984",
        "phone": "(207) 555-0199",
        "gender": "unknown",
        "email": "",
        "then": "walk_in",
    }
    answer = morning.post("/patients/new", form)
    assert answer.status_code == 303
    assert answer.location.startswith("/walk-in?patient=")


@pytest.fixture
def parts(database: Database, clinic: Clinic) -> Clinic:
    """The clinic's service is the nurse for ten minutes, then the doctor."""
    with database.administer() as connection:
        nurse = factories.service(
            connection, clinic.providers[:1], [clinic.location], name="Vitals", length_minutes=10, position=5
        )
        doctor = factories.service(connection, clinic.providers[1:], [clinic.location], name="Consult", position=6)
        for position, part in enumerate((nurse, doctor), 1):
            factories.insert(connection, "service_part", service_id=clinic.service, position=position, part_id=part)
    return clinic


def test_a_coming_of_two_is_offered_booked_and_shown_as_one(desk: Visitor, database: Database, parts: Clinic) -> None:
    page = desk.get(f"/book?patient={parts.patients[0]}&service={parts.service}&provider=").text
    assert "One after the other: Vitals 10 min, Consult 20 min" in page
    assert 'action="/book/together"' in page
    assert "book-repeat" not in page.replace("#book-repeat", "")
    assert desk.post("/book/together", choice(parts, provider="")).status_code == 303
    nurse, doctor = visits(database)
    assert (nurse[2], doctor[2]) == (clock_time(10), clock_time(10, 10))
    drawer = desk.get(f"/board/2026-11-23?visit={nurse[4]}").text
    assert "Together with" in drawer
    assert "Consult, 10:10 AM" in drawer


def test_it_moves_and_is_canceled_as_one_unless_somebody_says_otherwise(
    desk: Visitor, database: Database, parts: Clinic
) -> None:
    desk.post("/book/together", choice(parts, provider=""))
    nurse = visits(database)[0][4]
    page = desk.get(f"/appointments/{nurse}/move").text
    assert "All that belongs together, 2 visits" in page
    form = {"starts_at": "2026-11-23T15:10Z", "version": "1", "provider": "", "which": "together"}
    assert desk.post(f"/appointments/{nurse}/move", form).status_code == 303
    assert [row[2] for row in visits(database)] == [clock_time(10, 10), clock_time(10, 20)]
    alone = form | {"starts_at": "2026-11-23T14:30Z", "which": "one", "version": "2"}
    assert desk.post(f"/appointments/{nurse}/move", alone).status_code == 303
    assert [row[2] for row in visits(database)] == [clock_time(9, 30), clock_time(10, 20)]
    cancel = {"reason": "sick", "which": "together", "version": "3"}
    assert desk.post(f"/appointments/{nurse}/cancel", cancel).status_code == 303
    assert {row[0] for row in visits(database)} == {"cancelled"}


def test_a_coming_whose_second_part_is_taken_offers_others(desk: Visitor, database: Database, parts: Clinic) -> None:
    with database.administer() as connection:
        taken = clock_time(10, 20)
        factories.appointment(connection, parts, taken, patient_id=parts.patients[1], provider_id=parts.providers[1])
    lost = desk.post("/book/together", choice(parts, provider=""))
    assert lost.status_code == 409
    assert "Nearest free times" in lost.text
    assert len(visits(database)) == 1
    assert isinstance(visits(database)[0][4], UUID)
