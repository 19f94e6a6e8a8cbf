"""Who one is to the clinic, and how one is reached: phone and address are the patient's to change."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from flask import Response, request, url_for
from flask_babel import lazy_gettext as _l

from webapp import activity, hypermedia, toasts
from webapp.cycle import scope
from webapp.db import Role
from webapp.errors import Refusal
from webapp.identity.permissions import Permission
from webapp.patients import actions
from webapp.patients.forms import read_own_contact
from webapp.patients.queries import own_record
from webapp.patients.wording import born, email_of
from webapp.portal.views.door import blueprint
from webapp.practice.queries import signboard
from webapp.routing import requires

if TYPE_CHECKING:
    from webapp.patients.models import Patient

SAVED = "profile.saved"
ADDRESS = ("line", "city", "state", "postal_code")

toasts.say(SAVED, _l("Saved. The clinic reaches you there from now on."))


@blueprint.get("/me/<uuid:patient_id>/profile")
@requires(Permission.OWN_PROFILE, role=Role.PATIENT)
def profile(patient_id: UUID) -> Response:
    """Show what is known, and the form for what may change."""
    return _page(patient_id)


def _refused(refusal: Refusal, patient_id: UUID) -> Response:
    return _page(patient_id, refusal)


@blueprint.post("/me/<uuid:patient_id>/profile")
@requires(Permission.OWN_PROFILE, role=Role.PATIENT, refused=_refused)
def save_profile(patient_id: UUID) -> Response:
    """Save phone and address, unless the desk changed them meanwhile."""
    actions.change_own_contact(patient_id, read_own_contact(request.form), at=scope().at)
    activity.note("changed", patient=patient_id, detail="profile")
    return hypermedia.done(SAVED, url_for("portal.profile", patient_id=patient_id))


def _page(patient_id: UUID, refusal: Refusal | None = None) -> Response:
    patient = own_record(patient_id)
    activity.note("opened", patient=patient_id, detail="profile")
    values = _known(patient)
    if refusal is not None:
        values |= {name: request.form.get(name, "") for name in ("phone", *ADDRESS)}
    return hypermedia.page(
        "portal/profile.html",
        clinic=signboard(),
        patient_id=patient_id,
        name=patient.name,
        born=born(patient.birth_date),
        email=email_of(patient),
        version=patient.version,
        values=values,
        errors={} if refusal is None else refusal.errors or {"": [str(refusal.message)]},
    )


def _known(patient: Patient) -> dict[str, str]:
    """The phone and the address that the action replaces."""
    phones = [each for each in patient.telecoms if each.system == "phone"]
    phone = min(phones, key=lambda each: (each.rank, each.id), default=None)
    home = min(patient.addresses, key=lambda each: each.id, default=None)
    return {"phone": "" if phone is None else phone.value} | {name: getattr(home, name, "") for name in ADDRESS}
