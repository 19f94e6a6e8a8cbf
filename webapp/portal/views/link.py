"""The link in a reminder: a page of one visit's time and place whose button confirms it, without a session."""

from __future__ import annotations

from dataclasses import replace

from flask import Response, current_app, g
from flask_babel import gettext as _

from webapp import activity, hypermedia, problems
from webapp.booking.actions import confirm
from webapp.booking.models import Appointment
from webapp.booking.online import steps_of
from webapp.booking.queries.online import own_visit
from webapp.booking.states import Status
from webapp.booking.visit_links import Named, read_token
from webapp.db import Role, Scope, transactional
from webapp.errors import NotFound, Refusal
from webapp.patients.queries import record_now
from webapp.portal import wording
from webapp.portal.views.door import blueprint, phone_of
from webapp.routing import public

COMING = frozenset({Status.BOOKED, Status.CONFIRMED, Status.ARRIVED})


@blueprint.get("/visit/<token>")
@public
def visit_link(token: str) -> Response:
    """Show when and where the visit is; looking at it confirms nothing."""
    return _answer(token)


@blueprint.post("/visit/<token>")
@public
def confirm_by_link(token: str) -> Response:
    """Confirm the visit; a second press finds it confirmed."""
    try:
        named = _named(token)
        with transactional(_scope(named)):
            visit = own_visit(named.patient_id, named.appointment_id)
            if Status(visit.status) is Status.BOOKED and visit.starts_at > g.at:
                confirm(visit.id, at=g.at)
                activity.note("changed", patient=visit.patient_id, detail="portal.confirmed_by_link")
    except Refusal as refusal:
        return problems.page(refusal)
    return _answer(token)


def _answer(token: str) -> Response:
    try:
        named = _named(token)
        with transactional(_scope(named), read_only=True):
            return _page(own_visit(named.patient_id, named.appointment_id))
    except Refusal as refusal:
        return problems.page(refusal)


def _named(token: str) -> Named:
    named = read_token(token, secret=str(current_app.secret_key))
    if named is None:
        raise NotFound
    with transactional(_scope(named), read_only=True):
        # A visit moves with its record: whoever was sent the link is the record that theirs was merged into since.
        return replace(named, patient_id=record_now(named.patient_id))


def _scope(named: Named) -> Scope:
    return Scope(Role.PATIENT, None, g.at, g.request_id, (named.patient_id,))


def _page(visit: Appointment) -> Response:
    activity.note("opened", patient=visit.patient_id)
    zone, status = visit.location.time_zone, Status(visit.status)
    day = wording.day_of(visit.starts_at, zone)
    return hypermedia.page(
        "portal/link.html",
        tile=wording.parts_of(day),
        day=wording.long_day(day),
        time=wording.clock(visit.starts_at, zone),
        name=visit.location.name,
        where=wording.address(visit.location),
        phone=phone_of(visit.location),
        title=_title(status, over=visit.starts_at <= g.at),
        confirmed=status in COMING - {Status.BOOKED},
        open=steps_of(visit, g.at).confirm,
    )


def _title(status: Status, *, over: bool) -> str:
    if status not in COMING:
        return _("This visit is not booked any more")
    if over:
        return _("This visit has begun")
    return _("Will you come?") if status is Status.BOOKED else _("Thank you. We expect you.")
