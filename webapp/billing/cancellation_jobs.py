"""Background work of cancellations: what patients cancel by themselves is settled by the clinic's hand."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from uuid import UUID

from webapp import jobs
from webapp.billing.actions.cancel_with_fee import settle_cancellation
from webapp.booking.refusals import WrongState
from webapp.db import Role, transactional
from webapp.errors import VersionConflict
from webapp.jobs import job


@job("billing.settle_cancellation")
def settle(visit: str, version: str) -> None:
    """Charge the fee of a cancellation and give back what was paid, once; one that was undone costs nothing."""
    scope = replace(jobs.scope(), role=Role.DESK)
    with suppress(WrongState, VersionConflict), transactional(scope):
        settle_cancellation(UUID(visit), int(version), at=scope.at)
