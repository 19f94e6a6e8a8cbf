"""Record that a patient has died, with the visits that were planned; and take it back."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from flask import Response, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from webapp import activity, hypermedia, toasts
from webapp.booking.actions import DeathRequest, record_death, take_back_death
from webapp.booking.queries import next_visits
from webapp.booking.wording import clock, day_name, local_date, short_date
from webapp.cycle import scope
from webapp.db import Role
from webapp.desk.views.door import blueprint
from webapp.errors import BadRequest, Refusal
from webapp.identity.permissions import Permission
from webapp.identity.shutting_out import helpers_sign_in_again
from webapp.patients.forms import read_death
from webapp.patients.queries import desk_record
from webapp.patients.wording import born, initials, record_number, tone
from webapp.practice.queries import signboard, time_zone
from webapp.routing import requires

TEMPLATE = "desk/death.html"
BLOCKS = {"dialog": "sheet", "death-sheet": "sheet"}
MOST_VISITS = 50
RECORDED, TAKEN_BACK = "patient.death_recorded", "patient.death_taken_back"
LONGEST_VERSION = 9

toasts.say(RECORDED, _l("Recorded. Nobody can book for this person, and no reminders are sent."))
toasts.say(TAKEN_BACK, _l("Taken back. Visits that were canceled stay canceled."))


@blueprint.get("/patients/<uuid:patient_id>/death")
@requires(Permission.PATIENT_EDIT, role=Role.DESK)
def death(patient_id: UUID) -> Response:
    """Ask when, and what becomes of the visits to come."""
    return _page(patient_id)


def _refused(refusal: Refusal, patient_id: UUID) -> Response:
    return _page(patient_id, refusal)


@blueprint.post("/patients/<uuid:patient_id>/death")
@requires(Permission.PATIENT_EDIT, role=Role.DESK, refused=_refused, around=helpers_sign_in_again)
def record_it(patient_id: UUID) -> Response:
    """Record the death, and cancel what was planned if that was asked for."""
    at, zone = scope().at, time_zone()
    patient = desk_record(patient_id)
    form = read_death(request.form, patient.birth_date, local_date(at, zone))
    wanted = DeathRequest(
        patient_id, form.died_on, zone, cancels=form.cancels, reason=str(_("Deceased")), version=form.version
    )
    record_death(wanted, at=at)
    activity.note("changed", patient=patient_id, detail=RECORDED)
    return hypermedia.done(RECORDED, url_for("desk.record", patient_id=patient_id), patient=patient_id)


@blueprint.post("/patients/<uuid:patient_id>/death/undo")
@requires(Permission.PATIENT_EDIT, role=Role.DESK, refused=_refused, around=helpers_sign_in_again)
def take_it_back(patient_id: UUID) -> Response:
    """Say that it was a mistake."""
    desk_record(patient_id)
    sent = request.form.get("version", "")
    if not (sent.isascii() and sent.isdecimal() and len(sent) <= LONGEST_VERSION):
        raise BadRequest
    take_back_death(patient_id, version=int(sent))
    activity.note("changed", patient=patient_id, detail=TAKEN_BACK)
    return hypermedia.done(TAKEN_BACK, url_for("desk.record", patient_id=patient_id), patient=patient_id)


def _page(patient_id: UUID, refusal: Refusal | None = None) -> Response:
    patient = desk_record(patient_id)
    activity.note("opened", patient=patient_id)
    zone = time_zone()
    today = local_date(scope().at, zone)
    died = patient.deceased_at
    number = _("MRN %(number)s", number=record_number(patient.record_number))
    return hypermedia.page(
        TEMPLATE,
        targets=BLOCKS,
        block="sheet",
        clinic=signboard(),
        person={
            "name": patient.name,
            "initials": initials(patient.name),
            "tone": tone(patient.id),
            "detail": f"{born(patient.birth_date)} · {number}",
        },
        close=url_for("desk.record", patient_id=patient_id),
        action=url_for("desk.record_it", patient_id=patient_id),
        undo=url_for("desk.take_it_back", patient_id=patient_id),
        version=patient.version,
        died="" if died is None else short_date(local_date(died, zone)),
        visits=_visits(patient_id, today),
        died_on=request.form.get("died_on", ""),
        cancels=request.form.get("cancels", "1" if not request.form else "") == "1",
        errors={} if refusal is None else refusal.errors or {"": [str(refusal.message)]},
    )


def _visits(patient_id: UUID, today: date) -> list[dict[str, Any]]:
    coming = next_visits([patient_id], scope().at, each=MOST_VISITS).get(patient_id, [])
    return [
        {
            "href": url_for("desk.visit", appointment_id=visit.id),
            "when": f"{day_name(local_date(visit.starts_at, visit.time_zone), today)}, "
            f"{clock(visit.starts_at, visit.time_zone)}",
            "what": _("%(service)s with %(provider)s", service=visit.service, provider=visit.provider),
        }
        for visit in coming
    ]
