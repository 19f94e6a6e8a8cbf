"""A patient's home: the next visit first, what is to do before it, one button to book."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from flask import Response, url_for
from flask_babel import gettext as _
from flask_login import current_user

from webapp import activity, hypermedia
from webapp.billing.queries.own import open_of
from webapp.booking.models import Appointment
from webapp.booking.queries import own_visits
from webapp.booking.queries.own_waiting import own_offers, own_wishes
from webapp.booking.states import Status, shown_as
from webapp.cycle import scope
from webapp.db import Role
from webapp.identity.permissions import Permission
from webapp.identity.person import Grant
from webapp.money import money
from webapp.portal import wording
from webapp.portal.views.door import blueprint, phone_of
from webapp.portal.views.visit import facts
from webapp.portal.views.waiting import offer_facts
from webapp.practice import queries as practice
from webapp.practice.letterhead import letterhead
from webapp.routing import requires

if TYPE_CHECKING:
    from datetime import datetime

TO_COME = frozenset({Status.BOOKED, Status.CONFIRMED, Status.ARRIVED, Status.IN_ROOM})
MOST_PAST = 5
SAID_FOR = timedelta(days=30)


@blueprint.get("/me")
@requires(Permission.OWN_VISITS_VIEW, role=Role.PATIENT)
def home() -> Response:
    """Show one's own home; whoever acts for one other person only is led there, for several lets them choose."""
    grants = [grant for grant in current_user.grants if grant.allows(Permission.OWN_VISITS_VIEW)]
    own = next((grant for grant in grants if grant.relation == "self"), None)
    if own is None and len(grants) == 1:
        return hypermedia.see(url_for("portal.home_of", patient_id=grants[0].patient_id))
    return _page(None if own is None else own.patient_id, grants)


@blueprint.get("/me/<uuid:patient_id>")
@requires(Permission.OWN_VISITS_VIEW, role=Role.PATIENT)
def home_of(patient_id: UUID) -> Response:
    """Show the home of one person that one acts for."""
    return _page(patient_id, [])


def _page(patient_id: UUID | None, grants: list[Grant]) -> Response:
    visits = [] if patient_id is None else own_visits([patient_id])
    owed = None if patient_id is None else _owed(patient_id)
    if visits or owed:
        activity.note("opened", patient=patient_id)
    at = scope().at
    coming = [visit for visit in visits if Status(visit.status) in TO_COME and visit.ends_at > at]
    past = [visit for visit in reversed(visits) if visit not in coming and visit.starts_at <= at]
    place = (coming or past)[0].location if coming or past else next(iter(practice.locations()), None)
    return hypermedia.page(
        "portal/home.html",
        patient_id=patient_id,
        name=wording.first_name(_name(patient_id, grants)),
        next_visit=_next(coming[0]) if coming else None,
        tasks=[task for visit in coming for task in _tasks(visit)],
        offers=[] if patient_id is None else [offer_facts(each) for each in own_offers(patient_id, at)],
        owed=owed,
        waits=patient_id is not None and bool(own_wishes(patient_id)),
        later=[_line(visit) for visit in coming[1:]],
        past=[_line(visit) for visit in past[:MOST_PAST]],
        others=[
            {"title": grant.name, "detail": _("See and book visits"), "icon": "user",
             "href": url_for("portal.home_of", patient_id=grant.patient_id)}
            for grant in grants
            if grant.patient_id != patient_id
        ],
        ended=[] if patient_id is not None and not grants else _ended(at),
        place=letterhead(place),
        phone=phone_of(place),
    )  # fmt: skip


def _name(patient_id: UUID | None, grants: list[Grant]) -> str:
    grant = None if patient_id is None else current_user.grant_for(patient_id)
    return str(grant.name if grant is not None and grant.name and not grants else current_user.display_name)


def _ended(at: datetime) -> list[str]:
    """Whom this person helped until a while ago: that it is over has to be said by somebody."""
    return [grant.name for grant in current_user.ended if grant.ends_at is not None and at - grant.ends_at < SAID_FOR]


def _next(visit: Appointment) -> dict[str, Any]:
    shown = facts(visit)
    return shown | {
        **shown["tile"],
        "status": shown["state"],
        "date_label": shown["day"],
        "time_label": wording.span(visit.starts_at, visit.ends_at, visit.location.time_zone),
        "service": visit.service.name,
        "place": ", ".join(shown["where"]),
        "href": url_for("portal.visit", patient_id=visit.patient_id, appointment_id=visit.id),
    }


def _tasks(visit: Appointment) -> list[dict[str, Any]]:
    """What is to do before a visit: say that one is here, or that one will come."""
    shown = facts(visit)
    href = url_for("portal.visit", patient_id=visit.patient_id, appointment_id=visit.id)
    when = wording.moment_in_words(visit.starts_at, visit.location.time_zone)
    if shown["steps"].arrive:
        return [{"title": _("Say that you are here"), "detail": when, "icon": "user-check", "href": href}]
    if shown["steps"].confirm:
        return [{"title": _("Tell us that you will come"), "detail": when, "icon": "calendar-check", "href": href}]
    return []


def _owed(patient_id: UUID) -> dict[str, Any] | None:
    """What is to pay, for whoever looks after this person's money: one invoice leads to itself, several to the list."""
    due = open_of(patient_id) if current_user.may_for(Permission.OWN_MONEY, patient_id) else []
    if not due:
        return None
    one = url_for("portal.invoice", patient_id=patient_id, invoice_id=due[0].id)
    return {
        "amount": money(sum(each.cents for each in due), due[0].currency),
        "since": _("Due %(day)s", day=wording.short_date(due[0].due_on)),
        "href": one if len(due) == 1 else url_for("portal.invoices", patient_id=patient_id),
    }


def _line(visit: Appointment) -> dict[str, Any]:
    zone = visit.location.time_zone
    return {
        "day": wording.short_date(wording.day_of(visit.starts_at, zone)),
        "time": wording.clock(visit.starts_at, zone),
        "what": _("%(service)s with %(provider)s", service=visit.service.name, provider=visit.provider.name),
        "status": shown_as(Status(visit.status)),
        "href": url_for("portal.visit", patient_id=visit.patient_id, appointment_id=visit.id),
    }
