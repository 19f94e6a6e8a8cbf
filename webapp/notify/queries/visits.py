"""What is true of visits now, and what was last said about them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import select

from webapp.booking.models import Appointment, AppointmentHistory
from webapp.booking.states import Status
from webapp.db import db
from webapp.models import Audit
from webapp.notify.models import VisitTold
from webapp.notify.notices import STANDS, Facts, Step, Told, changed_at
from webapp.practice.models import Location

if TYPE_CHECKING:
    from collections.abc import Sequence

TOLD_TABLES = ("appointment", "payment", "refund", "waiting_offer")


@dataclass(frozen=True, slots=True)
class Visit:
    """A visit as whoever comes to it knows it; `now.at` is when it last became so, `zone` its clinic's."""

    id: UUID
    patient_id: UUID
    version: int
    now: Step
    zone: str


def changed_in(request: str) -> dict[str, list[UUID]]:
    """Which rows that people may have to hear of changed in a request, by table; offers and money only when new."""
    query = (
        select(Audit.table_name, Audit.row_id)
        .where(Audit.request == request, Audit.table_name.in_(TOLD_TABLES))
        .where((Audit.table_name == "appointment") | (Audit.operation == "insert"))
        .distinct()
        .order_by(Audit.row_id)
    )
    found: dict[str, list[UUID]] = {table: [] for table in TOLD_TABLES}
    for row in db.session.execute(query):
        found[row.table_name].append(row.row_id)
    return found


def locked_visit(visit_id: UUID) -> Visit | None:
    """Lock a visit and read how it stands: a change that is on its way is waited for, and seen."""
    query = select(Appointment).where(Appointment.id == visit_id).with_for_update(key_share=True)
    visit = db.session.scalars(query.execution_options(populate_existing=True)).one_or_none()
    return None if visit is None else _seen(visit)


def _seen(visit: Appointment) -> Visit:
    facts = Facts(visit.starts_at, visit.location_id, visit.provider_id)
    steps = [_step(row, visit) for row in _history(visit.id)]
    stand = STANDS[Status(visit.status)]
    now = Step(changed_at(steps) if steps else visit.booked_at, stand, facts)
    zone = db.session.get_one(Location, visit.location_id).time_zone
    return Visit(visit.id, visit.patient_id, visit.version, now, zone)


def told(visit_id: UUID) -> tuple[int, Told | None]:
    """How often something was said about a visit, and what was said last."""
    row = db.session.get(VisitTold, visit_id, populate_existing=True)
    if row is None:
        return 0, None
    return row.turn, Told(row.planned, Facts(row.starts_at, row.location_id, row.provider_id))


def _history(visit_id: UUID) -> Sequence[AppointmentHistory]:
    query = select(AppointmentHistory).where(AppointmentHistory.appointment_id == visit_id)
    return db.session.scalars(query.order_by(AppointmentHistory.id)).all()


def _step(row: AppointmentHistory, visit: Appointment) -> Step:
    # Steps from before the front desk was complete don't know the place.
    facts = Facts(row.starts_at, row.location_id or visit.location_id, row.provider_id)
    return Step(row.at, STANDS[Status(row.to_status)], facts)
