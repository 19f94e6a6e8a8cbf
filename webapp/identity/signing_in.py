"""Signing in from the password to the session: what is asked of whom, in an order that no race can turn."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias
from uuid import UUID, uuid4

import structlog

from webapp.db import Role, Scope, transactional
from webapp.identity import queries
from webapp.identity.gateways.cognito import NewPasswordRequired, Proof, SignInUnavailable, WrongPassword
from webapp.identity.place import NOWHERE, Place
from webapp.identity.sessions import EpochMoved
from webapp.identity.tokens import TokenRefused

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from webapp.identity.attempts import Attempts
    from webapp.identity.gateways.cognito import SignInService
    from webapp.identity.handle import Handle
    from webapp.identity.person import Standing
    from webapp.identity.sessions import Sessions
    from webapp.identity.tokens import Token, Verifier

ATTEMPTS = 3
# Kinds of attempts that are counted.
PASSWORD = "password"  # noqa: S105

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


Outcome: TypeAlias = "SignedIn | PasswordExpired"


@dataclass(frozen=True, slots=True)
class SigningIn:
    """The parts of signing in, made once for each process; every network call is between transactions.

    Each method raises WrongPassword, SignInUnavailable or DynamoUnavailable.
    """

    service: SignInService
    verifier: Verifier
    sessions: Sessions
    attempts: Attempts

    def with_password(self, email: str, password: str, now: Moment) -> Outcome:
        """Check the pair and open a session; an address nobody has takes the same way and time as a wrong password.

        Raises also TooManyAttempts.
        """
        with self.attempts.trying(PASSWORD, email, now.place.address, now.at):
            return self._with_password(email, password, now)

    def _with_password(self, email: str, password: str, now: Moment) -> Outcome:
        with transactional(_scope(now), read_only=True) as session:
            known = queries.by_email(session, email)
        account_id = known.account_id if known else uuid4()
        with concerning(known.account_id if known else None):
            answer = self.service.check(str(account_id), password)
            if known is None:
                raise WrongPassword("unknown account")
            if isinstance(answer, NewPasswordRequired):
                content = {"session": answer.session}
                return PasswordExpired(self.sessions.keep_challenge(account_id, content, now.at))
            return self._open(account_id, answer, now)

    def again(self, account_id: UUID, password: str, now: Moment) -> Outcome:
        """Open another session for somebody who has one: the password proves that it is still the same person.

        Raises also TooManyAttempts.
        """
        with self.attempts.trying(PASSWORD, str(account_id), now.place.address, now.at), concerning(account_id):
            answer = self.service.check(str(account_id), password)
            if isinstance(answer, NewPasswordRequired):
                raise WrongPassword("a temporary password")
            return self._open(account_id, answer, now)

    def with_new_password(self, challenge: str, password: str, now: Moment) -> SignedIn:
        """Finish a half-done sign-in with the person's own password; raises PasswordTooWeak to try again."""
        found = self.sessions.challenge(challenge, now.at)
        if found is None:
            raise WrongPassword("the half-done sign-in is over")
        handle, content = found
        proof = self.service.set_new_password(str(handle.account_id), content["session"], password)
        self.sessions.drop_challenge(handle)
        return self._open(handle.account_id, proof, now)

    def out(self, handle: Handle) -> None:
        """End the session, then make Cognito's tokens useless; if that fails the person is out all the same."""
        self.sessions.end(handle)
        try:
            self.service.revoke(str(handle.account_id))
        except (SignInUnavailable, WrongPassword) as failed:
            log.warning("tokens_not_revoked", reason=str(failed))

    def _open(self, account_id: UUID, proof: Proof, now: Moment) -> SignedIn:
        token = self._verified(account_id, proof, now)
        for _ in range(ATTEMPTS):
            # Epoch before roles: a role taken away after this line leaves the session on an epoch that is no more.
            epoch = self.sessions.epoch(account_id)
            standing = self._standing(account_id, token, now)
            try:
                handle = self.sessions.create(standing, token=token, epoch=epoch, now=now.at, place=now.place)
            except EpochMoved:
                continue
            return SignedIn(handle, standing)
        raise SignInUnavailable("The account is being changed at this moment.")

    def _verified(self, account_id: UUID, proof: Proof, now: Moment) -> Token:
        try:
            return self.verifier.verify(proof.id_token, account_id, now.at)
        except TokenRefused as refused:
            log.warning("token_refused", reason=refused.reason)
            raise WrongPassword("token refused") from None

    def _standing(self, account_id: UUID, token: Token, now: Moment) -> Standing:
        with transactional(_scope(now), read_only=True) as session:
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


def _scope(now: Moment) -> Scope:
    return Scope(role=Role.IDENTITY, actor=None, at=now.at, request=now.request)
