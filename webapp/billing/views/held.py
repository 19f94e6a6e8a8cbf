"""Pay for a time that is held already: another card after a decline, or what somebody on the waiting list takes."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from flask import Response, g, redirect, request, url_for
from flask_babel import gettext as _

from webapp import activity, cycle, hypermedia
from webapp.billing import booking_desk, wording
from webapp.billing.actions.held_for import asked_of
from webapp.billing.models import Attempt
from webapp.billing.queries import attempts
from webapp.billing.readers import Ready, ready_at
from webapp.billing.views import book_paid
from webapp.billing.views.door import blueprint
from webapp.booking import cashier, queries
from webapp.booking.cashier import Deposit
from webapp.booking.queries import VisitDetail
from webapp.booking.states import Status
from webapp.booking.views import book
from webapp.booking.wording import clock, day_name, local_date, time_span
from webapp.cycle import scope
from webapp.db import Role, transactional
from webapp.errors import NotFound, Refusal
from webapp.identity.permissions import Permission
from webapp.money import money
from webapp.practice.letterhead import letterhead
from webapp.routing import requires

BOOK = Permission.VISIT_BOOK
TEMPLATE = "billing/held.html"


def readers(appointment_id: UUID) -> Ready:
    """What takes cards where the time is; the gateway is asked before any transaction begins."""
    with transactional(scope(), read_only=True):
        found = queries.visit(appointment_id)
        place = None if found is None else found.appointment.location_id
    return ready_at(place)


@blueprint.get("/billing/holds/<uuid:appointment_id>")
@requires(BOOK, role=Role.DESK, prefetch=readers)
def held(appointment_id: UUID) -> Response:
    """Show what is held, for whom and until when, and how its deposit can be paid."""
    return _page(appointment_id)


def _refused(refusal: Refusal, appointment_id: UUID) -> Response:
    return _page(appointment_id, refusal)


@blueprint.post("/billing/holds/<uuid:appointment_id>")
@requires(BOOK, role=Role.DESK, refused=_refused, prefetch=readers, gateway=True)
def pay_held(appointment_id: UUID) -> Response:
    """Charge a card for a held time and book it; a card that was declined before is given up first.

    Any other way to pay is sent on to the door with one transaction, once no card can pay for the time any more.
    """
    with transactional(scope(), read_only=True):
        place = booking_desk.place_of(appointment_id)
        book_paid.may(Permission.PAYMENT_TAKE, place.location_id)
    if book_paid.by_hand():
        booking_desk.end_declined(appointment_id, scope())
        address = url_for("billing.pay_held_in_hand", appointment_id=appointment_id)
        return cast("Response", redirect(address, book_paid.SAME_REQUEST))
    claim = cycle.form_claim({"appointment_id": appointment_id})
    standing = booking_desk.charge(appointment_id, request.form, g.prefetched, claim, scope())
    return book_paid.charged(standing, place.patient_id)


@blueprint.post("/billing/holds/<uuid:appointment_id>/in-hand")
@requires(BOOK, role=Role.DESK, refused=_refused, prefetch=readers)
def pay_held_in_hand(appointment_id: UUID) -> Response:
    """Book a held time with its deposit in cash, by check or by bank transfer."""
    place = booking_desk.place_of(appointment_id)
    book_paid.may(Permission.PAYMENT_TAKE, place.location_id)
    return book_paid.done(
        book_paid.PAID, booking_desk.take(appointment_id, request.form, actor=scope().actor, at=scope().at)
    )


def _page(appointment_id: UUID, refusal: Refusal | None = None) -> Response:
    detail = queries.visit(appointment_id)
    if detail is None:
        raise NotFound
    visit = detail.appointment
    if detail.status is not Status.HELD and refusal is None:
        return hypermedia.see(url_for("desk.visit", appointment_id=visit.id))
    activity.note("opened", patient=visit.patient_id)
    asked = asked_of(visit)
    wanted = Deposit(visit.patient_id, visit.location_id, asked.cents, visit.currency, asked.whole)
    errors = {} if refusal is None else refusal.errors or {"": [str(refusal.message)]}
    return hypermedia.page(
        TEMPLATE,
        clinic=letterhead(visit.location),
        action=url_for("billing.pay_held", appointment_id=visit.id),
        close=url_for("desk.visit", appointment_id=visit.id),
        person=book.person(visit.patient),
        facts=_facts(detail),
        deposit=cashier.on_duty().deposit_panel(wanted) | {"waives": False},
        open=detail.status is Status.HELD,
        last=_last(attempts.latest_for(visit.id)),
        errors=errors,
    )


def _facts(detail: VisitDetail) -> list[tuple[str, str]]:
    visit = detail.appointment
    zone = visit.location.time_zone
    day = day_name(local_date(visit.starts_at, zone), local_date(scope().at, zone))
    facts = [
        (_("When"), f"{day}, {time_span(visit.starts_at, visit.ends_at, zone)}"),
        (_("Visit"), f"{visit.service.name}, {money(visit.price_cents, visit.currency)}"),
        (_("With"), visit.provider.name),
    ]
    if visit.held_until is not None:
        facts.append((_("Held until"), clock(visit.held_until, zone)))
    return facts


def _last(attempt: Attempt | None) -> dict[str, Any] | None:
    """How the last card stands that was asked to pay for this time."""
    if attempt is None:
        return None
    return {
        "text": f"{wording.state_label(attempt)}. {wording.what_next(attempt)}",
        "href": url_for("billing.attempt", attempt_id=attempt.id),
    }
