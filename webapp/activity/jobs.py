"""What changed, into the activity log: the request writes it too, whichever comes first."""

from __future__ import annotations

from sqlalchemy import select

from webapp.activity.items import Origin
from webapp.activity.notes import Note
from webapp.activity.record import write_once
from webapp.db import transactional
from webapp.jobs import job, scope
from webapp.models import Audit


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
