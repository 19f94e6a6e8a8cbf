"""Signing up, through the pages, PostgreSQL, DynamoDB and the pool.

The local emulator takes every mailed code: that a wrong or old one is refused is AWS only.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from tests import factories
from tests.portal import signing_up
from tests.portal.signing_up import (
    BORN,
    PASSWORD,
    browser,
    eight_in_the_morning,
    go_in,
    invited,
    is_inside,
    links,
    new_email,
    owner,
    prove_address,
    rosa,
    show_code,
    sign_up,
)
from tests.stack.people import Visitor
from webapp import clock
from webapp.activity import queries as activity_log
from webapp.identity.permissions import Purpose, Relation
from webapp.identity.portal_actions import PortalInvite

if TYPE_CHECKING:
    from flask import Flask
    from psycopg import Connection


__all__ = ["eight_in_the_morning", "owner", "rosa"]

FAR = datetime(2027, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def test_a_code_leads_to_an_account_that_signs_in_and_sees_its_own_record(
    app: Flask, owner: Connection[Any], rosa: UUID, visitor: Visitor
) -> None:
    email, code = new_email(), invited(app, PortalInvite(rosa), clock.now())
    for step in (show_code(visitor, code.text.lower().replace("-", " ")), signing_up.give_address(visitor, email)):
        assert step.status_code == 303
        assert not is_inside(visitor)
    assert links(owner, rosa) == []
    done = prove_address(visitor)
    assert done.location == "/sign-in"
    assert not is_inside(visitor)
    assert links(owner, rosa) == [(email, "self")]
    assert go_in(visitor, email).status_code == 303
    assert "Rosa" in visitor.get("/me").text
    (account,) = owner.execute("SELECT id, display_name FROM account WHERE email = %s", (email,)).fetchall()
    assert account[1] == "Rosa Jimenez"
    with app.app_context():
        assert "signed_up" in [record.action for record in activity_log.of_actor(account[0])]


@pytest.mark.parametrize("relation", [Relation.SELF, Relation.PARENT])
def test_a_code_pressed_by_many_at_once_makes_one_account(
    app: Flask, owner: Connection[Any], rosa: UUID, relation: Relation
) -> None:
    owner.execute("UPDATE patient SET birth_date = '2020-03-04' WHERE id = %s", (rosa,))
    code = invited(app, PortalInvite(rosa, relation), clock.now())
    name = {} if relation is Relation.SELF else {"name": "Ada Lovelace"}
    browsers = [browser(app) for _ in range(6)]
    for each in browsers:
        show_code(each, code.text, "3/4/2020")
        signing_up.give_address(each, new_email(), **name)
    before = owner.execute("SELECT count(*) FROM account").fetchone()
    with ThreadPoolExecutor(len(browsers)) as threads:
        statuses = sorted(threads.map(lambda each: prove_address(each).status_code, browsers))
    # The rest is told that the code is over, or to come back when the crowd at one address is gone.
    assert statuses[0] == 303
    assert set(statuses[1:]) <= {422, 429}
    assert len(links(owner, rosa)) == 1
    after = owner.execute("SELECT count(*) FROM account").fetchone()
    assert before is not None
    assert after == (before[0] + 1,)


def test_one_sign_up_pressed_twice_at_once_is_one_account(app: Flask, owner: Connection[Any], rosa: UUID) -> None:
    email, code = new_email(), invited(app, PortalInvite(rosa), clock.now())
    first, second = browser(app), browser(app)
    show_code(first, code.text)
    signing_up.give_address(first, email)
    with first.client.session_transaction() as mine, second.client.session_transaction() as theirs:
        theirs["sign_up"] = mine["sign_up"]
    with ThreadPoolExecutor(2) as threads:
        statuses = list(threads.map(lambda each: prove_address(each).status_code, (first, second)))
    # Who comes later finds it done, or finds the half-done sign-up gone.
    assert set(statuses) <= {303, 422}
    assert 303 in statuses
    assert links(owner, rosa) == [(email, "self")]


def test_an_address_that_has_an_account_is_told_to_the_owner_of_the_mailbox_only_and_left_as_it_is(
    app: Flask, owner: Connection[Any], rosa: UUID, visitor: Visitor
) -> None:
    email, code = new_email(), invited(app, PortalInvite(rosa), clock.now())
    there = factories.account(owner, "manager", email=email)
    known = (show_code(visitor, code.text).status_code, signing_up.give_address(visitor, email))
    other = browser(app)
    unknown = (show_code(other, code.text).status_code, signing_up.give_address(other, new_email()))
    assert (known[0], known[1].status_code, known[1].location) == (
        unknown[0],
        unknown[1].status_code,
        unknown[1].location,
    )
    answer = prove_address(visitor)
    assert answer.status_code == 409
    assert "You have an account already" in answer.text
    assert links(owner, rosa) == []
    assert owner.execute("SELECT id, cognito_sub FROM account WHERE email = %s", (email,)).fetchall() == [(there, None)]
    assert owner.execute("SELECT role FROM account_role WHERE account_id = %s", (there,)).fetchall() == [("manager",)]
    assert owner.execute("SELECT used_at FROM portal_invitation").fetchone() == (None,)


def test_without_a_code_there_is_an_account_that_sees_nobody_and_waits(
    app: Flask, owner: Connection[Any], rosa: UUID, visitor: Visitor
) -> None:
    email = new_email()
    form = {"given": "Rosa", "family": "Jimenez", "birth_date": BORN, "phone": "207 555 0142", "email": email}
    assert visitor.post("/sign-up/register", form | {"new_password": PASSWORD}).location == "/sign-up/confirm"
    assert owner.execute("SELECT count(*) FROM portal_registration").fetchone() == (0,)
    assert prove_address(visitor).location == "/sign-in"
    assert not is_inside(visitor)
    assert owner.execute("SELECT given, family, birth_date, phone, status FROM portal_registration").fetchall() == [
        ("Rosa", "Jimenez", date(1973, 3, 4), "(207) 555-0142", "waiting")
    ]
    told = "SELECT args ->> 'kind', args ->> 'subject' = (SELECT id::text FROM portal_registration)"
    jobs = owner.execute(f"{told} FROM jobs.procrastinate_jobs WHERE task_name = 'notify.tell_staff'".encode())
    assert jobs.fetchall() == [("registration", True)]
    assert links(owner, rosa) == []
    assert go_in(visitor, email).status_code == 303
    assert visitor.get(f"/me/{rosa}/profile").status_code == 404


def test_registering_says_the_same_whether_the_clinic_knows_the_person_or_the_address(
    app: Flask, owner: Connection[Any], rosa: UUID
) -> None:
    taken = new_email()
    factories.account(owner, "patient", email=taken)
    form = {"given": "Rosa", "family": "Jimenez", "birth_date": BORN, "phone": "207 555 0142", "new_password": PASSWORD}
    tries = [form | {"email": new_email()}, form | {"email": taken}, form | {"given": "Nobody", "email": new_email()}]
    answers = [browser(app).post("/sign-up/register", each) for each in tries]
    assert {(answer.status_code, answer.location, answer.text) for answer in answers} == {
        (303, "/sign-up/confirm", answers[0].text)
    }
    assert links(owner, rosa) == []


def test_bad_input_is_told_in_words_and_kept(visitor: Visitor) -> None:
    form = {
        "given": "",
        "family": "",
        "birth_date": "2/30/1990",
        "phone": "7",
        "email": "x",
        "new_password": "short",
    }
    answer = visitor.post("/sign-up/register", form)
    assert answer.status_code == 422
    for words in ("Enter the first name", "A date that exists", "area code", "an @", "at least 12 characters"):
        assert words.lower() in answer.text.lower()
    assert "2/30/1990" in answer.text
    assert "short" not in answer.text
    assert visitor.post("/sign-up/register", form | {"role": "manager"}).status_code == 422


def test_a_helper_gets_an_account_of_their_own_with_what_was_granted_and_no_more(
    app: Flask, owner: Connection[Any], rosa: UUID, visitor: Visitor
) -> None:
    wanted = PortalInvite(rosa, Relation.CARER, "Ada", frozenset({Purpose.VISITS}), FAR, consented=True)
    email, code = new_email(), invited(app, wanted, clock.now())
    show_code(visitor, code.text)
    assert 'value="Ada"' in visitor.get("/sign-up/account").text
    signing_up.give_address(visitor, email, name="Ada Lovelace")
    prove_address(visitor)
    row = owner.execute("SELECT relation, purposes, ends_at, consent_at IS NULL FROM account_patient").fetchone()
    assert row == ("carer", ["visits"], FAR, False)
    assert owner.execute("SELECT display_name FROM account WHERE email = %s", (email,)).fetchone() == ("Ada Lovelace",)


def test_a_half_done_sign_up_is_over_after_half_an_hour_and_is_nobody_elses(
    app: Flask, rosa: UUID, visitor: Visitor
) -> None:
    code = invited(app, PortalInvite(rosa))
    with clock.stopped_at(factories.NOW):
        show_code(visitor, code.text)
        assert browser(app).get("/sign-up/account").status_code == 422
        assert visitor.get("/sign-up/account").status_code == 200
    with clock.stopped_at(factories.NOW + timedelta(minutes=30)):
        assert visitor.get("/sign-up/account").status_code == 422


def test_a_patient_whose_password_is_forgotten_chooses_another(app: Flask, rosa: UUID, visitor: Visitor) -> None:
    email, code = new_email(), invited(app, PortalInvite(rosa), clock.now())
    sign_up(visitor, code.text, email)
    assert visitor.post("/sign-in/forgot", {"email": email}).status_code == 200
    new = "another four odd words"
    answer = visitor.post("/sign-in/reset", {"email": email, "code": "123456", "new_password": new})
    assert answer.location == "/sign-in"
    assert go_in(visitor, email).status_code == 422
    assert go_in(visitor, email, new).status_code == 303
