from collections.abc import Iterator
from datetime import time, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from psycopg.rows import dict_row

from tests import factories
from tests.booking.waiting_list import Worker, offers, waiter, wish_row
from tests.booking.wishes import Owner
from tests.factories import NOW, Clinic, clock_time
from tests.stack.database import Database
from tests.stack.people import SignIn, Visitor
from webapp import clock
from webapp.booking.actions import CancelRequest, cancel
from webapp.db import transactional

TEN_SECONDS = timedelta(seconds=10)
TEN = "2026-11-23T15:00Z"


@pytest.fixture
def owner(database: Database) -> Iterator[Owner]:
    with database.administer() as connection:
        connection.row_factory = dict_row
        yield connection


@pytest.fixture
def anna(owner: Owner) -> UUID:
    person = factories.patient(owner, given="Anna", family="Archer")
    factories.phone(owner, person)
    return person


def form(clinic: Clinic, patient: UUID, **other: object) -> dict[str, Any]:
    fields = {"patient": str(patient), "service": str(clinic.service), "earliest": "2026-11-23", "latest": ""}
    return {**fields, "urgency": "2", "notice": "60", "note": "", "from_time": "", "to_time": "", **other}


def only_wish(owner: Owner) -> dict[str, Any]:
    (row,) = owner.execute("SELECT * FROM waiting_wish").fetchall()
    assert isinstance(row, dict)
    return row


def offered(app: Flask, owner: Owner, clinic: Clinic) -> dict[str, Any]:
    """Ten o'clock is canceled and offered to the first in line; the offer."""
    visit = factories.appointment(owner, clinic, clock_time(10), patient_id=factories.patient(owner))
    was = app.config["ANTEROOM"]
    with app.app_context(), clock.stopped_at(NOW):
        with transactional(factories.scope()):
            cancel(CancelRequest(visit, "ill"), at=NOW - TEN_SECONDS)
        Worker(app, owner).works(NOW)
    app.config["ANTEROOM"] = was
    return offers(owner, "open")[0]


def test_an_empty_list_says_how_to_fill_it(desk: Visitor, clinic: Clinic) -> None:
    page = desk.get("/waiting").text
    assert "Nobody waits" in page
    assert 'aria-current="page"' in page


def test_a_person_is_put_on_the_list_from_the_record(desk: Visitor, clinic: Clinic, owner: Owner, anna: UUID) -> None:
    record = desk.get(f"/patients/{anna}").text
    assert f"/waiting/new?patient={anna}" in record
    asked = desk.get(f"/waiting/new?patient={anna}").text
    assert 'value="2026-11-23"' in asked
    sent = form(
        clinic, anna, weekday=["1", "3"], provider=[str(clinic.providers[0])], from_time="09:00", to_time="12:00"
    )
    answer = desk.post("/waiting/new", sent)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/patients/{anna}")
    row = only_wish(owner)
    assert (row["weekdays"], row["provider_ids"]) == ([1, 3], [clinic.providers[0]])
    assert (row["from_time"], row["to_time"], row["urgency"], row["notice_minutes"]) == (time(9), time(12), 2, 60)
    page = desk.get("/waiting").text
    for shown in ("Anna Archer", "Soon", "555-0142", "Mon, Wed", "9:00 AM to 12:00 PM", "1 h notice", "1 person waits"):
        assert shown in page
    assert "Mon, Wed" in desk.get(f"/patients/{anna}").text


def test_a_visit_that_should_be_earlier_leads_back_to_itself(
    desk: Visitor, clinic: Clinic, owner: Owner, anna: UUID
) -> None:
    visit = factories.appointment(owner, clinic, clock_time(15), patient_id=anna)
    address = f"/waiting/new?patient={anna}&appointment={visit}"
    drawer = desk.get(f"/appointments/{visit}", follow_redirects=True).text
    assert "Wants earlier" in drawer
    assert address.replace("&", "&amp;") in drawer
    assert "Earlier than that" in desk.get(address).text
    answer = desk.post("/waiting/new", form(clinic, anna, appointment=str(visit)))
    assert answer.headers["Location"] == f"/appointments/{visit}"
    assert only_wish(owner)["appointment_id"] == visit
    assert "instead of Today, Mon, Nov 23, 3:00 PM" in desk.get("/waiting").text
    assert desk.get(f"/waiting/new?patient={clinic.patients[0]}&appointment={visit}").status_code == 404


def test_everything_wrong_is_said_at_once_and_what_was_typed_stays(
    desk: Visitor, clinic: Clinic, owner: Owner, anna: UUID
) -> None:
    sent = form(
        clinic,
        anna,
        service="",
        earliest="soon",
        latest="2026-11-20",
        from_time="12:00",
        to_time="09:00",
        note="x" * 501,
    )
    answer = desk.post("/waiting/new", sent)
    assert answer.status_code == 422
    for sentence in ("Choose the type of visit", "Enter the first day", "This is not after", "Shorten this"):
        assert sentence in answer.text
    assert 'value="12:00"' in answer.text
    backwards = desk.post("/waiting/new", form(clinic, anna, latest="2026-11-20"))
    assert "The last day is before the first one" in backwards.text
    assert owner.execute("SELECT FROM waiting_wish").fetchall() == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"weekday": "8"}, {"provider": "x"}, {"location": "x"}, {"urgency": "4"}, {"notice": "7"}, {"surprise": "1"},
        {"from_time": "25:00"}, {"to_time": "noon"}, {"latest": "never"}, {"earliest": "9999-01-01"},
    ],
)  # fmt: skip
def test_what_no_form_of_ours_sends_is_refused(
    desk: Visitor, clinic: Clinic, owner: Owner, anna: UUID, wrong: dict[str, str]
) -> None:
    assert desk.post("/waiting/new", form(clinic, anna, **wrong)).status_code == 422
    assert owner.execute("SELECT FROM waiting_wish").fetchall() == []


def test_the_same_press_twice_is_one_wish_and_a_second_wish_is_refused(
    desk: Visitor, clinic: Clinic, owner: Owner, anna: UUID
) -> None:
    key = uuid4()
    answers = [desk.post("/waiting/new", form(clinic, anna), key=key) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    again = desk.post("/waiting/new", form(clinic, anna))
    assert again.status_code == 409
    assert "on the waiting list for it already" in again.text
    assert only_wish(owner)["patient_id"] == anna


def test_a_wish_is_corrected_and_an_outdated_page_overwrites_nothing(
    desk: Visitor, clinic: Clinic, owner: Owner, anna: UUID
) -> None:
    wish = waiter(owner, clinic, patient_id=anna, from_time=time(9))
    assert 'value="09:00"' in desk.get(f"/waiting/{wish}").text
    assert desk.post(f"/waiting/{wish}", form(clinic, anna, version="1", urgency="3")).headers["Location"] == "/waiting"
    assert wish_row(owner, wish)["urgency"] == 3
    late = desk.post(f"/waiting/{wish}", form(clinic, anna, version="1", urgency="1", note="kept"))
    assert late.status_code == 409
    assert "kept" in late.text
    assert wish_row(owner, wish)["urgency"] == 3


def test_somebody_is_taken_off_and_their_page_says_so(desk: Visitor, clinic: Clinic, owner: Owner, anna: UUID) -> None:
    wish = waiter(owner, clinic, patient_id=anna)
    assert desk.post(f"/waiting/{wish}/withdraw", {"version": "1"}).status_code == 303
    assert wish_row(owner, wish)["status"] == "withdrawn"
    assert "has ended already" in desk.get(f"/waiting/{wish}").text
    again = desk.post(f"/waiting/{wish}/withdraw", {"version": "2"})
    assert again.status_code == 409
    assert "has ended already" in again.text


def test_the_list_is_narrowed_by_type_and_provider(desk: Visitor, clinic: Clinic, owner: Owner, anna: UUID) -> None:
    waiter(owner, clinic, patient_id=anna, provider_ids=[clinic.providers[0]])
    other = factories.service(owner, clinic.providers, [clinic.location])
    assert "Anna Archer" in desk.get(f"/waiting?service={clinic.service}&provider={clinic.providers[0]}").text
    assert "Nobody waits for this" in desk.get(f"/waiting?service={other}").text
    assert "Nobody waits for this" in desk.get(f"/waiting?provider={clinic.providers[1]}").text


def test_people_who_died_or_were_merged_are_not_on_the_list(
    desk: Visitor, clinic: Clinic, owner: Owner, anna: UUID
) -> None:
    waiter(owner, clinic, patient_id=anna)
    owner.execute("UPDATE patient SET deceased_at = %s WHERE id = %s", (NOW, anna))
    assert "Anna Archer" not in desk.get("/waiting").text


def test_an_open_offer_says_whom_to_call_until_when_and_takes_one_answer(
    app: Flask, desk: Visitor, clinic: Clinic, owner: Owner, anna: UUID
) -> None:
    wish = waiter(owner, clinic, patient_id=anna)
    offer = offered(app, owner, clinic)
    page = desk.get("/waiting").text
    for shown in ("call 555-0142", "offered until 8:30 AM", "30 min left", "10:00 to 10:20 AM", "Accepted", "Refused"):
        assert shown in page
    assert "call 555-0142" in desk.get("/waiting/offers", fragment=True, target="offers").text
    answer = desk.post(f"/waiting/offers/{offer['id']}/accept")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/waiting")
    assert "off the waiting list" in desk.get("/waiting").text
    assert wish_row(owner, wish)["status"] == "taken"
    late = desk.post(f"/waiting/offers/{offer['id']}/refuse")
    assert late.status_code == 409
    assert "answered already" in late.text


def test_a_refused_offer_is_gone_and_the_person_waits_on(
    app: Flask, desk: Visitor, clinic: Clinic, owner: Owner, anna: UUID
) -> None:
    wish = waiter(owner, clinic, patient_id=anna)
    offer = offered(app, owner, clinic)
    assert desk.post(f"/waiting/offers/{offer['id']}/refuse").status_code == 303
    page = desk.get("/waiting").text
    assert "Being offered now" not in page
    assert wish_row(owner, wish)["status"] == "waiting"


def test_who_works_elsewhere_sees_an_offer_and_answers_none(
    app: Flask, sign_in: SignIn, clinic: Clinic, owner: Owner, anna: UUID
) -> None:
    waiter(owner, clinic, patient_id=anna)
    offer = offered(app, owner, clinic)
    stranger = sign_in("receptionist", at=NOW, sites=(factories.location(owner),))
    page = stranger.get("/waiting").text
    assert "Being offered now" in page
    assert "/accept" not in page
    assert stranger.post(f"/waiting/offers/{offer['id']}/accept").status_code == 403
    assert stranger.post(f"/waiting/offers/{offer['id']}/refuse").status_code == 403
    assert offers(owner, "open") != []


def test_a_free_time_shows_who_on_the_list_fits_it_and_booking_takes_them_off(
    desk: Visitor, clinic: Clinic, owner: Owner, anna: UUID
) -> None:
    wish = waiter(owner, clinic, patient_id=anna)
    waiter(owner, clinic, patient_id=clinic.patients[1], from_time=time(14))
    free = f"/book?provider={clinic.providers[0]}&location={clinic.location}&at={TEN}"
    page = desk.get(free, fragment=True, target="dialog").text
    assert "From the waiting list" in page
    assert page.count("waiting-who") == 1
    dialog = desk.get(f"{free}&patient={anna}&service={clinic.service}&wish={wish}").text
    assert f'name="wish" value="{wish}"' in dialog
    sent = {
        "patient": str(anna), "service": str(clinic.service), "provider": str(clinic.providers[0]),
        "location": str(clinic.location), "starts_at": TEN, "note": "", "wish": str(wish),
    }  # fmt: skip
    key = uuid4()
    answers = [desk.post("/book", sent, key=key) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert answers[0].headers["Location"] == answers[1].headers["Location"]
    assert wish_row(owner, wish)["status"] == "taken"
    # Before eleven nobody else is left to fit.
    assert "From the waiting list" not in desk.get(free).text


def test_beside_the_board_stand_those_whom_a_time_of_its_day_could_help(
    app: Flask, desk: Visitor, clinic: Clinic, owner: Owner, anna: UUID
) -> None:
    waiter(owner, clinic, patient_id=anna, urgency=2)
    waiter(owner, clinic, weekdays=[2])
    address = f"/board/2026-11-23/waiting?location={clinic.location}"
    assert address in desk.get("/board/2026-11-23").text
    beside = desk.get(address, fragment=True, target="waiting-beside").text
    for shown in ("1 fits", "Anna Archer", "Soon", "Anybody"):
        assert shown in beside
    offered(app, owner, clinic)
    beside = desk.get(address, fragment=True, target="waiting-beside").text
    assert "10:00 AM, until 8:30 AM" in beside
    assert desk.get(address).headers["Location"] == "/waiting"


def test_the_booking_dialog_leads_to_the_list_when_no_time_suits(desk: Visitor, clinic: Clinic, anna: UUID) -> None:
    page = desk.get(f"/book?patient={anna}&provider={clinic.providers[0]}").text
    assert "Put on the waiting list" in page
    assert f"/waiting/new?patient={anna}&amp;service={clinic.service}" in page


def test_the_dialog_that_cancels_says_how_many_fit_and_offers_them_the_time_unless_told_not_to(
    desk: Visitor, clinic: Clinic, owner: Owner, anna: UUID
) -> None:
    visits = [factories.appointment(owner, clinic, clock_time(hour)) for hour in (10, 11, 12)]
    assert "Offer the time" not in desk.get(f"/appointments/{visits[0]}/cancel").text
    waiter(owner, clinic, patient_id=anna)
    waiter(owner, clinic, patient_id=clinic.patients[0])  # whose visit it is
    page = desk.get(f"/appointments/{visits[0]}/cancel").text
    assert "1 person fits this time." in page
    promised = "SELECT count(*) AS n FROM jobs.procrastinate_jobs WHERE task_name = 'booking.offer_time'"
    asked = {"reason": "sick", "offer_asked": "1"}
    for visit, sent, expected in (
        (visits[0], asked, 0),
        (visits[1], asked | {"offer": "1"}, 1),
        (visits[2], {"reason": "sick"}, 2),
    ):
        assert desk.post(f"/appointments/{visit}/cancel", sent).status_code == 303
        row = owner.execute(promised).fetchone()
        assert row is not None
        assert row["n"] == expected


def test_a_refused_cancellation_keeps_what_was_ticked(desk: Visitor, clinic: Clinic, owner: Owner, anna: UUID) -> None:
    visit = factories.appointment(owner, clinic, clock_time(10))
    waiter(owner, clinic, patient_id=anna)
    answer = desk.post(f"/appointments/{visit}/cancel", {"reason": "", "offer_asked": "1"})
    assert answer.status_code == 422
    assert 'name="offer" value="1">' in answer.text
    assert 'name="offer" value="1" checked>' in desk.get(f"/appointments/{visit}/cancel").text
