"""What patients see of their own: the next visit, and those before and after it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from babel.dates import format_date
from flask import Blueprint
from flask_babel import gettext as _
from flask_login import current_user

from webapp import activity, hypermedia
from webapp.booking import queries as booking
from webapp.booking.states import Status
from webapp.booking.wording import LOCALE, clock, local_date, long_day, short_date
from webapp.cycle import scope
from webapp.db import Role
from webapp.identity.permissions import Permission
from webapp.practice import queries as practice
from webapp.routing import requires

if TYPE_CHECKING:
    from uuid import UUID

    from flask import Response

    from webapp.booking.queries import BoardVisit, VisitDetail
    from webapp.practice.models import Location

blueprint = Blueprint("portal", __name__)

TO_COME = frozenset({Status.BOOKED, Status.CONFIRMED, Status.ARRIVED, Status.IN_ROOM})
PAST_SHOWN = 10


@blueprint.get("/me")
@requires(Permission.OWN_VISITS_VIEW, role=Role.PATIENT)
def home() -> Response:
    """Show a patient's next visit first; row security lets through their own and nobody else's."""
    at = scope().at
    visits = [visit for patient in current_user.patients for visit in booking.patient_visits(patient)]
    to_come = sorted((v for v in visits if v.status in TO_COME and v.ends_at > at), key=lambda v: v.starts_at)
    past = [v for v in visits if v.status is Status.FINISHED]
    for patient in current_user.patients:
        activity.note("opened", patient=patient)
    following = booking.visit(to_come[0].id) if to_come else None
    sites = {site.id: site for site in practice.locations()}
    return hypermedia.page(
        "portal/home.html",
        next_visit=None if following is None else _next(following),
        later=[_line(visit, sites) for visit in to_come[1:]],
        past=[_line(visit, sites) for visit in past[:PAST_SHOWN]],
        site=following.appointment.location if following else next(iter(sites.values()), None),
    )


def _next(detail: VisitDetail) -> dict[str, Any]:
    visit = detail.appointment
    site, day = visit.location, local_date(visit.starts_at, visit.location.time_zone)
    return {
        "month": format_date(day, "MMM", locale=LOCALE),
        "day": day.day,
        "weekday": format_date(day, "EEE", locale=LOCALE),
        "date_label": long_day(day),
        "time_label": clock(visit.starts_at, site.time_zone),
        "status": visit.status,
        "service": visit.service.name,
        "provider": visit.provider.name,
        "place": ", ".join(part for part in (site.line, visit.room.name if visit.room else "") if part) or site.name,
    }


def _line(visit: BoardVisit, sites: dict[UUID, Location]) -> dict[str, str]:
    zone = sites[visit.location_id].time_zone
    day = local_date(visit.starts_at, zone)
    return {
        "when": _("%(day)s, %(time)s", day=short_date(day), time=clock(visit.starts_at, zone)),
        "what": _("%(service)s, %(provider)s", service=visit.service, provider=visit.provider_name),
        "status": visit.status.value,
    }
