"""Forgotten and changed passwords; after either, every session of before is over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import structlog

from webapp.db import transactional
from webapp.dynamo import DynamoUnavailable
from webapp.identity import queries
from webapp.identity.gateways.cognito import NewPasswordRequired, WrongCode, WrongPassword
from webapp.identity.jobs import end_sessions
from webapp.identity.signing_in import PASSWORD, concerning, scope_of
from webapp.jobs import promise

if TYPE_CHECKING:
    from webapp.identity.signing_in import Moment, Outcome, SigningIn

# Kinds of attempts that are counted.
MAIL, RESET = "mail", "reset"

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Asked:
    """For the activity log: who asked for a mailed code, if anybody has that address, and whether a wait began."""

    account: UUID | None
    locks: bool


def mail_code(signing_in: SigningIn, email: str, now: Moment) -> Asked:
    """Have a code mailed; the same answer and work for an address nobody has.

    Every mail counts as an attempt, so nobody's mailbox is filled.  Raises TooManyAttempts.
    """
    attempt = signing_in.attempts.begin(MAIL, email, now.place.address, now.at)
    account_id = _known(email, now)
    try:
        signing_in.service.mail_code(str(account_id or uuid4()))
    except WrongPassword as refused:
        # An account whose address is not verified, or that never signed in: told to nobody but the log.
        log.info("no_code_mailed", reason=str(refused))
    return Asked(account_id, attempt.locks)


def reset(signing_in: SigningIn, email: str, code: str, password: str, now: Moment) -> UUID:
    """Replace a forgotten password with the mailed code; whose it was.

    Raises WrongCode, also for an address nobody has, PasswordTooWeak and TooManyAttempts.
    """
    account_id = _known(email, now)
    with signing_in.attempts.trying(RESET, email, now.place.address, now.at), concerning(account_id):
        signing_in.service.reset_password(str(account_id or uuid4()), code, password)
        if account_id is None:
            raise WrongCode("unknown account")
    _end_sessions(signing_in, account_id, now)
    return account_id


def change(signing_in: SigningIn, account_id: UUID, old: str, new: str, now: Moment) -> None:
    """Replace a password by who knows it, and end all sessions.

    Raises WrongPassword, PasswordTooWeak and TooManyAttempts.
    """
    with signing_in.attempts.trying(PASSWORD, str(account_id), now.place.address, now.at), concerning(account_id):
        if isinstance(signing_in.service.check(str(account_id), old), NewPasswordRequired):
            raise WrongPassword("a temporary password")
    signing_in.service.change_password(str(account_id), new)
    _end_sessions(signing_in, account_id, now)


def enter(signing_in: SigningIn, account_id: UUID, new: str, now: Moment) -> Outcome:
    """Go on to a session with a password that was chosen just now; a code may be asked for."""
    return signing_in.go_on(account_id, signing_in.service.check(str(account_id), new), now)


def _known(email: str, now: Moment) -> UUID | None:
    with transactional(scope_of(now), read_only=True) as session:
        known = queries.by_email(session, email)
    return known.account_id if known else None


def _end_sessions(signing_in: SigningIn, account_id: UUID, now: Moment) -> None:
    """End them now, and promise it for when DynamoDB is away: the password is changed and must not look unchanged."""
    try:
        signing_in.sessions.end_all(account_id)
    except DynamoUnavailable as away:
        log.warning("sessions_end_later", reason=str(away))
        with transactional(scope_of(now)):
            promise(end_sessions, account=str(account_id))
