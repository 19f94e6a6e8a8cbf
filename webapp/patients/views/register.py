"""Register a new patient: four fields, and a look at who may be the same person."""

from __future__ import annotations

from typing import Any

from flask import Response, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from webapp import activity, hypermedia, toasts
from webapp.cycle import scope
from webapp.db import Role
from webapp.errors import FormInvalid, Refusal
from webapp.identity.permissions import Permission
from webapp.patients import actions
from webapp.patients.forms import read_new_patient
from webapp.patients.queries import Found, possible_duplicates
from webapp.patients.refusals import MaybeRegistered
from webapp.patients.views.door import blueprint
from webapp.patients.wording import born, initials, record_number, tone
from webapp.practice.queries import signboard
from webapp.routing import requires

TEMPLATE = "patients/new.html"
BLOCKS = {"dialog": "sheet", "new-patient": "sheet"}
FIELDS = ("given", "family", "birth_date", "phone", "gender", "email")
THEN = {"book": "booking.book", "walk_in": "booking.walk_in"}
"""Dialogs that go on with somebody who has just been registered."""
DONE = "patient.registered"

toasts.say(DONE, _l("Registered."))


@blueprint.get("/patients/new")
@requires(Permission.PATIENT_EDIT, role=Role.DESK)
def new() -> Response:
    """Ask for the four fields a record needs."""
    return _page(None)


def _refused(refusal: Refusal) -> Response:
    return _page(refusal)


@blueprint.post("/patients/new")
@requires(Permission.PATIENT_EDIT, role=Role.DESK, refused=_refused)
def register() -> Response:
    """Register the person, unless somebody much like them is known and the desk has not said to go on."""
    at = scope().at
    form = {name: value for name, value in request.form.items() if name != "then"}
    # Dates of birth are days, not instants; today's UTC day is the latest one that has begun anywhere near.
    entry = read_new_patient(form, at.date())
    if not entry.despite_duplicates:
        alike = possible_duplicates(entry.patient)
        if alike:
            raise MaybeRegistered(alternatives=alike)
    patient = actions.register(entry.patient, at=at)
    activity.note("changed", patient=patient.id, detail=DONE)
    then = THEN.get(request.form.get("then", ""))
    if then is not None:
        return hypermedia.done(DONE, url_for(then, patient=patient.id), patient=patient.id)
    return hypermedia.done(DONE, url_for("desk.record", patient_id=patient.id), patient=patient.id)


def _page(refusal: Refusal | None) -> Response:
    alike = refusal.alternatives if isinstance(refusal, MaybeRegistered) else ()
    found = [person for person in alike if isinstance(person, Found)]
    activity.note("listed", listed={person.id for person in found})
    then = request.values.get("then", "")
    return hypermedia.page(
        TEMPLATE,
        targets=BLOCKS,
        block="sheet",
        clinic=signboard(),
        values={name: request.form.get(name, "") for name in FIELDS},
        errors=refusal.errors if isinstance(refusal, FormInvalid) else {},
        alike=[_row(person, THEN.get(then)) for person in found],
        then=then if then in THEN else "",
        genders=[
            ("unknown", _("Not asked")),
            ("female", _("Female")),
            ("male", _("Male")),
            ("other", _("Other")),
        ],
    )


def _row(person: Found, then: str | None) -> dict[str, Any]:
    href = url_for("desk.record", patient_id=person.id) if then is None else url_for(then, patient=person.id)
    details = (
        _("Born %(date)s", date=born(person.birth_date)),
        _("MRN %(number)s", number=record_number(person.record_number)),
        person.phone,
    )
    return {
        "href": href,
        "name": person.name,
        "detail": " · ".join(part for part in details if part),
        "initials": initials(person.name),
        "tone": tone(person.id),
        "attrs": {} if then is None else {"hx-get": href, "hx-target": "#dialog"},
    }
