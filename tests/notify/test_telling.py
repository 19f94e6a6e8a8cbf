"""Whoever has a visit is told what happens to it, once, when it can't be undone any more."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from tests import factories
from tests.booking.waiting_list import offered, waiter
from tests.booking.wishes import ACTOR, wish
from tests.factories import NOW, clock_time
from tests.notify.conftest import Changing
from tests.notify.postman import SECOND, Postman, email, mailbox, messages, mobile, prefers, said
from webapp.booking.actions import CancelRequest, MoveRequest, book, cancel, check_in, confirm, move, undo
from webapp.db import Role, transactional
from webapp.notify.notices import GRACE, NEWS_LASTS
from webapp.patients.actions import merge

if TYPE_CHECKING:
    from flask import Flask

    from tests.booking.wishes import Owner
    from tests.factories import Clinic

DAY = timedelta(days=1)
TOMORROW = clock_time(10) + DAY
LATER = clock_time(11) + DAY


def booked(desk: Changing, postman: Postman, clinic: Clinic, **other: Any) -> UUID:
    starts = other.pop("starts", TOMORROW)
    with desk():
        return book(wish(clinic, starts, **other), actor=ACTOR, at=postman.now).id


def after_grace(postman: Postman) -> None:
    postman.works(postman.now + GRACE)


def test_a_booking_is_confirmed_when_the_grace_is_over_and_not_before(
    desk: Changing, postman: Postman, clinic: Clinic, owner: Owner
) -> None:
    visit = booked(desk, postman, clinic)
    postman.works(NOW + GRACE - SECOND)
    assert messages(owner, "%") == []
    postman.works(NOW + GRACE)
    assert said(owner) == [("confirmation", visit, TOMORROW)]
    (item,) = mailbox(owner)
    assert item["recipient"] == "rosa0@example.com"
    assert "Tuesday, November 24, 2026, 10:00 AM (Eastern Standard Time)" in item["body"]
    postman.works(NOW + DAY)
    assert len(mailbox(owner)) == 1


def test_a_visit_that_is_canceled_within_the_grace_is_not_spoken_of(
    desk: Changing, postman: Postman, clinic: Clinic, owner: Owner
) -> None:
    visit = booked(desk, postman, clinic)
    postman.works(NOW + 60 * SECOND)
    with desk():
        cancel(CancelRequest(visit, "ill"), at=postman.now)
    postman.works(NOW + 10 * GRACE)
    assert messages(owner, "%") == []


def test_two_moves_are_one_message_and_a_move_that_is_undone_is_none(
    desk: Changing, postman: Postman, clinic: Clinic, owner: Owner
) -> None:
    visit = booked(desk, postman, clinic)
    after_grace(postman)
    for starts in (LATER, LATER + timedelta(hours=1)):
        with desk():
            move(MoveRequest(visit, starts), at=postman.now)
        postman.works(postman.now + 100 * SECOND)
    assert len(said(owner)) == 1
    after_grace(postman)
    assert said(owner)[1:] == [("change", visit, LATER + timedelta(hours=1))]
    assert messages(owner)[1]["was_starts_at"] == TOMORROW
    with desk():
        version = move(MoveRequest(visit, LATER), at=postman.now).version
    postman.works(postman.now + 60 * SECOND)
    with desk():
        undo(visit, version, at=postman.now)
    postman.works(postman.now + 10 * GRACE)
    assert len(said(owner)) == 2


def test_a_cancellation_names_the_time_that_was_told_last(
    desk: Changing, postman: Postman, clinic: Clinic, owner: Owner
) -> None:
    visit = booked(desk, postman, clinic)
    after_grace(postman)
    with desk():
        move(MoveRequest(visit, LATER), at=postman.now)
    with desk():
        cancel(CancelRequest(visit, "ill"), at=postman.now)
    after_grace(postman)
    assert said(owner)[1:] == [("cancellation", visit, TOMORROW)]
    assert "is canceled" in mailbox(owner)[1]["subject"]


def test_another_room_or_a_confirmed_visit_is_no_news_but_another_provider_is(
    desk: Changing, postman: Postman, clinic: Clinic, owner: Owner
) -> None:
    visit = booked(desk, postman, clinic)
    after_grace(postman)
    with desk():
        confirm(visit, at=postman.now)
    with desk():
        move(MoveRequest(visit, TOMORROW, clinic.providers[0]), at=postman.now)
    after_grace(postman)
    assert len(said(owner)) == 1
    with desk():
        move(MoveRequest(visit, TOMORROW, clinic.providers[1]), at=postman.now)
    after_grace(postman)
    assert said(owner)[1:] == [("change", visit, TOMORROW)]
    assert "The time is the same as before" in mailbox(owner)[1]["body"]


def test_nobody_is_told_of_what_happens_while_they_are_there(
    desk: Changing, postman: Postman, clinic: Clinic, owner: Owner
) -> None:
    visit = booked(desk, postman, clinic, starts=clock_time(9))
    after_grace(postman)
    with desk():
        check_in(visit, at=postman.now)
    postman.works(NOW + DAY)
    assert [kind for kind, _, _ in said(owner)] == ["confirmation"]


def test_visits_of_one_press_are_one_message(desk: Changing, postman: Postman, clinic: Clinic, owner: Owner) -> None:
    with desk():
        for day in range(1, 4):
            book(wish(clinic, clock_time(10) + day * DAY), actor=ACTOR, at=postman.now)
    after_grace(postman)
    assert len(said(owner)) == 3
    (item,) = mailbox(owner)
    assert "3 visits" in item["subject"]
    assert item["body"].count("10:00 AM") == 3


def test_the_dead_get_nothing(desk: Changing, postman: Postman, clinic: Clinic, owner: Owner) -> None:
    booked(desk, postman, clinic)
    owner.execute("UPDATE patient SET deceased_at = %s WHERE id = %s", (NOW, clinic.patients[0]))
    after_grace(postman)
    assert messages(owner, "%") == []


def test_whoever_dies_between_the_decision_and_the_sending_gets_nothing(
    desk: Changing, postman: Postman, clinic: Clinic, owner: Owner
) -> None:
    booked(desk, postman, clinic)
    postman.works(NOW)
    postman.now = NOW + GRACE
    (job,) = postman.promised("notify.consider")
    postman.does(job)
    owner.execute("UPDATE patient SET deceased_at = %s WHERE id = %s", (NOW, clinic.patients[0]))
    after_grace(postman)
    assert [(each["state"], each["reason"]) for each in messages(owner, "%")] == [("skipped", "deceased")]
    assert mailbox(owner) == []


def test_of_two_records_that_became_one_the_one_that_stays_is_told(
    desk: Changing, postman: Postman, clinic: Clinic, owner: Owner, app: Flask
) -> None:
    goes, stays = clinic.patients[0], clinic.patients[1]
    booked(desk, postman, clinic)
    with app.app_context(), transactional(factories.scope(Role.MANAGER)):
        merge(stays, goes, actor=None, at=NOW)
    after_grace(postman)
    assert [item["recipient"] for item in mailbox(owner)] == ["rosa1@example.com"]
    assert messages(owner)[0]["patient_id"] == stays


def test_without_an_address_it_is_written_down_that_nobody_was_told(
    desk: Changing, postman: Postman, clinic: Clinic, owner: Owner
) -> None:
    nobody = factories.patient(owner)
    booked(desk, postman, clinic, patient_id=nobody)
    after_grace(postman)
    assert [(each["state"], each["reason"]) for each in messages(owner, "%")] == [("skipped", "no_address")]


def test_what_happened_days_ago_is_no_news(desk: Changing, postman: Postman, clinic: Clinic, owner: Owner) -> None:
    visit = booked(desk, postman, clinic, starts=TOMORROW + timedelta(days=7))
    postman.now = NOW + NEWS_LASTS + timedelta(hours=1)
    postman.works(postman.now)
    assert messages(owner, "%") == []
    with desk():
        move(MoveRequest(visit, LATER + timedelta(days=7)), at=postman.now)
    after_grace(postman)
    assert [kind for kind, _, _ in said(owner)] == ["change"]


def test_notices_of_the_portal_go_to_who_may_know_of_visits_now(
    desk: Changing, postman: Postman, clinic: Clinic, owner: Owner
) -> None:
    patient, accounts = clinic.patients[0], [factories.account(owner, "patient") for _ in range(4)]
    trusted: list[tuple[str, list[str], datetime | None]] = [
        ("self", [], None), ("carer", ["visits"], None), ("carer", ["money"], None), ("carer", ["visits"], NOW),
    ]  # fmt: skip
    for account, (relation, purposes, ends_at) in zip(accounts, trusted, strict=True):
        factories.insert(
            owner, "account_patient", account_id=account, patient_id=patient, relation=relation, purposes=purposes,
            ends_at=ends_at,
        )  # fmt: skip
    booked(desk, postman, clinic)
    after_grace(postman)
    there = {message["account_id"] for message in messages(owner) if message["channel"] == "in_app"}
    assert there == set(accounts[:2])


@pytest.mark.parametrize(
    ("chosen", "ways"),
    [
        ({}, ["email"]),
        ({"visits": "sms"}, ["sms"]),
        ({"visits": "both"}, ["email", "sms"]),
        ({"visits": "none"}, []),
        ({"visits": "none", "reminders": "both"}, []),
    ],
)
def test_people_are_told_in_the_way_they_chose(
    desk: Changing, postman: Postman, clinic: Clinic, owner: Owner, chosen: dict[str, str], ways: list[str]
) -> None:
    mobile(owner, clinic.patients[0])
    prefers(owner, clinic.patients[0], **chosen)
    booked(desk, postman, clinic)
    after_grace(postman)
    assert sorted(item["channel"] for item in mailbox(owner)) == ways


def test_a_text_says_it_in_one_part(desk: Changing, postman: Postman, clinic: Clinic, owner: Owner) -> None:
    mobile(owner, clinic.patients[0])
    prefers(owner, clinic.patients[0], visits="sms")
    booked(desk, postman, clinic)
    after_grace(postman)
    (item,) = mailbox(owner)
    assert item["recipient"] == "+12075550142"
    assert "your visit is booked for Tue, Nov 24, 10:00 AM EST." in item["body"]
    assert len(item["body"]) <= 160


def test_whoever_has_no_address_takes_texts(desk: Changing, postman: Postman, clinic: Clinic, owner: Owner) -> None:
    person = factories.patient(owner)
    factories.phone(owner, person, "(207) 555-0177")
    booked(desk, postman, clinic, patient_id=person)
    after_grace(postman)
    assert [item["recipient"] for item in mailbox(owner)] == ["+12075550177"]


def test_a_childs_mail_goes_to_a_parent_until_the_child_has_an_address(
    desk: Changing, postman: Postman, clinic: Clinic, owner: Owner
) -> None:
    child = factories.patient(owner, given="Mia", birth_date=date(2018, 5, 1))
    mum = factories.account(owner, "patient", email="mum@example.com")
    factories.insert(owner, "account_patient", account_id=mum, patient_id=child, relation="parent", purposes=["visits"])
    booked(desk, postman, clinic, patient_id=child)
    after_grace(postman)
    (item,) = mailbox(owner)
    assert item["recipient"] == "mum@example.com"
    assert "This is for Mia." in item["body"]
    email(owner, child, "mia@example.com")
    booked(desk, postman, clinic, patient_id=child, starts=LATER)
    after_grace(postman)
    assert mailbox(owner)[1]["recipient"] == "mia@example.com"


def test_an_offer_of_the_waiting_list_goes_out_at_once(
    app: Flask, postman: Postman, clinic: Clinic, owner: Owner
) -> None:
    waiting = waiter(owner, clinic, patient_id=clinic.patients[1])
    offer = offered(app, owner, clinic, to=waiting)
    postman.works(NOW)
    assert said(owner) == [("offer", offer["id"], clock_time(10))]
    (item,) = mailbox(owner)
    assert f"/me/{clinic.patients[1]}/offers/{offer['id']}\n" in item["body"]
    assert "8:30 AM" in item["body"]


def test_an_offer_that_is_over_is_not_sent(app: Flask, postman: Postman, clinic: Clinic, owner: Owner) -> None:
    waiting = waiter(owner, clinic, patient_id=clinic.patients[1])
    offer = offered(app, owner, clinic, to=waiting)
    for name in ("activity.project_changes", "notify.consider"):
        for job in postman.promised(name):
            postman.does(job)
    owner.execute("UPDATE waiting_offer SET outcome = 'refused', answered_at = %s WHERE id = %s", (NOW, offer["id"]))
    postman.works(NOW)
    assert [(each["kind"], each["reason"]) for each in messages(owner, "%")] == [("offer", "overtaken")]
