"""What a patient owes and has paid: all invoices, one invoice with the way to pay it, and how a payment stands."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from flask_login import current_user

from webapp import activity, cycle, hypermedia, toasts
from webapp.billing import by_patient, charging, paying_page, returns, service, wording
from webapp.billing.attempts import State
from webapp.billing.day_words import METHODS
from webapp.billing.documents_on_paper import KINDS
from webapp.billing.models import Attempt
from webapp.billing.queries import balances, own
from webapp.billing.queries.own import OwnInvoice, OwnPage
from webapp.billing.queries.papers import Settlement
from webapp.billing.refusals import DueChanged
from webapp.booking.queries.own_waiting import offer_of_hold
from webapp.cycle import scope
from webapp.db import Role, transactional
from webapp.errors import BadRequest, FormInvalid, NotFound, Refusal
from webapp.identity.permissions import Permission
from webapp.money import money, typed
from webapp.portal.views.door import blueprint, phone_of
from webapp.portal.wording import clock, day_of, short_date
from webapp.practice.catalog import thing
from webapp.routing import requires

MONEY = Permission.OWN_MONEY
PAID, ENDED = "portal.paid", "portal.payment_ended"

toasts.say(PAID, _l("Paid. Thank you."))
toasts.say(ENDED, _l("The payment is ended. Nothing was charged."))


@blueprint.get("/me/invoices")
@requires(MONEY, role=Role.PATIENT)
def own_invoices() -> Response:
    """Lead to one's own invoices, or to those of the first person whose money one looks after."""
    allowed = current_user.patients_for(MONEY)
    own_first = sorted(allowed, key=lambda each: current_user.grant_for(each).relation != "self")
    if not own_first:
        raise NotFound
    return hypermedia.see(url_for("portal.invoices", patient_id=own_first[0]))


@blueprint.get("/me/<uuid:patient_id>/invoices")
@requires(MONEY, role=Role.PATIENT)
def invoices(patient_id: UUID) -> Response:
    """List what is open, then what is settled."""
    activity.note("opened", patient=patient_id)
    account = balances.account_of(own.records_of(patient_id))
    found = own.invoices_of(patient_id)
    currency = found[0].currency if found else "USD"
    return hypermedia.page(
        "portal/invoices.html",
        patient_id=patient_id,
        open=[_line(patient_id, each) for each in found if each.due > 0],
        settled=[_line(patient_id, each) for each in found if each.due <= 0],
        due=money(account.due_cents, currency) if account.due_cents else "",
        credit=money(account.credit_cents, currency) if account.credit_cents else "",
        deposit=money(account.deposit_cents, currency) if account.deposit_cents else "",
    )


@blueprint.get("/me/<uuid:patient_id>/invoices/<uuid:invoice_id>")
@requires(MONEY, role=Role.PATIENT)
def invoice(patient_id: UUID, invoice_id: UUID) -> Response:
    """Show an invoice, what was paid of it, and how the rest can be paid."""
    return _page(patient_id, invoice_id)


def refused(refusal: Refusal, patient_id: UUID, invoice_id: UUID) -> Response:
    """Show the invoice as it stands now, with what was typed."""
    return _page(patient_id, invoice_id, refusal)


@blueprint.post("/me/<uuid:patient_id>/invoices/<uuid:invoice_id>/pay")
@requires(MONEY, role=Role.PATIENT, refused=refused, gateway=True)
def pay(patient_id: UUID, invoice_id: UUID) -> Response:
    """Charge a saved card, or lead to the card company's page."""
    claim = cycle.form_claim({"patient_id": patient_id, "invoice_id": invoice_id})
    pressed = by_patient.pay_invoice(patient_id, invoice_id, request.form, claim, scope())
    activity.note("changed", patient=patient_id, detail=PAID)
    if pressed.url is not None:
        return hypermedia.away(pressed.url)
    if not pressed.settled:
        return hypermedia.see(url_for("portal.payment", patient_id=patient_id, attempt_id=pressed.attempt_id))
    hypermedia.announce(PAID)
    return hypermedia.see(url_for("portal.invoice", patient_id=patient_id, invoice_id=invoice_id))


@blueprint.get("/me/<uuid:patient_id>/payments/<uuid:attempt_id>")
@requires(MONEY, role=Role.PATIENT)
def payment(patient_id: UUID, attempt_id: UUID) -> Response:
    """Tell how a payment stands, whatever the address says; it looks again by itself while it is open."""
    found = own.own_attempt(patient_id, attempt_id)
    same = hypermedia.unchanged(f"{found.version}")
    if same is not None:
        return same
    activity.note("opened", patient=patient_id)
    if found.purpose == "booking" and found.settled_at is not None:
        address = url_for("portal.booked", patient_id=patient_id, appointment_id=found.appointment_id)
        return hypermedia.leave(address) if hypermedia.wants_fragment() else hypermedia.see(address)
    return hypermedia.page("portal/payment.html", block="story", tag=f"{found.version}", **_standing(patient_id, found))


@blueprint.post("/me/<uuid:patient_id>/payments/<uuid:attempt_id>")
@requires(MONEY, role=Role.PATIENT, gateway=True)
def go_on(patient_id: UUID, attempt_id: UUID) -> Response:
    """Go on to the card company's page, ask how it stands, or give the payment up."""
    with transactional(scope(), read_only=True):
        own.own_attempt(patient_id, attempt_id)
    acting, back = (
        by_patient.acting(scope()),
        url_for("portal.payment", patient_id=patient_id, attempt_id=attempt_id),
    )
    wanted = request.form.get("do", "")
    if wanted == "on":
        led = paying_page.lead_on(attempt_id, acting)
        return hypermedia.see(back) if led.url is None else hypermedia.away(led.url)
    if wanted == "end":
        charging.end(attempt_id, acting)
        activity.note("changed", patient=patient_id, detail=ENDED)
        hypermedia.announce(ENDED)
    elif wanted == "look":
        charging.carry_on(attempt_id, acting)
    else:
        raise BadRequest
    return hypermedia.see(back)


def ways(patient_id: UUID) -> list[dict[str, Any]]:
    """How somebody can pay by themselves: each saved card, and the card company's page."""
    saved = [
        {
            "value": f"card:{each.id}",
            "label": wording.card_label(each),
            "detail": _("Saved card"),
            "icon": "credit-card",
        }
        for each in own.own_cards([patient_id], service.gateway_name())
    ]
    page = {
        "value": "page",
        "label": _("Another card") if saved else _("Card"),
        "detail": _("On the card company's page"),
        "icon": "external-link",
    }
    return [*saved, page]


def errors_of(refusal: Refusal | None) -> dict[str, list[str]]:
    """What was refused: beside its field where it has one."""
    if refusal is None:
        return {}
    return refusal.errors or {"": [str(refusal.message)]}


def _page(patient_id: UUID, invoice_id: UUID, refusal: Refusal | None = None) -> Response:
    found = own.own_page(patient_id, invoice_id, scope().at)
    activity.note("opened", patient=patient_id)
    shown, zone = found.invoice, found.invoice.location.time_zone
    again = request.form if isinstance(refusal, FormInvalid) else {}
    # A card pays for the record that it is kept with.
    offers = ways(shown.patient_id)
    return hypermedia.page(
        "portal/invoice.html",
        patient_id=patient_id,
        id=shown.id,
        title=wording_title(shown.kind, shown.shown_number),
        issued="" if shown.issued_at is None else short_date(day_of(shown.issued_at, zone)),
        due_on="" if shown.due_on is None else short_date(shown.due_on),
        lines=[{"label": line.label, "amount": money(line.patient_cents, shown.currency)} for line in shown.lines],
        settled=_settled(found),
        receipts=_receipts(patient_id, found),
        due=money(found.due, shown.currency),
        open=found.due > 0,
        free=found.free,
        seen=found.free,
        whole=money(found.free, shown.currency),
        going=None if found.going is None else _going(patient_id, found.going, zone),
        ways=offers,
        how=again.get("how") or offers[0]["value"],
        part=again.get("part", "all"),
        amount=again.get("amount", typed(found.free)),
        changed=isinstance(refusal, DueChanged),
        phone=phone_of(shown.location),
        errors=errors_of(refusal),
    )


def wording_title(kind: str, number: str) -> str:
    """What a document is called."""
    return (
        _("Credit note %(number)s", number=number) if kind == "credit_note" else _("Invoice %(number)s", number=number)
    )


def _line(patient_id: UUID, each: OwnInvoice) -> dict[str, Any]:
    return {
        "href": url_for("portal.invoice", patient_id=patient_id, invoice_id=each.id),
        "title": wording_title(each.kind, each.number),
        "day": short_date(day_of(each.issued_at, each.zone)),
        "amount": money(each.due if each.due > 0 else each.part, each.currency),
        "late": _late(each) if each.due > 0 else "",
    }


def _late(each: OwnInvoice) -> str:
    days = (day_of(scope().at, each.zone) - each.due_on).days
    if days > 0:
        return ngettext("%(num)s day late", "%(num)s days late", days)
    return _("due today") if days == 0 else _("due %(day)s", day=short_date(each.due_on))


def _settled(found: OwnPage) -> list[dict[str, str]]:
    zone, currency = found.invoice.location.time_zone, found.invoice.currency
    return [
        {
            "text": str(KINDS[each.kind])
            if each.kind in KINDS
            else _("Paid: %(how)s", how=METHODS.get(each.method, "")),
            "day": short_date(day_of(each.at, zone)),
            "amount": money(abs(each.cents), currency),
            "sign": "\N{MINUS SIGN}" if each.cents < 0 else "+",
        }
        for each in found.settled
    ]


def _what(each: Settlement) -> str:
    if each.kind in KINDS:
        return str(KINDS[each.kind])
    return _("Paid: %(how)s", how=METHODS[each.method]) if each.method in METHODS else _("Paid")


def _receipts(patient_id: UUID, found: OwnPage) -> list[dict[str, str]]:
    zone = found.invoice.location.time_zone
    kept = {each.receipt_id: each for each in found.receipts}
    return [
        {
            "text": _("Receipt of %(day)s", day=short_date(day_of(each.at, zone))),
            "href": url_for("portal.receipt", patient_id=patient_id, receipt_id=receipt),
        }
        for receipt, each in kept.items()
    ]


def _going(patient_id: UUID, going: Attempt, zone: str) -> dict[str, str]:
    return {
        "amount": money(going.cents, going.currency),
        "until": clock(going.expires_at, zone),
        "href": url_for("portal.payment", patient_id=patient_id, attempt_id=going.id),
    }


def _moves(hold_id: UUID) -> bool:
    offered = offer_of_hold(hold_id)
    return offered is not None and offered.visit is not None


def _standing(patient_id: UUID, found: Attempt) -> dict[str, Any]:
    site = thing("locations", found.location_id)
    by_page = found.method in returns.BY_PAGE
    truth = paying_page.truth_of(found, scope().at)
    state, document = State(found.state), own.invoice_of(found.id)
    hold = found.appointment_id if found.purpose == "booking" else None
    if hold is not None:
        back = url_for("portal.pay_hold", patient_id=patient_id, hold_id=hold)
    elif document is not None:
        back = url_for("portal.invoice", patient_id=patient_id, invoice_id=document.id)
    else:
        back = url_for("portal.invoices", patient_id=patient_id)
    return {
        "patient_id": patient_id,
        "revision": f"{found.version}",
        "href": url_for("portal.payment", patient_id=patient_id, attempt_id=found.id),
        "back": back,
        "booking": hold is not None,
        "moves": hold is not None and _moves(hold),
        "amount": money(found.cents, found.currency),
        "number": "" if document is None else document.shown_number,
        "until": clock(found.expires_at, site.time_zone),
        "truth": "declined" if state is State.DECLINED else truth,
        "why": wording.reason_label(found.code),
        "by_page": by_page,
        "fresh": truth in paying_page.FRESH,
        "left": returns.LEFT in request.args,
        "endable": truth == "waiting" and by_page,
        "phone": phone_of(site),
    }
