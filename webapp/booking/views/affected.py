"""The page of visits that a change of the clinic would leave without a place: what happens to each of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Response, request
from flask_babel import gettext as _

from webapp import activity, hypermedia
from webapp.booking.actions import Change, Decisions, Hit, carry_out
from webapp.booking.decisions import VISIT, carried, read_decisions, write_move
from webapp.booking.refusals import VisitsAffected
from webapp.booking.wording import clock, day_name, local_date
from webapp.cycle import scope
from webapp.errors import FormInvalid, Refusal
from webapp.patients.wording import initials, tone
from webapp.practice import queries as practice

TEMPLATE = "booking/affected.html"
BLOCKS = {"dialog": "sheet", "exception-sheet": "sheet", "affected-sheet": "sheet"}


@dataclass(frozen=True, slots=True)
class Asking:
    """How a change asks about visits: what is changed in words, why visits would be canceled, where it leads back."""

    what: str
    reason: str
    back: str
    section: str = "settings"


def carry(change: Change, code: str, location: Callable[[UUID], str]) -> Response:
    """Make the change with the decisions of the form that was sent; the answer leads to where it is seen."""
    outcome = carry_out(change, read_decisions(request.form), at=scope().at)
    activity.note("changed", detail=code)
    for patient in outcome.patients:
        activity.note("changed", patient=patient, detail=code)
    return hypermedia.done(code, location(outcome.made), changed=outcome.made)


def answer(refusal: Refusal, form: Callable[[Refusal], Response], asking: Callable[[], Asking]) -> Response:
    """What a refused change gets: the list of visits to decide about, or its own form again."""
    if isinstance(refusal, VisitsAffected):
        return _page(refusal, asking())
    return form(refusal)


def _page(refusal: VisitsAffected, asking: Asking) -> Response:
    hits = [hit for hit in refusal.alternatives if isinstance(hit, Hit)]
    activity.note("listed", listed={hit.visit.patient_id for hit in hits if hit.visit.patient_id is not None})
    try:
        sent = read_decisions(request.form)
    except FormInvalid:
        sent = Decisions()
    names = {provider.id: provider.name for provider in practice.providers()}
    places = {place.id: place.name for place in practice.locations()}
    first = not sent.seen
    return hypermedia.page(
        TEMPLATE,
        targets=BLOCKS,
        block="sheet",
        section=asking.section,
        what=asking.what,
        back=asking.back,
        action=request.path,
        keep=carried(request.form),
        count=len(hits),
        visits=[_shown(hit, names, places) for hit in hits],
        movable=any(hit.offers for hit in hits),
        rest=sent.rest,
        reason=request.form.get("cancel_reason", "") if not first else asking.reason,
        errors={} if first else refusal.errors,
        message="" if first or refusal.errors else str(refusal.message),
    )


def _shown(hit: Hit, names: dict[UUID, str], places: dict[UUID, str]) -> dict[str, Any]:
    visit = hit.visit
    today = local_date(scope().at, visit.zone)
    field = f"{VISIT}{visit.id}"
    offers = [
        {
            "value": write_move(start),
            "label": _(
                "%(day)s, %(time)s",
                day=day_name(local_date(start.start, visit.zone), today),
                time=clock(start.start, visit.zone),
            ),
            "detail": _detail(start, hit, names, places),
        }
        for start in hit.offers
    ]
    chosen = request.form.get(field, "")
    if chosen.startswith("move/") and chosen not in {offer["value"] for offer in offers}:
        chosen = ""
    return {
        "field": field,
        "seen": f"seen-{visit.id}",
        "version": visit.version,
        "name": visit.patient_name or _("Group visit"),
        "initials": initials(visit.patient_name or _("Group visit")),
        "tone": tone(visit.patient_id or visit.id),
        "group": visit.patient_id is None,
        "when": f"{day_name(local_date(visit.span.start, visit.zone), today)}, {clock(visit.span.start, visit.zone)}",
        "what": _("%(service)s with %(provider)s", service=visit.service, provider=visit.provider),
        "status": visit.status.value,
        "offers": offers,
        "may_cancel": hit.may_cancel,
        "seat": visit.seat,
        "chosen": chosen,
    }


def _detail(start: Any, hit: Hit, names: dict[UUID, str], places: dict[UUID, str]) -> str:  # noqa: ANN401 - a free start
    """What else would change with the time: who, and where."""
    visit = hit.visit
    parts = []
    if start.provider_id != visit.provider_id:
        parts.append(_("with %(provider)s", provider=names.get(start.provider_id, "")))
    if start.location_id != visit.location_id:
        parts.append(_("at %(place)s", place=places.get(start.location_id, "")))
    if not parts and start.start == visit.span.start:
        parts.append(_("same time, another room"))
    return ", ".join(parts)
