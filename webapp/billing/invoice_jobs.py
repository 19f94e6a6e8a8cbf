"""Background work of invoices: finished visits get their draft."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from uuid import UUID

from webapp import jobs
from webapp.billing.actions.drafts import draft_visit
from webapp.billing.queries.worklists import finished_without_invoice
from webapp.billing.refusals import BilledAlready, NotFinished
from webapp.db import transactional
from webapp.errors import Refusal, refusal_of
from webapp.jobs import job

LOOKED_BACK = timedelta(days=7)


@job("billing.draft_invoice")
def draft_invoice(visit: str) -> None:
    """Draft the invoice of a finished visit, once; a step that was put back meanwhile is nothing to charge."""
    scope = jobs.scope()
    try:
        with suppress(BilledAlready, NotFinished), transactional(scope):
            draft_visit(UUID(visit), actor=None, at=scope.at)
    except Exception as error:
        # A twin was quicker: the constraint says so at the end.
        if not isinstance(refusal_of(error), BilledAlready):
            raise


@job("billing.draft_missed", every="*/5 * * * *")
def draft_missed(timestamp: int) -> None:
    """Draft what a lost job left: finished visits of the last days that never had an invoice."""
    del timestamp
    scope = jobs.scope()
    with transactional(scope, read_only=True):
        missed = finished_without_invoice(scope.at - LOOKED_BACK, scope.at)
    for visit in missed:
        with suppress(Refusal):
            draft_invoice(visit=str(visit))
