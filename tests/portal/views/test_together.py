"""Several people, or several tabs, at once; and every address of the portal with somebody else's ids in it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from tests import factories
from tests.factories import NOW, Clinic, clock_time
from tests.full_record import a_full_record
from tests.portal.views.test_booking import press, wanted
from webapp import clock
from webapp.identity.permissions import BY_RELATION, Purpose, Relation
from webapp.identity.person import Grant
from webapp.ids import new_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from flask import Flask
    from werkzeug.routing import Rule
    from werkzeug.test import TestResponse

    from tests.stack.database import Database
    from tests.stack.people import SignIn, Visitor

PEOPLE = 6
TABLES = ("appointment", "waiting_wish", "waiting_offer", "invoice", "payment", "attempt", "card_on_file")
BY_PATIENT = "select id from {} where patient_id = %s"


def at_once(deeds: list[Callable[[], TestResponse]]) -> list[int]:
    """Do everything at the same moment; the statuses, sorted."""
    ready = Barrier(len(deeds))

    def do(deed: Callable[[], TestResponse]) -> int:
        ready.wait()
        return deed().status_code

    with ThreadPoolExecutor(len(deeds)) as pool:
        return sorted(pool.map(do, deeds))


@pytest.fixture
def crowd(clinic: Clinic, sign_in: SignIn, database: Database) -> list[tuple[Visitor, UUID]]:
    """Six patients, each on a telephone of their own."""
    with database.administer() as connection:
        people = [factories.patient(connection) for _ in range(PEOPLE)]
    return [(sign_in("patient", patients=(person,), at=NOW), person) for person in people]


def visits(database: Database) -> list[str]:
    with database.administer() as connection:
        return sorted(row[0] for row in connection.execute("select status from appointment"))


def test_of_many_who_want_one_time_one_has_it(
    crowd: list[tuple[Visitor, UUID]], clinic: Clinic, database: Database
) -> None:
    form = wanted(clinic, clock_time(10), provider=clinic.providers[0])

    def hold(who: Visitor, person: UUID) -> Callable[[], TestResponse]:
        return lambda: who.post(f"/me/{person}/book", form)

    assert at_once([hold(who, person) for who, person in crowd]) == [303] + [409] * (PEOPLE - 1)
    assert visits(database) == ["held"]


def test_of_many_who_want_the_last_seat_one_has_it(
    crowd: list[tuple[Visitor, UUID]], clinic: Clinic, database: Database
) -> None:
    with database.administer() as connection:
        connection.execute("update service set capacity = 8")
        session = factories.group_session(connection, clinic, clock_time(15), capacity=2)
        factories.appointment(connection, clinic, clock_time(15), group_session_id=session, seat_no=1,
                              ends_at=clock_time(16))  # fmt: skip

    def sit(who: Visitor, person: UUID) -> Callable[[], TestResponse]:
        return lambda: press(who, f"/me/{person}/groups/{session}")

    assert at_once([sit(who, person) for who, person in crowd]) == [303] + [409] * (PEOPLE - 1)
    assert visits(database) == ["booked", "booked"]


def test_two_tabs_that_press_at_once_book_one_visit(rosa: Visitor, clinic: Clinic, database: Database) -> None:
    page = rosa.post(f"/me/{clinic.patients[0]}/book", wanted(clinic, clock_time(10))).headers["Location"]
    key, cookie, token = new_id(), rosa.cookie, rosa.csrf_token

    def again() -> TestResponse:
        tab = rosa.app.test_client()
        tab.set_cookie("anteroom", cookie)
        form = {"csrf_token": token, "_key": str(key), "fee": "0", "notice": "0", "note": ""}
        answer = tab.post(page, data=form)
        assert answer.headers["Location"].endswith("/booked")
        return answer

    assert at_once([again] * PEOPLE) == [303] * PEOPLE
    assert visits(database) == ["booked"]


def test_two_tabs_with_two_children_never_mix(sign_in: SignIn, clinic: Clinic, database: Database) -> None:
    """The address says for whom, each time: nothing of who was looked at last is kept anywhere."""
    may = BY_RELATION[Relation.PARENT] | {Purpose.VISITS}
    children = [
        Grant(patient, may=may, relation=Relation.PARENT, name=name)
        for patient, name in zip(clinic.patients, ("Mia Jones", "Ben Jones"), strict=True)
    ]
    parent = sign_in("patient", grants=tuple(children), at=NOW)
    assert "Mia Jones" in parent.get("/me").text
    mia, ben = (f"/me/{child.patient_id}" for child in children)
    tabs = [
        parent.post(f"{whose}/book", wanted(clinic, clock_time(hour))).headers["Location"]
        for whose, hour in ((mia, 10), (ben, 11))
    ]
    assert "For <strong>Mia Jones</strong>" in parent.get(tabs[0]).text
    assert parent.get(tabs[0].replace(mia, ben)).status_code == 404
    for tab in tabs:
        assert press(parent, tab).status_code == 303
    with database.administer() as connection:
        rows = connection.execute("select patient_id, starts_at from appointment where status = 'booked'").fetchall()
    assert dict(rows) == {
        children[0].patient_id: clock_time(10),
        children[1].patient_id: clock_time(11),
    }


def about_one_person(app: Flask) -> Iterator[tuple[Rule, str]]:
    for rule in app.url_map.iter_rules():
        if "patient_id" in rule.arguments and rule.rule.startswith("/me/"):
            for method in sorted((rule.methods or set()) & {"GET", "POST"}):
                yield rule, method


def test_every_id_of_another_patient_is_404_on_every_page(
    app: Flask, rosa: Visitor, clinic: Clinic, database: Database
) -> None:
    with database.administer() as connection:
        a_full_record(connection, clinic, clinic.patients[1], 11)
        theirs = [
            row[0]
            for table in TABLES
            for row in connection.execute(BY_PATIENT.format(table).encode(), (clinic.patients[1],))
        ]
        before = connection.execute("select sum(version) from appointment").fetchone()
    assert len(theirs) >= 5
    tried = 0
    for rule, method in about_one_person(app):
        names = rule.arguments - {"patient_id"}
        for other in theirs if names else theirs[:1]:
            for whose in clinic.patients if names else clinic.patients[1:]:
                url = app.url_map.bind("localhost").build(
                    rule.endpoint, {"patient_id": whose, **dict.fromkeys(names, other)}, method=method
                )
                answer = rosa.get(url) if method == "GET" else rosa.post(url)
                assert answer.status_code == 404, (method, url, answer.status_code)
                tried += 1
    assert tried > 100
    with database.administer() as connection:
        assert connection.execute("select sum(version) from appointment").fetchone() == before


def test_a_proxy_whose_time_is_over_is_out_on_the_next_request(
    sign_in: SignIn, clinic: Clinic, database: Database
) -> None:
    until = NOW + timedelta(minutes=10)
    grant = Grant(
        clinic.patients[0], ends_at=until, may=frozenset({Purpose.VISITS}), relation=Relation.CARER, name="Rosa"
    )
    carer = sign_in("patient", grants=(grant,), at=NOW)
    page = carer.post(f"/me/{clinic.patients[0]}/book", wanted(clinic, clock_time(10))).headers["Location"]
    with clock.stopped_at(until - timedelta(seconds=1)):
        assert carer.get(f"/me/{clinic.patients[0]}").status_code == 200
    with clock.stopped_at(until):
        assert carer.get(f"/me/{clinic.patients[0]}").status_code == 404
        assert press(carer, page).status_code == 404
    assert visits(database) == ["held"]
