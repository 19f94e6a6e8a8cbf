"""Move or cancel a visit: new times, or what canceling costs and gives back, are shown before anything happens."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

from flask import Response, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from webapp import activity, hypermedia, toasts
from webapp.billing.actions.cancel_with_fee import terms_of
from webapp.booking import actions, queries
from webapp.booking.actions import MoveRequest
from webapp.booking.forms import reason_label
from webapp.booking.models import Appointment
from webapp.booking.online import steps_of
from webapp.booking.queries import Search
from webapp.booking.queries.online import offer_of_group
from webapp.booking.refusals import NotBySelf
from webapp.cycle import scope
from webapp.db import Role
from webapp.errors import FormInvalid, NotFound, Refusal
from webapp.identity.permissions import Permission
from webapp.money import money
from webapp.portal import times, wording
from webapp.portal.forms import Choice, number, read_canceling, read_choice, read_time
from webapp.portal.times import Times
from webapp.portal.views import visit as visits
from webapp.portal.views.check import what
from webapp.portal.views.door import blueprint, phone_of
from webapp.portal.views.strip import said_errors, strip
from webapp.practice import queries as practice
from webapp.practice.hours import Span
from webapp.routing import requires

MOVED = "portal.moved"
CANCELED, CANCELED_FEE, CANCELED_BACK = "portal.canceled", "portal.canceled_fee", "portal.canceled_back"

toasts.say(MOVED, _l("Your visit is moved."))
toasts.say(CANCELED, _l("Your visit is canceled."))
toasts.say(CANCELED_FEE, _l("Your visit is canceled. The fee will be on your next bill."))
toasts.say(CANCELED_BACK, _l("Your visit is canceled. What you paid is on its way back."))


@blueprint.get("/me/<uuid:patient_id>/visits/<uuid:appointment_id>/move")
@requires(Permission.OWN_VISITS_BOOK, role=Role.PATIENT)
def move(patient_id: UUID, appointment_id: UUID) -> Response:
    """Show the times that the visit could move to."""
    return _times(visits.known(patient_id, appointment_id), read_choice(request.args))


def move_refused(refusal: Refusal, patient_id: UUID, appointment_id: UUID) -> Response:
    """Show the times as they are now, or the visit where it can't move any more."""
    of = visits.known(patient_id, appointment_id)
    if not steps_of(of, scope().at).move:
        return visits.page(of, NotBySelf() if isinstance(refusal, FormInvalid) else refusal)
    return _times(of, replace(read_choice(request.form), begins=None), refusal)


@blueprint.post("/me/<uuid:patient_id>/visits/<uuid:appointment_id>/move")
@requires(Permission.OWN_VISITS_BOOK, role=Role.PATIENT, refused=move_refused)
def move_it(patient_id: UUID, appointment_id: UUID) -> Response:
    """Move the visit to the chosen time: it has the new one before it gives the old one back."""
    of, choice, version = (
        visits.known(patient_id, appointment_id),
        read_choice(request.form),
        number(request.form, "version"),
    )
    if of.group_session_id is None:
        wanted = MoveRequest(of.id, read_time(request.form), choice.provider, choice.location, version)
        moved = actions.move_own(wanted, at=scope().at)
    elif choice.group is None:
        raise FormInvalid({"starts_at": [_("Choose a time")]})
    else:
        offer_of_group(patient_id, queries.group(choice.group), at=scope().at)
        moved = actions.change_own_seat(of.id, choice.group, version=version, at=scope().at)
    return _done(MOVED, moved)


@blueprint.get("/me/<uuid:patient_id>/visits/<uuid:appointment_id>/cancel")
@requires(Permission.OWN_VISITS_BOOK, role=Role.PATIENT)
def cancel(patient_id: UUID, appointment_id: UUID) -> Response:
    """Show what canceling costs, and what goes back."""
    return _terms(visits.known(patient_id, appointment_id))


def cancel_refused(refusal: Refusal, patient_id: UUID, appointment_id: UUID) -> Response:
    """Show it as it is now."""
    of = visits.known(patient_id, appointment_id)
    return _terms(of, refusal) if steps_of(of, scope().at).cancel else visits.page(of, refusal)


@blueprint.post("/me/<uuid:patient_id>/visits/<uuid:appointment_id>/cancel")
@requires(Permission.OWN_VISITS_BOOK, role=Role.PATIENT, refused=cancel_refused)
def cancel_it(patient_id: UUID, appointment_id: UUID) -> Response:
    """Cancel the visit at the fee that was shown."""
    of, sent = visits.known(patient_id, appointment_id), read_canceling(request.form)
    costs = terms_of(of.id, at=scope().at)
    canceled = actions.cancel_own(
        of.id, reason_label("patient"), version=sent.version, seen=sent.fee_cents, at=scope().at
    )
    return _done(CANCELED_BACK if costs.back else CANCELED_FEE if costs.fee else CANCELED, canceled)


def _times(of: Appointment, choice: Choice, refusal: Refusal | None = None) -> Response:
    if not steps_of(of, scope().at).move:
        return visits.page(of, NotBySelf())
    activity.note("opened", patient=of.patient_id)
    offer = practice.offer(of.service_id)
    if offer is None:
        raise NotFound
    provider = choice.provider if choice.provider in offer.provider_ids else of.provider_id
    choice = replace(choice, service=of.service_id, provider=provider, location=of.location_id)
    where: dict[str, Any] = {"patient_id": of.patient_id, "appointment_id": of.id}

    def address(**changes: object) -> str:
        values: dict[str, Any] = {"provider": choice.provider, "begins": choice.begins, **changes}
        return url_for("portal.move", **where, **values)

    people = [each for each in practice.providers() if each.id in offer.provider_ids]
    links = [
        {"label": each.name, "href": address(provider=each.id, begins=None), "current": each.id == choice.provider}
        for each in people
    ]
    who = next((each.name for each in people if each.id == choice.provider), of.provider.name)
    return hypermedia.page(
        "portal/move.html",
        id=of.id,
        patient_id=of.patient_id,
        phone=phone_of(of.location),
        errors=said_errors(refusal),
        now=wording.moment_in_words(of.starts_at, of.location.time_zone),
        visit={"what": what(of), "who": who, "where": of.location.line or of.location.name, "price": ""},
        group=False,
        moving=True,
        action=url_for("portal.move_it", **where),
        fields=[("provider", choice.provider), ("location", of.location_id), ("version", of.version)],
        change={"people": links if of.group_session_id is None else [], "places": []},
        strip=strip(_look(of, choice), choice, of.location.time_zone, scope().at, address),
        sooner=None,
        wait=None,
        back=url_for("portal.visit", **where),
        press=_("Move here"),
    )


def _look(of: Appointment, choice: Choice) -> Times:
    now = scope().at
    if of.group_session_id is not None:
        groups = queries.groups_to_join(of.service_id, of.location_id, None, now)
        return times.seats(
            [each for each in groups if each.starts_at > now and each.id != of.group_session_id], choice, now
        )
    search = Search(
        service_id=of.service_id,
        window=Span(now, now),
        provider_id=choice.provider,
        location_id=of.location_id,
        patient_id=of.patient_id,
        moving=of,
        via="portal",
    )
    found = times.look(search, choice, of.location, now)
    if choice.provider != of.provider_id:
        return found
    # Its own time is free to it, but it is there already.
    elsewhere = [tuple(start for start in day.starts if start.start != of.starts_at) for day in found.days]
    days = tuple(replace(day, starts=starts) for day, starts in zip(found.days, elsewhere, strict=True))
    return replace(found, days=days)


def _terms(of: Appointment, refusal: Refusal | None = None) -> Response:
    if not steps_of(of, scope().at).cancel:
        return visits.page(of, NotBySelf())
    activity.note("opened", patient=of.patient_id)
    costs = terms_of(of.id, at=scope().at)
    return hypermedia.page(
        "portal/cancel.html",
        **visits.facts(of),
        errors=said_errors(refusal),
        fee=str(money(costs.fee, of.currency)) if costs.fee else "",
        fee_cents=costs.fee,
        back=str(money(costs.back, of.currency)) if costs.back else "",
        owed=str(money(costs.owed, of.currency)) if costs.owed else "",
    )


def _done(code: str, of: Appointment) -> Response:
    activity.note("changed", patient=of.patient_id, detail=code)
    return hypermedia.done(
        code, url_for("portal.visit", patient_id=of.patient_id, appointment_id=of.id), appointment=of.id
    )
