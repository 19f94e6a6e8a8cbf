"""Background work of cancellations: what patients cancel by themselves is settled by the clinic's hand."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from uuid import UUID

from flask_babel import gettext as _

from webapp import jobs
from webapp.billing.actions.cancel_with_fee import settle_cancellation
from webapp.booking.queries import visit as visit_of
from webapp.booking.refusals import WrongState
from webapp.db import Role, transactional
from webapp.errors import VersionConflict
from webapp.jobs import job


@job("billing.settle_cancellation")
def settle(visit: str, version: str) -> None:
    """Charge the fee of a cancellation and give back what was paid, once; one that was undone costs nothing."""
    scope = replace(jobs.scope(), role=Role.DESK)
    with suppress(WrongState, VersionConflict), transactional(scope):
        found = visit_of(UUID(visit))
        if found is not None:
            label = _("Late cancellation: %(service)s", service=found.appointment.service.name)
            settle_cancellation(found.appointment.id, int(version), label, at=scope.at)
