"""What patients changed by themselves in a request, as far as the front desk has to hear of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import select

from webapp.booking.models import Appointment
from webapp.booking.states import LIVE, Status
from webapp.booking.wording import local_date
from webapp.db import Role, db
from webapp.models import Audit
from webapp.news import News
from webapp.practice.models import Location

if TYPE_CHECKING:
    from collections.abc import Iterable

VISIT, OFFER = "appointment", "waiting_offer"
EXPECTED = LIVE - {Status.HELD}
SOON = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Happened:
    """Something that a patient did in the portal: what, to which row, and when."""

    kind: News
    subject: UUID
    at: datetime


def done_in_portal(request: str) -> list[Happened]:
    """Offers that were taken, and visits of today or tomorrow that were booked, moved or canceled in a request.

    A time of the waiting list that somebody took is said once, not as the visit that it became, too.
    """
    query = select(Audit).where(
        Audit.request == request, Audit.table_name.in_([VISIT, OFFER]), Audit.role != Role.DESK.value
    )
    rows = db.session.scalars(query.order_by(Audit.id)).all()
    taken = [
        Happened(News.OFFER_TAKEN, row.row_id, row.at)
        for row in rows
        if row.table_name == OFFER and row.role == Role.PATIENT and _turned(row.changes, "outcome") == "accepted"
    ]
    return taken or list(_of_visits(row for row in rows if row.table_name == VISIT))


def _of_visits(rows: Iterable[Audit]) -> Iterable[Happened]:
    for row in rows:
        visit = db.session.get(Appointment, row.row_id)
        kind = None if visit is None else _kind(row, visit)
        if visit is not None and kind is not None and _is_soon(visit, row):
            yield Happened(kind, visit.id, row.at)


def _kind(row: Audit, visit: Appointment) -> News | None:
    """What a row of the audit says of a visit: what was paid for is booked by a job, for who held it in the portal."""
    changes = row.changes
    status = changes.get("status") if row.operation == "insert" else _turned(changes, "status")
    if status == Status.BOOKED and visit.via == "portal" and not _was_expected(changes):
        return News.BOOKED
    if row.role != Role.PATIENT or row.operation != "update":
        return None
    if status == Status.CANCELLED and _was_expected(changes):
        return News.CANCELED
    return News.MOVED if "starts_at" in changes and Status(visit.status) in EXPECTED else None


def _is_soon(visit: Appointment, row: Audit) -> bool:
    """Whether a visit is, or was before it moved, today or tomorrow at its place."""
    zone = db.session.get_one(Location, visit.location_id).time_zone
    times = [visit.starts_at]
    if row.operation == "update" and "starts_at" in row.changes:
        times += [datetime.fromisoformat(each) for each in row.changes["starts_at"]]
    today = local_date(row.at, zone)
    return any(today <= local_date(each, zone) <= today + SOON for each in times)


def _turned(changes: dict[str, Any], name: str) -> object:
    """What a column became by an update; None where it stayed."""
    step = changes.get(name)
    return step[1] if isinstance(step, list) else None


def _was_expected(changes: dict[str, Any]) -> bool:
    step = changes.get("status")
    return isinstance(step, list) and step[0] in {each.value for each in EXPECTED}
