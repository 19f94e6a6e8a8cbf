"""Book a visit: who, what, with whom, when; a time that is gone answers with the nearest free ones in its place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Response, g, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from webapp import activity, hypermedia, toasts
from webapp.booking import queries
from webapp.booking.actions import Once, book_only
from webapp.booking.actions.together import book_together
from webapp.booking.actions.waiting.wishes import book_wished
from webapp.booking.forms import GROUP, Choice, read_booking, read_choice, read_wish
from webapp.booking.projected import Ahead
from webapp.booking.queries import Search
from webapp.booking.refusals import NotAllowedHere
from webapp.booking.rhythm import Rhythm, rhythm_fields
from webapp.booking.states import Status
from webapp.booking.views import anyway, fitting, foot, kinds, times
from webapp.booking.views.door import blueprint
from webapp.booking.wording import clock, service_line, unit_labels
from webapp.cycle import scope
from webapp.db import Role
from webapp.errors import FormInvalid, Refusal
from webapp.identity.permissions import Permission
from webapp.patients.models import Patient
from webapp.patients.queries import desk_record
from webapp.patients.wording import born, initials, record_number, tone
from webapp.practice import queries as practice
from webapp.practice.hours import Span
from webapp.practice.queries import Offer
from webapp.routing import requires

TEMPLATE = "booking/book.html"
BLOCKS = {"dialog": "sheet", "book-sheet": "sheet", "book-bar": "bar"}
DONE = "visit.booked"

toasts.say(DONE, _l("Booked."))


def _ahead() -> Ahead | None:
    """What DynamoDB holds of the days ahead; whom the dialog is for has to be chosen first."""
    choice = read_choice(request.args)
    return None if choice.patient is None else times.ahead(choice.location, g.at)


@blueprint.get("/book")
@requires(Permission.VISIT_BOOK, role=Role.DESK, prefetch=_ahead)
def book() -> Response:
    """Choose patient, type, provider and time."""
    return _page(read_choice(request.args))


def refused(refusal: Refusal) -> Response:
    """Show the dialog again, as it was filled in."""
    return _page(read_choice(request.form), refusal)


@blueprint.post("/book")
@requires(Permission.VISIT_BOOK, role=Role.DESK, refused=refused, key_in_function=True, audited=DONE)
def book_it() -> Response:
    """Book what was chosen; the statement that books keeps the form's key itself."""
    wanted = read_booking(request.form)
    # The address has the visit's id when it is done; the day is found by following it.
    location = url_for("desk.visit", appointment_id=UUID(int=0)).replace(str(UUID(int=0)), "{appointment}")
    once = Once(g.idempotency.key, g.idempotency.request_hash, location)
    over = anyway.asked_for(wanted.location_id)
    wish = read_wish(request.form)
    if wish is None:
        visit = book_only(wanted, actor=scope().actor, at=scope().at, once=once, overbook=over)
    else:
        visit = book_wished(wanted, wish, actor=scope().actor, at=scope().at, once=once, overbook=over).id
    return hypermedia.done(DONE, location.replace("{appointment}", str(visit)), appointment=visit)


@blueprint.post("/book/together")
@requires(Permission.VISIT_BOOK, role=Role.DESK, refused=refused)
def book_parts() -> Response:
    """Book the visits of one coming, one after the other."""
    first, *_rest = book_together(read_booking(request.form), actor=scope().actor, at=scope().at)
    activity.note("changed", patient=first.patient_id, detail=DONE)
    return hypermedia.done(DONE, url_for("desk.visit", appointment_id=first.id), appointment=first.id)


def _page(choice: Choice, refusal: Refusal | None = None) -> Response:
    at = scope().at
    if choice.patient is None:
        waiting = fitting.from_the_list(choice, at)
        return hypermedia.page(TEMPLATE, block="sheet", **_shell(), **_who(choice, refusal), waiting=waiting)
    patient = desk_record(choice.patient)
    activity.note("opened", patient=patient.id)
    offers, elsewhere = _within_reach(practice.offers())
    past = _past(patient.id)
    offer = _offer(choice, offers, past)
    if offer is None:
        return hypermedia.page(
            TEMPLATE, block="sheet", **_shell(), patient=None, nothing=True, elsewhere=elsewhere, close=_close()
        )
    choice = _completed(choice, offer, past)
    return hypermedia.page(
        TEMPLATE, targets=BLOCKS, block="sheet", **_shell(), **_what(choice, patient, offer, offers, at, refusal)
    )


def _within_reach(offers: Sequence[Offer]) -> tuple[list[Offer], bool]:
    """What can be booked where the person may book, and whether that leaves something out altogether."""
    sites = current_user.sites_of(Permission.VISIT_BOOK)
    if sites is None:
        return list(offers), False
    reached = [replace(offer, location_ids=offer.location_ids & sites) for offer in offers]
    kept = [offer for offer in reached if offer.location_ids]
    return kept, len(kept) < len(offers)


def _shell() -> dict[str, Any]:
    """What only a whole page needs."""
    return {} if hypermedia.wants_fragment() else {"clinic": practice.signboard()}


def _who(choice: Choice, refusal: Refusal | None) -> dict[str, Any]:
    return {
        "patient": None,
        "nothing": False,
        "close": _close(),
        "errors": {} if refusal is None else refusal.errors,
        "purpose": "book",
        "new_patient": url_for("patients.new", then="book"),
        "keep": [(name, value) for name, value in _addressed(choice).items() if value is not None],
    }


def _offer(choice: Choice, offers: Sequence[Offer], past: Sequence[queries.BoardVisit]) -> Offer | None:
    """The chosen type of visit; without one, that of the patient's last visit, as far as the provider does it."""
    possible = [offer for offer in offers if choice.provider is None or choice.provider in offer.provider_ids]
    for wanted in (choice.service, _last_service(past, offers)):
        found = next((offer for offer in possible if offer.service.id == wanted), None)
        if found is not None:
            return found
    return next(iter(possible or offers), None)


def _last_service(past: Sequence[queries.BoardVisit], offers: Sequence[Offer]) -> UUID | None:
    names = {offer.service.name: offer.service.id for offer in offers}
    return next((names[visit.service] for visit in past if visit.service in names), None)


def _past(patient_id: UUID) -> list[queries.BoardVisit]:
    gone = {Status.CANCELLED, Status.NOSHOW}
    return [visit for visit in queries.patient_visits(patient_id, limit=10) if visit.status not in gone]


def _completed(choice: Choice, offer: Offer, past: Sequence[queries.BoardVisit]) -> Choice:
    """Fill in what has one sensible answer: the provider of the last such visit, the only place."""
    provider = choice.provider if choice.provider in offer.provider_ids else None
    if provider is None and "provider" not in request.values:
        last = next((visit for visit in past if visit.service == offer.service.name), None)
        provider = last.provider_id if last is not None and last.provider_id in offer.provider_ids else None
    place = choice.location if choice.location in offer.location_ids else None
    if place is None:
        place = min(offer.location_ids, default=None)
    return replace(choice, service=offer.service.id, provider=provider, location=place)


def _what(
    choice: Choice, patient: Patient, offer: Offer, offers: Sequence[Offer], at: datetime, refusal: Refusal | None
) -> dict[str, Any]:
    sites = {site.id: site for site in practice.locations()}
    names: dict[UUID | None, str] = {provider.id: provider.name for provider in practice.providers()}
    zone = sites[choice.location].time_zone if choice.location in sites else "UTC"
    search = Search(
        service_id=offer.service.id,
        window=Span(at, at),
        provider_id=choice.provider,
        location_id=choice.location,
        patient_id=patient.id,
    )
    taken = refusal is not None and not isinstance(refusal, FormInvalid | NotAllowedHere)
    kind = kinds.of(offer, choice, at)
    found = times.look(search, choice, zone, at, refused=taken, proposes=kind.proposes)
    shown = None if found is None else times.context(found, choice, _link(choice), at, "book-sheet")
    return {
        "patient": person(patient),
        "nothing": False,
        "close": _close(),
        "choice": choice,
        "services": [(each.service.id, service_line(each.service)) for each in offers],
        "providers": [("", _("Anyone who is free")), *_providers(offer, names)],
        "places": [(site.id, site.name) for site in sites.values() if site.id in offer.location_ids],
        "several_sites": len(sites) > 1,
        "times": shown,
        "rhythm": choice.rhythm,
        "units": unit_labels(),
        "kind": kind,
        "dates_url": url_for("booking.plan_series"),
        "bar": foot.bar(found, offer, names.get(choice.provider)) | foot.press(found, choice.rhythm) | kind.bar(found),
        "change": url_for("booking.book", **_addressed(replace(choice, patient=None))),
        "choose_url": url_for("booking.book"),
        **_otherwise(choice),
        "note": request.form.get("note", ""),
        "errors": _errors(refusal),
        "refusal": refusal,
        **_gone(found, choice, zone, refusal, over=kind.deposit is None),
    }


def _otherwise(choice: Choice) -> dict[str, Any]:
    """Where to go on when no time suits: why there is none, and the list of those who wait."""
    why = url_for("booking.why", **_addressed(replace(choice, at=None, half="any")))
    return {"why": why, "wait": fitting.put_on_the_list(choice)}


def _kept(choice: Choice) -> list[tuple[str, object]]:
    """What a form that books over a taken time carries along."""
    return [
        ("patient", choice.patient),
        ("service", choice.service),
        ("provider", choice.provider or ""),
        ("location", choice.location),
    ]


def _errors(refusal: Refusal | None) -> dict[str, list[str]]:
    return {} if refusal is None else refusal.errors or {"": [str(refusal.message)]}


def _gone(
    found: times.Times | None, choice: Choice, zone: str, refusal: Refusal | None, *, over: bool
) -> dict[str, Any]:
    """Say why a time that came with the address is not offered, unless a refusal says it, and offer it all the same.

    Not `over` a visit where a deposit comes first: the hold that keeps its time lies over none.
    """
    gone = None if found is None else found.gone
    why = None
    if gone is not None and refusal is None:
        why = _("%(time)s is not free for this visit. Here are the nearest times.", time=clock(gone, zone))
    return {
        "anyway": anyway.offer(gone, choice.location, zone, refusal) if over else None,
        "anyway_keep": _kept(choice),
        "gone": why,
    }


def _providers(offer: Offer, names: Mapping[UUID | None, str]) -> list[tuple[UUID, str]]:
    return [(provider, name) for provider, name in names.items() if provider and provider in offer.provider_ids]


def person(patient: Patient) -> dict[str, Any]:
    """A patient in the box of a dialog, with what the desk must know."""
    return {
        "id": patient.id,
        "name": patient.name,
        "initials": initials(patient.name),
        "tone": tone(patient.id),
        "detail": f"{born(patient.birth_date)} · {_('MRN %(number)s', number=record_number(patient.record_number))}",
        "alerts": [
            {"label": alert.label, "detail": alert.detail, "icon": alert.icon, "tone": alert.tone}
            for alert in patient.alerts
        ],
        "deceased": patient.deceased_at is not None,
    }


def _link(choice: Choice) -> times.Link:
    def link(**changes: Any) -> str:  # noqa: ANN401 - each field has its own type
        return url_for("booking.book", **_addressed(replace(choice, at=None, group=None, **changes)))

    return link


def _addressed(choice: Choice) -> dict[str, Any]:
    """The choice as a query string."""
    values = asdict(replace(choice, rhythm=Rhythm()))
    values |= rhythm_fields(choice.rhythm)
    del values["rhythm"]
    values["at"] = None if choice.at is None else choice.at.strftime("%Y-%m-%dT%H:%MZ")
    group = values.pop("group")
    if group is not None:
        values["at"] = f"{GROUP}{group}"
    values["half"] = None if choice.half == "any" else choice.half
    return values


def _close() -> str:
    return url_for("desk.today")
