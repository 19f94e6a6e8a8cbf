"""What changed, into the activity log: the request writes it too, whichever comes first."""

from __future__ import annotations

from sqlalchemy import select

from webapp import clock
from webapp.activity.items import Origin
from webapp.activity.notes import Note
from webapp.activity.record import write_once
from webapp.activity.sealing import publish, seal
from webapp.db import transactional
from webapp.jobs import job, scope
from webapp.models import Audit

MOST_SEALS = 50


@job("activity.project_changes")
def project_changes(request: str) -> None:
    """Write one `changed` record for each patient whom a request changed, unless the request did so itself.

    The audit trigger promises this job in the transaction of the change, so no change can stay unrecorded.
    """
    rows = select(Audit.actor, Audit.at, Audit.patient_id).where(Audit.request == request).distinct()
    with transactional(scope(), read_only=True) as session:
        changes = [(row.actor, row.at, row.patient_id) for row in session.execute(rows)]
    for actor, at, patient in changes:
        if patient is not None:
            write_once(Note("changed", patient), Origin(actor, at, request))


@job("activity.seal_audit", every="* * * * *")
def seal_audit(timestamp: int) -> None:
    """Seal what of the audit is complete, and copy it to where PostgreSQL can't reach.

    Raises ChainBroken where a copy says something else: that ends on the page of failed jobs, and nothing is copied.
    """
    del timestamp
    for _ in range(MOST_SEALS):
        if not seal(clock.now()):
            break
    publish()
