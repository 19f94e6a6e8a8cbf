"""Having the audit verified: one check at a time, how far it is, and what it found, for those who may know."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from typing import TYPE_CHECKING
from uuid import UUID

from flask_babel import lazy_gettext as _l
from sqlalchemy import insert, select, text, update

from webapp import clock
from webapp.activity.verifying import Verdict, verify
from webapp.db import swiftly, transactional
from webapp.errors import Refusal, refuses
from webapp.ids import new_id
from webapp.models import AuditCheck

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy.orm import Session

    from webapp.db import Scope

SILENT = timedelta(minutes=30)
"""A check that says nothing for so long was given up: its job is tried again for nine minutes."""
SAME_NIGHT = timedelta(hours=1)
TELL_SECONDS = 2.0
MOST_SHOWN = 20

_LAST = "select number, upto, sealed_at from audit_seal order by number desc limit 1"
_UNSEALED = "select count(*), min(at) from audit where id > %(upto)s"
# Of what the last check that found everything whole has counted, only what came after it is counted again.
_SEALED = text("select coalesce(sum(octet_length(row_digests) / 24), 0)::bigint from audit_seal where number >= :first")


@refuses("audit_check_open_key")
class AlreadyChecking(Refusal):
    """Reading everything twice at once finds nothing that reading it once does not."""

    code = "already_checking"
    message = _l("The audit is being verified already. What comes of it is shown here.")


@dataclass(frozen=True, slots=True)
class Standing:
    """How far the audit is sealed: the last block, rows in all blocks, and rows that are too young, with the oldest."""

    block: int
    sealed_at: datetime
    sealed: int
    unsealed: int
    waiting_since: datetime | None


def standing(session: Session) -> Standing | None:
    """How far the audit is sealed; None before the first block."""
    last = swiftly(_LAST, {}).fetchone()
    if last is None:
        return None
    good = session.execute(
        select(AuditCheck.seals, AuditCheck.rows)
        .where(AuditCheck.whole.is_(True))
        .order_by(AuditCheck.asked_at.desc())
        .limit(1)
    ).first()
    first, counted = (good.seals, good.rows) if good is not None else (0, 0)
    since = int(session.execute(_SEALED, {"first": first}).scalar() or 0)
    unsealed = swiftly(_UNSEALED, {"upto": last[1]}).fetchone() or (0, None)
    return Standing(last[0], last[2], counted + since, unsealed[0], unsealed[1])


def checks(session: Session) -> Sequence[AuditCheck]:
    """The newest checks, newest first; at most one of them is still going on."""
    newest = AuditCheck.ended_at.is_not(None), AuditCheck.asked_at.desc(), AuditCheck.id.desc()
    return session.scalars(select(AuditCheck).order_by(*newest).limit(MOST_SHOWN)).all()


def ask(session: Session, at: datetime) -> UUID:
    """Begin a check for whoever acts, and end one that was given up; raises AlreadyChecking by its constraint."""
    silent = AuditCheck.ended_at.is_(None), AuditCheck.seen_at < at - SILENT
    session.execute(update(AuditCheck).where(*silent).values(ended_at=at))
    check = new_id()
    session.execute(insert(AuditCheck).values(id=check, asked_at=at, seen_at=at))
    return check


def of_the_night(session: Session, at: datetime) -> UUID | None:
    """The check that nobody asked for: begun anew, or the one that this night has begun; None while somebody's goes on.

    What this night has found to be wrong is not looked for again, however often the job that says so is tried.
    """
    newest = session.scalars(select(AuditCheck).order_by(AuditCheck.asked_at.desc()).limit(1)).first()
    if newest is not None and newest.seen_at > at - SAME_NIGHT:
        if newest.asked_by is None and (newest.ended_at is None or newest.whole is False):
            return newest.id
        if newest.ended_at is None and newest.seen_at >= at - SILENT:
            return None
    return ask(session, at)


def carry_out(check_id: UUID, scope: Callable[[], Scope]) -> AuditCheck | None:
    """Verify everything, say meanwhile how far it is, and write down what was found; None where there is no such check.

    One that has its verdict keeps it.  Raises DynamoUnavailable, and can then be carried out again.
    """
    with transactional(scope(), read_only=True) as session:
        check = session.get(AuditCheck, check_id)
        if check is None or check.ended_at is not None:
            return _apart(session, check)
    told = monotonic()

    def tell(verdict: Verdict) -> None:
        nonlocal told
        if monotonic() - told > TELL_SECONDS:
            _write(check_id, scope(), seals=verdict.seals, rows=verdict.rows)
            told = monotonic()

    _write(check_id, scope())
    verdict = verify(scope, tell)
    finding = verdict.finding
    return _write(
        check_id,
        scope(),
        ended_at=clock.now(),
        whole=finding is None,
        seals=verdict.seals,
        rows=verdict.rows,
        unsealed=verdict.unsealed,
        finding=finding and finding.kind,
        finding_seal=finding and finding.seal,
        finding_row=finding and finding.row,
    )


def _write(check_id: UUID, scope: Scope, **values: object) -> AuditCheck | None:
    with transactional(scope) as session:
        still = AuditCheck.id == check_id, AuditCheck.ended_at.is_(None)
        session.execute(update(AuditCheck).where(*still).values(seen_at=scope.at, **values))
        return _apart(session, session.get(AuditCheck, check_id))


def _apart(session: Session, check: AuditCheck | None) -> AuditCheck | None:
    """The row as it is now, to be read when its transaction is over."""
    if check is not None:
        session.refresh(check)
        session.expunge(check)
    return check
