"""Who looked at my record: every look, change, list and copy, with name, role and time."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import UUID
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_time
from flask import Response, request, url_for
from flask_login import current_user

from webapp import activity, hypermedia
from webapp.activity import queries as log_of
from webapp.activity.queries import Wanted
from webapp.cycle import scope
from webapp.db import Role, transactional
from webapp.identity.permissions import Permission
from webapp.identity.queries import names_of
from webapp.languages import written
from webapp.portal.lookers import looks_of
from webapp.portal.views.door import blueprint
from webapp.practice.queries import signboard, time_zone
from webapp.routing import requires

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from webapp.activity.queries import Record


@blueprint.get("/me/<uuid:patient_id>/looks")
@requires(Permission.OWN_RECORD_VIEW, role=Role.PATIENT, gateway=True)
def looks(patient_id: UUID) -> Response:
    """A page of them, the newest first; `before` is where the page before it ended."""
    before = request.args.get("before", "")
    part = log_of.part_of_patient(patient_id, Wanted(), before if log_of.is_mark(before) else "")
    names = names_in(part.records)
    with transactional(scope(), read_only=True):
        clinic, zone = signboard(), time_zone()
    activity.note("opened", patient=patient_id, detail="looks")
    return hypermedia.page(
        "portal/looks.html",
        clinic=clinic,
        rows=[
            {
                "when": _when(each.at, zone),
                "iso": each.at.isoformat(),
                "look": each,
            }
            for each in looks_of(part.records, names, current_user.account_id)
        ],
        older=url_for("portal.looks", patient_id=patient_id, before=part.before) if part.before else None,
        newest=url_for("portal.looks", patient_id=patient_id) if before else None,
        download=url_for("portal.download", patient_id=patient_id),
    )


def _when(at: datetime, zone: str) -> str:
    """Day and minute at the clinic, as the reader writes them."""
    local, locale = at.astimezone(ZoneInfo(zone)), written()
    return f"{format_date(local, 'medium', locale=locale)}, {format_time(local, 'short', locale=locale)}"


def names_in(records: Iterable[Record]) -> dict[UUID, str]:
    """Display names of everybody in some records; patients' own scope may read no accounts."""
    people = {record.actor for record in records if record.actor is not None}
    with transactional(replace(scope(), role=Role.IDENTITY, patients=()), read_only=True) as session:
        return names_of(session, people)
