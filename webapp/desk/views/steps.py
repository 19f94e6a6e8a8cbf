"""The steps of a visit on its day, by button or key; a step that came too late shows the visit as it is now."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial
from uuid import UUID

from flask import Response, request
from flask_babel import lazy_gettext as _l

from webapp import activity, hypermedia, toasts
from webapp.booking import actions
from webapp.booking import queries as booking
from webapp.booking.models import Appointment
from webapp.booking.wording import local_date, refused_because
from webapp.cycle import scope
from webapp.db import Role
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

toasts.say("visit.confirmed", _l("Confirmed."), undoable=True)
toasts.say("visit.checked_in", _l("Checked in. The waiting time counts from now."), undoable=True)
toasts.say("visit.started", _l("In the room."), undoable=True)
toasts.say("visit.finished", _l("Visit finished."), undoable=True)
toasts.say("visit.missed", _l("Marked as did not attend. The time is free again."), undoable=True)
toasts.say("visit.checked", _l("Noted."))
toasts.say("visit.undone", _l("Undone. It is as it was before."))


def _refused(refusal: Refusal, appointment_id: UUID) -> Response:
    detail = booking.visit(appointment_id)
    if detail is None:
        raise NotFound
    activity.note("opened", patient=detail.appointment.patient_id)
    asked = _came_from(detail.appointment)
    problem = refused_because(refusal, detail.steps, detail.appointment.location.time_zone)
    target = hypermedia.target() if hypermedia.wants_fragment() else None
    if target == "drawer":
        shown = drawer.context(detail, asked, scope().at)
        response = hypermedia.page(TEMPLATE, block="visit", drawer=shown, problem=problem)
        return hypermedia.tick(response)
    if target == "said":
        return hypermedia.tick(hypermedia.page("desk/said.html", block="said", problem=problem))
    return whole(replace(asked, location=detail.appointment.location_id), problem=problem)


@blueprint.post("/appointments/<uuid:appointment_id>/confirm")
@requires(Permission.VISIT_CONFIRM, role=Role.DESK, refused=_refused)
def confirm(appointment_id: UUID) -> Response:
    """Note that the patient will come."""
    return _take(actions.confirm, appointment_id, "visit.confirmed")


@blueprint.post("/appointments/<uuid:appointment_id>/check-in")
@requires(Permission.VISIT_CHECK_IN, role=Role.DESK, refused=_refused)
def check_in(appointment_id: UUID) -> Response:
    """Note that the patient is here, and what was looked at on arrival."""
    step = partial(actions.check_in, checks=request.form.getlist("checks"))
    return _take(step, appointment_id, "visit.checked_in")


@blueprint.post("/appointments/<uuid:appointment_id>/checks")
@requires(Permission.VISIT_CHECK_IN, role=Role.DESK, refused=_refused)
def note_checks(appointment_id: UUID) -> Response:
    """Note what of the arrival was looked at later."""
    visit = actions.note_checks(appointment_id, request.form.getlist("checks"))
    activity.note("changed", patient=visit.patient_id, detail="visit.checked")
    return hypermedia.done("visit.checked", _back(visit), appointment=visit.id)


@blueprint.post("/appointments/<uuid:appointment_id>/undo")
@requires(Permission.VISIT_CONFIRM, role=Role.DESK, refused=_refused)
def undo(appointment_id: UUID) -> Response:
    """Put the last step, move or cancellation of a visit back, while nobody was told of it."""
    version = _version()
    if version is None:
        raise BadRequest
    visit = actions.undo(appointment_id, version, at=_now())
    activity.note("changed", patient=visit.patient_id, detail="visit.undone")
    return hypermedia.done("visit.undone", _back(visit), appointment=visit.id)


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
    return hypermedia.done(code, _back(visit), appointment=visit.id, version=visit.version)


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
    if back.startswith(("/patients/", "/groups/", "/my-day")) and hypermedia.is_own(back):
        return back
    return _came_from(visit).url()
