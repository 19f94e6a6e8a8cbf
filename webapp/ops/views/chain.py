"""Whether the audit is as it was: how far it is sealed, what the last check found, and a button for the next one."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from flask import Response, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from webapp import hypermedia, toasts
from webapp.activity import checking
from webapp.activity.chain import Finding
from webapp.activity.copying import copied
from webapp.activity.jobs import check_audit
from webapp.cycle import scope
from webapp.db import Role, db
from webapp.dynamo import DynamoUnavailable
from webapp.identity import queries as identity
from webapp.identity.permissions import Permission
from webapp.jobs import promise
from webapp.ops.chain_words import sentence_of, verdict_of
from webapp.ops.views.door import blueprint
from webapp.practice import queries as practice
from webapp.routing import requires

if TYPE_CHECKING:
    from datetime import datetime

    from webapp.activity.checking import Standing
    from webapp.activity.copying import Copied
    from webapp.errors import Refusal
    from webapp.models import AuditCheck

VIEW = Permission.ACTIVITY_VIEW
LATE = timedelta(minutes=10)
"""Rows are sealed within two minutes; longer, and the worker is away or the chain is broken."""
COPIED_WITHIN = timedelta(minutes=2)
"""A seal is copied by the job that makes it, or by the next one."""

toasts.say("audit_check_asked", _l("The audit is being verified. What comes of it is shown here."), "info")


@blueprint.get("/activity/chain")
@requires(VIEW, role=Role.AUDITOR)
def audit_chain() -> Response:
    """How far the audit is sealed, and what the checks of it found."""
    return _page()


def _refused(refusal: Refusal) -> Response:
    return _page(refusal)


@blueprint.post("/activity/chain/check")
@requires(VIEW, role=Role.AUDITOR, refused=_refused)
def check_chain() -> Response:
    """Let a job verify everything; one at a time."""
    check = checking.ask(db.session(), scope().at)
    promise(check_audit, check=str(check))
    return hypermedia.done("audit_check_asked", url_for("ops.audit_chain"))


def _page(refusal: Refusal | None = None) -> Response:
    session = db.session()
    found = checking.checks(session)
    people = identity.names_of(session, {check.asked_by for check in found if check.asked_by is not None})
    rows = [_row(check, people.get(check.asked_by) if check.asked_by else None) for check in found]
    going_on = next((row for row in rows if row["going_on"]), None)
    standing = checking.standing(session)
    newest = found[0] if found else None
    tag = "" if newest is None else f"{newest.id} {newest.ended_at is None} {newest.rows} {newest.seen_at:%H%M%S}"
    if going_on is not None and refusal is None and (same := hypermedia.unchanged(tag)) is not None:
        return same
    return hypermedia.page(
        "ops/chain.html",
        block="story",
        tag=tag,
        revision=tag,
        zone=practice.time_zone(),
        standing=standing and _standing(standing),
        late=_is_late(standing, scope().at),
        copies=_copies() if standing else None,
        going_on=going_on,
        last=next((row for row in rows if row["has_verdict"]), None),
        checks=[row for row in rows if not row["going_on"]],
        refusal=refusal,
    )


def _row(check: AuditCheck, asked_by: str | None) -> dict[str, Any]:
    at_night = _("The clinic, every night")
    return {
        "asked_at": check.asked_at,
        "who": (asked_by or _("Unknown")) if check.asked_by else at_night,
        "ended_at": check.ended_at,
        "took": "" if check.ended_at is None else _took(check.ended_at - check.asked_at),
        "rows": f"{check.rows:,}",
        "seals": f"{check.seals:,}",
        "verdict": verdict_of(check),
        "tone": {True: "ok", False: "danger", None: "neutral"}[check.whole],
        "going_on": check.ended_at is None,
        "silent": check.ended_at is None and scope().at - check.seen_at > checking.SILENT,
        "has_verdict": check.whole is not None,
        "whole": check.whole,
        "sentence": sentence_of(_finding(check)) if check.finding else "",
    }


def _standing(found: Standing) -> dict[str, Any]:
    return {
        "block": f"{found.block:,}",
        "sealed_at": found.sealed_at,
        "rows_sealed": f"{found.sealed:,}",
        "rows_unsealed": f"{found.unsealed:,}",
    }


def _copies() -> dict[str, Any]:
    """How far the copies reach; DynamoDB away takes nothing else from the page."""
    try:
        found = copied()
    except DynamoUnavailable:
        return {"away": True, "behind": False, "differs": ""}
    return {
        "away": False,
        "block": None if found.block is None else f"{found.block:,}",
        "sealed_at": found.sealed_at,
        "waiting": f"{found.waiting:,}",
        "differs": sentence_of(Finding(found.differs, found.block or 0)) if found.differs else "",
        "behind": found.differs is None and _is_behind(found, scope().at),
    }


def _took(length: timedelta) -> str:
    seconds = round(length.total_seconds())
    if seconds < 60:  # noqa: PLR2004 - a minute
        return _("%(count)s s", count=seconds)
    return _("%(count)s min", count=round(seconds / 60))


def _finding(check: AuditCheck) -> Finding:
    return Finding(check.finding, check.finding_seal or 0, check.finding_row)  # type: ignore[arg-type]


def _is_late(standing: Standing | None, at: datetime) -> bool:
    return standing is not None and standing.waiting_since is not None and at - standing.waiting_since > LATE


def _is_behind(found: Copied, at: datetime) -> bool:
    return found.waiting_since is not None and at - found.waiting_since > COPIED_WITHIN
