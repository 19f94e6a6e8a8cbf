"""The step of a booking that takes money: what the visit asks for before, or its whole price, then it is booked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from flask import Response, request, url_for

from webapp import activity, cycle, hypermedia
from webapp.billing import by_patient, paying_page
from webapp.billing.actions.held_for import asked_of
from webapp.billing.attempts import State
from webapp.billing.queries.attempts import latest_for
from webapp.billing.queries.own import records_of
from webapp.booking.online import rule_of
from webapp.booking.queries.online import own_visit
from webapp.booking.queries.own_waiting import offer_of_hold
from webapp.booking.states import LIVE, Status
from webapp.cycle import scope
from webapp.db import Role, transactional
from webapp.errors import FormInvalid, Refusal
from webapp.identity.permissions import Permission
from webapp.money import money
from webapp.portal import wording
from webapp.portal.forms import read_agreed
from webapp.portal.views.check import agree, rows, terms
from webapp.portal.views.door import blueprint, phone_of
from webapp.portal.views.money import ways
from webapp.portal.views.waiting import is_open
from webapp.routing import requires

if TYPE_CHECKING:
    from webapp.billing.actions.held_for import Asked
    from webapp.booking.models import Appointment
    from webapp.booking.queries.own_waiting import Offered

BOOKED = "portal.booked"


@blueprint.get("/me/<uuid:patient_id>/held/<uuid:hold_id>/pay")
@requires(Permission.OWN_MONEY, role=Role.PATIENT)
def pay_hold(patient_id: UUID, hold_id: UUID) -> Response:
    """Show what is to be paid before the visit is booked, and how."""
    return _page(patient_id, hold_id)


def refused(refusal: Refusal, patient_id: UUID, hold_id: UUID) -> Response:
    """Show the step as things stand now."""
    return _page(patient_id, hold_id, refusal)


@blueprint.post("/me/<uuid:patient_id>/held/<uuid:hold_id>/pay")
@requires(Permission.OWN_MONEY, role=Role.PATIENT, refused=refused, gateway=True)
def pay_the_hold(patient_id: UUID, hold_id: UUID) -> Response:
    """Charge a saved card and book, or lead to the card company's page; nothing is booked without the money."""
    claim = cycle.form_claim({"patient_id": patient_id, "hold_id": hold_id})
    with transactional(scope(), read_only=True):
        agree(rule_of(own_visit(patient_id, hold_id)), read_agreed(request.form), patient_id)
    pressed = by_patient.pay_hold(patient_id, hold_id, request.form, claim, scope())
    activity.note("changed", patient=patient_id, detail=BOOKED)
    if pressed.url is not None:
        return hypermedia.away(pressed.url)
    if pressed.settled and pressed.appointment_id is not None:
        booked = url_for("portal.booked", patient_id=patient_id, appointment_id=pressed.appointment_id)
        return hypermedia.see(booked)
    return hypermedia.see(url_for("portal.payment", patient_id=patient_id, attempt_id=pressed.attempt_id))


def _page(patient_id: UUID, hold_id: UUID, refusal: Refusal | None = None) -> Response:
    records_of(patient_id)
    visit = own_visit(patient_id, hold_id)
    offered = offer_of_hold(visit.id)
    elsewhere = _elsewhere(visit, offered)
    if elsewhere:
        return hypermedia.see(elsewhere)
    activity.note("opened", patient=patient_id)
    asked, currency, zone = asked_of(visit), visit.currency, visit.location.time_zone
    again = request.form if isinstance(refusal, FormInvalid) else {}
    offers = ways(patient_id)
    price = visit.price_cents if asked.moves is None else asked.moves.price_cents
    return hypermedia.page(
        "portal/pay_hold.html",
        patient_id=patient_id,
        action=url_for("portal.pay_the_hold", patient_id=patient_id, hold_id=visit.id),
        time=wording.clock(visit.starts_at, zone),
        until="" if visit.held_until is None else wording.clock(visit.held_until, zone),
        paying=visit.payment_open,
        asked=money(asked.cents, currency),
        whole=money(asked.whole, currency) if asked.whole > asked.cents else "",
        seen=asked.cents,
        part=again.get("part", "asked"),
        ways=offers,
        how=again.get("how") or offers[0]["value"],
        last=_last(patient_id, visit),
        phone=phone_of(visit.location),
        errors=_errors(refusal),
        **_ways_out(visit, offered),
        **_moves(asked, currency),
        **terms(visit.service, price, visit.starts_at, zone),
    )


def _elsewhere(visit: Appointment, offered: Offered | None) -> str:
    """Where somebody is led for whom there is nothing to pay here: it is paid, or over, or costs nothing before."""
    patient_id, taken = visit.patient_id, visit
    if offered is not None and offered.offer.outcome == "accepted":
        taken = offered.visit or visit
    if Status(taken.status) in LIVE - {Status.HELD}:
        return url_for("portal.booked", patient_id=patient_id, appointment_id=taken.id)
    if offered is not None and not (is_open(offered) and asked_of(visit).cents):
        return url_for("portal.offer", patient_id=patient_id, offer_id=offered.offer.id)
    return url_for("portal.check", patient_id=patient_id, hold_id=visit.id) if _is_over(visit) else ""


def _ways_out(visit: Appointment, offered: Offered | None) -> dict[str, Any]:
    """What was chosen, or offered, and how to go back or let it go."""
    patient_id, lines = visit.patient_id, rows(visit.patient_id, visit)
    if offered is None:
        back = url_for("portal.check", patient_id=patient_id, hold_id=visit.id)
        return {"rows": lines, "back": back, "offered": False,
                "release": url_for("portal.let_go", patient_id=patient_id, hold_id=visit.id)}  # fmt: skip
    names: dict[str, Any] = {"patient_id": patient_id, "offer_id": offered.offer.id}
    return {
        # Somebody who waits was offered this and nothing else: there is nothing to choose again.
        "rows": [{**line, "href": ""} for line in lines],
        "back": url_for("portal.offer", **names),
        "offered": True,
        "release": url_for("portal.refuse_offer", **names),
    }


def _moves(asked: Asked, currency: str) -> dict[str, Any]:
    """The visit that moves into the time, and what of its price is paid."""
    if asked.moves is None:
        return {"moves": "", "keeps": "", "paid": ""}
    when = wording.moment_in_words(asked.moves.starts_at, asked.moves.location.time_zone)
    paid = money(asked.paid, currency) if asked.paid else ""
    return {"moves": when, "keeps": money(asked.moves.price_cents, currency), "paid": paid}


def _is_over(visit: Appointment) -> bool:
    if Status(visit.status) is not Status.HELD or visit.held_until is None:
        return True
    return visit.held_until <= scope().at and not visit.payment_open


def _last(patient_id: UUID, visit: Appointment) -> dict[str, Any] | None:
    """The payment that this time waits for."""
    attempt = latest_for(visit.id)
    if attempt is None or not visit.payment_open or attempt.settled_at is not None:
        return None
    return {
        "declined": attempt.state == State.DECLINED,
        "open": attempt.state in {state.value for state in paying_page.PAYABLE},
        "until": wording.clock(attempt.expires_at, visit.location.time_zone),
        "href": url_for("portal.payment", patient_id=patient_id, attempt_id=attempt.id),
    }


def _errors(refusal: Refusal | None) -> dict[str, list[str]]:
    if refusal is None:
        return {}
    return refusal.errors if isinstance(refusal, FormInvalid) else {"": [str(wording.said(refusal))]}
