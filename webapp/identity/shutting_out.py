"""Taking access to a patient away: sessions of before end on the next request, in every process."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import structlog

from webapp import cycle
from webapp.db import transactional
from webapp.dynamo import DynamoUnavailable
from webapp.errors import NotFound
from webapp.identity.portal_queries import acts_for
from webapp.identity.queries import helping_accounts
from webapp.identity.service import identity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from uuid import UUID

log = structlog.get_logger(__name__)


@contextmanager
def shut_out(patient_id: UUID, account_id: UUID) -> Iterator[None]:
    """Be around the transaction that ends an account's access to a patient: bump, commit, bump.

    Raises NotFound for an account that has none, so that nobody ends the sessions of strangers.  The second bump is
    repeated by the job that the change promised, so its failure doesn't undo what is saved.
    """
    with transactional(cycle.scope(), read_only=True) as session:
        if not acts_for(session, patient_id, account_id):
            raise NotFound
    identity().sessions.bump(account_id)
    yield
    _bump([account_id])


@contextmanager
def helpers_sign_in_again(patient_id: UUID) -> Iterator[None]:
    """Be around a change of who helps a patient: what their helpers' sessions say of it ends with the next request.

    The change promises the same as jobs, so where DynamoDB is away it is done later.
    """
    with transactional(cycle.scope(), read_only=True) as session:
        helpers = helping_accounts(session, patient_id)
    yield
    _bump(helpers)


def _bump(accounts: Iterable[UUID]) -> None:
    try:
        for account_id in accounts:
            identity().sessions.bump(account_id)
    except DynamoUnavailable:
        log.warning("sessions_end_later")
