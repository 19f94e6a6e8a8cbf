"""Find a time: what for, then when; the chosen time is held on Continue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from flask import Response, current_app, g, request, url_for
from flask_babel import gettext as _

from webapp import activity, hypermedia, toasts
from webapp.booking import actions, queries
from webapp.booking.actions import Once
from webapp.booking.projected import Ahead
from webapp.booking.queries import Search
from webapp.booking.queries.online import online_offers
from webapp.cycle import scope
from webapp.db import Role
from webapp.errors import Refusal
from webapp.identity.permissions import Permission
from webapp.money import money
from webapp.portal import times, wording
from webapp.portal.forms import ANYONE, Choice, read_choice, read_hold
from webapp.portal.times import Times
from webapp.portal.views.door import HELD_FOR, blueprint, phone_of
from webapp.portal.views.strip import said_errors, strip
from webapp.practice import queries as practice
from webapp.practice.hours import Span
from webapp.practice.models import Location, Provider, Service
from webapp.practice.queries import Offer
from webapp.routing import requires

HELD = "portal.held"
NOON = 12
FEW = 3

# The page that follows says it, with the minutes that are left.
toasts.say(HELD, "")


def _ahead(patient_id: UUID) -> Ahead | None:
    """What DynamoDB holds of the days ahead; what the visit is for has to be chosen first."""
    del patient_id
    choice = read_choice(request.args)
    projected_times = current_app.config["ANTEROOM"].projected_times
    return times.ahead(choice, g.at) if projected_times and choice.service is not None else None


@blueprint.get("/me/<uuid:patient_id>/book")
@requires(Permission.OWN_VISITS_BOOK, role=Role.PATIENT, prefetch=_ahead)
def find(patient_id: UUID) -> Response:
    """Choose what the visit is for, then a time for it."""
    return _page(patient_id, read_choice(request.args))


def refused(refusal: Refusal, patient_id: UUID) -> Response:
    """Show the times again, with what became of the chosen one."""
    return _page(patient_id, replace(read_choice(request.form), begins=None), refusal)


@blueprint.post("/me/<uuid:patient_id>/book")
@requires(Permission.OWN_VISITS_BOOK, role=Role.PATIENT, refused=refused, key_in_function=True)
def hold(patient_id: UUID) -> Response:
    """Hold the chosen time for some minutes; the patient's hold of before, if there is one, ends."""
    wanted = read_hold(request.form, patient_id)
    nobody = UUID(int=0)
    location = url_for("portal.check", patient_id=patient_id, hold_id=nobody).replace(str(nobody), "{appointment}")
    once = Once(g.idempotency.key, g.idempotency.request_hash, location)
    kept = actions.hold(wanted, HELD_FOR, actor=scope().actor, at=scope().at, once=once)
    activity.note("changed", patient=patient_id, detail=HELD)
    return hypermedia.done(HELD, url_for("portal.check", patient_id=patient_id, hold_id=kept.id), appointment=kept.id)


def _page(patient_id: UUID, choice: Choice, refusal: Refusal | None = None) -> Response:
    activity.note("opened", patient=patient_id)
    offers = online_offers(patient_id)
    offer = next((each for each in offers if each.service.id == choice.service), None)
    if offer is None:
        return _reasons(patient_id, offers, unknown=choice.service is not None)
    choice = times.completed(choice, offer, patient_id)
    place = next(each for each in practice.locations() if each.id == choice.location)
    people = [each for each in practice.providers() if each.id in offer.provider_ids]
    who = next((each for each in people if each.id == choice.provider), None)
    found = _look(patient_id, choice, offer.service, place, scope().at)
    return hypermedia.page(
        "portal/find.html",
        patient_id=patient_id,
        phone=phone_of(place),
        errors=said_errors(refusal),
        visit=_visit(offer, who, place),
        group=offer.service.capacity > 1,
        action=url_for("portal.seat" if offer.service.capacity > 1 else "portal.hold", patient_id=patient_id),
        fields=_fields(choice),
        change=_changes(patient_id, choice, offer, people),
        strip=strip(found, choice, place.time_zone, scope().at, partial(_address, patient_id, choice)),
        sooner=_sooner(patient_id, choice, offer, found, place, scope().at),
        wait=url_for("portal.wish", patient_id=patient_id, service=offer.service.id),
        moving=False,
        back=url_for("portal.find", patient_id=patient_id),
    )


def _reasons(patient_id: UUID, offers: Sequence[Offer], *, unknown: bool) -> Response:
    sites = {place.id: place for place in practice.locations()}
    return hypermedia.page(
        "portal/reasons.html",
        patient_id=patient_id,
        unknown=unknown,
        phone=phone_of(next(iter(sites.values()), None)),
        reasons=[
            {
                "title": offer.service.name,
                "detail": wording.joined(
                    [
                        wording.minutes(offer.service.length_minutes),
                        _price(offer.service),
                        _deposit(offer.service),
                        _seats(offer.service),
                    ]
                ),
                "icon": "users" if offer.service.capacity > 1 else "stethoscope",
                "href": url_for(
                    "portal.find", patient_id=patient_id, service=offer.service.id, location=_only_place(offer)
                ),
            }
            for offer in offers
        ],
    )


def _only_place(offer: Offer) -> UUID | None:
    """Where it is, when there is no choice: then its free times can be read ahead."""
    return next(iter(offer.location_ids)) if len(offer.location_ids) == 1 else None


def _price(service: Service) -> str:
    return str(money(service.price_cents, service.currency)) if service.price_cents else ""


def _deposit(service: Service) -> str:
    if not service.deposit_cents:
        return ""
    return _("%(amount)s when you book", amount=money(service.deposit_cents, service.currency))


def _seats(service: Service) -> str:
    return _("In a group") if service.capacity > 1 else ""


def _look(patient_id: UUID, choice: Choice, service: Service, place: Location, now: datetime) -> Times:
    if service.capacity > 1:
        groups = queries.groups_to_join(service.id, place.id, choice.provider, now)
        return times.seats([each for each in groups if each.starts_at > now], choice, now)
    search = Search(
        service_id=service.id,
        window=Span(now, now),
        provider_id=choice.provider,
        location_id=place.id,
        patient_id=patient_id,
        via="portal",
    )
    return times.look(search, choice, place, now, g.get("prefetched"))


def _visit(offer: Offer, who: Provider | None, place: Location) -> dict[str, Any]:
    service = offer.service
    return {
        "what": _("%(service)s, %(length)s", service=service.name, length=wording.minutes(service.length_minutes)),
        "who": who.name if who is not None else _("Anyone who is free"),
        "initials": who,
        "where": place.line or place.name,
        "price": _price(service),
    }


def _fields(choice: Choice) -> list[tuple[str, object]]:
    """What the form carries along with the time."""
    return [("service", choice.service), ("location", choice.location), ("provider", choice.provider or ANYONE)]


def _address(patient_id: UUID, choice: Choice, **changes: object) -> str:
    values: dict[str, Any] = {**dict(_fields(choice)), "begins": choice.begins, **changes}
    return url_for("portal.find", patient_id=patient_id, **values)


def _changes(patient_id: UUID, choice: Choice, offer: Offer, people: Sequence[Provider]) -> dict[str, Any]:
    """Other people and places, as links: each is one tap."""
    places = [place for place in practice.locations() if place.id in offer.location_ids]
    clean = replace(choice, begins=None)
    return {
        "people": [
            {
                "label": each.name if each is not None else _("Anyone who is free"),
                "href": _address(patient_id, clean, provider=ANYONE if each is None else each.id),
                "current": choice.provider == (None if each is None else each.id),
            }
            for each in (None, *people)
        ],
        "places": [
            {
                "label": place.name,
                "href": _address(patient_id, clean, location=place.id),
                "current": place.id == choice.location,
            }
            for place in places
        ],
    }


def _sooner(
    patient_id: UUID, choice: Choice, offer: Offer, found: Times, place: Location, now: datetime
) -> dict[str, Any] | None:
    """Where somebody else has time before the chosen one does."""
    if choice.provider is None or offer.service.capacity > 1 or len(offer.provider_ids) == 1:
        return None
    anybody = Search(
        service_id=offer.service.id,
        window=Span(now, found.first or now + times.FURTHEST),
        location_id=place.id,
        patient_id=patient_id,
        via="portal",
    )
    first = queries.first_free(anybody, now)
    if not first:
        return None
    href = _address(patient_id, replace(choice, provider=None, begins=None), provider=ANYONE)
    return {"href": href, "when": wording.soon(first[0].start, now, place.time_zone)}
