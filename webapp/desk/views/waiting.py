"""The waiting list where the desk works: beside the board, in a patient's record, in the drawer of a visit."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from flask import Response, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from webapp import activity, hypermedia
from webapp.booking.queries import VisitDetail
from webapp.booking.queries.waiting_list import open_offers, waits_on, who_waits
from webapp.booking.states import MOVABLE
from webapp.booking.waiting_wording import suits, urgency_label, waited, with_whom
from webapp.booking.wording import clock, local_date
from webapp.cycle import scope
from webapp.db import Role
from webapp.desk import queries
from webapp.desk.views import address
from webapp.desk.views.door import blueprint
from webapp.identity.permissions import Permission
from webapp.patients.models import Patient
from webapp.practice import queries as practice
from webapp.routing import requires
from webapp.templating import may

ON_THE_BOARD = 4


@blueprint.get("/board/<day:day>/waiting")
@requires(Permission.WAITING_LIST_EDIT, role=Role.DESK, touches=False)
def waiting_beside(day: date) -> Response:
    """Show beside the board whom a time of its day could help, and the offers that run; the board asks by itself.

    A part of its own, so that the board stays as quick as it is.  Without JavaScript the board only links to the list.
    """
    if not hypermedia.wants_fragment():
        return hypermedia.see(url_for("booking.waiting_list"))
    asked = address.read(request.args, day)
    site = queries.location(asked.location, current_user.sites_of(Permission.BOARD_VIEW) or ())
    shown = None if site is None or day.year not in address.YEARS else _panel(site.id, day, scope().at)
    return hypermedia.page("desk/waiting.html", block="beside", waiting=shown)


def _panel(location_id: UUID, day: date, at: datetime) -> dict[str, Any]:
    names = {each.id: each.name for each in practice.providers()}
    found = waits_on(location_id, day, limit=ON_THE_BOARD)
    offers = [each for each in open_offers(at) if each.hold.location_id == location_id]
    shown = [line.wish for line in found.lines] + [each.wish for each in offers]
    activity.note("listed", listed={wish.patient_id for wish in shown})
    return {
        "meta": ngettext("%(num)s fits", "%(num)s fit", found.total),
        "offers": [
            {
                "name": each.wish.patient.name,
                "detail": _(
                    "%(time)s, until %(until)s",
                    time=clock(each.hold.starts_at, each.hold.location.time_zone),
                    until=clock(each.offer.expires_at, each.hold.location.time_zone),
                ),
            }
            for each in offers
        ],
        "people": [
            {
                "name": line.wish.patient.name,
                "href": url_for("booking.wish", wish_id=line.wish.id),
                "detail": f"{line.wish.service.name} · {with_whom(line.wish, names)}",
                "urgency": urgency_label(line.wish.urgency),
            }
            for line in found.lines
        ],
    }


def card(patient: Patient, at: datetime) -> dict[str, Any] | None:
    """What a patient waits for, in their record, and the way to put them on the list."""
    if not may("waiting_list.edit"):
        return None
    names = {each.id: each.name for each in practice.providers()}
    today = local_date(at, practice.time_zone())
    bookable = patient.deceased_at is None and patient.merged_into is None
    return {
        "add": url_for("booking.new_wish", patient=patient.id) if bookable else None,
        "lines": [
            {
                "href": url_for("booking.wish", wish_id=line.wish.id),
                "what": line.wish.service.name,
                "whom": with_whom(line.wish, names),
                "suits": suits(line.wish, today),
                "waited": _("waits %(time)s", time=waited(line.wish.created_at, at)),
                "urgency": urgency_label(line.wish.urgency),
            }
            for line in who_waits(patient_id=patient.id, limit=20).lines
        ],
    }


def wants_earlier(detail: VisitDetail, at: datetime) -> list[dict[str, Any]]:
    """The drawer's way onto the list for a visit that is to come: a time before it."""
    visit = detail.appointment
    if (
        visit.together_id is not None
        or detail.status not in MOVABLE
        or visit.starts_at <= at
        or not may("waiting_list.edit")
    ):
        return []
    href = url_for("booking.new_wish", patient=visit.patient_id, appointment=visit.id)
    return [
        {
            "label": _("Wants earlier"),
            "icon": "hourglass",
            "href": href,
            "attrs": {"hx-get": href, "hx-target": "#dialog"},
        }
    ]
