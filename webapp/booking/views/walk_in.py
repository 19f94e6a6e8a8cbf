"""Somebody walks in: booked for now with the first provider who is free, and checked in at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from flask import Response, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from webapp import activity, hypermedia, toasts
from webapp.booking import queries
from webapp.booking.actions.walk_in import WalkIn, next_step
from webapp.booking.actions.walk_in import walk_in as take_in
from webapp.booking.availability import one_each
from webapp.booking.forms import Choice, read_choice, read_visit, write_instant
from webapp.booking.queries import Found, Search
from webapp.booking.views import book
from webapp.booking.views.door import blueprint
from webapp.booking.wording import clock, day_name, distance, local_date, service_line
from webapp.cycle import scope
from webapp.db import Role
from webapp.errors import Refusal
from webapp.identity.permissions import Permission
from webapp.patients.queries import desk_record
from webapp.practice import queries as practice
from webapp.practice.hours import Span
from webapp.practice.queries import Offer
from webapp.routing import requires

TEMPLATE = "booking/walk_in.html"
DONE = "visit.walked_in"
SOON = 3
LOOK_AHEAD = timedelta(days=3)

toasts.say(DONE, _l("Checked in. The waiting time counts from now."))


@blueprint.get("/walk-in")
@requires(Permission.VISIT_CHECK_IN, role=Role.DESK)
def walk_in() -> Response:
    """Ask who came and for what; say who is free now."""
    return _page(read_choice(request.args))


def _refused(refusal: Refusal) -> Response:
    return _page(read_choice(request.form), refusal)


@blueprint.post("/walk-in")
@requires(Permission.VISIT_CHECK_IN, role=Role.DESK, refused=_refused)
def walk_in_now() -> Response:
    """Book the visit for now and check the patient in, both or neither."""
    # The time is now, whatever the form says; everything else is checked as for any visit.
    sent = read_visit({**request.form, "starts_at": write_instant(next_step(scope().at))})
    wanted = WalkIn(sent.patient_id, sent.service_id, sent.location_id, sent.provider_id)
    visit = take_in(wanted, actor=scope().actor, at=scope().at)
    activity.note("changed", patient=visit.patient_id, detail=DONE)
    return hypermedia.done(DONE, url_for("desk.visit", appointment_id=visit.id), appointment=visit.id)


def _page(choice: Choice, refusal: Refusal | None = None) -> Response:
    if choice.patient is None:
        errors = {} if refusal is None else refusal.errors
        keep = [("location", choice.location)] if choice.location else []
        return hypermedia.page(
            TEMPLATE,
            block="sheet",
            clinic=practice.signboard(),
            patient=None,
            close=url_for("desk.today"),
            purpose="walk_in",
            waiting=None,
            new_patient=url_for("patients.new", then="walk_in"),
            keep=keep,
            errors=errors,
        )
    patient = desk_record(choice.patient)
    activity.note("opened", patient=patient.id)
    return hypermedia.page(
        TEMPLATE,
        block="sheet",
        clinic=practice.signboard(),
        patient=book.person(patient),
        close=url_for("desk.today"),
        change=url_for("booking.walk_in", location=choice.location),
        action=url_for("booking.walk_in_now"),
        look=url_for("booking.walk_in"),
        errors={} if refusal is None else refusal.errors or {"": [str(refusal.message)]},
        **_what(choice, scope().at),
    )


def _what(choice: Choice, at: datetime) -> dict[str, Any]:
    offers = [offer for offer in practice.offers() if offer.service.capacity == 1]
    sites = practice.locations()
    offer = next((each for each in offers if each.service.id == choice.service), next(iter(offers), None))
    if offer is None:
        return {"choice": choice, "services": [], "providers": [], "now": "", "now_detail": "", "soon": []}
    place = choice.location if choice.location in offer.location_ids else None
    if place is None:
        place = next((site.id for site in sites if site.id in offer.location_ids), None)
    choice = replace(choice, service=offer.service.id, location=place)
    zone = next((site.time_zone for site in sites if site.id == place), "UTC")
    names = {provider.id: provider.name for provider in practice.providers()}
    return {
        "choice": choice,
        "services": [(each.service.id, service_line(each.service)) for each in offers],
        "providers": [("", _("Whoever is free first")), *_who(offer, names)],
        **_free(choice, offer, zone, names, at),
    }


def _who(offer: Offer, names: dict[UUID, str]) -> list[tuple[UUID, str]]:
    return [(provider, name) for provider, name in names.items() if provider in offer.provider_ids]


def _free(choice: Choice, offer: Offer, zone: str, names: dict[UUID, str], at: datetime) -> dict[str, Any]:
    """Who could see the patient now; else the next times there are."""
    first = next_step(at)
    search = Search(
        offer.service.id,
        Span(first, first + timedelta(minutes=1)),
        choice.provider,
        choice.location,
        choice.patient,
    )
    now = queries.any_times(search, at, step=5)
    free = [] if now is None else [start for start in now.starts if start.start == first]
    if free:
        who = ", ".join(dict.fromkeys(names[start.provider_id] for start in free if start.provider_id in names))
        return {"now": _("Free at %(time)s", time=clock(first, zone)), "now_detail": who, "soon": []}
    later = queries.any_times(replace(search, window=Span(at, at + LOOK_AHEAD)), at)
    return {"now": "", "now_detail": "", "soon": _soon(later, choice, zone, at)}


def _soon(found: Found | None, choice: Choice, zone: str, at: datetime) -> list[dict[str, str]]:
    starts = [] if found is None else one_each(found.starts)[:SOON]
    today = local_date(at, zone)
    return [
        {
            "href": url_for(
                "booking.book",
                patient=choice.patient,
                service=choice.service,
                provider=choice.provider,
                location=choice.location,
                at=write_instant(start.start),
            ),
            "time": clock(start.start, zone),
            "detail": distance(start.start, at)
            if local_date(start.start, zone) == today
            else day_name(local_date(start.start, zone), today),
        }
        for start in starts
    ]
