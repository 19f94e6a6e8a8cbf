"""Signing in from the password to the session: what is asked of whom, in an order that no race can turn."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, TypeAlias
from uuid import UUID, uuid4

import structlog

from webapp.db import Role, Scope, transactional
from webapp.identity import queries, second_factor
from webapp.identity.gateways.cognito import (
    CodeRequired,
    NewPasswordRequired,
    Proof,
    SignInUnavailable,
    WrongPassword,
)
from webapp.identity.place import NOWHERE, Place
from webapp.identity.sessions import CHALLENGE_LIFETIME, EpochMoved
from webapp.identity.tokens import TokenRefused

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from webapp.identity.attempts import Attempts
    from webapp.identity.gateways.cognito import Answer
    from webapp.identity.gateways.people import PeopleService
    from webapp.identity.handle import Handle
    from webapp.identity.person import Standing
    from webapp.identity.sessions import Sessions
    from webapp.identity.tokens import Token, Verifier

ATTEMPTS = 3
# Kinds of attempts that are counted.
PASSWORD = "password"  # noqa: S105
CODE = "code"
# What a half-done sign-in waits for.
PASSWORD_STEP, CODE_STEP, ENROLL_STEP = "password", "code", "enroll"
# Time enough to install an authenticator app.
ENROLLMENT_LIFETIME = timedelta(minutes=15)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Moment:
    """The time and id of the request that signs somebody in, and where it comes from."""

    at: datetime
    request: str
    place: Place = NOWHERE


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session that is open, and whose it is."""

    handle: Handle
    standing: Standing


@dataclass(frozen=True, slots=True)
class PasswordExpired:
    """The password was right but has to be replaced; `handle` leads to the half-done sign-in for three minutes."""

    handle: Handle


@dataclass(frozen=True, slots=True)
class CodeAsked:
    """The password was right; a code of the authenticator app, or a recovery code, is still missing."""

    handle: Handle


@dataclass(frozen=True, slots=True)
class EnrollmentAsked:
    """The password was right, and the account needs an authenticator app before its first session."""

    handle: Handle


Outcome: TypeAlias = "SignedIn | PasswordExpired | CodeAsked | EnrollmentAsked"


@dataclass(frozen=True, slots=True)
class SigningIn:
    """The parts of signing in, made once for each process; every network call is between transactions.

    Each method raises WrongPassword, SignInUnavailable or DynamoUnavailable.
    """

    service: PeopleService
    verifier: Verifier
    sessions: Sessions
    attempts: Attempts
    key: bytes = field(repr=False)
    second_factor_required: bool = True

    def with_password(self, email: str, password: str, now: Moment) -> Outcome:
        """Check the pair and open a session; an address nobody has takes the same way and time as a wrong password.

        Raises also TooManyAttempts.
        """
        with self.attempts.trying(PASSWORD, email, now.place.address, now.at):
            return self._with_password(email, password, now)

    def _with_password(self, email: str, password: str, now: Moment) -> Outcome:
        with transactional(scope_of(now), read_only=True) as session:
            known = queries.by_email(session, email)
        account_id = known.account_id if known else uuid4()
        with concerning(known.account_id if known else None):
            answer = self.service.check(str(account_id), password)
            if known is None:
                raise WrongPassword("unknown account")
            return self.go_on(account_id, answer, now)

    def go_on(self, account_id: UUID, answer: Answer, now: Moment) -> Outcome:
        """What follows Cognito's answer to a right password: the step it asks for, or a session."""
        if isinstance(answer, NewPasswordRequired):
            return PasswordExpired(self._keep(account_id, {"step": PASSWORD_STEP, "session": answer.session}, now))
        if isinstance(answer, CodeRequired):
            return CodeAsked(self._keep(account_id, {"step": CODE_STEP, "session": answer.session}, now))
        return self.open(account_id, answer, now)

    def again(self, account_id: UUID, password: str, now: Moment) -> Outcome:
        """Open another session for somebody who has one: the password proves that it is still the same person.

        Raises also TooManyAttempts.
        """
        with self.attempts.trying(PASSWORD, str(account_id), now.place.address, now.at), concerning(account_id):
            answer = self.service.check(str(account_id), password)
            if isinstance(answer, NewPasswordRequired):
                raise WrongPassword("a temporary password")
            return self.go_on(account_id, answer, now)

    def with_new_password(self, challenge: str, password: str, now: Moment) -> Outcome:
        """Finish a half-done sign-in with the person's own password; raises PasswordTooWeak to try again."""
        handle, content = self.half_way(challenge, PASSWORD_STEP, now)
        answer = self.service.set_new_password(str(handle.account_id), content["session"], password)
        self.sessions.drop_challenge(handle)
        return self.go_on(handle.account_id, answer, now)

    def half_way(self, challenge: str, step: str, now: Moment) -> tuple[Handle, dict[str, str]]:
        """The half-done sign-in that waits for this step; raises WrongPassword when it is over."""
        found = self.sessions.challenge(challenge, now.at)
        if found is None or found[1].get("step") != step:
            raise WrongPassword("the half-done sign-in is over")
        handle, content = found
        if content["epoch"] != self.sessions.epoch(handle.account_id):
            raise WrongPassword("the account changed meanwhile")
        return handle, content

    def ask_to_enroll(self, account_id: UUID, proof: Proof, now: Moment) -> EnrollmentAsked:
        """Keep the sign-in until an authenticator app has shown a code of a fresh secret."""
        content = {
            "step": ENROLL_STEP,
            "id_token": proof.id_token,
            "access_token": proof.access_token,
            "secret": self.service.new_secret(proof.access_token),
        }
        return EnrollmentAsked(self._keep(account_id, content, now, ENROLLMENT_LIFETIME))

    def _keep(
        self, account_id: UUID, content: dict[str, str], now: Moment, lifetime: timedelta = CHALLENGE_LIFETIME
    ) -> Handle:
        bound = {**content, "epoch": self.sessions.epoch(account_id)}
        return self.sessions.keep_challenge(account_id, bound, now.at, lifetime)

    def out(self, handle: Handle) -> None:
        """End the session, then make Cognito's tokens useless; if that fails the person is out all the same."""
        self.sessions.end(handle)
        try:
            self.service.revoke(str(handle.account_id))
        except (SignInUnavailable, WrongPassword) as failed:
            log.warning("tokens_not_revoked", reason=str(failed))

    def open(self, account_id: UUID, proof: Proof, now: Moment, *, coded: bool = False) -> Outcome:
        """Open the session, unless the roles ask for a second factor that was not shown (`coded`)."""
        token = self._verified(account_id, proof, now)
        for _ in range(ATTEMPTS):
            # Epoch before roles: a role taken away after this line leaves the session on an epoch that is no more.
            epoch = self.sessions.epoch(account_id)
            standing = self._standing(account_id, token, now)
            if self.second_factor_required and not coded and second_factor.is_asked_of(standing.roles):
                return self._ask_for_factor(account_id, proof, now)
            try:
                handle = self.sessions.create(standing, token=token, epoch=epoch, now=now.at, place=now.place)
            except EpochMoved:
                continue
            return SignedIn(handle, standing)
        raise SignInUnavailable("The account is being changed at this moment.")

    def _ask_for_factor(self, account_id: UUID, proof: Proof, now: Moment) -> CodeAsked | EnrollmentAsked:
        """Who never had an app enrolls one; who had one that Cognito no longer knows of needs a recovery code."""
        with transactional(scope_of(now), read_only=True) as session:
            had_one = second_factor.enrolled_at(session, account_id) is not None
        if had_one:
            return CodeAsked(self._keep(account_id, {"step": CODE_STEP, "session": ""}, now))
        return self.ask_to_enroll(account_id, proof, now)

    def _verified(self, account_id: UUID, proof: Proof, now: Moment) -> Token:
        try:
            return self.verifier.verify(proof.id_token, account_id, now.at)
        except TokenRefused as refused:
            log.warning("token_refused", reason=refused.reason)
            raise WrongPassword("token refused") from None

    def _standing(self, account_id: UUID, token: Token, now: Moment) -> Standing:
        with transactional(scope_of(now), read_only=True) as session:
            linked = queries.sub_of(session, account_id)
            standing = queries.standing_of(session, account_id)
        if standing is None or linked != token.subject:
            log.warning("sign_in_refused", reason="no standing" if standing is None else "other subject")
            raise WrongPassword("no standing")
        return standing


@contextmanager
def concerning(account_id: UUID | None) -> Iterator[None]:
    """Tell the activity log whom a wrong password inside was about."""
    try:
        yield
    except WrongPassword as wrong:
        wrong.account = account_id
        raise


def scope_of(now: Moment) -> Scope:
    return Scope(role=Role.IDENTITY, actor=None, at=now.at, request=now.request)
