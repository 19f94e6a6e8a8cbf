"""What is left to do after a change of accounts, or of whom they act for, committed."""

from __future__ import annotations

from uuid import UUID

from webapp.db import transactional
from webapp.identity.queries import helping_accounts
from webapp.identity.service import identity
from webapp.jobs import job, scope


@job("identity.end_sessions")
def end_sessions(account: str) -> None:
    """Sign an account out everywhere: the backstop when the process died between its commit and the second bump."""
    identity().sessions.end_all(UUID(account))


@job("identity.helpers_sign_in_again")
def helpers_sign_in_again(patient: str) -> None:
    """Sign out everybody who helps a patient: for changes of roles that may not see who that is."""
    with transactional(scope(), read_only=True) as session:
        helpers = helping_accounts(session, UUID(patient))
    for account_id in helpers:
        identity().sessions.end_all(account_id)
