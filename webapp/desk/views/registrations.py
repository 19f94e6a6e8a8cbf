"""Registrations that wait: who signed up without a code, beside the records that may be theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from flask import Response, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from webapp import activity, hypermedia, toasts
from webapp.cycle import scope
from webapp.db import Role, db
from webapp.desk.access_wording import day_of
from webapp.desk.views.door import blueprint
from webapp.errors import FormInvalid, NotFound, Refusal
from webapp.identity import portal_actions, portal_queries
from webapp.identity.permissions import Permission
from webapp.patients import phones
from webapp.patients.names import name_keys
from webapp.patients.queries import by_ids, by_record_number, possible_duplicates
from webapp.patients.registration import NewPatient
from webapp.patients.wording import born, record_number
from webapp.practice.queries import signboard, time_zone
from webapp.routing import requires

if TYPE_CHECKING:
    from webapp.identity.portal_queries import Waiting
    from webapp.patients.queries import Found

MATCH = Permission.PORTAL_INVITE
MATCHED, REFUSED = "registration.matched", "registration.refused"
LONGEST_NUMBER = 18
LONGEST_REASON = 200

toasts.say(MATCHED, _l("Matched. From the next sign-in they see their record."))
toasts.say(REFUSED, _l("Refused. The account stays and sees nobody's record."))


@blueprint.get("/registrations")
@requires(MATCH, role=Role.DESK)
def registrations() -> Response:
    """List who waits, the longest first."""
    zone = time_zone()
    return hypermedia.page(
        "desk/registrations.html",
        clinic=signboard(),
        rows=[
            {**_row(each, zone), "href": url_for("desk.registration", registration_id=each.id)}
            for each in portal_queries.waiting_registrations(db.session())
        ],
    )


@blueprint.get("/registrations/<uuid:registration_id>")
@requires(MATCH, role=Role.DESK)
def registration(registration_id: UUID) -> Response:
    """One of them beside the records that may be the same person's."""
    return _page(registration_id)


def _refused(refusal: Refusal, registration_id: UUID) -> Response:
    return _page(registration_id, refusal)


@blueprint.post("/registrations/<uuid:registration_id>/match")
@requires(MATCH, role=Role.DESK, refused=_refused)
def match_registration(registration_id: UUID) -> Response:
    """Give the account the record that was chosen, or the one of a record number that was typed."""
    patient_id = _chosen()
    portal_actions.match(db.session(), registration_id, patient_id, by=scope().actor, at=scope().at)
    activity.note("changed", patient=patient_id, detail="registrations")
    return hypermedia.done(MATCHED, url_for("desk.registrations"), registration=registration_id)


@blueprint.post("/registrations/<uuid:registration_id>/refuse")
@requires(MATCH, role=Role.DESK, refused=_refused)
def refuse_registration(registration_id: UUID) -> Response:
    """Say that nobody here is this person, with a reason for colleagues."""
    reason = " ".join(request.form.get("reason", "").split())
    if not reason or len(reason) > LONGEST_REASON or not reason.isprintable():
        raise FormInvalid({"reason": [_("Say why, in up to 200 characters")]})
    portal_actions.refuse(db.session(), registration_id, reason, by=scope().actor, at=scope().at)
    return hypermedia.done(REFUSED, url_for("desk.registrations"), registration=registration_id)


def _chosen() -> UUID:
    """The record of the pressed button, or of the typed number; never one that was merged away."""
    sent, number = request.form.get("patient", ""), request.form.get("number", "").strip()
    try:
        wanted = UUID(sent) if sent else None
    except ValueError:
        raise NotFound from None
    if wanted is None and number.isascii() and number.isdecimal() and len(number) <= LONGEST_NUMBER:
        wanted = by_record_number(int(number))
    found = [] if wanted is None else by_ids([wanted])
    if not found:
        raise FormInvalid({"number": [_("No patient has this record number")]})
    return found[0].id


def _page(registration_id: UUID, refusal: Refusal | None = None) -> Response:
    found = portal_queries.registration(db.session(), registration_id)
    if found is None:
        raise NotFound
    zone = time_zone()
    likely = possible_duplicates(
        NewPatient(found.given, found.family, found.birth_date, found.phone, email=found.email)
    )
    if likely:
        activity.note("listed", listed=[each.id for each in likely], detail="registrations")
    return hypermedia.page(
        "desk/registration.html",
        clinic=signboard(),
        waits=found.status == "waiting",
        row=_row(found, zone),
        likely=[_record(each, found) for each in likely],
        match=url_for("desk.match_registration", registration_id=registration_id),
        refuse=url_for("desk.refuse_registration", registration_id=registration_id),
        back=url_for("desk.registrations"),
        number=request.form.get("number", ""),
        reason=request.form.get("reason", ""),
        errors={} if refusal is None else refusal.errors or {"": [str(refusal.message)]},
    )


def _row(waiting: Waiting, zone: str) -> dict[str, Any]:
    return {
        "name": f"{waiting.given} {waiting.family}",
        "born": born(waiting.birth_date),
        "phone": waiting.phone,
        "email": waiting.email,
        "since": day_of(waiting.created_at, zone),
    }


def _record(found: Found, waiting: Waiting) -> dict[str, Any]:
    """A record, and which of the four things a person says of themselves it has alike."""
    theirs, said = name_keys(found.given, found.family), name_keys(waiting.given, waiting.family)
    return {
        "id": found.id,
        "name": found.name,
        "number": record_number(found.record_number),
        "born": born(found.birth_date),
        "phone": found.phone,
        "deceased": found.deceased,
        "href": url_for("desk.record", patient_id=found.id),
        "same": {
            "name": theirs.whole == said.whole,
            "born": found.birth_date == waiting.birth_date,
            "phone": bool(found.phone) and phones.digits(found.phone) == phones.digits(waiting.phone),
        },
    }
