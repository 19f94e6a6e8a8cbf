"""Leave and its occupancy: the absence is the truth, busy is what the visits that were kept leave of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY, TSTZRANGE, Range
from sqlalchemy.dialects.postgresql import UUID as PGUUID

from webapp.booking import queries
from webapp.db import db
from webapp.practice import actions as practice
from webapp.practice.hours import Span

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from webapp.practice.models import Leave

_VACATE = text("select doors.vacate(:owner)")
_OCCUPY = text("select doors.occupy(:owner, 'leave', :resources, :spans, 0, null, :at)").bindparams(
    bindparam("resources", type_=ARRAY(PGUUID)), bindparam("spans", type_=ARRAY(TSTZRANGE))
)


def settle_leave(leave: Leave, at: datetime) -> None:
    """Make occupancy agree with the leave and the visits in it; the provider is locked exclusively."""
    db.session.flush()
    db.session.execute(_VACATE, {"owner": leave.id})
    span = Span(leave.starts_at, leave.ends_at)
    taken = [busy.span for busy in queries.busy([leave.provider_id], span, at)]
    free = gaps(span, taken)
    if free:
        spans = [Range(gap.start, gap.end) for gap in free]
        values = {"owner": leave.id, "resources": [leave.provider_id] * len(free), "spans": spans, "at": at}
        db.session.execute(_OCCUPY, values)


def end_leave(leave_id: UUID, *, at: datetime) -> UUID:
    """Let a provider be back from now on; returns the provider (NotFound)."""
    leave = practice.locked_leave(leave_id, at=at)
    provider, begun = leave.provider_id, leave.starts_at < at
    practice.end_leave(leave, at=at)
    if begun:
        settle_leave(leave, at)
    else:
        db.session.execute(_VACATE, {"owner": leave_id})
    return provider


def gaps(span: Span, taken: list[Span]) -> list[Span]:
    """What is left of a span without the taken ones."""
    left, since = [], span.start
    for busy in sorted(taken, key=lambda each: each.start):
        if busy.start > since:
            left.append(Span(since, min(busy.start, span.end)))
        since = max(since, busy.end)
    if since < span.end:
        left.append(Span(since, span.end))
    return left
