"""Cancel a visit, with the reason."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from webapp import activity, hypermedia, toasts
from webapp.booking import cashier, queries
from webapp.booking.actions.several import cancel_along
from webapp.booking.forms import REASONS, read_cancellation, read_which, reason_label
from webapp.booking.queries import VisitDetail
from webapp.booking.refusals import NotAllowedHere
from webapp.booking.states import Action, allows
from webapp.booking.views import fitting
from webapp.booking.views import scope as scopes
from webapp.booking.views.door import blueprint
from webapp.booking.wording import day_name, local_date, refused_because, time_span
from webapp.cycle import scope
from webapp.db import Role
from webapp.errors import NotFound, Refusal
from webapp.identity.permissions import Permission
from webapp.patients.wording import initials, tone
from webapp.practice.letterhead import letterhead
from webapp.routing import requires
from webapp.templating import may_at

TEMPLATE = "booking/cancel.html"
BLOCKS = {"dialog": "sheet", "cancel-sheet": "sheet"}
DONE = "visit.canceled"

toasts.say(DONE, _l("Canceled. The time is free again."), undoable=True)


@blueprint.get("/appointments/<uuid:appointment_id>/cancel")
@requires(Permission.VISIT_CANCEL, role=Role.DESK)
def cancel(appointment_id: UUID) -> Response:
    """Ask why, before a visit is canceled."""
    return _page(appointment_id)


def refused(refusal: Refusal, appointment_id: UUID) -> Response:
    """Show the dialog again, as it was filled in."""
    return _page(appointment_id, refusal)


@blueprint.post("/appointments/<uuid:appointment_id>/cancel")
@requires(Permission.VISIT_CANCEL, role=Role.DESK, refused=refused)
def cancel_it(appointment_id: UUID) -> Response:
    """Cancel the visit, with those that go with it, and free its time."""
    wanted = read_cancellation(request.form, appointment_id)
    visit = cancel_along(wanted, read_which(request.form), at=scope().at)
    activity.note("changed", patient=visit.patient_id, detail=DONE)
    return hypermedia.done(
        DONE, url_for("desk.visit", appointment_id=visit.id), appointment=visit.id, version=visit.version
    )


def _page(appointment_id: UUID, refusal: Refusal | None = None) -> Response:
    detail = queries.visit(appointment_id)
    if detail is None:
        raise NotFound
    visit = detail.appointment
    if not may_at(Permission.VISIT_CANCEL, visit.location_id):
        raise NotAllowedHere(patient=visit.patient_id)
    activity.note("opened", patient=visit.patient_id)
    return hypermedia.page(
        TEMPLATE,
        targets=BLOCKS,
        block="sheet",
        clinic=letterhead(visit.location),
        open_still=allows(detail.status, Action.CANCEL),
        state=detail.status.value,
        **scopes.context(visit, Action.CANCEL, "cancel-sheet"),
        waiting=fitting.who_would_take(visit, scope().at),
        offer=not request.form.get("offer_asked") or bool(request.form.get("offer")),
        **_context(detail, refusal),
    )


def _context(detail: VisitDetail, refusal: Refusal | None) -> dict[str, Any]:
    visit = detail.appointment
    zone = visit.location.time_zone
    errors = {} if refusal is None else refusal.errors or {"": [refused_because(refusal, detail.steps, zone)]}
    day = day_name(local_date(visit.starts_at, zone), local_date(scope().at, zone))
    person = {
        "name": visit.patient.name,
        "initials": initials(visit.patient.name),
        "tone": tone(visit.patient_id),
        "detail": _("%(service)s with %(provider)s", service=visit.service.name, provider=visit.provider.name),
    }
    # What costs money is canceled by itself: the doors of money show it first, and take one visit at a time.
    terms = cashier.on_duty().cancel_panel(visit, at=scope().at)
    return {
        "person": person,
        "when": f"{day}, {time_span(visit.starts_at, visit.ends_at, zone)}",
        "version": visit.version,
        "close": url_for("desk.visit", appointment_id=visit.id),
        "action": url_for("booking.cancel_it", appointment_id=visit.id) if terms is None else terms["action"],
        "terms": terms,
        "reasons": [(reason, reason_label(reason)) for reason in REASONS],
        "reason": request.form.get("reason", ""),
        "other": request.form.get("other", ""),
        "errors": errors,
    }
