from datetime import time
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask

from tests import factories
from tests.booking.waiting_list import offered, offers, waiter, wish_row
from tests.booking.wishes import Owner
from tests.factories import NOW, Clinic, clock_time
from tests.stack.people import SignIn, Visitor

TEN = "2026-11-23T15:00Z"


def form(clinic: Clinic, patient: UUID, **other: object) -> dict[str, Any]:
    fields = {"patient": str(patient), "service": str(clinic.service), "earliest": "2026-11-23", "latest": ""}
    return {**fields, "urgency": "2", "notice": "60", "note": "", "from_time": "", "to_time": "", **other}


def only_wish(owner: Owner) -> dict[str, Any]:
    (row,) = owner.execute("SELECT * FROM waiting_wish").fetchall()
    assert isinstance(row, dict)
    return row


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
