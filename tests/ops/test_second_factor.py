"""Managers who reset the second factor of somebody else."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.identity.accounts import PASSWORD, Account, MakeAccount
from tests.identity.authenticator import code_of
from webapp import clock
from webapp.activity import queries as activity_log
from webapp.identity import second_step
from webapp.identity.permissions import StaffRole
from webapp.identity.service import identity
from webapp.identity.signing_in import CodeAsked, EnrollmentAsked, Moment, Outcome

if TYPE_CHECKING:
    from flask import Flask

    from tests.stack.people import SignIn


@pytest.fixture
def enrolled(app: Flask, make_account: MakeAccount) -> Account:
    """Somebody with an authenticator app, signed in once."""
    account = make_account(StaffRole.BILLER)
    with app.app_context():
        outcome = enter(account)
        assert isinstance(outcome, EnrollmentAsked)
        strict, handle = replace(identity(), second_factor_required=True), str(outcome.handle)
        secret = second_step.secret_of(strict, handle, now()).text
        second_step.with_first_code(strict, handle, code_of(secret), now())
        assert isinstance(enter(account), CodeAsked)
    return account


def now() -> Moment:
    return Moment(clock.now(), "test")


def enter(account: Account) -> Outcome:
    return replace(identity(), second_factor_required=True).with_password(account.email, PASSWORD, now())


def test_a_reset_ends_the_sessions_and_leads_to_a_new_app(app: Flask, sign_in: SignIn, enrolled: Account) -> None:
    manager = sign_in("manager")
    assert manager.post(f"/accounts/{enrolled.id}/reset-second-factor", {"reason": "lost"}).status_code == 303
    with app.app_context():
        assert identity().sessions.of_account(enrolled.id, clock.now()) == []
        assert isinstance(enter(enrolled), EnrollmentAsked)
        assert manager.account_id
        notes = activity_log.of_actor(manager.account_id)
    assert [note.detail for note in notes if note.action == "second_factor_reset"] == ["account.lost"]


@pytest.mark.parametrize("reason", ["", "because"])
def test_a_reset_needs_a_reason_and_is_nothing_without(
    app: Flask, sign_in: SignIn, enrolled: Account, reason: str
) -> None:
    answer = sign_in("manager").post(f"/accounts/{enrolled.id}/reset-second-factor", {"reason": reason})
    assert answer.status_code == 422
    assert "Choose why the second factor is reset" in answer.text
    with app.app_context():
        assert identity().sessions.of_account(enrolled.id, clock.now())
        assert isinstance(enter(enrolled), CodeAsked)


def test_nobody_resets_their_own(sign_in: SignIn) -> None:
    manager = sign_in("manager")
    answer = manager.post(f"/accounts/{manager.account_id}/reset-second-factor", {"reason": "lost"})
    assert answer.status_code in {403, 409}
    assert manager.get("/accounts").status_code == 200


def test_only_managers_reset(sign_in: SignIn, enrolled: Account) -> None:
    answer = sign_in("receptionist").post(f"/accounts/{enrolled.id}/reset-second-factor", {"reason": "lost"})
    assert answer.status_code == 403
