"""A clinician's own day: who waits, who is in the room, who comes next, with what they must know of each."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from flask import Response, url_for
from flask_babel import gettext as _
from flask_login import current_user

from webapp import activity, hypermedia
from webapp.booking.queries import SheetVisit, provider_visits
from webapp.booking.states import Status, minutes_in_state, minutes_late, next_step, shown_as
from webapp.booking.wording import action_label, clock, local_date, long_day, time_span
from webapp.cycle import scope
from webapp.db import Role
from webapp.desk import queries
from webapp.desk.views.door import blueprint
from webapp.desk.views.drawer import ICONS, ROUTES
from webapp.identity.permissions import Permission
from webapp.patients.birth_dates import age
from webapp.patients.queries import clinical_alerts
from webapp.patients.wording import born, initials, record_number, tone
from webapp.practice.hours import Span
from webapp.practice.letterhead import letterhead
from webapp.routing import requires
from webapp.templating import may_at

TEMPLATE = "desk/my_day.html"
REACH = timedelta(hours=36)
"""No local day that is today somewhere begins or ends further away."""
WAITING_FIRST = {Status.ARRIVED: 0, Status.BOOKED: 1, Status.CONFIRMED: 1}


@blueprint.get("/my-day")
@requires(Permission.CLINICAL_VIEW, role=Role.CLINICIAN)
def my_day() -> Response:
    """Show the visits of today of the provider whom this account belongs to."""
    at = scope().at
    visits = _visits(current_user.provider_id, at)
    alerts = clinical_alerts({visit.patient_id for visit in visits})
    tag = _revision(visits, alerts, at)
    same = hypermedia.unchanged(tag)
    if same is not None:
        return same
    activity.note("listed", listed={visit.patient_id for visit in visits})
    site = queries.location(visits[0].location_id if visits else None)
    shown = {visit.id: _row(visit, alerts.get(visit.patient_id, ()), at) for visit in visits}
    ordered = sorted(visits, key=_urgency)
    next_ = next((visit for visit in ordered if visit.status in WAITING_FIRST), None)
    return hypermedia.page(
        TEMPLATE,
        block="day",
        tag=tag,
        revision=tag,
        clinic=letterhead(site),
        title=long_day(local_date(at, "UTC" if site is None else site.time_zone)),
        linked=current_user.provider_id is not None,
        in_room=[shown[visit.id] for visit in visits if visit.status is Status.IN_ROOM],
        next=None if next_ is None else shown[next_.id],
        groups=[
            {
                "title": title,
                "rows": [shown[visit.id] for visit in ordered if visit is not next_ and visit.status in of],
            }
            for title, of in (
                (_("Waiting"), {Status.ARRIVED}),
                (_("Later"), {Status.BOOKED, Status.CONFIRMED}),
                (_("Done"), {Status.FINISHED}),
                (_("Did not attend"), {Status.NOSHOW}),
            )
        ],
        total=len(visits),
    )


def _visits(provider_id: UUID | None, at: datetime) -> list[SheetVisit]:
    """Today's, by the clock of the place of each visit."""
    if provider_id is None:
        return []
    near = provider_visits(provider_id, Span(at - REACH, at + REACH))
    return [visit for visit in near if local_date(visit.starts_at, visit.time_zone) == local_date(at, visit.time_zone)]


def _urgency(visit: SheetVisit) -> tuple[int, datetime]:
    """Those who wait first, the longest wait before the others; everybody else by start."""
    waiting = visit.arrived_at if visit.status is Status.ARRIVED else None
    return WAITING_FIRST.get(visit.status, 2), waiting or visit.starts_at


def _revision(visits: Sequence[SheetVisit], alerts: Mapping[UUID, Sequence[tuple[str, str]]], at: datetime) -> str:
    facts = (
        int(at.timestamp() // 60),
        [(str(visit.id), visit.version, visit.room, visit.alerts) for visit in visits],
        sorted((str(patient), list(found)) for patient, found in alerts.items()),
    )
    return hashlib.blake2b(repr(facts).encode(), digest_size=9).hexdigest()


def _row(visit: SheetVisit, clinical: Sequence[tuple[str, str]], at: datetime) -> dict[str, Any]:
    zone = visit.time_zone
    today = local_date(at, zone)
    return {
        "id": visit.id,
        "href": url_for("desk.record", patient_id=visit.patient_id),
        "name": visit.name,
        "initials": initials(visit.name),
        "tone": tone(visit.patient_id),
        "about": " · ".join(
            (
                _("%(years)s years", years=age(visit.birth_date, today)),
                _("Born %(date)s", date=born(visit.birth_date)),
                _("MRN %(number)s", number=record_number(visit.record_number)).replace(" ", "\N{NO-BREAK SPACE}"),
            )
        ),
        "start": clock(visit.starts_at, zone),
        "when": time_span(visit.starts_at, visit.ends_at, zone),
        "what": " · ".join(part for part in (visit.service, visit.room) if part),
        "status": shown_as(visit.status),
        "minutes": minutes_in_state(visit.status, arrived_at=visit.arrived_at, started_at=visit.started_at, now=at),
        "late": minutes_late(visit.status, visit.starts_at, at),
        "note": visit.note,
        "alerts": visit.alerts,
        "clinical": [{"label": label, "detail": detail} for label, detail in clinical],
        "step": _step(visit, at),
    }


def _step(visit: SheetVisit, at: datetime) -> dict[str, Any] | None:
    """What the clinician does next; checking in is the desk's."""
    today = local_date(at, visit.time_zone)
    action = next_step(visit.status, on=today, today=today)
    if action is None or visit.status not in {Status.ARRIVED, Status.IN_ROOM}:
        return None
    if not may_at(f"visit.{ROUTES[action]}", visit.location_id):
        return None
    return {
        "label": action_label(action),
        "href": url_for(f"desk.{ROUTES[action]}", appointment_id=visit.id),
        "icon": ICONS[action],
        "hidden": [("version", visit.version), ("back", url_for("desk.my_day"))],
    }
