"""Move a visit to another price: the dialog has shown both, one press does it."""

from __future__ import annotations

from uuid import UUID

from flask import Response, request, url_for
from flask_babel import lazy_gettext as _l

from webapp import activity, hypermedia, toasts
from webapp.billing.actions.move_with_price import MoveWithPrice, move_with_price
from webapp.billing.refusals import DueChanged
from webapp.billing.views.door import blueprint
from webapp.booking.forms import read_move
from webapp.booking.money_refusals import CostsMoney, PriceChanged
from webapp.booking.views import move as dialog
from webapp.cycle import scope
from webapp.db import Role
from webapp.identity.permissions import Permission
from webapp.routing import requires

DONE = "visit.moved_price"
ONE = "one"

toasts.say(DONE, _l("Moved, at the price of that day."))


@blueprint.post("/billing/visits/<uuid:appointment_id>/move/<int:cents>")
@requires(Permission.VISIT_MOVE, role=Role.DESK, refused=dialog.refused)
def move_priced(appointment_id: UUID, cents: int) -> Response:
    """Move one visit and let it cost what the dialog showed; a price that is another one by now is shown first."""
    wanted = read_move(request.form, appointment_id)
    if (request.form.get("which") or ONE) != ONE:
        # Several visits at once would have several prices: each is shown before it is agreed.
        raise CostsMoney
    try:
        visit = move_with_price(MoveWithPrice(wanted, cents), at=scope().at)
    except DueChanged as changed:
        raise PriceChanged(patient=changed.patient) from changed
    activity.note("changed", patient=visit.patient_id, detail=DONE)
    return hypermedia.done(DONE, url_for("desk.visit", appointment_id=visit.id), appointment=visit.id)
