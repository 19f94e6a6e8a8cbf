"""The second factor against the real interfaces of Cognito, DynamoDB and PostgreSQL.

What the local emulator does not judge is AWS only: whether a half-done sign-in belongs to the code that ends it, its
three minutes, and a code used twice (which we refuse ourselves, too).
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from tests.identity.accounts import PASSWORD, Account, MakeAccount, identity_scope
from tests.identity.authenticator import code_of
from webapp import clock
from webapp.db import transactional
from webapp.identity import second_factor, second_step
from webapp.identity.attempts import TooManyAttempts
from webapp.identity.gateways.cognito import WrongCode, WrongPassword
from webapp.identity.permissions import StaffRole
from webapp.identity.recovery_codes import digest, new_codes
from webapp.identity.service import identity
from webapp.identity.signing_in import CodeAsked, EnrollmentAsked, Moment, SignedIn, SigningIn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask

    from webapp.identity.signing_in import Outcome


@pytest.fixture(autouse=True)
def _context(app: Flask) -> Iterator[None]:
    with app.app_context():
        yield


@pytest.fixture
def strict() -> SigningIn:
    """Sign-in as in production: staff need a second factor."""
    return replace(identity(), second_factor_required=True)


def now(later: timedelta = timedelta(0)) -> Moment:
    return Moment(clock.now() + later, "test")


def enter(strict: SigningIn, account: Account, later: timedelta = timedelta(0)) -> Outcome:
    return strict.with_password(account.email, PASSWORD, now(later))


def enroll(strict: SigningIn, account: Account) -> tuple[str, list[str]]:
    """Set up an app; the secret it holds now, and the recovery codes."""
    outcome = enter(strict, account)
    assert isinstance(outcome, EnrollmentAsked)
    secret = second_step.secret_of(strict, str(outcome.handle), now()).text
    # The code of the step before: the one of now is still good for a sign-in.
    enrolled = second_step.with_first_code(strict, str(outcome.handle), code_of(secret, -1), now())
    assert identity().sessions.resolve(str(enrolled.signed_in.handle), clock.now()) is not None
    return secret, enrolled.codes


def challenge_of(outcome: Outcome) -> str:
    assert isinstance(outcome, CodeAsked)
    return str(outcome.handle)


def test_staff_enroll_at_their_first_sign_in_and_need_a_code_from_then_on(
    strict: SigningIn, make_account: MakeAccount
) -> None:
    account = make_account()
    secret, codes = enroll(strict, account)
    assert len(set(codes)) == 10
    outcome = second_step.with_code(strict, challenge_of(enter(strict, account)), code_of(secret), now())
    assert isinstance(outcome, SignedIn)


def test_patients_need_no_second_factor(strict: SigningIn, make_account: MakeAccount) -> None:
    assert isinstance(enter(strict, make_account(StaffRole.PATIENT)), SignedIn)


def test_somebody_who_is_patient_and_staff_needs_one(strict: SigningIn, make_account: MakeAccount) -> None:
    assert isinstance(enter(strict, make_account(StaffRole.PATIENT, StaffRole.BILLER)), EnrollmentAsked)


def test_no_session_is_opened_before_the_last_step(strict: SigningIn, make_account: MakeAccount) -> None:
    account = make_account()
    enroll(strict, account)
    identity().sessions.end_all(account.id)
    handle = challenge_of(enter(strict, account))
    assert identity().sessions.resolve(handle, clock.now()) is None
    assert identity().sessions.of_account(account.id, clock.now()) == []


def test_a_wrong_code_opens_nothing_and_the_right_one_still_does(strict: SigningIn, make_account: MakeAccount) -> None:
    account = make_account()
    secret, _ = enroll(strict, account)
    challenge = challenge_of(enter(strict, account))
    with pytest.raises(WrongCode):
        second_step.with_code(strict, challenge, wrong(secret), now())
    assert isinstance(second_step.with_code(strict, challenge, code_of(secret), now()), SignedIn)


def test_a_code_opens_one_session(strict: SigningIn, make_account: MakeAccount) -> None:
    account = make_account()
    secret, _ = enroll(strict, account)
    code = code_of(secret)
    first, second = (challenge_of(enter(strict, account)) for _ in range(2))
    second_step.with_code(strict, first, code, now())
    with pytest.raises(WrongCode):
        second_step.with_code(strict, second, code, now())


def test_codes_are_counted_like_passwords(strict: SigningIn, make_account: MakeAccount) -> None:
    account = make_account()
    secret, _ = enroll(strict, account)
    challenge = challenge_of(enter(strict, account))
    for _ in range(5):
        with pytest.raises(WrongCode):
            second_step.with_code(strict, challenge, wrong(secret), now())
    with pytest.raises(TooManyAttempts):
        second_step.with_code(strict, challenge, code_of(secret), now())


def test_a_half_done_sign_in_is_over_after_three_minutes(strict: SigningIn, make_account: MakeAccount) -> None:
    account = make_account()
    secret, _ = enroll(strict, account)
    challenge = challenge_of(enter(strict, account))
    with pytest.raises(WrongPassword, match="over"):
        second_step.with_code(strict, challenge, code_of(secret), now(timedelta(minutes=3)))


def test_what_ends_all_sessions_ends_half_done_sign_ins(strict: SigningIn, make_account: MakeAccount) -> None:
    account = make_account()
    secret, _ = enroll(strict, account)
    challenge = challenge_of(enter(strict, account))
    identity().sessions.bump(account.id)
    with pytest.raises(WrongPassword, match="meanwhile"):
        second_step.with_code(strict, challenge, code_of(secret), now())


def test_a_half_done_sign_in_takes_only_the_step_it_waits_for(strict: SigningIn, make_account: MakeAccount) -> None:
    account = make_account()
    outcome = enter(strict, account)
    assert isinstance(outcome, EnrollmentAsked)
    with pytest.raises(WrongPassword):
        second_step.with_code(strict, str(outcome.handle), "000000", now())
    with pytest.raises(WrongPassword):
        second_step.with_recovery_code(strict, str(outcome.handle), "x", PASSWORD, now())
    with pytest.raises(WrongPassword):
        strict.with_new_password(str(outcome.handle), "some new long password", now())


def test_a_recovery_code_leads_to_a_new_app_and_the_lost_one_is_worth_nothing(
    strict: SigningIn, make_account: MakeAccount
) -> None:
    account = make_account()
    lost, codes = enroll(strict, account)
    challenge = challenge_of(enter(strict, account))
    asked = second_step.with_recovery_code(strict, challenge, codes[3].lower().replace("-", " "), PASSWORD, now())
    secret = second_step.secret_of(strict, str(asked.handle), now()).text
    assert secret != lost
    enrolled = second_step.with_first_code(strict, str(asked.handle), code_of(secret, -1), now())
    assert not set(enrolled.codes) & set(codes)
    again = challenge_of(enter(strict, account))
    with pytest.raises(WrongCode):
        second_step.with_code(strict, again, code_of(lost), now())
    assert isinstance(second_step.with_code(strict, again, code_of(secret), now()), SignedIn)


def test_whoever_stops_between_recovery_code_and_new_app_needs_another_code(
    strict: SigningIn, make_account: MakeAccount
) -> None:
    account = make_account()
    _, codes = enroll(strict, account)
    second_step.with_recovery_code(strict, challenge_of(enter(strict, account)), codes[0], PASSWORD, now())
    challenge = challenge_of(enter(strict, account))
    with pytest.raises(WrongCode):
        second_step.with_code(strict, challenge, "000000", now())
    with pytest.raises(WrongCode):
        second_step.with_recovery_code(strict, challenge, codes[0], PASSWORD, now())
    second_step.with_recovery_code(strict, challenge, codes[1], PASSWORD, now())


def test_a_recovery_code_without_the_password_is_not_used_up(strict: SigningIn, make_account: MakeAccount) -> None:
    account = make_account()
    _, codes = enroll(strict, account)
    challenge = challenge_of(enter(strict, account))
    with pytest.raises(WrongPassword):
        second_step.with_recovery_code(strict, challenge, codes[0], "not the password", now())
    with transactional(identity_scope()) as session:
        assert second_factor.codes_left(session, account.id) == 10


def test_one_recovery_code_sent_sixteen_times_at_once_counts_once(
    app: Flask, strict: SigningIn, make_account: MakeAccount
) -> None:
    account = make_account()
    _, codes = enroll(strict, account)

    def use(_: int) -> bool:
        with app.app_context(), transactional(identity_scope()) as session:
            return second_factor.use_recovery_code(session, account.id, strict.key, codes[0], clock.now())

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(use, range(16))) == 1


def test_a_reset_leads_to_a_new_enrollment(strict: SigningIn, make_account: MakeAccount) -> None:
    account = make_account()
    enroll(strict, account)
    with strict.sessions.cut_off(account.id), transactional(identity_scope()) as session:
        second_factor.reset(session, account.id)
    strict.service.forget_secret(str(account.id))
    assert isinstance(enter(strict, account), EnrollmentAsked)


def test_recovery_codes_are_stored_as_keyed_hashes() -> None:
    account, code = uuid4(), new_codes()[0]
    assert digest(b"k" * 32, account, code) != digest(b"l" * 32, account, code)
    assert digest(b"k" * 32, account, code) != digest(b"k" * 32, uuid4(), code)
    assert len(digest(b"k" * 32, account, code)) == 32


def wrong(secret: str) -> str:
    """Six digits that no step around now shows."""
    near = {code_of(secret, step) for step in range(-3, 4)}
    return next(code for code in ("000000", *(f"{number:06d}" for number in range(1, 20))) if code not in near)
