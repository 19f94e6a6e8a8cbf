"""A visit's page: when and where it is, and what its patient may do with it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from webapp import activity, hypermedia, toasts
from webapp.booking import actions, calendars
from webapp.booking.models import Appointment
from webapp.booking.online import rule_of, steps_of
from webapp.booking.queries.online import own_visit
from webapp.booking.states import Status, shown_as
from webapp.cycle import scope
from webapp.db import Role
from webapp.errors import NotFound, Refusal
from webapp.identity.permissions import Permission
from webapp.portal import wording
from webapp.portal.views.check import place_lines, rule_words, what
from webapp.portal.views.door import blueprint, phone_of
from webapp.routing import requires

CONFIRMED = "portal.confirmed"
ARRIVED = "portal.arrived"
NONE_YET = frozenset({Status.HELD, Status.LAPSED})

toasts.say(CONFIRMED, _l("Thank you. We expect you."))
toasts.say(ARRIVED, _l("You are checked in. Please take a seat; we call you."))


@blueprint.get("/me/<uuid:patient_id>/visits/<uuid:appointment_id>")
@requires(Permission.OWN_VISITS_VIEW, role=Role.PATIENT)
def visit(patient_id: UUID, appointment_id: UUID) -> Response:
    """Show one visit."""
    return page(known(patient_id, appointment_id))


def refused(refusal: Refusal, patient_id: UUID, appointment_id: UUID) -> Response:
    """Show the visit as it is now, and what became of the press."""
    return page(known(patient_id, appointment_id), refusal)


@blueprint.post("/me/<uuid:patient_id>/visits/<uuid:appointment_id>/confirm")
@requires(Permission.OWN_VISITS_BOOK, role=Role.PATIENT, refused=refused)
def confirm(patient_id: UUID, appointment_id: UUID) -> Response:
    """Say that one will come."""
    return _done(CONFIRMED, actions.confirm(known(patient_id, appointment_id).id, at=scope().at))


@blueprint.post("/me/<uuid:patient_id>/visits/<uuid:appointment_id>/arrive")
@requires(Permission.OWN_VISITS_BOOK, role=Role.PATIENT, refused=refused)
def arrive(patient_id: UUID, appointment_id: UUID) -> Response:
    """Say that one is here, on the day, from an hour before the start."""
    here = known(patient_id, appointment_id)
    return _done(ARRIVED, actions.arrive(here.id, at=scope().at))


@blueprint.get("/me/<uuid:patient_id>/visits/<uuid:appointment_id>/visit.ics")
@requires(Permission.OWN_VISITS_VIEW, role=Role.PATIENT)
def calendar_file(patient_id: UUID, appointment_id: UUID) -> Response:
    """One visit for the calendar of a telephone: when and where, and nothing of what it is about."""
    of = known(patient_id, appointment_id)
    activity.note("opened", patient=patient_id)
    entry = calendars.Entry(
        id=of.id,
        starts_at=of.starts_at,
        ends_at=of.ends_at,
        summary=_("Visit at %(place)s", place=of.location.name),
        place=", ".join(wording.address(of.location)),
        sequence=of.version,
        written_at=scope().at,
        canceled=Status(of.status) in {Status.CANCELLED, Status.NOSHOW},
    )
    response = Response(calendars.calendar([entry], name=of.location.name), content_type=calendars.MEDIA_TYPE)
    response.headers["Content-Disposition"] = 'attachment; filename="visit.ics"'
    return response


def known(patient_id: UUID, appointment_id: UUID) -> Appointment:
    """A visit that is booked, or was; a time that is only held is none (NotFound)."""
    found = own_visit(patient_id, appointment_id)
    if Status(found.status) in NONE_YET:
        raise NotFound
    return found


def page(of: Appointment, refusal: Refusal | None = None) -> Response:
    """The page of a visit, with what was refused on it."""
    activity.note("opened", patient=of.patient_id)
    return hypermedia.page(
        "portal/visit.html",
        **facts(of),
        errors={} if refusal is None else {"": [str(wording.said(refusal))]},
        reference=wording.reference(of.id),
        phone=phone_of(of.location),
    )


def facts(of: Appointment) -> dict[str, Any]:
    """When, where, what and what may be done, as the home and the page of a visit show it."""
    zone, at = of.location.time_zone, scope().at
    day = wording.day_of(of.starts_at, zone)
    return {
        "id": of.id,
        "patient_id": of.patient_id,
        "tile": wording.parts_of(day),
        "day": wording.long_day(day),
        "time": wording.clock(of.starts_at, zone),
        "what": what(of),
        "with_whom": _("%(service)s with %(provider)s", service=of.service.name, provider=of.provider.name),
        "provider": of.provider.name,
        "where": place_lines(of),
        "state": shown_as(Status(of.status)),
        "ahead": of.starts_at > at,
        "steps": steps_of(of, at),
        "rule": rule_words(rule_of(of), zone, of.currency),
        "version": of.version,
        "seat": of.group_session_id is not None,
    }


def _done(code: str, of: Appointment) -> Response:
    activity.note("changed", patient=of.patient_id, detail=code)
    return hypermedia.done(
        code, url_for("portal.visit", patient_id=of.patient_id, appointment_id=of.id), appointment=of.id
    )
