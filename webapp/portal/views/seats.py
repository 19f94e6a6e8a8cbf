"""A seat in a group: read what it is, then take it; a seat is not held, because others wait for the same one."""

from __future__ import annotations

from uuid import UUID

from flask import Response, request, url_for
from flask_babel import gettext as _

from webapp import activity, hypermedia
from webapp.booking import queries
from webapp.booking.actions.seats import JoinRequest, join
from webapp.booking.online import rule_for
from webapp.booking.queries.online import offer_of_group
from webapp.cycle import scope
from webapp.db import Role
from webapp.errors import FormInvalid, Refusal
from webapp.identity.permissions import Permission
from webapp.portal import wording
from webapp.portal.forms import read_agreed, read_choice
from webapp.portal.views.check import BOOKED, agree, terms
from webapp.portal.views.door import blueprint, phone_of
from webapp.practice import queries as practice
from webapp.routing import requires


@blueprint.get("/me/<uuid:patient_id>/book/seat")
@requires(Permission.OWN_VISITS_BOOK, role=Role.PATIENT)
def seat(patient_id: UUID) -> Response:
    """Go on from the chosen time of a group to its page."""
    choice = read_choice(request.args)
    if choice.group is None:
        return hypermedia.see(url_for("portal.find", patient_id=patient_id, service=choice.service))
    return hypermedia.see(url_for("portal.group", patient_id=patient_id, session_id=choice.group))


@blueprint.get("/me/<uuid:patient_id>/groups/<uuid:session_id>")
@requires(Permission.OWN_VISITS_BOOK, role=Role.PATIENT)
def group(patient_id: UUID, session_id: UUID) -> Response:
    """Show what is about to be booked."""
    return _page(patient_id, session_id)


def refused(refusal: Refusal, patient_id: UUID, session_id: UUID) -> Response:
    """Show the page again, with what became of the press."""
    return _page(patient_id, session_id, refusal)


@blueprint.post("/me/<uuid:patient_id>/groups/<uuid:session_id>")
@requires(Permission.OWN_VISITS_BOOK, role=Role.PATIENT, refused=refused)
def take_seat(patient_id: UUID, session_id: UUID) -> Response:
    """Take a seat, by the rule that the page showed."""
    agreed, found = read_agreed(request.form), queries.group(session_id)
    offer = offer_of_group(patient_id, found, at=scope().at)
    agree(rule_for(offer.service, found.starts_at), agreed, patient_id)
    wanted = JoinRequest(session_id, patient_id, agreed.note, via="portal")
    taken = join(wanted, actor=scope().actor, at=scope().at)
    activity.note("changed", patient=patient_id, detail=BOOKED)
    return hypermedia.done(
        BOOKED, url_for("portal.booked", patient_id=patient_id, appointment_id=taken.id), appointment=taken.id
    )


def _page(patient_id: UUID, session_id: UUID, refusal: Refusal | None = None) -> Response:
    found = queries.group(session_id)
    service = offer_of_group(patient_id, found, at=scope().at, told=refusal is not None).service
    place = next(each for each in practice.locations() if each.id == found.location_id)
    activity.note("opened", patient=patient_id)
    length = wording.minutes(int((found.ends_at - found.starts_at).total_seconds() // 60))
    again = url_for("portal.find", patient_id=patient_id, service=service.id, location=place.id)
    errors = refusal.errors if isinstance(refusal, FormInvalid) else {}
    if refusal is not None and not errors:
        errors = {"": [str(wording.said(refusal))]}
    return hypermedia.page(
        "portal/check.html",
        patient_id=patient_id,
        again=again,
        phone=phone_of(place),
        errors=errors,
        seconds=0,
        rows=[
            {
                "key": _("Visit"),
                "value": _("%(service)s, %(length)s", service=service.name, length=length),
                "href": url_for("portal.find", patient_id=patient_id),
            },
            {"key": _("With"), "value": found.provider_name},
            {
                "key": _("When"),
                "value": wording.long_day(wording.day_of(found.starts_at, found.zone)),
                "detail": wording.clock(found.starts_at, found.zone),
                "href": again,
            },
            {"key": _("Where"), "value": ", ".join(wording.address(place))},
        ],
        action=url_for("portal.take_seat", patient_id=patient_id, session_id=session_id),
        release="",
        note=request.form.get("note", ""),
        **terms(service, service.price_cents, found.starts_at, found.zone),
        pay="",
    )
