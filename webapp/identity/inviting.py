"""Inviting somebody to work here: the account first, then the pool's mail, then the link between the two."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from webapp import idempotency
from webapp.db import transactional
from webapp.errors import NotFound, refusal_of
from webapp.identity import actions, queries
from webapp.identity.gateways.cognito import SignInUnavailable, WrongPassword

if TYPE_CHECKING:
    from uuid import UUID

    from webapp.db import Scope
    from webapp.identity.actions import AccountRequest
    from webapp.identity.gateways.cognito import SignInService

MADE = 303


@dataclass(frozen=True, slots=True)
class Invited:
    """An account that was made; `sent` says whether the pool knows the person, `password` is there locally only."""

    account_id: UUID
    sent: bool
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Inviting:
    """Invitations through a sign-in service; where it mails nobody (`local`), the caller is handed the password.

    No network call is made inside a transaction, and an invitation that could not be sent can be sent again.
    """

    service: SignInService
    local: bool

    def invite(self, wanted: AccountRequest, scope: Scope, claim: idempotency.Claim, location: str) -> Invited | str:
        """Make the account and invite the person; the address to go to when this form did so before.

        Raises EmailTaken, NotAllowed.
        """
        if scope.actor is None:
            raise NotFound
        try:
            with transactional(scope) as session:
                before = idempotency.claim(session, claim, scope.at)
                if before is not None:
                    return before.location
                actions.invite(session, wanted, by=scope.actor, at=scope.at)
                idempotency.store(session, claim, idempotency.Outcome(MADE, location, {"code": "account_invited"}))
        except Exception as error:
            refusal = refusal_of(error)
            if refusal is None or refusal is error:
                raise
            raise refusal from error
        return self.send(wanted.account_id, wanted.email, scope)

    def send(self, account_id: UUID, email: str, scope: Scope) -> Invited:
        """Ask the pool to make and mail the person, and link what it answers; not sent when it does not answer."""
        # Said aloud or copied from a screen once, then replaced: words apart, no look-alikes.
        password = f"{secrets.token_hex(4)}-{secrets.token_hex(4)}-aA1" if self.local else None
        try:
            subject = self.service.invite(str(account_id), email, password)
        except (SignInUnavailable, WrongPassword):
            return Invited(account_id, sent=False)
        with transactional(scope) as session:
            if queries.staff_account(session, account_id) is not None:
                actions.link_sub(session, account_id, subject)
        return Invited(account_id, sent=True, password=password)
