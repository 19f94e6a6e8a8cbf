"""What staff are told of: what happens in the portal and by itself, and nothing that they did themselves."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

from tests import factories
from tests.booking.waiting_list import offered, offers
from tests.booking.wishes import ACTOR, wish
from tests.factories import NOW, clock_time
from tests.morning import eight_in_the_morning
from tests.notify.staff import canceled, happened, kinds, new, rosa, sam, step, visit_of
from webapp import clock
from webapp.booking import waiting_jobs
from webapp.booking.actions import CancelRequest, book, cancel
from webapp.booking.forms import write_instant
from webapp.news import News, tell_staff

if TYPE_CHECKING:
    from flask import Flask

    from tests.booking.wishes import Owner
    from tests.factories import Clinic
    from tests.notify.conftest import Changing
    from tests.notify.postman import Postman
    from tests.stack.people import SignIn, Visitor

__all__ = ["eight_in_the_morning", "rosa", "sam"]

DAY = timedelta(days=1)


def test_what_a_patient_cancels_for_today_is_told_once_to_everybody_and_until_they_looked(
    app: Flask, rosa: Visitor, sam: Visitor, sign_in: SignIn, clinic: Clinic, owner: Owner, postman: Postman
) -> None:
    canceled(rosa, clinic, visit := visit_of(owner, clinic, clock_time(10)))
    postman.works(postman.now)
    kim = sign_in("receptionist", at=NOW)
    assert [new(sam, page) for page in ("/board/2026-11-23", "/waiting")] == [1, 1]
    page = sam.get("/notices").text
    name = owner.execute("SELECT given || ' ' || family AS name FROM patient WHERE id = %s", clinic.patients[:1])
    assert f"{(name.fetchone() or {})['name']} canceled in the portal: the visit today at 10:00 AM." in page
    assert f'href="/appointments/{visit}"' in page
    assert "Today, Mon, Nov 23" in page
    assert page.count('class="unread"') == 1
    assert (new(sam), new(kim)) == (0, 1)
    assert 'class="unread"' not in sam.get("/notices").text
    assert happened(app)
    assert (new(sam), new(kim)) == (1, 2)


def test_moves_and_bookings_of_today_and_tomorrow_are_told_and_no_later_ones(
    app: Flask, rosa: Visitor, clinic: Clinic, owner: Owner, postman: Postman
) -> None:
    tomorrow = visit_of(owner, clinic, clock_time(10) + DAY)
    away = {"starts_at": write_instant(clock_time(9) + 2 * DAY), "provider": clinic.providers[0], "version": 1}
    assert rosa.post(step(clinic, tomorrow, "move"), away).status_code == 303
    canceled(rosa, clinic, visit_of(owner, clinic, clock_time(10) + 3 * DAY))
    postman.works(postman.now)
    assert kinds(app) == ["moved"]


def test_what_the_desk_does_itself_is_no_news_to_it(
    app: Flask, desk: Changing, clinic: Clinic, owner: Owner, postman: Postman
) -> None:
    with desk():
        book(wish(clinic, clock_time(11)), actor=ACTOR, at=NOW)
        cancel(CancelRequest(visit_of(owner, clinic, clock_time(10)), "ill"), at=NOW)
    postman.works(postman.now)
    assert kinds(app) == []


def test_a_time_of_the_waiting_list_that_is_taken_is_said_once(
    app: Flask, rosa: Visitor, sam: Visitor, clinic: Clinic, owner: Owner, postman: Postman
) -> None:
    factories.insert(
        owner, "waiting_wish", id=uuid4(), patient_id=clinic.patients[0], service_id=clinic.service,
        earliest=NOW.date(), created_at=NOW,
    )  # fmt: skip
    offer = offered(app, owner, clinic)
    assert rosa.post(f"/me/{clinic.patients[0]}/offers/{offer['id']}").status_code == 303
    postman.works(postman.now)
    assert kinds(app) == ["offer_taken"]
    page = sam.get("/notices").text
    assert "took the time from the waiting list, today at 10:00 AM." in page
    assert f'href="/appointments/{offer["hold_id"]}"' in page


def test_a_time_that_nobody_on_the_list_takes_is_told_and_one_that_is_passed_on_is_not(
    app: Flask, rosa: Visitor, sam: Visitor, clinic: Clinic, owner: Owner, postman: Postman
) -> None:
    for number in (0, 1):
        factories.insert(
            owner, "waiting_wish", id=uuid4(), patient_id=clinic.patients[number], service_id=clinic.service,
            earliest=NOW.date(), created_at=NOW - timedelta(minutes=5 - number),
        )  # fmt: skip
    first = offered(app, owner, clinic)
    assert rosa.post(f"/me/{clinic.patients[0]}/offers/{first['id']}/refuse").status_code == 303
    for minutes, expected in ((1, []), (40, ["list_ran_out"])):
        jobs = owner.execute("SELECT args FROM jobs.procrastinate_jobs WHERE task_name = 'booking.offer_time'")
        with app.app_context(), clock.stopped_at(NOW + timedelta(minutes=minutes)):
            # The one of the first time runs again, as it may.
            for job in jobs.fetchall():
                waiting_jobs.offer_time(**job["args"])
        postman.works(postman.now)
        assert kinds(app) == expected
        for open_one in offers(owner, "open"):
            with app.app_context(), clock.stopped_at(open_one["expires_at"]):
                waiting_jobs.lapse_offer(str(open_one["id"]))
    assert "Nobody on the waiting list took the time of" in sam.get("/notices").text


def test_what_did_not_arrive_is_told_once_an_hour_for_each_person(
    app: Flask, sam: Visitor, desk: Changing, clinic: Clinic, postman: Postman
) -> None:
    for minutes in (0, 10, 70):
        with desk():
            for patient in clinic.patients[:2]:
                tell_staff(News.UNDELIVERED, patient, at=NOW + timedelta(minutes=minutes), hourly=True)
    postman.works(postman.now)
    assert kinds(app) == ["undelivered"] * 4
    page = sam.get("/notices").text
    assert page.count("A message to ") == 4
    assert page.count('href="/patients/undelivered"') == 4


def test_money_that_did_not_move_is_told_to_whoever_sees_to_money(
    app: Flask, sam: Visitor, sign_in: SignIn, clinic: Clinic, owner: Owner
) -> None:
    attempt = uuid4()
    factories.insert(
        owner, "attempt", id=attempt, patient_id=clinic.patients[0], location_id=clinic.location, purpose="invoice",
        direction="charge", gateway="simulated", method="portal", cents=4_250, currency="USD", state="capture_failed",
        actor_id=ACTOR, form_key=uuid4(), request_hash=b"1", created_at=NOW, expires_at=NOW + DAY,
    )  # fmt: skip
    for kind in (News.NOT_COLLECTED, News.NOT_REFUNDED):
        assert happened(app, kind, attempt)
    biller = sign_in("biller", at=NOW)
    page = biller.get("/notices").text
    name = owner.execute("SELECT given || ' ' || family AS name FROM patient WHERE id = %s", clinic.patients[:1])
    who = (name.fetchone() or {})["name"]
    assert f"$42.50 of {who} could not be collected. The amount is owed again." in page
    assert f"The refund of $42.50 to {who} did not go through." in page
    assert page.count(f'href="/billing/attempts/{attempt}"') == 2
    assert biller.get(f"/billing/attempts/{attempt}").status_code == 200
    assert "$42.50" not in sign_in("coordinator", at=NOW).get("/notices").text
