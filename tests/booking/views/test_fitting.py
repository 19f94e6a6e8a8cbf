from datetime import time
from uuid import UUID, uuid4

from flask import Flask

from tests import factories
from tests.booking.waiting_list import offered, waiter, wish_row
from tests.booking.wishes import Owner
from tests.factories import Clinic, clock_time
from tests.stack.people import Visitor

TEN = "2026-11-23T15:00Z"


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
