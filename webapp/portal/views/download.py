"""Download my data: a copy of everything the clinic holds about a person, by self-service."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, render_template, url_for
from flask_babel import get_locale
from flask_login import current_user

from webapp import activity, hypermedia
from webapp.activity import queries as log_of
from webapp.activity.queries import Wanted
from webapp.cycle import scope
from webapp.db import Role, transactional
from webapp.errors import NotFound
from webapp.identity.permissions import GRANTABLE, Permission
from webapp.identity.words import PURPOSE_NAMES
from webapp.patients.queries import own_record
from webapp.portal.lookers import Look, looks_of
from webapp.portal.record_copy import Section, plain, readable, sections_of, zipped
from webapp.portal.views.door import blueprint
from webapp.portal.views.looks import names_in
from webapp.practice.queries import signboard, time_zone
from webapp.rate import EXPORTS
from webapp.routing import requires

EXPORT = Permission.OWN_RECORD_EXPORT
MOST_LOOKS = 5000


@blueprint.get("/me/<uuid:patient_id>/download")
@requires(EXPORT, role=Role.PATIENT)
def download(patient_id: UUID) -> Response:
    """Say what the copy holds, with the button that makes it."""
    grant = current_user.grant_for(patient_id)
    if grant is None:
        raise NotFound
    return hypermedia.page(
        "portal/download.html",
        clinic=signboard(),
        patient_id=patient_id,
        parts=[PURPOSE_NAMES[purpose] for purpose in GRANTABLE if purpose not in grant.may],
        back=url_for("portal.looks", patient_id=patient_id),
    )


@blueprint.post("/me/<uuid:patient_id>/download")
@requires(EXPORT, role=Role.PATIENT, gateway=True, asks=True, recent=True, limit=EXPORTS)
def download_copy(patient_id: UUID) -> Response:
    """Make the copy: a page to read and the same for machines, in one file; that it was made is recorded."""
    grant = current_user.grant_for(patient_id)
    if grant is None:
        raise NotFound
    part = log_of.part_of_patient(patient_id, Wanted(), "", MOST_LOOKS)
    looks = looks_of(part.records, names_in(part.records), current_user.account_id)
    with transactional(scope(), read_only=True):
        patient = own_record(patient_id)
        sections, clinic, zone, name = sections_of(patient_id, grant.may), signboard(), time_zone(), patient.name
    page = render_template(
        "portal/record_copy.html",
        name=name,
        clinic=clinic,
        at=readable(scope().at, zone),
        sections=sections,
        looks=looks,
        cut=part.before is not None,
        show=lambda value: readable(value, zone),
        lang=str(get_locale() or "en"),
    )
    activity.note("exported", patient=patient_id, detail="whole_record")
    response = Response(zipped(page, _content(patient_id, sections, looks), scope().at), mimetype="application/zip")
    response.headers["Content-Disposition"] = f'attachment; filename="record-{scope().at:%Y-%m-%d}.zip"'
    return response


def _content(patient_id: UUID, sections: list[Section], looks: list[Look]) -> dict[str, Any]:
    return {
        "patient": str(patient_id),
        "made_at": scope().at.isoformat(),
        "record": {
            each.name: [{key: plain(value) for key, value in row.items()} for row in each.rows] for each in sections
        },
        "who_looked": [
            {"at": each.at.isoformat(), "who": each.who, "role": each.role, "what": each.what, "times": each.times}
            for each in looks
        ],
    }
