"""What changed, into the activity log: the request writes it too, whichever comes first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import select

from webapp import clock, dynamo
from webapp.activity import checking
from webapp.activity.items import TABLE, Origin, listed_records
from webapp.activity.lists import LISTS, PARTITION
from webapp.activity.notes import Note
from webapp.activity.record import put_all, write_once
from webapp.activity.sealing import ChainBroken, log, publish, seal
from webapp.db import transactional
from webapp.dynamo import Put
from webapp.jobs import announce, job, scope
from webapp.models import Audit
from webapp.news import News, tell_staff

if TYPE_CHECKING:
    from datetime import datetime

MOST_LISTS = 50
CONSIDER = "notify.consider"
# Changes of these are news to somebody outside of the clinic.
NEWS = frozenset({"appointment", "payment", "refund", "waiting_offer"})
MOST_SEALS = 50


@job("activity.project_changes")
def project_changes(request: str) -> None:
    """Write one `changed` record for each patient whom a request changed, unless the request did so itself.

    The audit trigger promises this job in the transaction of the change, so no change can stay unrecorded, and who has
    to hear of it costs that transaction nothing.  That job is promised first: it waits for no DynamoDB.
    """
    rows = select(Audit.actor, Audit.at, Audit.patient_id, Audit.table_name, Audit.origin)
    with transactional(scope()) as session:
        found = session.execute(rows.where(Audit.request == request).distinct()).all()
        if NEWS & {row.table_name for row in found}:
            announce(CONSIDER, request=request)
    changes = {(row.actor, row.at, row.patient_id): row.origin for row in found}
    for (actor, at, patient), told in changes.items():
        if patient is not None:
            write_once(
                Note("changed", patient, detail=(told or {}).get("detail", "")), _origin(actor, at, request, told)
            )


def _origin(actor: UUID | None, at: datetime, request: str, told: dict[str, Any] | None) -> Origin:
    """Where the change came from, as far as the audit was told."""
    told = told or {}
    return Origin(
        actor, at, request, told.get("route") or "", told.get("address") or "", frozenset(told.get("roles", ()))
    )


@job("activity.unfold_lists", every="* * * * * */5")
def unfold_lists(timestamp: int) -> None:
    """Write the records of those who were on long lists; done twice it writes the same records.

    A promise goes when they are all there, so a worker that was killed leaves it to the next.
    """
    del timestamp
    client = dynamo.client()
    for promised in client.query(LISTS, "account = :lists", {":lists": PARTITION}, limit=MOST_LISTS).items:
        whole = client.get(TABLE, {"pk": promised["list_pk"], "sk": promised["list_sk"]})
        if whole is not None:
            put_all([Put(TABLE, record) for record in listed_records(whole)])
        client.delete(LISTS, {"account": PARTITION, "sk": promised["sk"]})


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


@job("activity.verify_audit", every="41 3 * * *")
def verify_audit(timestamp: int) -> None:
    """Hold the whole audit against its seals once a day, unless somebody has just asked for it; raises ChainBroken."""
    del timestamp
    now = scope()
    with transactional(now) as session:
        check = checking.of_the_night(session, now.at)
    if check is not None:
        _check(check)


@job("activity.check_audit")
def check_audit(check: str) -> None:
    """Hold the whole audit against its seals because somebody asked for it; raises ChainBroken."""
    _check(UUID(check))


def _check(check_id: UUID) -> None:
    """Raises ChainBroken where something differs, so that it stands on the page of failed jobs; the log says what."""
    found = checking.carry_out(check_id, scope)
    if found is not None and found.whole is False:
        log.error("audit_changed", kind=found.finding, row=found.finding_row, seal=found.finding_seal)
        with transactional(scope()):
            tell_staff(News.AUDIT_BROKEN, check_id, at=found.ended_at or found.asked_at)
        raise ChainBroken
