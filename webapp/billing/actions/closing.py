"""The end of a day in one go: every drawer that was counted is signed, and every draft of the day is issued."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.billing.actions.drafts import draft_visit
from webapp.billing.actions.drawers import Count, close_drawer
from webapp.billing.actions.issue import issue
from webapp.billing.queries.worklists import unbilled
from webapp.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime
    from uuid import UUID

    from webapp.billing.models import DrawerDay
    from webapp.practice.hours import Span


def close_all(counts: Iterable[Count], *, actor: UUID | None, at: datetime) -> list[DrawerDay]:
    """Sign several counts or none of them; what is refused names its count after a hyphen in the field.

    Raises what `close_drawer` raises.
    """
    made = []
    for count in sorted(counts, key=lambda count: count.drawer_day_id):
        try:
            made.append(close_drawer(count, actor=actor, at=at))
        except Refusal as refusal:
            if refusal.field is not None:
                refusal.field = f"{refusal.field}-{count.drawer_day_id}"
            raise
    return made


def bill_all(location_id: UUID, span: Span, visits: Sequence[UUID], *, actor: UUID | None, at: datetime) -> list[UUID]:
    """Issue the invoices of those of some finished visits that have none yet; the patients they are of.

    A visit that costs nothing keeps its draft.  Raises NoMoneyHere.
    """
    billed = []
    for visit in unbilled(location_id, span.start, span.end):
        if visit.appointment_id in visits and visit.cents > 0:
            draft = visit.draft_id or draft_visit(visit.appointment_id, actor=actor, at=at).id
            billed.append(issue(draft, actor=actor, at=at).patient_id)
    return billed
