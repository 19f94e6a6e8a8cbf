"""The steps between a right password and a session: code, enrolment of an authenticator app, recovery code.

What is half done is kept sealed on the server, tied to the account's epoch: whatever ends all sessions ends it too.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from webapp.db import transactional
from webapp.identity import second_factor
from webapp.identity.gateways.cognito import NewPasswordRequired, Proof, SignInUnavailable, WrongCode, WrongPassword
from webapp.identity.recovery_codes import digest, new_codes
from webapp.identity.signing_in import CODE, CODE_STEP, ENROLL_STEP, EnrollmentAsked, SignedIn, concerning, scope_of

if TYPE_CHECKING:
    from uuid import UUID

    from webapp.identity.gateways.people import PeopleService
    from webapp.identity.signing_in import Moment, Outcome, SigningIn

ISSUER = "Anteroom"
# Longer than an authenticator shows a code, with the one before and the one after.
CODE_COUNTS = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Enrolled:
    """The session that is open now, and the recovery codes that are shown this once."""

    signed_in: SignedIn
    codes: list[str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Secret:
    """The secret of an app that is being set up (base32), and the address it is named for."""

    text: str = field(repr=False)
    email: str

    @property
    def address(self) -> str:
        """What the QR code says, as authenticator apps read it."""
        label = quote(f"{ISSUER}:{self.email}")
        return f"otpauth://totp/{label}?" + urlencode({"secret": self.text, "issuer": ISSUER})

    @property
    def spaced(self) -> str:
        """The secret for typing, in groups of four."""
        return " ".join(self.text[at : at + 4] for at in range(0, len(self.text), 4))


def with_code(signing_in: SigningIn, challenge: str, code: str, now: Moment) -> Outcome:
    """Finish a sign-in with a code of the app; raises WrongCode, WrongPassword when it took too long."""
    handle, content = signing_in.half_way(challenge, CODE_STEP, now)
    account_id = handle.account_id
    with signing_in.attempts.trying(CODE, str(account_id), now.place.address, now.at), concerning(account_id):
        if not content["session"]:
            raise WrongCode("Cognito knows of no app")
        proof = signing_in.service.answer_code(str(account_id), content["session"], code)
        _use_once(signing_in, account_id, code, now)
    signing_in.sessions.drop_challenge(handle)
    return signing_in.open(account_id, proof, now, coded=True)


def secret_of(signing_in: SigningIn, challenge: str, now: Moment) -> Secret:
    """What a half-done enrollment shows to be scanned; raises WrongPassword when it took too long."""
    handle, content = signing_in.half_way(challenge, ENROLL_STEP, now)
    with transactional(scope_of(now), read_only=True) as session:
        email = second_factor.email_of(session, handle.account_id)
    return Secret(content["secret"], email)


def with_first_code(signing_in: SigningIn, challenge: str, code: str, now: Moment) -> Enrolled:
    """Enrol the app by one of its codes, make recovery codes, and open the session.

    Cognito asks for codes before PostgreSQL knows of it: whoever is cut off in between signs in with the app already.
    """
    handle, content = signing_in.half_way(challenge, ENROLL_STEP, now)
    account_id = handle.account_id
    with signing_in.attempts.trying(CODE, str(account_id), now.place.address, now.at), concerning(account_id):
        signing_in.service.prove_secret(str(account_id), content["access_token"], code)
        _use_once(signing_in, account_id, code, now)
    codes = new_codes()
    with transactional(scope_of(now)) as session:
        second_factor.enroll(session, account_id, [digest(signing_in.key, account_id, each) for each in codes], now.at)
    signing_in.sessions.drop_challenge(handle)
    outcome = signing_in.open(account_id, Proof(content["id_token"]), now, coded=True)
    if not isinstance(outcome, SignedIn):
        raise SignInUnavailable("An enrolled app leads to nothing but a session.")
    return Enrolled(outcome, codes)


def with_recovery_code(signing_in: SigningIn, challenge: str, code: str, password: str, now: Moment) -> EnrollmentAsked:
    """Use a recovery code up and lead on to the enrolment of a new app; the lost one no longer counts.

    The password is asked for again because Cognito gives tokens for it only after it has forgotten the lost app.
    """
    handle, _ = signing_in.half_way(challenge, CODE_STEP, now)
    account_id = handle.account_id
    with signing_in.attempts.trying(CODE, str(account_id), now.place.address, now.at), concerning(account_id):
        answer = signing_in.service.check(str(account_id), password)
        if isinstance(answer, NewPasswordRequired):
            raise WrongPassword("a temporary password")
        with transactional(scope_of(now)) as session:
            used = second_factor.use_recovery_code(session, account_id, signing_in.key, code, now.at)
        if not used:
            raise WrongCode("recovery code")
    proof = answer if isinstance(answer, Proof) else _without_app(signing_in.service, account_id, password)
    signing_in.sessions.drop_challenge(handle)
    return signing_in.ask_to_enroll(account_id, proof, now)


def _without_app(service: PeopleService, account_id: UUID, password: str) -> Proof:
    service.forget_secret(str(account_id))
    answer = service.check(str(account_id), password)
    if not isinstance(answer, Proof):
        raise SignInUnavailable("Cognito still asks for a code of the app that it was told to forget.")
    return answer


def _use_once(signing_in: SigningIn, account_id: UUID, code: str, now: Moment) -> None:
    """A code that somebody read over a shoulder is worth nothing once its owner used it."""
    if not signing_in.attempts.claim_once("used-code", f"{account_id}|{code}", now.at, CODE_COUNTS):
        raise WrongCode("used code")
