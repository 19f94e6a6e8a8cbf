"""A patient lost the authenticator app: the desk takes it off, for a reason, of the patient's own account alone."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from tests import factories
from tests.identity.accounts import PASSWORD, Account, MakeAccount
from tests.identity.authenticator import code_of
from tests.notify.conftest import clinic, owner, worker_app
from tests.notify.postman import mailbox
from webapp import clock
from webapp.activity import queries as activity_log
from webapp.identity import second_step
from webapp.identity.gateways.cognito import Proof
from webapp.identity.permissions import StaffRole
from webapp.identity.service import identity
from webapp.identity.signing_in import CodeAsked, Moment, Outcome, SignedIn
from webapp.notify import jobs

if TYPE_CHECKING:
    from flask import Flask

    from tests.booking.wishes import Owner
    from tests.factories import Clinic
    from tests.stack.people import SignIn, Visitor

__all__ = ["clinic", "owner", "worker_app"]

ASKED = {"reason": "lost", "identified": "1"}


def now() -> Moment:
    return Moment(clock.now(), "test")


def enter(account: Account) -> Outcome:
    return identity().with_password(account.email, PASSWORD, now())


def with_app(account: Account) -> Account:
    """Let an account set up an app, as a patient may."""
    proof = identity().service.check(str(account.id), PASSWORD)
    assert isinstance(proof, Proof)
    handle = str(identity().ask_to_enroll(account.id, proof, now()).handle)
    secret = second_step.secret_of(identity(), handle, now()).text
    second_step.with_first_code(identity(), handle, code_of(secret), now())
    return account


@pytest.fixture
def desk(sign_in: SignIn) -> Visitor:
    return sign_in("receptionist")


@pytest.fixture
def rosa(clinic: Clinic) -> UUID:
    return clinic.patients[0]


@pytest.fixture
def account(app: Flask, make_account: MakeAccount, owner: Owner, rosa: UUID) -> Account:
    """Rosa's own portal account, with an app."""
    with app.app_context():
        made = with_app(make_account(StaffRole.PATIENT))
        assert isinstance(enter(made), CodeAsked)
    factories.insert(owner, "account_patient", account_id=made.id, patient_id=rosa, relation="self")
    return made


def forget(desk: Visitor, patient: UUID, account: Account, **form: Any) -> Any:
    return desk.post(f"/patients/{patient}/portal/accounts/{account.id}/forget-app", {**ASKED, **form})


def test_the_app_is_off_sessions_end_the_log_knows_why_and_the_patient_hears_of_it(
    app: Flask, desk: Visitor, rosa: UUID, account: Account, owner: Owner, worker_app: Flask
) -> None:
    page = f"/patients/{rosa}/portal"
    assert "Take the app off" in desk.get(page).text
    assert forget(desk, rosa, account).status_code == 303
    with app.app_context():
        assert identity().sessions.of_account(account.id, clock.now()) == []
        assert isinstance(enter(account), SignedIn)
        (note,) = [each for each in activity_log.of_patient(rosa) if each.action == "second_factor_reset"]
    assert (note.actor, note.account, note.detail) == (desk.account_id, account.id, "account.lost")
    assert "Take the app off" not in desk.get(page).text
    (row,) = owner.execute(
        "SELECT args FROM jobs.procrastinate_jobs WHERE task_name = 'notify.app_forgotten'"
    ).fetchall()
    with worker_app.app_context():
        jobs.tell_app_forgotten(**row["args"])
    (letter,) = mailbox(owner)
    assert letter["recipient"] == account.email
    assert "If you did not ask for this, call us now." in letter["body"]
    # Pressed again there is nothing left to take off.
    assert forget(desk, rosa, account).status_code == 404


@pytest.mark.parametrize(
    ("form", "says"),
    [
        ({"identified": ""}, "Check who it is first"),
        ({"reason": ""}, "Choose why the app is taken off"),
        ({"reason": "because"}, "Choose why the app is taken off"),
    ],
)
def test_without_a_reason_or_a_look_at_who_asks_nothing_is_done(
    app: Flask, desk: Visitor, rosa: UUID, account: Account, form: dict[str, str], says: str
) -> None:
    answer = forget(desk, rosa, account, **form)
    assert answer.status_code == 422
    assert says in answer.text
    with app.app_context():
        assert identity().sessions.of_account(account.id, clock.now())
        assert isinstance(enter(account), CodeAsked)


@pytest.mark.parametrize("whose", ["another patient's", "a helper's", "of somebody who works here"])
def test_only_a_patients_own_account_has_its_app_taken_off(
    app: Flask, desk: Visitor, clinic: Clinic, rosa: UUID, account: Account, owner: Owner, whose: str
) -> None:
    patient = rosa
    if whose == "another patient's":
        patient = clinic.patients[1]
    elif whose == "a helper's":
        owner.execute("UPDATE account_patient SET relation = 'carer', purposes = '{visits}', ends_at = %s",
                      (clock.now() + timedelta(days=9),))  # fmt: skip
    else:
        add = "INSERT INTO account_role (account_id, role, granted_at) VALUES (%s, 'receptionist', %s)"
        owner.execute(add, (account.id, clock.now()))
    assert forget(desk, patient, account).status_code == 404
    with app.app_context():
        assert identity().sessions.of_account(account.id, clock.now())
        assert isinstance(enter(account), CodeAsked)
    assert "Take the app off" not in desk.get(f"/patients/{patient}/portal").text


def test_who_may_not_invite_takes_nothing_off(sign_in: SignIn, rosa: UUID, account: Account) -> None:
    assert forget(sign_in("clinician"), rosa, account).status_code == 403
