"""Move a visit: the same times as for booking, its own time counting as free."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Response, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from webapp import activity, hypermedia, toasts
from webapp.booking import cashier, queries
from webapp.booking.actions.several import move_along
from webapp.booking.forms import Choice, read_choice, read_move, read_which, write_instant
from webapp.booking.models import Appointment
from webapp.booking.money_refusals import PriceChanged
from webapp.booking.plan_forms import read_answers, without_answers
from webapp.booking.plan_refusals import SeveralTaken
from webapp.booking.queries import Search, VisitDetail
from webapp.booking.refusals import NotAllowedHere, WrongState
from webapp.booking.states import MOVABLE, Status
from webapp.booking.views import anyway, group_changes, several, times
from webapp.booking.views import scope as scopes
from webapp.booking.views.door import blueprint
from webapp.booking.wording import clock, day_name, local_date, long_day, refused_because, time_span
from webapp.cycle import scope
from webapp.db import Role
from webapp.errors import FormInvalid, NotFound, Refusal, VersionConflict
from webapp.identity.permissions import Permission
from webapp.patients.wording import initials, tone
from webapp.practice import queries as practice
from webapp.practice.hours import Span
from webapp.practice.letterhead import letterhead
from webapp.routing import requires
from webapp.templating import may_at

TEMPLATE = "booking/move.html"
BLOCKS = {"dialog": "sheet", "move-sheet": "sheet", "move-bar": "bar", "said": "said"}
BLOCKS_OF_STUCK = {"said": "said"}
DONE = "visit.moved"

toasts.say(DONE, _l("Moved."), undoable=True)


@blueprint.get("/appointments/<uuid:appointment_id>/move")
@requires(Permission.VISIT_MOVE, role=Role.DESK)
def move(appointment_id: UUID) -> Response:
    """Choose another time or provider for a visit."""
    return _page(appointment_id, read_choice(request.args))


def refused(refusal: Refusal, appointment_id: UUID, **_other: object) -> Response:
    """Show the dialog again, with what was refused and what it costs by now."""
    answered = bool(read_answers(request.form))
    if isinstance(refusal, SeveralTaken) or (answered and not isinstance(refusal, WrongState | VersionConflict)):
        return several.page(appointment_id, refusal)
    return _page(appointment_id, read_choice(request.form), refusal)


@blueprint.post("/appointments/<uuid:appointment_id>/move")
@requires(Permission.VISIT_MOVE, role=Role.DESK, refused=refused)
def move_it(appointment_id: UUID) -> Response:
    """Move the visit to the time that was chosen, with those that go with it."""
    wanted = read_move(without_answers(request.form), appointment_id)
    others = several.answered(appointment_id)
    over = anyway.asked_for(wanted.location_id or _location_of(appointment_id))
    visit = move_along(wanted, read_which(request.form), others, at=scope().at, overbook=over)
    activity.note("changed", patient=visit.patient_id, detail=DONE)
    return hypermedia.done(
        DONE, url_for("desk.visit", appointment_id=visit.id), appointment=visit.id, version=visit.version
    )


def _page(appointment_id: UUID, choice: Choice, refusal: Refusal | None = None) -> Response:
    detail = queries.visit(appointment_id)
    if detail is None:
        raise NotFound
    visit = detail.appointment
    if not may_at(Permission.VISIT_MOVE, visit.location_id):
        raise NotAllowedHere(patient=visit.patient_id)
    activity.note("opened", patient=visit.patient_id)
    movable = detail.status in MOVABLE
    if movable and visit.group_session_id is not None:
        return group_changes.page_of_seat(visit, _errors(refusal, detail))
    errors = _errors(refusal, detail)
    context = _context(visit, choice, scope().at, refusal) if movable else _stuck(visit)
    # What another desk has moved on meanwhile has no bar to ask for.
    response = hypermedia.page(
        TEMPLATE,
        targets=BLOCKS if movable else BLOCKS_OF_STUCK,
        block="sheet",
        movable=movable,
        clinic=letterhead(visit.location),
        errors=errors,
        **context,
    )
    return hypermedia.tick(response) if refusal is not None and hypermedia.target() == "said" else response


def _stuck(visit: Appointment) -> dict[str, Any]:
    return {"close": _close(visit), "state": Status(visit.status).value}


def _context(visit: Appointment, choice: Choice, at: datetime, refusal: Refusal | None) -> dict[str, Any]:
    zone = visit.location.time_zone
    if "provider" not in request.values:
        choice = replace(choice, provider=visit.provider_id)
    if choice.week is None:
        choice = replace(choice, week=local_date(visit.starts_at, zone))
    search = Search(
        service_id=visit.service_id,
        window=Span(at, at),
        provider_id=choice.provider,
        location_id=visit.location_id,
        patient_id=visit.patient_id,
        moving=visit,
        beside=_beside(visit),
    )
    taken = refusal is not None and not isinstance(refusal, FormInvalid | PriceChanged)
    found = times.look(search, choice, zone, at, refused=taken, proposes=False)
    if found is None:
        raise NotFound
    names = {provider.id: provider.name for provider in practice.providers()}
    return {
        "visit": _shown(visit, at),
        "close": _close(visit),
        "choice": choice,
        "choose_url": url_for("booking.move", appointment_id=visit.id),
        "providers": [(each, name) for each, name in names.items() if each in found.found.offer.provider_ids],
        "times": times.context(found, choice, _link(visit, choice), at, "move-sheet"),
        "bar": _bar(found, names.get(choice.provider, "") if choice.provider else ""),
        "price": _price(visit, found.chosen),
        **scopes.context(visit, None, "move-form"),
        "anyway": anyway.offer(found.gone, visit.location_id, zone, refusal),
        "anyway_keep": [("version", visit.version), ("provider", choice.provider or "")],
    }


def _price(visit: Appointment, chosen: datetime | None) -> dict[str, Any] | None:
    """What the visit would cost at the chosen time, where that is another price; for one visit at a time."""
    if chosen is None or scopes.chosen(visit) != scopes.ONE:
        return None
    return cashier.on_duty().move_panel(visit, chosen)


def _beside(visit: Appointment) -> tuple[Appointment, ...]:
    """The visits of the same coming that go along."""
    if scopes.chosen(visit) != scopes.TOGETHER:
        return ()
    return tuple(other for other in queries.reached(visit, scopes.TOGETHER) if other.id != visit.id)


def _location_of(appointment_id: UUID) -> UUID:
    detail = queries.visit(appointment_id)
    if detail is None:
        raise NotFound
    return detail.appointment.location_id


def _shown(visit: Appointment, at: datetime) -> dict[str, Any]:
    zone = visit.location.time_zone
    day = day_name(local_date(visit.starts_at, zone), local_date(at, zone))
    return {
        "id": visit.id,
        "version": visit.version,
        "person": {
            "name": visit.patient.name,
            "initials": initials(visit.patient.name),
            "tone": tone(visit.patient_id),
            "detail": _("%(service)s with %(provider)s", service=visit.service.name, provider=visit.provider.name),
        },
        "now": f"{day}, {time_span(visit.starts_at, visit.ends_at, zone)}",
    }


def _bar(found: times.Times, provider: str) -> dict[str, str]:
    if found.chosen is None:
        return {"title": _("No time chosen yet"), "detail": provider, "button": _("Move")}
    end = next(start.end for start in [*found.week, *found.offers] if start.start == found.chosen)
    day = long_day(local_date(found.chosen, found.zone))
    return {
        "title": f"{day}, {time_span(found.chosen, end, found.zone)}",
        "detail": _("with %(provider)s", provider=provider) if provider else "",
        "button": _("Move to %(time)s", time=clock(found.chosen, found.zone)),
    }


def _link(visit: Appointment, choice: Choice) -> times.Link:
    def link(**changes: Any) -> str:  # noqa: ANN401 - each field has its own type
        wanted = replace(choice, at=None, **changes)
        return url_for(
            "booking.move",
            appointment_id=visit.id,
            provider=wanted.provider,
            week=wanted.week,
            half=None if wanted.half == "any" else wanted.half,
            which=request.values.get("which"),
            at=None if wanted.at is None else write_instant(wanted.at),
        )

    return link


def _errors(refusal: Refusal | None, detail: VisitDetail) -> dict[str, list[str]]:
    if refusal is None:
        return {}
    zone = detail.appointment.location.time_zone
    return refusal.errors or {"": [refused_because(refusal, detail.steps, zone)]}


def _close(visit: Appointment) -> str:
    return url_for("desk.visit", appointment_id=visit.id)
