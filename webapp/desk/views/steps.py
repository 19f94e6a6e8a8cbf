"""The steps of a visit on its day, by button or key; a step that came too late shows the visit as it is now."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from flask import Response, request
from flask_babel import lazy_gettext as _l

from webapp import activity, hypermedia, toasts
from webapp.booking import actions
from webapp.booking import queries as booking
from webapp.booking.models import Appointment
from webapp.booking.wording import local_date
from webapp.cycle import scope
from webapp.db import Role
from webapp.desk import queries
from webapp.desk.views import address, drawer
from webapp.desk.views.address import Address
from webapp.desk.views.board import TEMPLATE, whole
from webapp.desk.views.door import blueprint
from webapp.errors import BadRequest, NotFound, Refusal
from webapp.identity.permissions import Permission
from webapp.routing import requires

Step = Callable[..., Appointment]
LONGEST_VERSION = 10
"""Digits of the largest version there can be."""

toasts.say("visit.confirmed", _l("Confirmed."))
toasts.say("visit.checked_in", _l("Checked in. The waiting time counts from now."))
toasts.say("visit.started", _l("In the room."))
toasts.say("visit.finished", _l("Visit finished."))
toasts.say("visit.missed", _l("Marked as did not attend. The time is free again."))


def _refused(refusal: Refusal, appointment_id: UUID) -> Response:
    detail = booking.visit(appointment_id)
    if detail is None:
        raise NotFound
    activity.note("opened", patient=detail.appointment.patient_id)
    asked = _came_from(detail.appointment)
    at = scope().at
    if hypermedia.wants_fragment() and hypermedia.target() == "drawer":
        shown = drawer.context(detail, asked, at)
        response = hypermedia.page(TEMPLATE, block="visit", drawer=shown, problem=refusal.message)
        return hypermedia.tick(response)
    return whole(asked, queries.day(detail.appointment.location, asked.day, at), problem=refusal.message)


@blueprint.post("/appointments/<uuid:appointment_id>/confirm")
@requires(Permission.VISIT_CONFIRM, role=Role.DESK, refused=_refused)
def confirm(appointment_id: UUID) -> Response:
    """Note that the patient will come."""
    return _take(actions.confirm, appointment_id, "visit.confirmed")


@blueprint.post("/appointments/<uuid:appointment_id>/check-in")
@requires(Permission.VISIT_CHECK_IN, role=Role.DESK, refused=_refused)
def check_in(appointment_id: UUID) -> Response:
    """Note that the patient is here."""
    return _take(actions.check_in, appointment_id, "visit.checked_in")


@blueprint.post("/appointments/<uuid:appointment_id>/start")
@requires(Permission.VISIT_START, role=Role.DESK, refused=_refused)
def start(appointment_id: UUID) -> Response:
    """Note that the patient is in the room."""
    return _take(actions.start, appointment_id, "visit.started")


@blueprint.post("/appointments/<uuid:appointment_id>/finish")
@requires(Permission.VISIT_FINISH, role=Role.DESK, refused=_refused)
def finish(appointment_id: UUID) -> Response:
    """Note that the visit is over."""
    return _take(actions.finish, appointment_id, "visit.finished")


@blueprint.post("/appointments/<uuid:appointment_id>/no-show")
@requires(Permission.VISIT_NO_SHOW, role=Role.DESK, refused=_refused)
def no_show(appointment_id: UUID) -> Response:
    """Note that nobody came."""
    return _take(actions.mark_no_show, appointment_id, "visit.missed")


def _take(step: Step, appointment_id: UUID, code: str) -> Response:
    visit = step(appointment_id, at=_now(), version=_version())
    activity.note("changed", patient=visit.patient_id, detail=code)
    return hypermedia.done(code, _back(visit), appointment=visit.id)


def _now() -> datetime:
    return scope().at


def _version() -> int | None:
    """The version the person saw, None when the form has none; what is no version must not pass for "any"."""
    text = request.form.get("version", "")
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= LONGEST_VERSION):
        raise BadRequest
    return int(text)


def _came_from(visit: Appointment) -> Address:
    """The board the button stood on; the visit's own day when it stood elsewhere."""
    day = local_date(visit.starts_at, visit.location.time_zone)
    return address.of(request.form.get("back", "")) or Address(day=day, visit=visit.id)


def _back(visit: Appointment) -> str:
    """Where the button was pressed, if that is a page of the desk."""
    back = request.form.get("back", "")
    if back.startswith(("/patients/", "/my-day")) and hypermedia.is_own(back):
        return back
    return _came_from(visit).url()
