"""Check and book: what was chosen, what it costs, what canceling costs; then the visit is booked, once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from flask import Response, current_app, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from webapp import activity, hypermedia, toasts
from webapp.booking import actions, queries
from webapp.booking.forms import write_instant
from webapp.booking.models import Appointment
from webapp.booking.money_refusals import CostsMoney
from webapp.booking.online import Rule, rule_for, rule_of
from webapp.booking.queries import Search
from webapp.booking.queries.online import own_visit
from webapp.booking.queries.own_waiting import offer_of_hold
from webapp.booking.states import LIVE, Status
from webapp.cycle import scope
from webapp.db import Role
from webapp.errors import FormInvalid, NotFound, Refusal
from webapp.identity.permissions import Permission
from webapp.money import money
from webapp.notify import outlook_words
from webapp.notify.notices import Kind
from webapp.notify.queries.outlook import outlook
from webapp.portal import wording
from webapp.portal.forms import Agreed, read_agreed
from webapp.portal.views.door import blueprint, phone_of
from webapp.practice.hours import Span
from webapp.practice.models import Service
from webapp.routing import requires

BOOKED = "portal.booked"
LET_GO = "portal.let_go"
PAY = "portal.pay_hold"
ARRIVE_EARLY = timedelta(minutes=10)

# The confirmation says it.
toasts.say(BOOKED, "")
toasts.say(LET_GO, "")


@dataclass(frozen=True, slots=True)
class Held:
    """How a hold stands: kept, over, or booked already."""

    visit: Appointment
    seconds: int

    @property
    def is_booked(self) -> bool:
        return Status(self.visit.status) in LIVE - {Status.HELD}


@blueprint.get("/me/<uuid:patient_id>/held/<uuid:hold_id>")
@requires(Permission.OWN_VISITS_BOOK, role=Role.PATIENT)
def check(patient_id: UUID, hold_id: UUID) -> Response:
    """Show what is about to be booked and how long it is kept; what is booked already shows its confirmation."""
    return _page(patient_id, hold_id)


def refused(refusal: Refusal, patient_id: UUID, hold_id: UUID) -> Response:
    """Show the page as things stand now, the note kept."""
    return _page(patient_id, hold_id, refusal)


@blueprint.post("/me/<uuid:patient_id>/held/<uuid:hold_id>")
@requires(Permission.OWN_VISITS_BOOK, role=Role.PATIENT, refused=refused)
def book(patient_id: UUID, hold_id: UUID) -> Response:
    """Book what is held, by the rule that the page showed; what the waiting list offers has its own page (NotFound)."""
    if offer_of_hold(hold_id) is not None:
        raise NotFound
    agreed = read_agreed(request.form)
    agree(rule_of(own_visit(patient_id, hold_id)), agreed, patient_id)
    visit = actions.book_held(hold_id, actor=scope().actor, at=scope().at, note=agreed.note, paid=False)
    activity.note("changed", patient=patient_id, detail=BOOKED)
    return hypermedia.done(
        BOOKED, url_for("portal.booked", patient_id=patient_id, appointment_id=visit.id), appointment=visit.id
    )


@blueprint.post("/me/<uuid:patient_id>/held/<uuid:hold_id>/let-go")
@requires(Permission.OWN_VISITS_BOOK, role=Role.PATIENT)
def let_go(patient_id: UUID, hold_id: UUID) -> Response:
    """Give the held time back and choose another one."""
    kept = own_visit(patient_id, hold_id)
    actions.release(kept.id, at=scope().at)
    activity.note("changed", patient=patient_id, detail=LET_GO)
    return hypermedia.done(LET_GO, _again(patient_id, kept))


@blueprint.get("/me/<uuid:patient_id>/visits/<uuid:appointment_id>/booked")
@requires(Permission.OWN_VISITS_VIEW, role=Role.PATIENT)
def booked(patient_id: UUID, appointment_id: UUID) -> Response:
    """Confirm a booking: reference, address, calendar file, what happens next."""
    visit = own_visit(patient_id, appointment_id)
    activity.note("opened", patient=patient_id)
    if Status(visit.status) not in {Status.BOOKED, Status.CONFIRMED}:
        return hypermedia.see(url_for("portal.visit", patient_id=patient_id, appointment_id=visit.id))
    zone = visit.location.time_zone
    return hypermedia.page(
        "portal/booked.html",
        patient_id=patient_id,
        visit=visit,
        reference=wording.reference(visit.id),
        tile=wording.parts_of(wording.day_of(visit.starts_at, zone)),
        day=wording.long_day(wording.day_of(visit.starts_at, zone)),
        time=wording.clock(visit.starts_at, zone),
        what=what(visit),
        where=place_lines(visit),
        price=str(money(visit.price_cents, visit.currency)) if visit.price_cents else "",
        bring=bring(visit),
        arrive_by=wording.clock(visit.starts_at - ARRIVE_EARLY, zone),
        rule=rule_words(rule_of(visit), zone, visit.currency),
        copy=outlook_words.confirmation(outlook(Kind.CONFIRMATION, patient_id, scope().at)),
        how=_how(patient_id),
    )


def _how(patient_id: UUID) -> str:
    """Where one says how to be told; empty for who may not say it for this patient."""
    allowed = current_user.may_for(Permission.OWN_PREFERENCES, patient_id)
    return url_for("portal.preferences", patient_id=patient_id) if allowed else ""


def agree(rule: Rule, agreed: Agreed, patient_id: UUID) -> None:
    """Refuse a press that agreed to another rule than the one of now (CostsMoney)."""
    if (rule.fee_cents, rule.notice_minutes) != (agreed.fee_cents, agreed.notice_minutes):
        raise CostsMoney(patient=patient_id)


def what(visit: Appointment) -> str:
    """Follow-up, 20 minutes."""
    length = int((visit.ends_at - visit.starts_at).total_seconds() // 60)
    return _("%(service)s, %(length)s", service=visit.service.name, length=wording.minutes(length))


def place_lines(visit: Appointment) -> list[str]:
    """Where a visit is: the address, with the room when it is known."""
    lines = wording.address(visit.location)
    room = visit.room.name if visit.room is not None else ""
    return [", ".join(part for part in (lines[0], room) if part), *lines[1:]]


def bring(visit: Appointment) -> str:
    """What to bring, as far as the desk looks at anything on arrival."""
    asked = visit.service.arrival_checks
    if "identity" in asked and "coverage" in asked:
        return _("a photo ID and your insurance card")
    if "coverage" in asked:
        return _("your insurance card")
    return _("a photo ID") if "identity" in asked else ""


def rule_words(rule: Rule, zone: str, currency: str) -> dict[str, str]:
    """The rule in two parts: until when moving and canceling are free, and what it costs then."""
    fee = str(money(rule.fee_cents, currency))
    if not rule.fee_cents:
        return {"until": "", "fee": "", "late": ""}
    late = not rule.is_free(scope().at)
    return {"until": wording.moment_in_words(rule.free_until, zone), "fee": fee, "late": fee if late else ""}


def _page(patient_id: UUID, hold_id: UUID, refusal: Refusal | None = None) -> Response:
    visit = own_visit(patient_id, hold_id)
    offered = offer_of_hold(visit.id)
    if offered is not None:
        return hypermedia.see(url_for("portal.offer", patient_id=patient_id, offer_id=offered.offer.id))
    activity.note("opened", patient=patient_id)
    held = _standing(visit)
    if held.is_booked:
        return hypermedia.see(url_for("portal.booked", patient_id=patient_id, appointment_id=visit.id))
    zone = visit.location.time_zone
    shown: dict[str, Any] = {
        "patient_id": patient_id,
        "visit": visit,
        "time": wording.clock(visit.starts_at, zone),
        "when": wording.moment_in_words(visit.starts_at, zone),
        "again": _again(patient_id, visit),
        "phone": phone_of(visit.location),
    }
    if not held.seconds:
        return hypermedia.page("portal/lapsed.html", **shown, free=_is_free(visit), fields=_fields(visit))
    return hypermedia.page(
        "portal/check.html",
        **shown,
        errors=_errors(refusal),
        seconds=held.seconds,
        until=wording.clock(visit.held_until or visit.starts_at, zone),
        left=f"{held.seconds // 60}:{held.seconds % 60:02d}",
        rows=rows(patient_id, visit),
        action=url_for("portal.book", patient_id=patient_id, hold_id=visit.id),
        release=url_for("portal.let_go", patient_id=patient_id, hold_id=visit.id),
        note=request.form.get("note", visit.note),
        **terms(visit.service, visit.price_cents, visit.starts_at, zone),
        pay=_pay(patient_id, visit),
    )


def terms(service: Service, price_cents: int, starts_at: datetime, zone: str) -> dict[str, Any]:
    """What a visit costs, and canceling it, with the rule as hidden fields say it."""
    rule, currency = rule_for(service, starts_at), service.currency
    return {
        "price": str(money(price_cents, currency)) if price_cents else "",
        "deposit": str(money(service.deposit_cents, currency)) if service.deposit_cents else "",
        "rule": rule_words(rule, zone, currency),
        "agreed": [("fee", rule.fee_cents), ("notice", rule.notice_minutes)],
    }


def _pay(patient_id: UUID, visit: Appointment) -> str:
    """Where a deposit is paid online; nowhere yet in a clinic without it."""
    if not visit.service.deposit_cents or PAY not in current_app.view_functions:
        return ""
    return url_for(PAY, patient_id=patient_id, hold_id=visit.id)


def rows(patient_id: UUID, visit: Appointment) -> list[dict[str, Any]]:
    """What was chosen, line by line, each with the way to choose it again."""
    zone, again = visit.location.time_zone, _again(patient_id, visit)
    return [
        {"key": _("Visit"), "value": what(visit), "href": url_for("portal.find", patient_id=patient_id)},
        {"key": _("With"), "value": visit.provider.name, "href": f"{again}#who"},
        {
            "key": _("When"),
            "value": wording.long_day(wording.day_of(visit.starts_at, zone)),
            "detail": wording.clock(visit.starts_at, zone),
            "href": again,
        },
        {"key": _("Where"), "value": ", ".join(wording.address(visit.location)), "href": f"{again}#where"},
    ]


def _standing(visit: Appointment) -> Held:
    until = visit.held_until
    if Status(visit.status) is not Status.HELD or until is None:
        return Held(visit, 0)
    left = int((until - scope().at).total_seconds())
    return Held(visit, max(left, 1) if visit.payment_open else max(left, 0))


def _again(patient_id: UUID, visit: Appointment) -> str:
    day = wording.day_of(visit.starts_at, visit.location.time_zone).isoformat()
    return url_for(
        "portal.find",
        patient_id=patient_id,
        service=visit.service_id,
        location=visit.location_id,
        provider=visit.provider_id,
        day=day,
    )


def _fields(visit: Appointment) -> list[tuple[str, object]]:
    return [
        ("service", visit.service_id),
        ("location", visit.location_id),
        ("provider", visit.provider_id),
        ("starts_at", write_instant(visit.starts_at)),
        ("note", request.form.get("note", "")),
    ]


def _is_free(visit: Appointment) -> bool:
    """Whether the time that was held can be held again."""
    search = Search(
        service_id=visit.service_id,
        window=Span(visit.starts_at, visit.starts_at + timedelta(minutes=1)),
        provider_id=visit.provider_id,
        location_id=visit.location_id,
        patient_id=visit.patient_id,
        via="portal",
    )
    found = queries.free_times(search, scope().at, step=5)
    return found is not None and bool(found.starts)


def _errors(refusal: Refusal | None) -> dict[str, list[str]]:
    if refusal is None:
        return {}
    return refusal.errors if isinstance(refusal, FormInvalid) else {"": [str(wording.said(refusal))]}
