"""The panel that takes a payment: amount, ways to pay, what it pays for, and what is owed before and after."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from flask import g, request, url_for
from flask_babel import gettext as _

from webapp.billing import receipts, wording
from webapp.billing.forms.payment import BY_CARD, METHODS
from webapp.billing.queries import balances, desk
from webapp.billing.readers import Ready
from webapp.billing.receipts import By
from webapp.billing.refusals import DueChanged
from webapp.billing.tendering import half, left_over
from webapp.booking.wording import clock, local_date
from webapp.money import WrongAmount, money, parse, typed
from webapp.templating import may_at

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from webapp.billing.gateways.protocol import Reader
    from webapp.billing.models import Attempt, Invoice
    from webapp.billing.queries.balances import OpenInvoice
    from webapp.errors import Refusal

PLACE = "{}"
"""Where a label of a button has the amount."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What was typed, or asked for by the address, before: an amount, a way, chosen invoices."""

    amount: str
    how: str
    pays: frozenset[UUID]
    tendered: str = ""
    reference: str = ""
    keep_rest: bool = False
    receipt: str = ""


def context(invoice: Invoice, at: datetime, refusal: Refusal | None = None) -> dict[str, Any] | None:
    """The panel; None when there is nothing to pay, or nobody here may take it."""
    if not may_at("payment.take", invoice.location_id) or invoice.status != "issued" or invoice.kind != "invoice":
        return None
    people = balances.same_person(invoice.patient_id)
    open_ones = [each for each in balances.open_invoices(people) if each.currency == invoice.currency]
    if not any(each.id == invoice.id for each in open_ones):
        return None
    ways = _ways(invoice, people)
    free = {each.id: each.cents - each.reserved for each in open_ones}
    shown = _shown(invoice, open_ones, ways, refusal)
    chosen = sum(cents for each, cents in free.items() if each in shown.pays)
    cents = _cents(shown.amount, invoice.currency)
    owes = sum(each.cents for each in open_ones)
    how = next((way for way in ways if way["value"] == shown.how), ways[-1])
    return {
        "action": url_for("billing.charge", invoice_id=invoice.id),
        "currency": invoice.currency,
        "symbol": money(0, invoice.currency).rstrip("0.,"),
        "amount": shown.amount,
        "chips": _chips(invoice, open_ones, free, cents, shown),
        "ways": ways,
        "how": how["value"],
        "tendered": shown.tendered,
        "change": _change(shown, cents, invoice.currency),
        "reference": shown.reference,
        "open": [_open(each, shown, invoice, at) for each in open_ones],
        "seen": [f"{each.id}:{each.cents}" for each in open_ones],
        "owes": owes,
        "before": money(owes, invoice.currency),
        "this": f"\N{MINUS SIGN}{money(cents, invoice.currency)}",
        "after": money(max(0, owes - min(cents, chosen)), invoice.currency),
        "rest": money(left_over(cents, {each: free[each] for each in free if each in shown.pays}), invoice.currency),
        "asks_rest": refusal is not None and "keep_rest" in refusal.errors,
        "keep_rest": shown.keep_rest,
        **_receipt(invoice, shown, at),
        "button": how["button"].replace(PLACE, money(cents, invoice.currency)),
        "reserved": _reserved(invoice, free),
        "credit": _credit(people, invoice),
    }


def _shown(
    invoice: Invoice, open_ones: Sequence[OpenInvoice], ways: list[dict[str, Any]], refusal: Refusal | None
) -> Shown:
    """What the form holds: as typed before, as the address says, or the whole of this invoice by the first way."""
    known = {each.id: each for each in open_ones}
    free = {each.id: each.cents - each.reserved for each in open_ones}
    first = next((way["value"] for way in ways if not way["disabled"]), "bank_transfer")
    asked = request.form if refusal is not None and "how" in request.form else request.args
    pays = frozenset(each for each in map(_id, asked.getlist("pays")) if each in known) or frozenset({invoice.id})
    amount = asked.get("amount", "")
    if not amount or (
        isinstance(refusal, DueChanged) and _was_full(asked.getlist("seen"), pays, amount, invoice.currency)
    ):
        # What is due became another amount: whoever paid all of it is shown all of it again.
        amount = typed(max(0, sum(free[each] for each in pays)))
    how = asked.get("how", "")
    how = how if any(way["value"] == how and not way["disabled"] for way in ways) else first
    return Shown(
        amount, how, pays, asked.get("tendered", ""), asked.get("reference", ""), bool(asked.get("keep_rest")),
        asked.get("receipt", ""),
    )  # fmt: skip


def _was_full(seen: list[str], pays: frozenset[UUID], amount: str, currency: str) -> bool:
    pairs = [each.partition(":") for each in seen]
    full = sum(int(cents) for id_, _sep, cents in pairs if cents.isdecimal() and _id(id_) in pays)
    return full == _cents(amount, currency)


def _ways(invoice: Invoice, people: list[UUID]) -> list[dict[str, Any]]:
    """Ways to pay here: each reader, saved card and open drawer, and what needs none of them."""
    ready: Ready = g.get("prefetched") or Ready()
    ways = [_reader(each) for each in ready.readers] or [
        _way("reader", "smartphone", _("Card reader"), _("None at this location"), "", disabled=True)
    ]
    ways += [
        _way(
            f"card:{each.id}", "credit-card", _("Saved card"), wording.card_label(each),
            _("Charge %(amount)s to %(card)s", amount=PLACE, card=wording.card_label(each)),
        )
        for each in desk.cards_of(people, ready.gateway)
    ]  # fmt: skip
    drawers = desk.open_drawers(invoice.location_id)
    ways += [
        _way(
            f"cash:{each.id}", "banknote", _("Cash"), _("%(drawer)s, open", drawer=each.name),
            _("Take %(amount)s in cash", amount=PLACE),
        )
        for each in drawers
    ] or [_way("cash:", "banknote", _("Cash"), _("No drawer is open"), "", disabled=True)]  # fmt: skip
    transfer, check = (
        _("Book %(amount)s by bank transfer", amount=PLACE),
        _("Take a check for %(amount)s", amount=PLACE),
    )
    ways.append(_way("bank_transfer", "landmark", _("Bank transfer"), _("Has arrived"), transfer))
    ways.append(_way("check", "receipt-text", _("Check"), _("Number and bank"), check))
    ways.append(_way("link", "link", _("Payment link"), _("They pay by themselves"), _("Show the payment link")))
    return ways


def _reader(each: Reader) -> dict[str, Any]:
    ready = _("%(reader)s, ready", reader=each.name) if each.online else _("%(reader)s, offline", reader=each.name)
    button = _("Charge %(amount)s on reader", amount=PLACE)
    return _way(f"reader:{each.id}", "smartphone", _("Card reader"), ready, button, disabled=not each.online)


def _way(value: str, icon: str, label: str, detail: str, button: str, *, disabled: bool = False) -> dict[str, Any]:
    kind = value.partition(":")[0]
    return {
        "value": value,
        "kind": kind,
        "card": METHODS.get(kind) in BY_CARD,
        "icon": icon,
        "label": label,
        "detail": detail,
        "button": button,
        "disabled": disabled,
    }


def _chips(
    invoice: Invoice, open_ones: Sequence[OpenInvoice], free: dict[UUID, int], cents: int, shown: Shown
) -> list[dict[str, Any]]:
    """Amounts to press: all of this invoice, all of everything, half; links that say the same without JavaScript."""
    own, everything = free[invoice.id], sum(free.values())
    offers = [(_("Full %(amount)s", amount=money(own, invoice.currency)), own, [invoice.id])]
    if len(open_ones) > 1 and everything > own:
        old = _("With old balance %(amount)s", amount=money(everything, invoice.currency))
        offers.append((old, everything, [each.id for each in open_ones]))
    if own > 1:
        offers.append((_("Half %(amount)s", amount=money(half(own), invoice.currency)), half(own), [invoice.id]))
    return [
        {
            "label": label,
            "href": url_for("billing.invoice", invoice_id=invoice.id, amount=typed(amount), pays=pays),
            "amount": typed(amount),
            "pays": " ".join(str(each) for each in pays),
            "selected": amount == cents and set(pays) == shown.pays,
        }
        for label, amount, pays in offers
        if amount > 0
    ]


def _open(each: OpenInvoice, shown: Shown, invoice: Invoice, at: datetime) -> dict[str, Any]:
    return {
        "id": each.id,
        "number": each.number,
        "late": wording.overdue(each.due_on, local_date(at, invoice.location.time_zone)),
        "amount": money(each.cents - each.reserved, each.currency),
        "cents": each.cents - each.reserved,
        "checked": each.id in shown.pays,
        "href": "" if each.id == invoice.id else url_for("billing.invoice", invoice_id=each.id),
    }


def _reserved(invoice: Invoice, free: dict[UUID, int]) -> dict[str, Any] | None:
    """A card that is being charged for this invoice: what it takes is not asked for twice."""
    going = [each for each in desk.attempts_for(invoice.id) if each.state in balances.ON_THEIR_WAY]
    if not going:
        return None
    return {
        "text": _reserved_by(going[-1], invoice),
        "href": url_for("billing.attempt", attempt_id=going[-1].id),
        "all": free[invoice.id] <= 0,
    }


def _reserved_by(attempt: Attempt, invoice: Invoice) -> str:
    if attempt.method in wording.BY_PAGE:
        return wording.paying_by_page(attempt, clock(attempt.expires_at, invoice.location.time_zone))
    return _("%(amount)s is on its way by card.", amount=money(attempt.cents, attempt.currency))


def _receipt(invoice: Invoice, shown: Shown, at: datetime) -> dict[str, Any]:
    """Ways that a receipt can go, the person's own chosen unless another one was."""
    reach = receipts.reach(invoice.patient_id, at=at)
    ways = [(By.EMAIL, _("Email %(where)s", where=reach.email))] if reach.email else []
    ways += [(By.SMS, _("Text %(where)s", where=reach.sms))] if reach.sms else []
    ways += [(By.PREFERRED, _("Email and text"))] if reach.preferred is By.PREFERRED else []
    ways += [(By.PRINT, _("Print")), (By.NONE, _("None"))]
    known = {way.value for way, _label in ways}
    return {
        "receipts": [(way.value, label) for way, label in ways],
        "receipt": shown.receipt if shown.receipt in known else reach.preferred.value,
    }


def _credit(people: list[UUID], invoice: Invoice) -> dict[str, Any] | None:
    credit = sum(cents for _payment, cents in balances.with_credit(people))
    if credit <= 0:
        return None
    return {
        "amount": money(credit, invoice.currency),
        "action": url_for("billing.use_credit", invoice_id=invoice.id),
    }


def _change(shown: Shown, cents: int, currency: str) -> str:
    got = _cents(shown.tendered, currency)
    return money(max(0, got - cents), currency) if got else ""


def _cents(text: str, currency: str) -> int:
    try:
        return parse(text, currency).cents
    except WrongAmount:
        return 0


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
