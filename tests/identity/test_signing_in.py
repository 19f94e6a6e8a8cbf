"""Signing in against the real interfaces of Cognito, DynamoDB and PostgreSQL, and its race with a change of roles."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import combinations
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from tests.identity.accounts import PASSWORD, Account, MakeAccount, identity_scope, new_account
from tests.identity.browsing import must_change
from webapp import clock, dynamo
from webapp.db import transactional
from webapp.identity.actions import disable, link_sub, set_roles
from webapp.identity.gateways.cognito import PasswordTooWeak, WrongPassword
from webapp.identity.handle import Handle
from webapp.identity.permissions import StaffRole
from webapp.identity.person import Standing
from webapp.identity.service import identity
from webapp.identity.sessions import Sessions
from webapp.identity.signing_in import Moment, PasswordExpired, SignedIn, SigningIn
from webapp.identity.tokens import Token
from webapp.settings import Settings

MANAGER, RECEPTIONIST = frozenset({StaffRole.MANAGER}), frozenset({StaffRole.RECEPTIONIST})


@pytest.fixture(autouse=True)
def _context(app: Flask) -> Iterator[None]:
    with app.app_context():
        # The last manager could not be made a receptionist.
        new_account(StaffRole.MANAGER)
        yield


def now() -> Moment:
    return Moment(clock.now(), "test")


def sign_in(account: Account, password: str = PASSWORD) -> SignedIn:
    outcome = identity().with_password(account.email, password, now())
    assert isinstance(outcome, SignedIn)
    return outcome


def roles_of(handle: Handle) -> frozenset[StaffRole] | None:
    person = identity().sessions.resolve(str(handle), clock.now())
    return None if person is None else person.roles


def test_the_right_password_opens_a_session_with_name_and_roles(make_account: MakeAccount) -> None:
    account = make_account(StaffRole.MANAGER, StaffRole.BILLER)
    outcome = sign_in(account)
    person = identity().sessions.resolve(str(outcome.handle), clock.now())
    assert person is not None
    assert person.account_id == account.id
    assert person.roles == {StaffRole.MANAGER, StaffRole.BILLER}


def test_a_wrong_password_and_an_unknown_address_answer_alike(make_account: MakeAccount) -> None:
    account = make_account()
    for email in (account.email, "nobody@anteroom.example"):
        with pytest.raises(WrongPassword):
            identity().with_password(email, "wrong password here", now())


def test_a_disabled_account_stays_out(make_account: MakeAccount) -> None:
    account = make_account()
    with transactional(identity_scope()) as session:
        disable(session, account.id, clock.now())
    with pytest.raises(WrongPassword):
        sign_in(account)


def test_an_account_without_roles_stays_out(make_account: MakeAccount) -> None:
    account = make_account()
    with transactional(identity_scope()) as session:
        set_roles(session, account.id, frozenset(), clock.now())
    with pytest.raises(WrongPassword):
        sign_in(account)


def test_a_pool_person_that_is_not_the_linked_one_stays_out(make_account: MakeAccount) -> None:
    account = make_account()
    with transactional(identity_scope()) as session:
        link_sub(session, account.id, "somebody else of the same name")
    with pytest.raises(WrongPassword):
        sign_in(account)


def test_a_temporary_password_has_to_be_replaced_before_anything_opens(
    make_account: MakeAccount, settings: Settings
) -> None:
    account = make_account()
    must_change(account, settings, "handed out at the desk")
    outcome = identity().with_password(account.email, "handed out at the desk", now())
    assert isinstance(outcome, PasswordExpired)
    assert identity().sessions.resolve(str(outcome.handle), clock.now()) is None
    signed_in = identity().with_new_password(str(outcome.handle), "my own four words", now())
    assert roles_of(signed_in.handle) == RECEPTIONIST
    with pytest.raises(WrongPassword):
        identity().with_new_password(str(outcome.handle), "once more my words", now())
    assert roles_of(sign_in(account, "my own four words").handle) == RECEPTIONIST


def test_a_password_the_pool_finds_too_weak_can_be_chosen_again(make_account: MakeAccount, settings: Settings) -> None:
    account = make_account()
    must_change(account, settings, "handed out at the desk")
    outcome = identity().with_password(account.email, "handed out at the desk", now())
    assert isinstance(outcome, PasswordExpired)
    try:
        identity().with_new_password(str(outcome.handle), "short", now())
    except PasswordTooWeak:
        assert isinstance(identity().with_new_password(str(outcome.handle), "my own four words", now()), SignedIn)
    else:
        pytest.skip("AWS only: the local emulator takes every password")


def test_signing_out_ends_this_session_only(make_account: MakeAccount) -> None:
    account = make_account()
    desk, home = sign_in(account).handle, sign_in(account).handle
    identity().out(desk)
    assert roles_of(desk) is None
    assert roles_of(home) == RECEPTIONIST


# --- a sign-in races a change of roles

Hook = Callable[[str], None]


class SteppedSessions(Sessions):
    """The real store, telling before it takes a step of a sign-in: E reads the epoch, C creates the session."""

    def __init__(self, dynamo_client: dynamo.Dynamo, key: bytes, before: Hook) -> None:
        super().__init__(dynamo_client, key)
        self._before = before

    def epoch(self, account_id: UUID) -> str:
        self._before("E")
        return super().epoch(account_id)

    def create(self, standing: Standing, **rest: Any) -> Handle:
        self._before("C")
        return super().create(standing, **rest)


class SteppedSigningIn(SigningIn):
    """The real sign-in, telling also before R, reading the roles."""

    def _standing(self, account_id: UUID, token: Token, now: Moment) -> Standing:
        sessions = self.sessions
        assert isinstance(sessions, SteppedSessions)
        sessions._before("R")
        return SigningIn._standing(self, account_id, token, now)


def every_order() -> list[str]:
    """All 20 ways in which E, R, C of a sign-in and b, t, B of a change (bump, commit, bump) can follow each other."""
    orders = []
    for places in combinations(range(6), 3):
        sign, change = iter("ERC"), iter("btB")
        orders.append("".join(next(sign) if place in places else next(change) for place in range(6)))
    return orders


class Race:
    """Takes the change's steps where the order has them, as the sign-in comes along."""

    def __init__(self, account: Account, order: str, *, bumps: bool = True) -> None:
        self.account = account
        self.left = list(order)
        self.bumps = bumps

    def before(self, step: str) -> None:
        while self.left and self.left[0] in "btB":
            self.change(self.left.pop(0))
        if self.left and self.left[0] == step:
            self.left.pop(0)

    def finish(self) -> None:
        while self.left:
            step = self.left.pop(0)
            if step in "btB":
                self.change(step)

    def change(self, step: str) -> None:
        if step == "t":
            with transactional(identity_scope()) as session:
                set_roles(session, self.account.id, RECEPTIONIST, clock.now())
        elif self.bumps:
            identity().sessions.bump(self.account.id)

    def run(self, settings: Settings) -> frozenset[StaffRole] | None:
        sessions = SteppedSessions(dynamo.client(), settings.session_key, self.before)
        real = identity()
        racing = SteppedSigningIn(
            service=real.service,
            verifier=real.verifier,
            sessions=sessions,
            attempts=real.attempts,
            key=real.key,
            second_factor_required=real.second_factor_required,
        )
        outcome = racing.with_password(self.account.email, PASSWORD, now())
        self.finish()
        assert isinstance(outcome, SignedIn)
        return roles_of(outcome.handle)


@pytest.mark.parametrize("order", every_order())
def test_a_sign_in_that_races_a_role_change_never_keeps_the_old_role(
    make_account: MakeAccount, settings: Settings, order: str
) -> None:
    account = make_account(StaffRole.MANAGER)
    assert Race(account, order).run(settings) in {None, RECEPTIONIST}
    assert roles_of(sign_in(account).handle) == RECEPTIONIST


def test_without_the_bumps_the_race_is_lost(make_account: MakeAccount, settings: Settings) -> None:
    account = make_account(StaffRole.MANAGER)
    assert Race(account, "ERbtBC", bumps=False).run(settings) == MANAGER


def test_a_session_of_before_the_change_is_out_on_its_next_request(make_account: MakeAccount) -> None:
    account = make_account(StaffRole.MANAGER)
    handle = sign_in(account).handle
    race = Race(account, "btB")
    race.finish()
    assert roles_of(handle) is None
