"""Cancel a visit that costs money: the fee, or why there is none, and what goes back, in one transaction."""

from __future__ import annotations

from uuid import UUID

from flask import Response, g, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from webapp import activity, hypermedia, toasts
from webapp.billing.actions.cancel_with_fee import CancelWithFee, cancel_with_fee, terms_of
from webapp.billing.refusals import NeedsLeave
from webapp.billing.views.door import blueprint
from webapp.booking import queries
from webapp.booking.forms import read_cancellation
from webapp.booking.money_refusals import CostsMoney
from webapp.booking.views import cancel as dialog
from webapp.cycle import scope
from webapp.db import Role
from webapp.errors import BadRequest, NotFound
from webapp.identity.permissions import Permission
from webapp.routing import requires

FIELDS = frozenset({"fee", "waive_reason", "drawer"})
"""What of the form is about money; the rest is the cancellation."""
DONE, BACK, CHARGED = "visit.canceled_free", "visit.canceled_back", "visit.canceled_fee"

toasts.say(DONE, _l("Canceled. The time is free again."))
toasts.say(BACK, _l("Canceled. What is left of the payment goes back."))
toasts.say(CHARGED, _l("Canceled. The fee is charged."))


@blueprint.post("/billing/visits/<uuid:appointment_id>/cancel")
@requires(Permission.VISIT_CANCEL, role=Role.DESK, refused=dialog.refused)
def cancel_paid(appointment_id: UUID) -> Response:
    """Cancel as the dialog showed it; a fee that is another one by now is shown first."""
    wanted = _wanted(appointment_id)
    terms = terms_of(appointment_id, at=scope().at)
    visit = cancel_with_fee(wanted, actor=scope().actor, at=scope().at)
    waived = bool(wanted.waive)
    back = terms.paid if waived else terms.back
    code = BACK if back else DONE if waived or not terms.fee else CHARGED
    activity.note("changed", patient=visit.patient_id, detail=code)
    return hypermedia.done(code, url_for("desk.visit", appointment_id=visit.id), appointment=visit.id)


def _wanted(appointment_id: UUID) -> CancelWithFee:
    detail = queries.visit(appointment_id)
    if detail is None:
        raise NotFound
    visit = detail.appointment
    if (request.form.get("which") or "one") != "one":
        # Several visits at once would have several fees: each is shown before it is charged.
        raise CostsMoney(patient=visit.patient_id)
    form = {name: value for name, value in request.form.items() if name not in FIELDS}
    waive = " ".join(request.form.get("waive_reason", "").split())[:200]
    if waive and not current_user.may_at(Permission.FEE_WAIVE, visit.location_id):
        raise NeedsLeave(field="waive_reason", patient=visit.patient_id)
    return CancelWithFee(
        read_cancellation(form, appointment_id),
        g.idempotency,
        _("Late cancellation: %(service)s", service=visit.service.name),
        _cents(request.form.get("fee", "")),
        waive=waive,
        drawer_id=_drawer(request.form.get("drawer", "")),
    )


def _cents(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 12):  # noqa: PLR2004 - digits of the largest amount
        raise BadRequest
    return int(text)


def _drawer(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        raise BadRequest from None
