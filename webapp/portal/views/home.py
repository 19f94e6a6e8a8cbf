"""What patients see of themselves: their next visit first."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from babel.dates import format_date
from flask import Response
from flask_babel import gettext as _
from flask_login import current_user

from webapp import activity, hypermedia
from webapp.booking.models import Appointment
from webapp.booking.queries import own_visits
from webapp.booking.states import Status, shown_as
from webapp.booking.wording import LOCALE, clock, local_date, short_date, time_span
from webapp.cycle import scope
from webapp.db import Role
from webapp.identity.permissions import Permission
from webapp.portal.views.door import blueprint
from webapp.practice.letterhead import letterhead
from webapp.routing import requires

TO_COME = frozenset({Status.BOOKED, Status.CONFIRMED, Status.ARRIVED, Status.IN_ROOM})
MOST_PAST = 5


@blueprint.get("/me")
@requires(Permission.OWN_VISITS_VIEW, role=Role.PATIENT)
def home() -> Response:
    """Show the next visit, the ones after it, and the last ones."""
    at = scope().at
    visits = own_visits(current_user.patients)
    for patient in {visit.patient_id for visit in visits}:
        activity.note("opened", patient=patient)
    coming = [visit for visit in visits if Status(visit.status) in TO_COME and visit.ends_at > at]
    past = [visit for visit in visits if visit not in coming and visit.starts_at <= at]
    later = coming[1:]
    place = visits[0].location if visits else None
    return hypermedia.page(
        "portal/home.html",
        next_visit=_tile(coming[0]) if coming else None,
        phone=place.phone if place else "",
        clinic=letterhead(place),
        name=current_user.display_name,
        several=len(current_user.patients) > 1,
        later=[_line(visit, at) for visit in later],
        past=[_line(visit, at) for visit in sorted(past, key=lambda visit: visit.starts_at, reverse=True)[:MOST_PAST]],
    )


def _tile(visit: Appointment) -> dict[str, Any]:
    zone = visit.location.time_zone
    day = local_date(visit.starts_at, zone)
    place = ", ".join(part for part in (visit.location.name, visit.location.line, visit.location.city) if part)
    return {
        "month": format_date(day, "MMM", locale=LOCALE),
        "day": format_date(day, "d", locale=LOCALE),
        "weekday": format_date(day, "EEE", locale=LOCALE),
        "date_label": format_date(day, "EEEE, MMMM d", locale=LOCALE),
        "time_label": time_span(visit.starts_at, visit.ends_at, zone),
        "status": shown_as(Status(visit.status)),
        "service": visit.service.name,
        "provider": visit.provider.name,
        "place": place,
        "who": visit.patient.name,
    }


def _line(visit: Appointment, at: datetime) -> dict[str, Any]:
    zone = visit.location.time_zone
    return {
        "day": short_date(local_date(visit.starts_at, zone)),
        "time": clock(visit.starts_at, zone),
        "what": _("%(service)s with %(provider)s", service=visit.service.name, provider=visit.provider.name),
        "status": shown_as(Status(visit.status)),
        "future": visit.starts_at > at,
    }
