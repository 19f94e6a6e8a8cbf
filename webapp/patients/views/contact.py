"""How to reach a patient, and in which language."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from flask import Response, request, url_for
from flask_babel import lazy_gettext as _l

from webapp import activity, hypermedia, toasts
from webapp.cycle import scope
from webapp.db import Role
from webapp.errors import Refusal
from webapp.identity.permissions import Permission
from webapp.patients import actions
from webapp.patients.forms import read_contact
from webapp.patients.languages import language_name
from webapp.patients.queries import desk_record
from webapp.patients.views.door import blueprint
from webapp.practice.queries import signboard
from webapp.routing import requires

if TYPE_CHECKING:
    from webapp.patients.models import Patient

TEMPLATE = "patients/contact.html"
BLOCKS = {"dialog": "sheet", "contact": "sheet"}
FIELDS = ("phone", "email", "line", "city", "state", "postal_code", "language", "interpreter_needed", "version")
# Offered first in this order; whatever else a record says stays choosable.
LANGUAGES = ("en", "es", "pt", "fr", "ar", "so", "zh", "vi", "ht", "ru")
DONE = "patient.contact_changed"

toasts.say(DONE, _l("Contact saved."))


@blueprint.get("/patients/<uuid:patient_id>/contact")
@requires(Permission.PATIENT_EDIT, role=Role.DESK)
def contact(patient_id: UUID) -> Response:
    """Show what is known, to be changed."""
    return _page(patient_id, None)


def _refused(refusal: Refusal, patient_id: UUID) -> Response:
    return _page(patient_id, refusal)


@blueprint.post("/patients/<uuid:patient_id>/contact")
@requires(Permission.PATIENT_EDIT, role=Role.DESK, refused=_refused)
def change_contact(patient_id: UUID) -> Response:
    """Save it, unless somebody else changed the record since it was shown."""
    change = read_contact(request.form)
    actions.change_contact(patient_id, change, at=scope().at)
    activity.note("changed", patient=patient_id, detail=DONE)
    return hypermedia.done(DONE, url_for("desk.record", patient_id=patient_id), patient=patient_id)


def _page(patient_id: UUID, refusal: Refusal | None) -> Response:
    patient = desk_record(patient_id)
    activity.note("opened", patient=patient_id)
    values = _known(patient)
    if refusal is not None:
        values |= {name: request.form.get(name, "") for name in FIELDS if name != "version"}
    tags = dict.fromkeys((*LANGUAGES, patient.language))
    return hypermedia.page(
        TEMPLATE,
        targets=BLOCKS,
        block="sheet",
        clinic=signboard(),
        person={"name": patient.name, "href": url_for("desk.record", patient_id=patient_id)},
        messages=url_for("notify.person", patient_id=patient_id),
        action=url_for("patients.change_contact", patient_id=patient_id),
        values=values,
        errors={} if refusal is None else refusal.errors,
        message="" if refusal is None or refusal.errors else str(refusal.message),
        languages=[(tag, language_name(tag)) for tag in tags],
    )


def _known(patient: Patient) -> dict[str, Any]:
    # The one the action replaces: the first by rank, then by age.
    shown = sorted(patient.telecoms, key=lambda telecom: (telecom.rank, telecom.id), reverse=True)
    reach = {telecom.system: telecom.value for telecom in shown}
    home = min(patient.addresses, key=lambda address: address.id, default=None)
    parts = {name: getattr(home, name, "") for name in ("line", "city", "state", "postal_code")}
    return parts | {
        "phone": reach.get("phone", ""),
        "email": reach.get("email", ""),
        "language": patient.language,
        "interpreter_needed": "1" if patient.interpreter_needed else "",
        "version": str(patient.version),
    }
