"""What changed, into the activity log: the request writes it too, whichever comes first."""

from __future__ import annotations

from sqlalchemy import select

from webapp.activity.items import Origin
from webapp.activity.notes import Note
from webapp.activity.record import write_once
from webapp.db import transactional
from webapp.jobs import announce, job, scope
from webapp.models import Audit

CONSIDER = "notify.consider"
# Changes of these are news to somebody outside of the clinic.
NEWS = frozenset({"appointment", "payment", "refund", "waiting_offer"})


@job("activity.project_changes")
def project_changes(request: str) -> None:
    """Write one `changed` record for each patient whom a request changed, unless the request did so itself.

    The audit trigger promises this job in the transaction of the change, so no change can stay unrecorded, and who has
    to hear of it costs that transaction nothing.  That job is promised first: it waits for no DynamoDB.
    """
    rows = select(Audit.actor, Audit.at, Audit.patient_id, Audit.table_name).where(Audit.request == request).distinct()
    with transactional(scope()) as session:
        found = session.execute(rows).all()
        if NEWS & {row.table_name for row in found}:
            announce(CONSIDER, request=request)
    changes = {(row.actor, row.at, row.patient_id) for row in found}
    for actor, at, patient in changes:
        if patient is not None:
            write_once(Note("changed", patient), Origin(actor, at, request))
