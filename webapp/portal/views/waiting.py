"""The waiting list: say what one waits for, and answer what is offered with one tap."""

from __future__ import annotations

from datetime import date, time
from typing import Any
from uuid import UUID

from babel.dates import get_day_names
from flask import Response, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from webapp import activity, hypermedia, toasts
from webapp.billing.actions.held_for import asked_of
from webapp.billing.queries.own import records_of
from webapp.booking.actions.waiting.offers import accept, refuse
from webapp.booking.actions.waiting.wishes import add_wish, withdraw_wish
from webapp.booking.models import Appointment
from webapp.booking.money_refusals import DepositFirst
from webapp.booking.queries.online import online_offers, own_visit
from webapp.booking.queries.own_waiting import Offered, Waited, own_offer, own_offers, own_wishes
from webapp.booking.states import Status
from webapp.cycle import scope
from webapp.db import Role
from webapp.errors import FormInvalid, NotFound, Refusal
from webapp.identity.permissions import Permission
from webapp.languages import written
from webapp.money import money
from webapp.portal import wording
from webapp.portal.forms import HALVES, read_choice, read_own_wish, write_wish
from webapp.portal.views.door import blueprint, phone_of
from webapp.portal.views.strip import said_errors
from webapp.portal.views.visit import facts
from webapp.practice import queries as practice
from webapp.practice.queries import Offer
from webapp.routing import requires

WAITS, WITHDRAWN = "portal.waits", "portal.wish_withdrawn"
ACCEPTED, REFUSED = "portal.accepted", "portal.refused"

_PAID_FIRST = _l("The deposit of this time is paid before it is yours.")

toasts.say(WAITS, _l("You are on the waiting list. We let you know when a time is free."))
toasts.say(WITHDRAWN, _l("You are off the waiting list."))
toasts.say(ACCEPTED, _l("The time is yours."))
toasts.say(REFUSED, _l("We offer the time to somebody else. You stay on the list."))


@blueprint.get("/me/<uuid:patient_id>/waiting")
@requires(Permission.OWN_VISITS_VIEW, role=Role.PATIENT)
def wishes(patient_id: UUID) -> Response:
    """Show what one waits for and what is offered."""
    activity.note("opened", patient=patient_id)
    return hypermedia.page(
        "portal/wishes.html",
        patient_id=patient_id,
        offers=[offer_facts(each) for each in own_offers(patient_id, scope().at)],
        wishes=[_wish(each) for each in own_wishes(patient_id)],
    )


@blueprint.get("/me/<uuid:patient_id>/waiting/new")
@requires(Permission.OWN_VISITS_BOOK, role=Role.PATIENT)
def wish(patient_id: UUID) -> Response:
    """Say what one waits for; the kind of visit comes first."""
    if not request.args.get("visit") and read_choice(request.args).service is None:
        return hypermedia.see(url_for("portal.find", patient_id=patient_id))
    return _form(patient_id)


def wish_refused(refusal: Refusal, patient_id: UUID) -> Response:
    """Show the form again, as it was filled in."""
    return _form(patient_id, refusal)


@blueprint.post("/me/<uuid:patient_id>/waiting/new")
@requires(Permission.OWN_VISITS_BOOK, role=Role.PATIENT, refused=wish_refused)
def add(patient_id: UUID) -> Response:
    """Put oneself on the list, for a kind of visit that can be booked online, or for an earlier time of a visit."""
    visit, today = _earlier_than(patient_id), _today()
    terms = read_own_wish(request.form, today)
    _offer(patient_id, terms.service_id)
    made = add_wish(
        patient_id, terms, actor=scope().actor, at=scope().at, appointment_id=None if visit is None else visit.id
    )
    activity.note("changed", patient=patient_id, detail=WAITS)
    return hypermedia.done(WAITS, url_for("portal.wishes", patient_id=patient_id), wish=made.id)


@blueprint.post("/me/<uuid:patient_id>/waiting/<uuid:wish_id>/withdraw")
@requires(Permission.OWN_VISITS_BOOK, role=Role.PATIENT)
def withdraw(patient_id: UUID, wish_id: UUID) -> Response:
    """Take oneself off the list; what is being offered goes to the next."""
    if wish_id not in {each.wish.id for each in own_wishes(patient_id)}:
        raise NotFound
    withdraw_wish(wish_id, version=None, at=scope().at)
    activity.note("changed", patient=patient_id, detail=WITHDRAWN)
    return hypermedia.done(WITHDRAWN, url_for("portal.wishes", patient_id=patient_id))


@blueprint.get("/me/<uuid:patient_id>/offers/<uuid:offer_id>")
@requires(Permission.OWN_VISITS_VIEW, role=Role.PATIENT)
def offer(patient_id: UUID, offer_id: UUID) -> Response:
    """Show a time that is held for one's answer."""
    return _offer_page(patient_id, offer_id)


def offer_refused(refusal: Refusal, patient_id: UUID, offer_id: UUID) -> Response:
    """Show how the offer stands now."""
    return _offer_page(patient_id, offer_id, refusal)


@blueprint.post("/me/<uuid:patient_id>/offers/<uuid:offer_id>")
@requires(Permission.OWN_VISITS_BOOK, role=Role.PATIENT, refused=offer_refused)
def accept_offer(patient_id: UUID, offer_id: UUID) -> Response:
    """Take the time: the visit one has moves there, or it is booked.

    Where a deposit is missing, its step does that (DepositFirst).
    """
    records_of(patient_id)
    found = own_offer(patient_id, offer_id)
    if is_open(found) and asked_of(found.hold).cents:
        raise DepositFirst(patient=patient_id)
    visit = accept(found.offer.id, actor=scope().actor, at=scope().at)
    activity.note("changed", patient=patient_id, detail=ACCEPTED)
    return hypermedia.done(
        ACCEPTED, url_for("portal.booked", patient_id=patient_id, appointment_id=visit.id), appointment=visit.id
    )


@blueprint.post("/me/<uuid:patient_id>/offers/<uuid:offer_id>/refuse")
@requires(Permission.OWN_VISITS_BOOK, role=Role.PATIENT, refused=offer_refused)
def refuse_offer(patient_id: UUID, offer_id: UUID) -> Response:
    """Let the time go to somebody else and wait on."""
    refuse(own_offer(patient_id, offer_id).offer.id, at=scope().at)
    activity.note("changed", patient=patient_id, detail=REFUSED)
    return hypermedia.done(REFUSED, url_for("portal.wishes", patient_id=patient_id))


def offer_facts(found: Offered) -> dict[str, Any]:
    """A time that is offered, and until when, as the home and its own page show it."""
    hold, zone = found.hold, found.hold.location.time_zone
    return facts(hold) | {
        "offer_id": found.offer.id,
        "open": is_open(found),
        "until": wording.soon(found.offer.expires_at, scope().at, zone),
        "instead": "" if found.visit is None else wording.moment_in_words(found.visit.starts_at, zone),
    } | _money(hold)  # fmt: skip


def is_open(found: Offered) -> bool:
    """Whether a time still is held for an answer; one that is being paid for is, whatever the clock says."""
    hold = found.hold
    if found.offer.outcome != "open" or Status(hold.status) is not Status.HELD or hold.held_until is None:
        return False
    return hold.payment_open or hold.held_until > scope().at


def _money(hold: Appointment) -> dict[str, Any]:
    """What has to be paid before the time is theirs, and what of it has been."""
    records_of(hold.patient_id)
    asked = asked_of(hold)
    may_pay = asked.cents and current_user.may_for(Permission.OWN_MONEY, hold.patient_id)
    return {
        "deposit": money(asked.cents, hold.currency) if asked.cents else "",
        "paid": money(asked.paid, hold.currency) if asked.paid and hold.service.deposit_cents else "",
        "pay": url_for("portal.pay_hold", patient_id=hold.patient_id, hold_id=hold.id) if may_pay else "",
        "paying": hold.payment_open,
    }


def _offer_page(patient_id: UUID, offer_id: UUID, refusal: Refusal | None = None) -> Response:
    activity.note("opened", patient=patient_id)
    found = own_offer(patient_id, offer_id)
    return hypermedia.page(
        "portal/offer.html",
        patient_id=patient_id,
        offer=offer_facts(found),
        errors={"": [_PAID_FIRST]} if isinstance(refusal, DepositFirst) else said_errors(refusal),
        phone=phone_of(found.hold.location),
    )


def _wish(waited: Waited) -> dict[str, Any]:
    wish = waited.wish
    names = get_day_names("abbreviated", locale=written())
    days = [names[day - 1] for day in wish.weekdays]
    visit = waited.visit
    return {
        "id": wish.id,
        "what": waited.service,
        "days": _("Any day") if len(days) == len(names) else ", ".join(days),
        "half": _half(wish.from_time, wish.to_time),
        "until": "" if wish.latest is None else _("until %(day)s", day=wording.short_date(wish.latest)),
        "instead": ""
        if visit is None
        else _("instead of %(when)s", when=wording.moment_in_words(visit.starts_at, visit.location.time_zone)),
    }


def _half(begins: time, ends: time) -> str:
    half = next((name for name, (first, last) in HALVES.items() if (first, last) == (begins, ends)), "")
    return {"any": _("any time"), "am": _("mornings"), "pm": _("afternoons")}.get(half, "")


def _form(patient_id: UUID, refusal: Refusal | None = None) -> Response:
    visit = _earlier_than(patient_id)
    choice = read_choice(request.values)
    chosen = _offer(patient_id, choice.service if visit is None else visit.service_id)
    activity.note("opened", patient=patient_id)
    names = get_day_names("wide", locale=written())
    people = [each for each in practice.providers() if each.id in chosen.provider_ids]
    ticked = set(request.values.getlist("weekday"))
    return hypermedia.page(
        "portal/wish.html",
        patient_id=patient_id,
        errors=said_errors(refusal),
        what=chosen.service.name,
        instead="" if visit is None else wording.moment_in_words(visit.starts_at, visit.location.time_zone),
        fields=[("service", chosen.service.id), ("visit", "" if visit is None else visit.id)],
        people=[("", _("Anyone who is free")), *((each.id, each.name) for each in people)],
        provider=request.values.get("provider", ""),
        weekdays=[
            {"value": number, "label": names[number - 1], "checked": str(number) in ticked} for number in range(1, 8)
        ],
        halves=[("any", _("Any time")), ("am", _("Mornings")), ("pm", _("Afternoons"))],
        half=request.values.get("half", "any"),
        latest=request.values.get("latest", ""),
        notices=write_wish(),
        notice=request.values.get("notice", "120"),
        back=url_for("portal.find", patient_id=patient_id, service=chosen.service.id),
    )


def _earlier_than(patient_id: UUID) -> Appointment | None:
    """The visit one would give up for an earlier time, when the address or the form names one (NotFound)."""
    named = request.values.get("visit", "")
    if not named:
        return None
    try:
        return own_visit(patient_id, UUID(named))
    except ValueError:
        raise NotFound from None


def _offer(patient_id: UUID, service_id: UUID | None) -> Offer:
    """A kind of visit that the patient may book online (NotFound)."""
    for each in online_offers(patient_id):
        if each.service.id == service_id:
            return each
    if service_id is None:
        raise FormInvalid({"service": [_("Choose a kind of visit")]})
    raise NotFound


def _today() -> date:
    return wording.day_of(scope().at, practice.time_zone())
