"""Signing up, from a code or without one, to an account that can sign in; never to a session.

The address is proven before anything is looked up or made: whoever asks about somebody else's learns nothing, and an
account that is there stays as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from sqlalchemy.exc import DBAPIError

from webapp.db import transactional
from webapp.errors import refusal_of
from webapp.identity import portal_actions, portal_queries
from webapp.identity.gateways.cognito import WrongPassword
from webapp.identity.permissions import Relation
from webapp.identity.portal_actions import Applicant, NewAccount
from webapp.identity.portal_codes import digest_of
from webapp.identity.signing_in import scope_of

if TYPE_CHECKING:
    from webapp.identity.handle import Handle
    from webapp.identity.portal_queries import Invited
    from webapp.identity.signing_in import Moment, SigningIn

# Kinds of attempts that are counted.
CODE, MAIL, CONFIRM = "invitation", "mail", "confirm"
# What a half-done sign-up waits for.
ACCOUNT_STEP, CONFIRM_STEP = "sign_up_account", "sign_up_confirm"
LIFETIME = timedelta(minutes=30)
# Wrong birth dates that a code survives in its whole life.
MOST_TRIES = 10
CODE_REMEMBERED = timedelta(days=8)


class NoSuchCode(WrongPassword):
    """No code, another's birth date, a code that is used, withdrawn or too old: which of them is told to nobody."""


class SignUpOver(WrongPassword):
    """The half-done sign-up took too long, or this browser never began one."""


@dataclass(frozen=True, slots=True)
class HalfSignedUp:
    """A sign-up on its way, as its pages show it: for whom, and the address that was given last."""

    relation: Relation | None
    holder: str
    name: str
    email: str = ""


def find_code(signing_in: SigningIn, code: str, born: date, now: Moment) -> Invited:
    """Whom a code and a birth date let in; raises NoSuchCode and TooManyAttempts.

    Tries are counted before they are judged: each code's with waits that grow and ten in all, and the address's.
    """
    digest = digest_of(signing_in.key, code)
    with signing_in.attempts.trying(CODE, digest.hex(), now.place.address, now.at):
        if not signing_in.attempts.spend(CODE, digest.hex(), MOST_TRIES, now.at, CODE_REMEMBERED):
            raise NoSuchCode("too many tries")
        with transactional(scope_of(now), read_only=True) as session:
            found = portal_queries.invited(session, digest, born, now.at)
        if found is None:
            raise NoSuchCode("no such code")
        signing_in.attempts.unspend(CODE, digest.hex())
    return found


def begin(signing_in: SigningIn, code: str, born: date, now: Moment) -> Handle:
    """Start a sign-up with a code; raises NoSuchCode and TooManyAttempts."""
    found = find_code(signing_in, code, born, now)
    content = {
        "step": ACCOUNT_STEP,
        "invitation": str(found.id),
        "relation": found.relation.value,
        "holder": found.holder,
        "name": found.name,
    }
    return signing_in.sessions.keep_challenge(uuid4(), content, now.at, LIFETIME)


def half_way(signing_in: SigningIn, challenge: str, now: Moment) -> HalfSignedUp:
    """What the pages of a sign-up show; raises SignUpOver."""
    content = _content(signing_in, challenge, now, {ACCOUNT_STEP, CONFIRM_STEP})[1]
    relation = content.get("relation")
    return HalfSignedUp(
        relation=Relation(relation) if relation else None,
        holder=content.get("holder", ""),
        name=content.get("name", ""),
        email=content.get("email", ""),
    )


def with_password(signing_in: SigningIn, challenge: str, email: str, password: str, name: str, now: Moment) -> Handle:
    """Give address and password to a sign-up with a code, and have the address proven by a mailed code.

    Raises SignUpOver, PasswordTooWeak, TooManyAttempts.
    """
    _, content = _content(signing_in, challenge, now, {ACCOUNT_STEP, CONFIRM_STEP})
    display = content["name"] if content["relation"] == Relation.SELF else name
    return _ask_to_confirm(signing_in, content | {"display": display}, email, password, now)


def register(signing_in: SigningIn, applicant: Applicant, email: str, password: str, now: Moment) -> Handle:
    """Sign up without a code: the same way on, to an account that waits; raises PasswordTooWeak, TooManyAttempts."""
    content = {
        "given": applicant.given,
        "family": applicant.family,
        "birth_date": applicant.birth_date.isoformat(),
        "phone": applicant.phone,
        "display": f"{applicant.given} {applicant.family}",
    }
    return _ask_to_confirm(signing_in, content, email, password, now)


def _ask_to_confirm(signing_in: SigningIn, content: dict[str, str], email: str, password: str, now: Moment) -> Handle:
    """The pool mails its code whether or not the address has an account: whose mailbox it is will be told there."""
    # Every mail counts, so nobody's mailbox is filled.
    signing_in.attempts.begin(MAIL, email, now.place.address, now.at)
    account_id = uuid4()
    subject = signing_in.service.sign_up(str(account_id), email, password)
    kept = content | {"step": CONFIRM_STEP, "email": email, "subject": subject, "account": str(account_id)}
    return signing_in.sessions.keep_challenge(account_id, kept, now.at, LIFETIME)


def confirm(signing_in: SigningIn, challenge: str, code: str, now: Moment) -> UUID:
    """Prove the address with the mailed code and make the account; returns its id.

    Raises SignUpOver, WrongCode, TooManyAttempts, CodeOver when somebody used the invitation meanwhile, and EmailTaken,
    which only the owner of the mailbox gets to see.
    """
    handle, content = _content(signing_in, challenge, now, {CONFIRM_STEP})
    account = content["account"]
    with signing_in.attempts.trying(CONFIRM, account, now.place.address, now.at):
        signing_in.service.confirm_sign_up(account, code)
    try:
        with transactional(scope_of(now)) as session:
            portal_actions.open_account(session, _account_of(content), at=now.at)
    except DBAPIError as error:
        refusal = refusal_of(error)
        if refusal is None:
            raise
        raise refusal from error
    signing_in.sessions.drop_challenge(handle)
    return UUID(account)


def accept(signing_in: SigningIn, account_id: UUID, code: str, born: date, now: Moment) -> None:
    """Let somebody who has an account act for one more patient, by a code; they sign in again.

    Raises NoSuchCode, TooManyAttempts, CodeOver.
    """
    found = find_code(signing_in, code, born, now)
    with signing_in.sessions.cut_off(account_id), transactional(scope_of(now)) as session:
        portal_actions.take_code(session, found.id, account_id, at=now.at)


def _account_of(content: dict[str, str]) -> NewAccount:
    invitation, applicant = content.get("invitation"), None
    if invitation is None:
        born = date.fromisoformat(content["birth_date"])
        applicant = Applicant(content["given"], content["family"], born, content["phone"])
    return NewAccount(
        account_id=UUID(content["account"]),
        email=content["email"],
        display_name=content["display"],
        subject=content["subject"],
        invitation=None if invitation is None else UUID(invitation),
        applicant=applicant,
    )


def _content(signing_in: SigningIn, challenge: str, now: Moment, steps: set[str]) -> tuple[Handle, dict[str, str]]:
    found = signing_in.sessions.challenge(challenge, now.at)
    if found is None or found[1].get("step") not in steps:
        raise SignUpOver("the half-done sign-up is over")
    return found
