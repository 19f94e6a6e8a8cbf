"""The desk invites people to the portal, shows who may act for whom, ends it, and matches registrations."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest

from tests import factories
from tests.factories import NOW
from webapp.activity.queries import of_patient
from webapp.identity.permissions import BY_RELATION, Purpose, Relation
from webapp.identity.person import Grant
from webapp.ids import new_id

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask
    from psycopg import Connection

    from tests.factories import Clinic
    from tests.stack.database import Database
    from tests.stack.people import SignIn, Visitor

SECOND = timedelta(seconds=1)
CARER = {"relation": "carer", "holder": "Ada Lovelace", "purposes": ["visits", "money"], "until": "11/30/2026"}


@pytest.fixture
def owner(database: Database) -> Iterator[Connection[Any]]:
    with database.administer() as connection:
        yield connection


@pytest.fixture
def rosa(clinic: Clinic) -> UUID:
    return clinic.patients[0]


def invite(desk: Visitor, patient: UUID, **form: Any) -> Any:
    return desk.post(f"/patients/{patient}/portal/invite", form)


def code_of(desk: Visitor, location: str) -> str:
    page = desk.get(location).text
    return page.split('letter-code num">')[1].split("<")[0]


def invitations(owner: Connection[Any]) -> list[tuple[Any, ...]]:
    query = """SELECT relation, holder, purposes, access_ends_at, consent_at, withdrawn_at
        FROM portal_invitation ORDER BY withdrawn_at"""
    return owner.execute(query).fetchall()


def test_a_patient_is_invited_and_the_newest_code_alone_counts(
    app: Flask, desk: Visitor, owner: Connection[Any], rosa: UUID, visitor: Visitor
) -> None:
    first = code_of(desk, invite(desk, rosa, relation="self").location)
    second = code_of(desk, invite(desk, rosa, relation="self").location)
    assert first != second
    assert [row[5] for row in invitations(owner)] == [NOW, None]
    assert visitor.post("/sign-up", {"code": first, "birth_date": "3/4/1973"}).status_code == 422
    assert visitor.post("/sign-up", {"code": second, "birth_date": "3/4/1973"}).status_code == 303
    with app.app_context():
        assert "changed" in {record.action for record in of_patient(rosa)}


def test_a_carer_needs_consent_purposes_a_name_and_a_last_day(
    desk: Visitor, owner: Connection[Any], rosa: UUID
) -> None:
    answer = invite(desk, rosa, relation="carer", until="1/1/2040")
    assert answer.status_code == 422
    for words in ("Enter the name", "at least one thing", "within 5 years", "consent"):
        assert words in answer.text
    assert invite(desk, rosa, relation="owner").status_code == 422
    assert invite(desk, rosa, **{**CARER, "until": "11/22/2026", "consented": "1"}).status_code == 422
    assert invitations(owner) == []
    assert invite(desk, rosa, **CARER, consented="1").status_code == 303
    midnight = datetime(2026, 12, 1, 5, tzinfo=UTC)
    assert invitations(owner) == [("carer", "Ada Lovelace", ["money", "visits"], midnight, NOW, None)]


def test_a_parent_is_invited_for_a_child_and_for_nobody_else(desk: Visitor, owner: Connection[Any], rosa: UUID) -> None:
    wanted = {"relation": "parent", "holder": "Ada", "purposes": ["visits"]}
    answer = invite(desk, rosa, **wanted)
    assert answer.status_code == 422
    assert "is of age" in answer.text
    owner.execute("UPDATE patient SET birth_date = '2008-11-24' WHERE id = %s", (rosa,))
    assert invite(desk, rosa, **wanted).status_code == 303
    owner.execute("UPDATE patient SET birth_date = '2008-11-23' WHERE id = %s", (rosa,))
    assert invite(desk, rosa, **wanted).status_code == 422


def test_a_patient_with_an_account_gets_no_second_one(desk: Visitor, owner: Connection[Any], rosa: UUID) -> None:
    account = factories.account(owner, "patient")
    factories.insert(owner, "account_patient", account_id=account, patient_id=rosa, relation="self")
    answer = invite(desk, rosa, relation="self")
    assert answer.status_code == 409
    assert "portal account already" in answer.text


def test_a_withdrawn_code_lets_nobody_in_and_is_shown_no_more(
    desk: Visitor, rosa: UUID, clinic: Clinic, visitor: Visitor
) -> None:
    letter = invite(desk, rosa, relation="self").location
    code = code_of(desk, letter)
    other = letter.replace(str(rosa), str(clinic.patients[1]))
    assert desk.get(other).status_code == 404
    assert desk.post(f"{other}/withdraw").status_code == 404
    assert desk.post(f"{letter}/withdraw").status_code == 303
    assert desk.get(letter).status_code == 404
    assert visitor.post("/sign-up", {"code": code, "birth_date": "3/4/1973"}).status_code == 422


def test_ended_access_is_over_with_the_next_request(
    sign_in: SignIn, desk: Visitor, owner: Connection[Any], rosa: UUID
) -> None:
    helper = sign_in("patient", at=NOW, grants=(Grant(rosa, None, frozenset({Purpose.VISITS}), Relation.CARER),))
    assert helper.get(f"/me/{rosa}").status_code == 200
    row = {"account_id": helper.account_id, "patient_id": rosa, "relation": "carer", "purposes": ["visits"]}
    factories.insert(owner, "account_patient", **row)
    assert desk.post(f"/patients/{rosa}/portal/accounts/{helper.account_id}/end").status_code == 303
    assert helper.get(f"/me/{rosa}").status_code == 303
    assert owner.execute("SELECT ends_at FROM account_patient").fetchone() == (NOW,)
    assert "Nobody yet" in desk.get(f"/patients/{rosa}/portal").text


def test_nobody_is_signed_out_by_the_id_of_a_stranger(sign_in: SignIn, desk: Visitor, rosa: UUID) -> None:
    stranger = sign_in("patient", at=NOW, grants=(Grant(rosa, may=BY_RELATION[Relation.SELF]),))
    assert desk.post(f"/patients/{rosa}/portal/accounts/{stranger.account_id}/end").status_code == 404
    assert stranger.get(f"/me/{rosa}").status_code == 200


def test_a_record_given_to_the_wrong_account_is_taken_back(desk: Visitor, owner: Connection[Any], rosa: UUID) -> None:
    wrong = factories.account(owner, "patient")
    factories.insert(owner, "account_patient", account_id=wrong, patient_id=rosa, relation="self")
    assert desk.post(f"/patients/{rosa}/portal/accounts/{wrong}/end").status_code == 303
    assert owner.execute("SELECT count(*) FROM account_patient").fetchone() == (0,)
    assert invite(desk, rosa, relation="self").status_code == 303


def test_another_age_of_the_practice_signs_parents_out_and_counts_at_once(
    sign_in: SignIn, owner: Connection[Any], rosa: UUID
) -> None:
    manager, parent = sign_in("manager", at=NOW), factories.account(owner, "patient")
    factories.insert(owner, "account_patient", account_id=parent, patient_id=rosa, relation="parent")
    for years, status in (("9", 422), ("26", 422), ("x", 422), ("16", 303)):
        assert manager.post("/settings/portal", {"adult_at": years, "version": "0"}).status_code == status
    assert manager.post("/settings/portal", {"adult_at": "17", "version": "0"}).status_code == 409
    assert owner.execute("SELECT adult_at FROM portal_rule").fetchall() == [(16,)]
    query = "SELECT args ->> 'account' FROM jobs.procrastinate_jobs WHERE task_name = 'identity.end_sessions'"
    assert owner.execute(query).fetchall() == [(str(parent),)]


# --- registrations


@pytest.fixture
def waiting(owner: Connection[Any]) -> UUID:
    made = new_id()
    factories.insert(
        owner, "portal_registration", id=made, account_id=factories.account(owner, "patient"), given="Rosa",
        family="Jimenez", birth_date=date(1973, 3, 4), phone="(207) 555-0142", created_at=NOW,
    )  # fmt: skip
    return made


def named_rosa(owner: Connection[Any]) -> UUID:
    return factories.patient(owner, given="Rosa", family="Jimenez", given_key="rosa", family_key="jimenez")


def test_a_registration_is_shown_beside_likely_records_and_matched(
    app: Flask, desk: Visitor, owner: Connection[Any], waiting: UUID
) -> None:
    likely = named_rosa(owner)
    assert "Rosa Jimenez" in desk.get("/registrations").text
    assert f'value="{likely}"' in desk.get(f"/registrations/{waiting}").text
    assert desk.post(f"/registrations/{waiting}/match", {"patient": str(likely)}).status_code == 303
    row = owner.execute("SELECT relation, account_id FROM account_patient WHERE patient_id = %s", (likely,)).fetchone()
    account = owner.execute("SELECT account_id FROM portal_registration").fetchone()
    assert account is not None
    assert row == ("self", account[0])
    assert "Nobody waits" in desk.get("/registrations").text
    with app.app_context():
        assert {record.action for record in of_patient(likely)} >= {"listed", "changed"}


def test_two_people_at_the_desk_decide_once(app: Flask, sign_in: SignIn, owner: Connection[Any], waiting: UUID) -> None:
    records = [named_rosa(owner) for _ in range(4)]
    desks = [sign_in("receptionist", at=NOW) for _ in records]
    with ThreadPoolExecutor(4) as threads:
        answers = threads.map(
            lambda pair: pair[0].post(f"/registrations/{waiting}/match", {"patient": str(pair[1])}).status_code,
            zip(desks, records, strict=True),
        )
        assert sorted(answers) == [303, 409, 409, 409]
    assert owner.execute("SELECT count(*) FROM account_patient").fetchone() == (1,)


def test_a_record_that_has_an_account_is_matched_with_nobody(
    desk: Visitor, owner: Connection[Any], waiting: UUID
) -> None:
    likely = named_rosa(owner)
    there = factories.account(owner, "patient")
    factories.insert(owner, "account_patient", account_id=there, patient_id=likely, relation="self")
    assert desk.post(f"/registrations/{waiting}/match", {"patient": str(likely)}).status_code == 409
    assert owner.execute("SELECT status FROM portal_registration").fetchone() == ("waiting",)


def test_a_registration_is_matched_by_number_or_refused_with_a_reason(
    desk: Visitor, owner: Connection[Any], waiting: UUID
) -> None:
    for form in ({"number": "0"}, {"number": "x" * 99}, {"patient": str(uuid4())}):
        assert desk.post(f"/registrations/{waiting}/match", form).status_code == 422
    assert desk.post(f"/registrations/{waiting}/match", {"patient": "x"}).status_code == 404
    assert desk.post(f"/registrations/{waiting}/refuse", {"reason": " "}).status_code == 422
    assert desk.post(f"/registrations/{waiting}/refuse", {"reason": "No patient here"}).status_code == 303
    row = owner.execute("SELECT status, reason, decided_at FROM portal_registration").fetchone()
    assert row == ("refused", "No patient here", NOW)
    number = owner.execute("SELECT record_number FROM patient WHERE id = %s", (named_rosa(owner),)).fetchone()
    assert number is not None
    assert desk.post(f"/registrations/{waiting}/match", {"number": str(number[0])}).status_code == 409
