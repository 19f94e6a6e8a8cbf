"""What the dialogs of booking say about money: how a deposit is paid, and what canceling costs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid5

from flask import g, request, url_for
from flask_babel import gettext as _

from webapp.billing import service, wording
from webapp.billing.actions import cancel_with_fee as canceling
from webapp.billing.actions import move_with_price as moving
from webapp.billing.actions.cancel_with_fee import CancelWithFee
from webapp.billing.actions.refunds import way_back
from webapp.billing.queries import balances, desk
from webapp.billing.readers import Ready
from webapp.booking import cashier
from webapp.booking.actions import CancelRequest
from webapp.booking.cashier import Deposit
from webapp.booking.wording import minutes
from webapp.idempotency import Claim
from webapp.money import money
from webapp.templating import may_at

if TYPE_CHECKING:
    from datetime import datetime

    from webapp.billing.actions.cancel_with_fee import Terms
    from webapp.billing.actions.move_with_price import NewTerms
    from webapp.billing.gateways.protocol import Reader
    from webapp.booking.models import Appointment


class Cashier:
    """Billing, as booking asks it."""

    def at_stake(self, visit: Appointment, *, at: datetime) -> bool:
        """Whether canceling takes a fee, gives something back, or ends a payment that is under way."""
        terms = canceling.terms_of(visit.id, at=at)
        return terms.fee > 0 or terms.paid > 0 or bool(canceling.under_way(visit.id))

    def give_back(self, visit: Appointment, *, at: datetime) -> None:
        """The clinic has canceled: what was paid before goes back to its card, or is credit.

        A payment that is under way finds the hold gone when it comes, and goes back then.
        """
        # Nobody pressed for this: the key is the cancellation itself.
        once = Claim(visit.id, uuid5(visit.id, f"canceled {visit.version}"), b"canceled by the clinic")
        request_ = CancelRequest(visit.id, visit.cancel_reason or "")
        canceling.give_back(visit, CancelWithFee(request_, once, "", 0), actor=None, at=at)

    def moved(self, visit: Appointment) -> bool:
        """Whether canceling has charged a fee or sent money on its way back."""
        return canceling.money_moved(visit.id)

    def deposit_panel(self, wanted: Deposit) -> dict[str, Any]:
        """How the deposit can be paid there: readers, saved cards, open drawers, by hand, or not at all."""
        takes = may_at("payment.take", wanted.location_id)
        ways = _ways(wanted) if takes else []
        chosen = request.form.get("how", "")
        if not any(way["value"] == chosen for way in ways):
            chosen = next((way["value"] for way in ways if not way["disabled"]), "")
        return {
            "cents": wanted.cents,
            "amount": money(wanted.cents, wanted.currency),
            **_whole(wanted),
            "ways": ways,
            "how": chosen,
            "tendered": request.form.get("tendered", ""),
            "reference": request.form.get("reference", ""),
            "waives": may_at("fee.waive", wanted.location_id),
            "waive_url": url_for("billing.book_unpaid"),
            "waive_reason": request.form.get("waive_reason", ""),
        }

    def move_panel(self, visit: Appointment, starts_at: datetime) -> dict[str, Any] | None:
        """What the visit costs as agreed, what it would cost there, and what becomes of what was paid."""
        there = moving.terms_there(visit.id, starts_at)
        if there.after == there.before or moving.is_billed(visit.id) or not may_at("visit.move", visit.location_id):
            return None
        return {
            "action": url_for("billing.move_priced", appointment_id=visit.id, cents=there.after),
            "before": money(there.before, visit.currency),
            "after": money(there.after, visit.currency),
            "paid": money(there.paid, visit.currency) if there.paid else "",
            "result": _moved(visit, there),
            "button": _("Move for %(amount)s", amount=money(there.after, visit.currency)),
        }

    def cancel_panel(self, visit: Appointment, *, at: datetime) -> dict[str, Any] | None:
        """What canceling costs and gives back; None when neither."""
        terms = canceling.terms_of(visit.id, at=at)
        going = bool(canceling.under_way(visit.id))
        if not (terms.fee or terms.paid or going):
            return None
        methods = {way_back(payment) for payment in canceling.prepaid(visit.id)} if terms.paid else set()
        drawers = desk.open_drawers(visit.location_id) if "cash" in methods else []
        return {
            "action": url_for("billing.cancel_paid", appointment_id=visit.id),
            "fee": terms.fee,
            "rows": _rows(visit, terms),
            "result": _result(visit, terms, methods),
            "going": going,
            "waives": terms.fee > 0 and may_at("fee.waive", visit.location_id),
            "waive_reason": request.form.get("waive_reason", ""),
            "asks_drawer": "cash" in methods,
            "drawers": [*((each.id, each.name) for each in drawers), ("", _("None: keep it as credit"))],
            "drawer": request.form.get("drawer", str(drawers[0].id) if drawers else ""),
        }


def _whole(wanted: Deposit) -> dict[str, Any]:
    """The other amount that can be paid before: the whole price, where that is more; what was chosen."""
    more = wanted.price_cents > wanted.cents
    amount = money(wanted.price_cents, wanted.currency)
    return {
        "price_cents": wanted.price_cents,
        "whole": amount if more else "",
        "whole_button": _("Book and take %(amount)s", amount=amount) if more else "",
        "takes_whole": more and request.form.get("deposit") == str(wanted.price_cents),
    }


def _moved(visit: Appointment, there: NewTerms) -> str:
    if there.over:
        return _("%(amount)s becomes credit when it is billed.", amount=money(there.over, visit.currency))
    return _("%(amount)s is due when it is billed.", amount=money(there.rest, visit.currency))


def _rows(visit: Appointment, terms: Terms) -> list[tuple[str, str]]:
    notice = minutes(visit.service.cancel_notice_minutes)
    rows = [(_("Paid before"), money(terms.paid, visit.currency))] if terms.paid else []
    if terms.fee:
        rows.append((_("Fee: less than %(notice)s before", notice=notice), money(terms.fee, visit.currency)))
    return rows


def _result(visit: Appointment, terms: Terms, methods: set[str]) -> str:
    if terms.owed:
        return _("%(amount)s is owed for it, on an invoice of its own.", amount=money(terms.owed, visit.currency))
    if not terms.back:
        return _("The fee is what was paid before. Nothing goes back.") if terms.fee else ""
    back = money(terms.back, visit.currency)
    if methods == {"card"}:
        return _("%(amount)s goes back to the card. It is there in 5 to 10 days.", amount=back)
    if methods == {"cash"}:
        return _("%(amount)s goes back in cash.", amount=back)
    return _("%(amount)s goes back the way it was paid.", amount=back)


def _ways(wanted: Deposit) -> list[dict[str, Any]]:
    # The booking dialog asks nobody for the readers: what it has read before are free times.
    read = g.get("prefetched")
    ready = read if isinstance(read, Ready) else None
    name = service.gateway_name() if ready is None else ready.gateway
    people = balances.same_person(wanted.patient_id)
    ways = _readers(ready)
    ways += [
        _way(f"card:{each.id}", "credit-card", _("Saved card"), wording.card_label(each))
        for each in desk.cards_of(people, name)
    ]
    ways += [
        _way(f"cash:{each.id}", "banknote", _("Cash"), _("%(drawer)s, open", drawer=each.name))
        for each in desk.open_drawers(wanted.location_id)
    ] or [_way("cash:", "banknote", _("Cash"), _("No drawer is open"), disabled=True)]
    ways.append(_way("bank_transfer", "landmark", _("Bank transfer"), _("Has arrived")))
    ways.append(_way("check", "receipt-text", _("Check"), _("Number and bank")))
    return ways


def _readers(ready: Ready | None) -> list[dict[str, Any]]:
    """Each reader; before the gateway was asked for them, "the reader", which is the one that is there."""
    if ready is None:
        return [_way("reader", "smartphone", _("Card reader"), _("The one at the desk"))]
    return [_reader(each) for each in ready.readers] or [
        _way("reader", "smartphone", _("Card reader"), _("None at this location"), disabled=True)
    ]


def _reader(each: Reader) -> dict[str, Any]:
    detail = _("%(reader)s, ready", reader=each.name) if each.online else _("%(reader)s, offline", reader=each.name)
    return _way(f"reader:{each.id}", "smartphone", _("Card reader"), detail, disabled=not each.online)


def _way(value: str, icon: str, label: str, detail: str, *, disabled: bool = False) -> dict[str, Any]:
    return {
        "value": value,
        "kind": value.partition(":")[0],
        "icon": icon,
        "label": label,
        "detail": detail,
        "disabled": disabled,
    }


cashier.take_over(Cashier())
