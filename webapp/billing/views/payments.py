"""The page of a payment: what it paid, what went back, and the way back for more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from flask import Response, g, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from webapp import activity, hypermedia, toasts
from webapp.billing import wording
from webapp.billing.actions.giving_back import GiveBack, give_back
from webapp.billing.actions.refunds import way_back
from webapp.billing.attempts import State
from webapp.billing.forms.payment import read_amount
from webapp.billing.queries import desk
from webapp.billing.views.door import blueprint
from webapp.booking.wording import clock, local_date, short_date
from webapp.cycle import scope
from webapp.db import Role
from webapp.identity.permissions import Permission
from webapp.money import money, typed
from webapp.practice.letterhead import letterhead
from webapp.routing import requires
from webapp.templating import may_at

if TYPE_CHECKING:
    from datetime import datetime

    from webapp.billing.queries.desk import Taken
    from webapp.errors import Refusal

TEMPLATE = "billing/payment.html"
REFUNDED, SENT = "payment.refunded", "payment.refund_sent"

toasts.say(REFUNDED, _l("The refund is booked. Hand it over."))
toasts.say(SENT, _l("The refund is on its way to the card."), "info")


@blueprint.get("/billing/payments/<uuid:payment_id>")
@requires(Permission.BILLING_VIEW, role=Role.DESK)
def payment(payment_id: UUID) -> Response:
    """Show a payment."""
    return _page(payment_id)


def _refused(refusal: Refusal, payment_id: UUID) -> Response:
    return _page(payment_id, refusal)


@blueprint.post("/billing/payments/<uuid:payment_id>/refund")
@requires(Permission.REFUND, role=Role.BILLER, refused=_refused, recent=True)
def refund_it(payment_id: UUID) -> Response:
    """Give money back the way it came: to the card by a job, anything else now."""
    found = desk.taken(payment_id)
    given = read_amount(request.form, found.payment.currency)
    wanted = GiveBack(payment_id, given.cents, given.reason, g.idempotency, given.drawer_id, given.reference)
    attempt = give_back(wanted, actor=scope().actor, at=scope().at)
    code = REFUNDED if attempt is None else SENT
    activity.note("changed", patient=found.payment.patient_id, detail=code)
    page = url_for("billing.payment", payment_id=payment_id)
    return hypermedia.done(code, page if attempt is None else url_for("billing.attempt", attempt_id=attempt))


def _page(payment_id: UUID, refusal: Refusal | None = None) -> Response:
    found = desk.taken(payment_id)
    paid, zone = found.payment, found.location.time_zone
    activity.note("opened", patient=paid.patient_id)
    return hypermedia.page(
        TEMPLATE,
        clinic=letterhead(found.location),
        title=wording.payment_line(paid),
        when=_when(paid.at, zone),
        person={"name": found.patient.name, "href": url_for("desk.record", patient_id=paid.patient_id)},
        facts=_facts(found),
        shares=[
            {
                "number": number,
                "amount": money(cents, paid.currency),
                "href": url_for("billing.invoice", invoice_id=id_),
            }
            for id_, number, cents in found.paid
        ],
        kept=_kept(found),
        back=_back(found, zone),
        refund=_refund(found, refusal),
        receipt=url_for("billing.receipt_print", receipt_id=paid.receipt_id),
        attempt=_attempt(found),
        errors={} if refusal is None else refusal.errors,
        messages=[refusal.message] if refusal is not None and not refusal.errors else [],
    )


def _facts(found: Taken) -> list[tuple[str, str]]:
    paid = found.payment
    facts = [(_("How"), wording.method_label(paid.method)), (_("Amount"), money(paid.cents, paid.currency))]
    if paid.tendered_cents is not None and paid.change_cents:
        facts.append((_("Handed over"), money(paid.tendered_cents, paid.currency)))
        facts.append((_("Change"), money(paid.change_cents, paid.currency)))
    if paid.reference:
        facts.append((_("Reference"), paid.reference))
    facts.append((_("Taken by"), found.by or _("Nobody at the desk")))
    return facts


def _kept(found: Taken) -> list[tuple[str, str]]:
    """What of it pays no invoice."""
    currency = found.payment.currency
    kept = [(_("Credit"), found.credit), (_("Deposit for a visit"), found.deposit)]
    return [(label, money(cents, currency)) for label, cents in kept if cents]


def _back(found: Taken, zone: str) -> list[dict[str, str]]:
    currency = found.payment.currency
    gone = [
        {
            "text": wording.refunded(each.cents, currency, each.method),
            "detail": each.reason,
            "who": who,
            "when": _when(each.at, zone),
            "href": "" if each.attempt_id is None else url_for("billing.attempt", attempt_id=each.attempt_id),
        }
        for each, who in found.back
    ]  # fmt: skip
    going = [
        {
            "text": _("%(amount)s on its way to the card", amount=money(each.cents, currency)),
            "detail": each.reason,
            "who": "",
            "when": _when(each.created_at, zone),
            "href": url_for("billing.attempt", attempt_id=each.id),
        }
        for each in found.on_their_way
    ]
    return gone + going


def _refund(found: Taken, refusal: Refusal | None) -> dict[str, Any] | None:
    """The form that gives back; None where nothing is left, or nobody here may."""
    paid = found.payment
    if found.left <= 0 or not may_at("payment.refund", paid.location_id):
        return None
    way = way_back(paid)
    drawers = [(each.id, each.name) for each in desk.open_drawers(paid.location_id)] if way == "cash" else []
    again = request.form if refusal is not None else {}
    return {
        "action": url_for("billing.refund_it", payment_id=paid.id),
        "left": money(found.left, paid.currency),
        "amount": again.get("amount", typed(found.left)),
        "reason": again.get("reason", ""),
        "reference": again.get("reference", ""),
        "drawer": again.get("drawer", ""),
        "drawers": drawers,
        "way": way,
        "how": wording.method_label(way),
        "possible": way != "cash" or bool(drawers),
    }


def _attempt(found: Taken) -> dict[str, str] | None:
    if found.attempt is None:
        return None
    tone, icon = wording.state_tone(State(found.attempt.state))
    return {
        "label": wording.state_label(found.attempt),
        "tone": tone,
        "icon": icon,
        "href": url_for("billing.attempt", attempt_id=found.attempt.id),
    }


def _when(moment: datetime, zone: str) -> str:
    return f"{short_date(local_date(moment, zone))}, {clock(moment, zone)}"
