"""Book what is paid for before: the doors behind the booking dialog, and the page that pays for a held time."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast
from uuid import UUID

from flask import Response, g, redirect, request, url_for
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from webapp import activity, cycle, hypermedia, toasts
from webapp.billing import booking_desk
from webapp.billing.readers import Ready, ready_at
from webapp.billing.refusals import NeedsLeave, NoMoneyHere
from webapp.billing.views.door import blueprint
from webapp.booking.refusals import SlotTaken
from webapp.booking.views import book
from webapp.cycle import scope
from webapp.db import Role
from webapp.errors import FormInvalid, Refusal
from webapp.identity.permissions import Permission
from webapp.routing import requires

if TYPE_CHECKING:
    from webapp.billing.charging import Standing
    from webapp.booking.models import Appointment

SAME_REQUEST = 307
BY_HAND = frozenset({"cash", "check", "bank_transfer"})
BOOK = Permission.VISIT_BOOK
PAID, UNPAID, STARTED = "visit.booked_paid", "visit.booked_unpaid", "visit.booking_charged"

toasts.say(PAID, _l("Booked, and the deposit is taken."))
toasts.say(UNPAID, _l("Booked without a deposit. The reason stays with the visit."))


def readers() -> Ready:
    """What takes cards where the visit is to be; the gateway is asked before any transaction begins."""
    try:
        place: UUID | None = UUID(request.form.get("location", ""))
    except ValueError:
        place = None
    return ready_at(place)


def _refused(refusal: Refusal) -> Response:
    """Show the dialog again as it was filled in; what is wrong with the money leaves the chosen time chosen."""
    about_time = isinstance(refusal, SlotTaken | FormInvalid) or type(refusal).__module__.startswith("webapp.booking")
    if not about_time:
        refusal = FormInvalid({"how": [str(refusal.message)]})
    return book.refused(refusal)


@blueprint.post("/billing/book")
@requires(BOOK, role=Role.DESK, refused=_refused, prefetch=readers, gateway=True)
def book_paid() -> Response:
    """Book and charge a card.  Any other way to pay is sent on, as it is, to the door with one transaction for both."""
    if by_hand():
        return cast("Response", redirect(url_for("billing.book_in_hand"), SAME_REQUEST))
    time = booking_desk.time_wanted(request.form)
    may(Permission.PAYMENT_TAKE, time.location_id)
    standing = booking_desk.charge(time, request.form, g.prefetched, cycle.form_claim({}), scope())
    return charged(standing, time.patient_id)


@blueprint.post("/billing/book/in-hand")
@requires(BOOK, role=Role.DESK, refused=_refused, prefetch=readers)
def book_in_hand() -> Response:
    """Book and take the deposit in cash, by check or by bank transfer."""
    time = booking_desk.time_wanted(request.form)
    may(Permission.PAYMENT_TAKE, time.location_id)
    return done(PAID, booking_desk.take(time, request.form, actor=scope().actor, at=scope().at))


@blueprint.post("/billing/book/unpaid")
@requires(BOOK, role=Role.DESK, refused=_refused, prefetch=readers)
def book_unpaid() -> Response:
    """Book without the deposit; the reason stays with the visit."""
    time = booking_desk.time_wanted(request.form)
    may(Permission.FEE_WAIVE, time.location_id)
    return done(UNPAID, booking_desk.go_without(time, request.form, actor=scope().actor, at=scope().at))


def by_hand() -> bool:
    """Whether the form pays with something that needs no gateway."""
    return request.form.get("how", "").partition(":")[0] in BY_HAND


def may(permission: Permission, location_id: UUID) -> None:
    """Raise what tells somebody that another one has to do this (NeedsLeave, NoMoneyHere)."""
    if permission not in current_user.permissions:
        raise NeedsLeave
    if not current_user.may_at(permission, location_id):
        raise NoMoneyHere


def charged(standing: Standing, patient_id: UUID) -> Response:
    """Lead to the visit when it is booked, else to the attempt, whose page says how it stands and looks again."""
    activity.note("changed", patient=patient_id, detail=STARTED)
    if not standing.settled or standing.appointment_id is None:
        address = url_for("billing.attempt", attempt_id=standing.id)
        return hypermedia.leave(address) if hypermedia.wants_fragment() else hypermedia.see(address)
    return booked(standing.appointment_id)


def booked(appointment_id: UUID) -> Response:
    """Lead to the visit that a card has paid for."""
    hypermedia.announce(PAID)
    return hypermedia.see(url_for("desk.visit", appointment_id=appointment_id))


def done(code: str, visit: Appointment) -> Response:
    """Lead to the visit that is booked."""
    activity.note("changed", patient=visit.patient_id, detail=code)
    return hypermedia.done(code, url_for("desk.visit", appointment_id=visit.id), appointment=visit.id)
