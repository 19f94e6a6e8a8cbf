"""Helpers of a patient: given by the patient, ended at once, on the day, and never anybody else's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest

from tests import factories
from tests.access_rows import NOBODYS_ID
from tests.factories import NOW, clock_time
from tests.portal.signing_up import owner
from tests.portal.views.test_booking import press, wanted
from webapp import clock
from webapp.identity.permissions import BY_RELATION, GRANTABLE, Purpose, Relation
from webapp.identity.person import Grant

if TYPE_CHECKING:
    from flask import Flask
    from psycopg import Connection

    from tests.factories import Clinic
    from tests.stack.people import SignIn, Visitor

__all__ = ["owner"]

HELP = {"holder": "Ada Lovelace", "purposes": ["visits"], "until": "12/31/2026"}
FULL = frozenset({*GRANTABLE, Purpose.PROFILE})


@pytest.fixture
def rosa(clinic: Clinic) -> UUID:
    return clinic.patients[0]


def own(patient: UUID) -> Grant:
    return Grant(patient, may=BY_RELATION[Relation.SELF], name="Rosa Jimenez")


@pytest.fixture
def me(sign_in: SignIn, rosa: UUID) -> Visitor:
    return sign_in("patient", at=NOW, grants=(own(rosa),))


def code_on(page: str) -> str:
    return page.split('letter-code num">')[1].split("<", maxsplit=1)[0]


def test_a_helper_is_invited_with_consent_and_comes_in_for_what_was_granted(
    me: Visitor, owner: Connection[Any], rosa: UUID, visitor: Visitor
) -> None:
    made = me.post(f"/me/{rosa}/family/new", HELP)
    code = code_on(me.get(made.location).text)
    row = owner.execute(
        "SELECT relation, purposes, access_ends_at, consent_at, created_by FROM portal_invitation"
    ).fetchone()
    assert row == ("carer", ["visits"], datetime(2027, 1, 1, 5, tzinfo=UTC), NOW, me.account_id)
    assert "Ada Lovelace" in me.get(f"/me/{rosa}/family").text
    assert visitor.post("/sign-up", {"code": code, "birth_date": "3/4/1973"}).status_code == 303
    assert me.post(f"{made.location}/withdraw").status_code == 303
    assert me.get(made.location).status_code == 404


def test_pressed_twice_there_is_one_code(me: Visitor, owner: Connection[Any], rosa: UUID) -> None:
    key = uuid4()
    first, second = (me.post(f"/me/{rosa}/family/new", HELP, key=key) for _ in range(2))
    assert (first.status_code, first.location) == (second.status_code, second.location)
    assert owner.execute("SELECT count(*) FROM portal_invitation").fetchone() == (1,)


def test_letting_somebody_in_asks_for_the_password_when_that_was_long_ago(me: Visitor, rosa: UUID) -> None:
    with clock.stopped_at(NOW + timedelta(minutes=6)):
        assert me.post(f"/me/{rosa}/family/new", HELP).location.startswith("/session/renew")


def test_bad_input_is_told_and_kept(me: Visitor, owner: Connection[Any], rosa: UUID) -> None:
    answer = me.post(f"/me/{rosa}/family/new", {"holder": "", "purposes": ["everything"], "until": "31.31."})
    assert answer.status_code == 422
    assert "31.31." in answer.text
    for form in ({**HELP, "until": ""}, {**HELP, "until": "11/22/2026"}, {**HELP, "holder": "x" * 101}):
        assert me.post(f"/me/{rosa}/family/new", form).status_code == 422
    assert owner.execute("SELECT count(*) FROM portal_invitation").fetchone() == (0,)


@pytest.mark.parametrize("relation", [Relation.PARENT, Relation.GUARDIAN, Relation.CARER])
def test_whoever_acts_for_somebody_lets_nobody_else_in(
    sign_in: SignIn, owner: Connection[Any], rosa: UUID, relation: Relation
) -> None:
    visitor = sign_in("patient", at=NOW, grants=(Grant(rosa, None, FULL, relation),))
    assert visitor.get(f"/me/{rosa}").status_code == 200
    assert visitor.get(f"/me/{rosa}/family").status_code == 404
    assert visitor.post(f"/me/{rosa}/family/new", HELP).status_code == 404
    assert owner.execute("SELECT count(*) FROM portal_invitation").fetchone() == (0,)


def test_ended_help_is_over_with_the_next_request_and_nobody_elses(
    sign_in: SignIn, me: Visitor, owner: Connection[Any], rosa: UUID
) -> None:
    grant = Grant(rosa, None, frozenset({Purpose.VISITS}), Relation.CARER)
    helper, other = (sign_in("patient", at=NOW, grants=(grant,)) for _ in range(2))
    row = {"account_id": helper.account_id, "patient_id": rosa, "relation": "carer", "purposes": ["visits"]}
    factories.insert(owner, "account_patient", **row)
    assert me.post(f"/me/{rosa}/family/helpers/{other.account_id}/end").status_code == 404
    assert me.post(f"/me/{rosa}/family/helpers/{helper.account_id}/end").status_code == 303
    assert helper.get(f"/me/{rosa}").status_code == 303
    assert other.get(f"/me/{rosa}").status_code == 200
    assert me.get(f"/me/{rosa}/family").status_code == 200


def test_help_that_ends_between_look_and_press_books_nothing(
    sign_in: SignIn, me: Visitor, owner: Connection[Any], rosa: UUID, clinic: Clinic
) -> None:
    helper = sign_in("patient", at=NOW, grants=(Grant(rosa, None, frozenset({Purpose.VISITS}), Relation.CARER),))
    row = {"account_id": helper.account_id, "patient_id": rosa, "relation": "carer", "purposes": ["visits"]}
    factories.insert(owner, "account_patient", **row)
    page = helper.post(f"/me/{rosa}/book", wanted(clinic, clock_time(10))).location
    assert "Book this visit" in helper.get(page).text
    assert me.post(f"/me/{rosa}/family/helpers/{helper.account_id}/end").status_code == 303
    assert press(helper, page).location.startswith("/sign-in")
    assert owner.execute("SELECT status FROM appointment").fetchall() == [("held",)]


def test_patients_do_not_end_their_own_account_by_this(me: Visitor, owner: Connection[Any], rosa: UUID) -> None:
    factories.insert(owner, "account_patient", account_id=me.account_id, patient_id=rosa, relation="self")
    assert me.post(f"/me/{rosa}/family/helpers/{me.account_id}/end").status_code == 404
    assert owner.execute("SELECT ends_at FROM account_patient").fetchone() == (None,)


def test_a_code_lets_an_account_that_is_there_act_for_one_more(
    app: Flask, me: Visitor, sign_in: SignIn, owner: Connection[Any], rosa: UUID, clinic: Clinic
) -> None:
    code = code_on(me.get(me.post(f"/me/{rosa}/family/new", HELP).location).text)
    paul = sign_in("patient", at=NOW, grants=(own(clinic.patients[1]),))
    assert paul.post("/me/code", {"code": code, "birth_date": "1/1/1990"}).status_code == 422
    answer = paul.post("/me/code", {"code": code, "birth_date": "3/4/1973"})
    assert answer.location == "/sign-in"
    assert paul.get("/me").status_code == 303
    row = owner.execute("SELECT account_id, relation, purposes FROM account_patient").fetchone()
    assert row == (paul.account_id, "carer", ["visits"])
    again = sign_in("patient", at=NOW, grants=(own(clinic.patients[1]),))
    assert again.post("/me/code", {"code": code, "birth_date": "3/4/1973"}).status_code == 422


def test_nobody_becomes_somebody_by_the_code_of_whom_they_act_for(
    sign_in: SignIn, owner: Connection[Any], clinic: Clinic, desk: Visitor
) -> None:
    """A parent's account is not turned into the child's, nor one patient's into another's."""
    paul, mia = clinic.patients[1], factories.patient(owner)
    page = desk.get(desk.post(f"/patients/{mia}/portal/invite", {"relation": "self"}).location).text
    for relation in ("parent", "self"):
        account = sign_in("patient", at=NOW, grants=(own(paul),))
        of = mia if relation == "parent" else paul
        row = {"account_id": account.account_id, "patient_id": of, "relation": relation}
        factories.insert(owner, "account_patient", **row)
        assert account.post("/me/code", {"code": code_on(page), "birth_date": "3/4/1973"}).status_code == 422
    assert owner.execute("SELECT used_at FROM portal_invitation").fetchone() == (None,)


@pytest.mark.parametrize("page", [
    "", "/family", "/family/new", f"/family/codes/{NOBODYS_ID}", "/profile", "/looks", "/download",
])  # fmt: skip
def test_another_patients_id_is_404_everywhere(me: Visitor, clinic: Clinic, page: str) -> None:
    for nobody in (clinic.patients[1], uuid4()):
        assert me.get(f"/me/{nobody}{page}").status_code == 404
        assert me.post(f"/me/{nobody}{page}").status_code in {404, 405}
