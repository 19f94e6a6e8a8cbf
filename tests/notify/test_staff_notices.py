"""Staff are told what happened without them: once, whom it concerns, and until they have looked."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from tests import factories
from tests.factories import NOW, clock_time
from tests.morning import eight_in_the_morning
from tests.notify.staff import canceled, happened, new, rosa, sam, visit_of
from tests.stack.people import FRAGMENT
from webapp import clock, dynamo
from webapp.dynamo import spent
from webapp.identity.session_items import COUNTED, READ, key_of
from webapp.identity.session_items import NOTICES as TABLE
from webapp.news import News
from webapp.notify import staff_list
from webapp.notify.audiences import Audience
from webapp.notify.staff_jobs import forget, tell

if TYPE_CHECKING:
    from flask import Flask

    from tests.booking.wishes import Owner
    from tests.factories import Clinic
    from tests.notify.postman import Postman
    from tests.stack.database import Database
    from tests.stack.people import SignIn, Visitor

__all__ = ["eight_in_the_morning", "rosa", "sam"]

PAGES = ("/board/2026-11-23", "/patients", "/waiting", "/home", "/my-day", "/settings/services", "/my-sessions", "/x")
DAY = timedelta(days=1)


def test_a_job_that_is_done_again_tells_nothing_twice(app: Flask, sam: Visitor) -> None:
    subject = uuid4()
    sent: dict[str, Any] = {"subject": str(subject), "happened": NOW.isoformat(), "slot": NOW.isoformat()}
    with app.app_context():
        for _ in range(3):
            tell("undelivered", **sent)
    assert new(sam) == 1


@pytest.mark.parametrize(
    ("role", "count", "shown"),
    [
        ("receptionist", 2, {"/patients/undelivered", "/registrations"}),
        ("clinician", 1, {"/patients/undelivered"}),
        ("manager", 4, {"/patients/undelivered", "/registrations", "/jobs", "/activity/chain"}),
        ("auditor", 2, {"/jobs", "/activity/chain"}),
    ],
)
def test_only_what_one_may_see_to_is_counted_and_listed(
    app: Flask, sign_in: SignIn, clinic: Clinic, owner: Owner, role: str, count: int, shown: set[str]
) -> None:
    account, registration = sign_in("patient", at=NOW).account_id, uuid4()
    factories.insert(
        owner, "portal_registration", id=registration, account_id=account, given="Ana", family="Ruiz",
        birth_date="1973-03-04", phone="(207) 555-0142", created_at=NOW,
    )  # fmt: skip
    happened(app, News.UNDELIVERED, clinic.patients[0])
    happened(app, News.REGISTRATION, registration)
    happened(app, News.JOB_FAILED, "billing.reconcile")
    happened(app, News.AUDIT_BROKEN)
    person = sign_in(role, at=NOW)
    assert new(person) == count
    page = person.get("/notices").text
    every = {"/patients/undelivered", "/registrations", "/jobs", "/activity/chain"}
    main = page.split('<main class="main"')[1].split("</main>")[0]
    assert {each for each in every if f'href="{each}"' in main} == shown
    assert new(person) == 0


def test_whom_no_notice_concerns_sees_no_bell(app: Flask, sign_in: SignIn) -> None:
    happened(app)
    person = sign_in("coordinator", at=NOW)
    assert 'id="bell"' not in person.get("/home").text
    assert "No notices" in person.get("/notices").text


def calls(app: Flask, person: Visitor, page: str, **headers: str) -> list[tuple[str, str]]:
    """What a page asks of DynamoDB before anything else."""
    with app.test_request_context(page, headers={"Cookie": f"anteroom={person.cookie}", **headers}):
        assert app.full_dispatch_request().status_code in {200, 404}
        return spent().calls


@pytest.mark.parametrize("page", PAGES)
def test_the_count_comes_with_the_session_in_one_round_trip(app: Flask, sign_in: SignIn, page: str) -> None:
    person = sign_in("receptionist", "clinician", "manager", at=NOW)
    happened(app)
    assert new(person, page) == 1
    asked = calls(app, person, page)
    assert asked[0] == ("BatchGetItem", "sessions,notifications")
    assert not [call for call in asked[1:] if call[0] == "BatchGetItem" or call[1] == "notifications"]


def test_parts_of_pages_and_what_asks_by_itself_read_the_session_alone(app: Flask, sam: Visitor) -> None:
    for headers in ({"X-Poll": "1"}, FRAGMENT):
        assert calls(app, sam, "/board/2026-11-23", **headers)[0] == ("BatchGetItem", "sessions")
    assert calls(app, sam, "/notices/bell", **FRAGMENT) == [("BatchGetItem", "sessions,notifications")]


def test_without_the_counter_there_is_no_number_and_no_error(app: Flask, sam: Visitor) -> None:
    happened(app)
    sam.get("/notices")
    with app.app_context():
        dynamo.client().delete(TABLE, COUNTED)
    assert new(sam) == 0
    assert sam.get("/notices").status_code == 200
    happened(app)
    assert new(sam) == 0  # less was counted than was read: never below nothing


def test_a_tab_from_before_takes_nothing_back(app: Flask, sam: Visitor) -> None:
    happened(app)
    with app.app_context():
        before = dynamo.client().get(TABLE, COUNTED)
    assert before is not None
    happened(app)
    sam.get("/notices")
    assert sam.account_id is not None
    with app.app_context():
        staff_list.mark_read(sam.account_id, [Audience.FRONT], before, NOW)
        assert (dynamo.client().get(TABLE, key_of(sam.account_id, READ)) or {})["of_front"] == 2
    assert new(sam) == 0


def test_asking_only_for_the_head_of_the_list_is_not_reading_it(app: Flask, sam: Visitor) -> None:
    happened(app)
    sam.client.head("/notices")
    assert new(sam) == 1


def test_what_is_two_weeks_old_is_neither_listed_nor_unread(app: Flask, sign_in: SignIn, clinic: Clinic) -> None:
    for days in (0, 1, 10):
        happened(app, News.UNDELIVERED, clinic.patients[0], NOW + days * DAY)
    later = NOW + 14 * DAY + timedelta(hours=1)
    with clock.stopped_at(later):
        with app.app_context():
            forget(0)
        newcomer = sign_in("receptionist", at=later)
        assert new(newcomer) == 2
        assert newcomer.get("/notices").text.count("A message to ") == 2
        assert new(newcomer) == 0


def test_nothing_in_dynamodb_says_who_or_what(
    rosa: Visitor, clinic: Clinic, owner: Owner, postman: Postman, database: Database
) -> None:
    canceled(rosa, clinic, visit_of(owner, clinic, clock_time(10)))
    postman.works(postman.now)
    client, prefix = database.stack.aws.client("dynamodb"), database.environment["DYNAMO_PREFIX"]
    items = client.scan(TableName=f"{prefix}{TABLE}")["Items"]
    (notice,) = [item for item in items if item["account"]["S"] == "staff.front"]
    assert set(notice) == {"account", "sk", "kind", "subject", "at", "expires_at"}
    (patient,) = owner.execute("SELECT given, family FROM patient WHERE id = %s", clinic.patients[:1]).fetchall()
    assert not [name for name in patient.values() if name in repr(notice)]


def test_when_there_is_nothing_it_says_so(sam: Visitor) -> None:
    assert "No notices" in sam.get("/notices").text
