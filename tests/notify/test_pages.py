"""Patients and the desk see what was said and say how they want to be told; managers read it before patients do."""

from __future__ import annotations

from dataclasses import replace
from datetime import time, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from tests import factories
from tests.booking.wishes import ACTOR, wish
from tests.factories import NOW, clock_time
from tests.morning import eight_in_the_morning
from tests.notify.postman import Postman, mailbox, messages, mobile
from webapp import create_app
from webapp.booking.actions import book
from webapp.dynamo import spent
from webapp.notify.notices import GRACE, Kind
from webapp.settings import Messages

if TYPE_CHECKING:
    from flask import Flask

    from tests.booking.wishes import Owner
    from tests.factories import Clinic
    from tests.notify.conftest import Changing
    from tests.stack.people import SignIn, Visitor
    from webapp.settings import Settings

__all__ = ["eight_in_the_morning"]

TOMORROW = clock_time(10) + timedelta(days=1)
CHOSEN = {"version": "0", "language": "es", "visits": "sms", "reminders": "none", "offers": "both", "money": "email"}


@pytest.fixture
def rosa(sign_in: SignIn, clinic: Clinic, owner: Owner) -> Visitor:
    """The first patient, signed in, and known to be her."""
    me = sign_in("patient", patients=(clinic.patients[0],), at=NOW)
    factories.insert(owner, "account_patient", account_id=me.account_id, patient_id=clinic.patients[0], relation="self")
    return me


def told_of_a_visit(desk: Changing, postman: Postman, clinic: Clinic) -> UUID:
    with desk():
        visit = book(wish(clinic, TOMORROW), actor=ACTOR, at=postman.now).id
    postman.works(postman.now + GRACE)
    return visit


def test_a_notice_is_unread_on_every_page_until_it_is_marked(
    desk: Changing, postman: Postman, clinic: Clinic, rosa: Visitor
) -> None:
    assert 'aria-label="Notices"' in rosa.get("/me").text
    visit = told_of_a_visit(desk, postman, clinic)
    mine = f"/me/{clinic.patients[0]}"
    for page in ("/me", f"{mine}/visits/{visit}", f"{mine}/family", "/me/notices", "/me/sessions", "/password"):
        assert "Notices, 1 new" in rosa.get(page).text
    page = rosa.get("/me/notices").text
    assert "Your visit at Harbor Clinic" in page
    assert "Tuesday, November 24, 2026, 10:00 AM" in page
    assert f'href="/me/{clinic.patients[0]}/visits/{visit}"' in page
    assert rosa.post("/me/notices/read").status_code == 303
    assert "1 new" not in rosa.get("/me/notices").text
    assert "Your visit at Harbor Clinic" in rosa.get("/me/notices").text


def test_a_notice_that_is_written_again_is_the_same_notice(
    desk: Changing, postman: Postman, clinic: Clinic, rosa: Visitor, owner: Owner
) -> None:
    told_of_a_visit(desk, postman, clinic)
    owner.execute("UPDATE message SET state = 'queued', sent_at = NULL WHERE channel = 'in_app'")
    postman.sweeps()
    postman.works(postman.now + timedelta(minutes=2))
    postman.sweeps()
    postman.works(postman.now + timedelta(minutes=2))
    assert [each["attempts"] for each in messages(owner) if each["channel"] == "in_app"] == [2]
    page = rosa.get("/me/notices").text
    assert page.count("notice-when") == 1
    assert "Notices, 1 new" in page


def calls(app: Flask, person: Visitor, page: str) -> list[tuple[str, str]]:
    """What a page asks of DynamoDB."""
    with app.test_request_context(page, headers={"Cookie": f"anteroom={person.cookie}"}):
        assert app.full_dispatch_request().status_code == 200
        return spent().calls


def test_the_unread_count_costs_no_round_trip_and_the_desk_reads_nobody_elses(
    app: Flask, rosa: Visitor, sign_in: SignIn
) -> None:
    asked = calls(app, rosa, "/me")
    assert asked[0] == ("BatchGetItem", "sessions,notifications")
    assert [call for call in asked if "notifications" in call[1] or call[0] == "BatchGetItem"] == asked[:1]
    of_the_desk = calls(app, sign_in("receptionist", at=NOW), "/board/2026-11-23")
    # Its own count comes along the same way; tests/notify/test_staff_notices.py looks closer.
    assert of_the_desk[0] == ("BatchGetItem", "sessions,notifications")
    assert not any("notifications" in table for _, table in of_the_desk[1:])


def test_notices_of_somebody_one_no_longer_acts_for_are_not_shown(
    desk: Changing, postman: Postman, clinic: Clinic, sign_in: SignIn, owner: Owner
) -> None:
    helper = sign_in("patient", patients=(clinic.patients[1],), at=NOW)
    factories.insert(
        owner, "account_patient", account_id=helper.account_id, patient_id=clinic.patients[0], relation="carer",
        purposes=["visits"], ends_at=NOW + timedelta(hours=1),
    )  # fmt: skip
    told_of_a_visit(desk, postman, clinic)
    assert [each["state"] for each in messages(owner) if each["channel"] == "in_app"] == ["sent"]
    assert "notice-when" not in helper.get("/me/notices").text


def test_what_a_patient_chooses_is_obeyed(
    desk: Changing, postman: Postman, clinic: Clinic, rosa: Visitor, owner: Owner
) -> None:
    patient = clinic.patients[0]
    mobile(owner, patient)
    page = f"/me/{patient}/preferences"
    assert "rosa0@example.com" in rosa.get(page).text
    assert rosa.post(page, CHOSEN).status_code == 303
    told_of_a_visit(desk, postman, clinic)
    (item,) = mailbox(owner)
    assert item["channel"] == "sms"
    assert "nov" in item["body"]


def test_quiet_hours_and_own_reminders_are_kept(clinic: Clinic, rosa: Visitor, owner: Owner) -> None:
    page = f"/me/{clinic.patients[0]}/preferences"
    form = {**CHOSEN, "quiet_from": "20:30", "quiet_to": "07:00", "reminder_minutes": ["1440", "60"]}
    assert rosa.post(page, form).status_code == 303
    row = owner.execute("SELECT * FROM contact_preference").fetchone()
    assert row is not None
    assert (row["quiet_from"], row["quiet_to"]) == (time(20, 30), time(7))
    assert row["reminder_minutes"] == [1440, 60]
    shown = rosa.get(page).text
    assert 'value="20:30"' in shown
    assert shown.count("checked") >= 3


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ({"quiet_from": "20:30"}, "Enter both times, or neither"),
        ({"quiet_from": "25:99", "quiet_to": "07:00"}, "Enter a time like"),
        ({"quiet_from": "07:00", "quiet_to": "07:00"}, "Enter another time"),
        ({"visits": "pigeon"}, "Choose one of the answers"),
        ({"reminder_minutes": ["17"]}, "Choose one of the answers"),
        ({"version": "x"}, "This page was out of date"),
    ],
)
def test_bad_input_is_told_and_kept(
    clinic: Clinic, rosa: Visitor, owner: Owner, sent: dict[str, Any], sentence: str
) -> None:
    answer = rosa.post(f"/me/{clinic.patients[0]}/preferences", {**CHOSEN, **sent})
    assert answer.status_code == 422
    assert sentence in answer.text
    assert owner.execute("SELECT FROM contact_preference").fetchall() == []


def test_two_people_who_choose_at_once_are_told(clinic: Clinic, rosa: Visitor, sign_in: SignIn) -> None:
    receptionist = sign_in("receptionist", at=NOW)
    assert rosa.post(f"/me/{clinic.patients[0]}/preferences", CHOSEN).status_code == 303
    answer = receptionist.post(f"/patients/{clinic.patients[0]}/messages", {**CHOSEN, "visits": "both"})
    assert answer.status_code == 409
    assert "Somebody else changed this" in answer.text
    again = {**CHOSEN, "version": "1", "visits": "both"}
    assert receptionist.post(f"/patients/{clinic.patients[0]}/messages", again).status_code == 303


def test_nobody_chooses_for_another_patient(clinic: Clinic, rosa: Visitor, owner: Owner) -> None:
    other = clinic.patients[1]
    assert rosa.get(f"/me/{other}/preferences").status_code == 404
    assert rosa.post(f"/me/{other}/preferences", CHOSEN).status_code == 404
    assert owner.execute("SELECT FROM contact_preference").fetchall() == []


def test_the_desk_sees_who_was_told_and_who_was_not(
    desk: Changing, postman: Postman, clinic: Clinic, sign_in: SignIn
) -> None:
    told_of_a_visit(desk, postman, clinic)
    page = sign_in("receptionist", at=NOW).get(f"/patients/{clinic.patients[0]}/messages").text
    assert "Booked" in page
    assert "Tue, Nov 24, 10:00 AM EST" in page
    assert "Sent" in page
    assert "rosa0@example.com" in page


def test_managers_read_every_message_in_both_languages(clinic: Clinic, sign_in: SignIn) -> None:
    manager = sign_in("manager", at=NOW)
    for language in ("en", "es"):
        page = manager.get(f"/message-samples?language={language}").text
        assert page.count('<pre class="letter">') == 2 * len(Kind)
        for kind in Kind:
            letter = manager.get(f"/message-samples/{kind}/{language}")
            assert letter.status_code == 200
            assert f'<html lang="{language}">' in letter.text
    assert manager.get("/message-samples?language=xx").status_code == 404


def test_the_mailbox_shows_what_would_have_gone_out(
    desk: Changing, postman: Postman, clinic: Clinic, sign_in: SignIn, owner: Owner
) -> None:
    told_of_a_visit(desk, postman, clinic)
    manager = sign_in("manager", at=NOW)
    assert "rosa0@example.com" in manager.get("/mailbox").text
    letter = manager.get(f"/mailbox/{mailbox(owner)[0]['id']}")
    assert letter.mimetype == "text/html"
    assert "10:00 AM (Eastern Standard Time)" in letter.text


def test_a_clinic_with_real_carriers_has_no_mailbox(settings: Settings) -> None:
    real = create_app(replace(settings, messages=Messages(mail="ses", text="sns")))
    assert "mailbox.items" not in real.view_functions
