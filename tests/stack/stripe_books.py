"""What a card processor knows: charges, refunds, cards, readers and pages, as one small machine of states."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

Json = dict[str, Any]

# Test cards as Stripe names them: what their bank says, and what is printed on them.
DECLINES = {
    "pm_card_visa": None,
    "pm_card_mastercard": None,
    "pm_card_chargeDeclined": ("card_declined", "generic_decline"),
    "pm_card_chargeDeclinedInsufficientFunds": ("card_declined", "insufficient_funds"),
    "pm_card_chargeDeclinedExpiredCard": ("expired_card", None),
    "pm_card_authenticationRequired": ("authentication_required", "authentication_required"),
}
PRINTED = {"pm_card_mastercard": ("mastercard", "4444")}
OPEN = ("requires_payment_method", "requires_confirmation", "requires_action")


class Refused(Exception):  # noqa: N818  an ordinary answer
    """An error as Stripe would put it."""

    def __init__(self, status: int, kind: str, code: str | None = None, **more: object) -> None:
        super().__init__(kind)
        self.status = status
        self.body: Json = {"error": {"type": kind, "code": code, "message": f"{kind} {code}", **more}}


@dataclass(frozen=True)
class Moved:
    """What really happened to one charge's money, in cents: held back on the card, taken, given back."""

    held: int
    captured: int
    refunded: int


@dataclass
class Books:
    """Everything the stand-in remembers; `tell(kind, thing)` hears of every change."""

    tell: Callable[[str, Json], None]
    intents: dict[str, Json] = field(default_factory=dict)
    refunds: dict[str, Json] = field(default_factory=dict)
    sessions: dict[str, Json] = field(default_factory=dict)
    customers: dict[str, Json] = field(default_factory=dict)
    methods: dict[str, Json] = field(default_factory=dict)
    readers: dict[str, Json] = field(default_factory=dict)
    setups: dict[str, Json] = field(default_factory=dict)
    _serial: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def named(self, prefix: str) -> str:
        return f"{prefix}_standin{next(self._serial):08d}"

    def statement(self) -> dict[str, Moved]:
        """What money moved, by the attempt in each charge's metadata; two charges of one attempt add up."""
        moved: dict[str, Moved] = {}
        for intent in self.intents.values():
            attempt = intent["metadata"].get("attempt", "")
            before = moved.get(attempt, Moved(0, 0, 0))
            back = sum(one["amount"] for one in self._refunds_of(intent["id"]))
            moved[attempt] = Moved(
                before.held + intent["amount_capturable"],
                before.captured + intent["amount_received"],
                before.refunded + back,
            )
        return moved

    def make_intent(self, form: Json) -> Json:
        cents = _cents(form.get("amount"))
        intent: Json = {
            "id": self.named("pi"),
            "object": "payment_intent",
            "amount": cents,
            "currency": str(form.get("currency", "")),
            "capture_method": str(form.get("capture_method", "automatic")),
            "metadata": dict(form.get("metadata", {})),
            "payment_method_types": list(form.get("payment_method_types", {"0": "card"}).values()),
            "customer": form.get("customer"),
            "status": "requires_payment_method",
            "amount_capturable": 0,
            "amount_received": 0,
            "last_payment_error": None,
        }
        self.intents[intent["id"]] = intent
        self.tell("payment_intent.created", intent)
        return intent

    def intent(self, name: str) -> Json:
        return _found(self.intents, name)

    def confirm(self, name: str, form: Json) -> Json:
        intent = self.intent(name)
        if intent["status"] not in OPEN:
            raise Refused(400, "invalid_request_error", "payment_intent_unexpected_state")
        return self.charge(intent, str(form.get("payment_method", "")))

    def charge(self, intent: Json, method: str) -> Json:
        """Ask the card's bank: what it says decides."""
        kept = self.methods.get(method)
        card = kept["card_of_test"] if kept else method
        if card not in DECLINES:
            raise Refused(400, "invalid_request_error", "resource_missing")
        if kept and intent["customer"] != kept["customer"]:
            raise Refused(400, "invalid_request_error", "payment_method_customer_mismatch")
        declined = DECLINES[card]
        if declined is not None:
            code, decline = declined
            error = {"type": "card_error", "code": code, "decline_code": decline, "message": "declined"}
            intent.update(status="requires_payment_method", last_payment_error=error)
            self.tell("payment_intent.payment_failed", intent)
            raise Refused(402, "card_error", code, decline_code=decline, payment_intent=dict(intent))
        intent["last_payment_error"] = None
        if intent["capture_method"] == "manual":
            intent.update(status="requires_capture", amount_capturable=intent["amount"])
            self.tell("payment_intent.amount_capturable_updated", intent)
        else:
            intent.update(status="succeeded", amount_received=intent["amount"])
            self.tell("payment_intent.succeeded", intent)
        return intent

    def capture(self, name: str, form: Json) -> Json:
        intent = self.intent(name)
        if intent["status"] != "requires_capture":
            raise Refused(400, "invalid_request_error", "payment_intent_unexpected_state")
        cents = _cents(form.get("amount_to_capture", intent["amount_capturable"]))
        if cents > intent["amount_capturable"]:
            raise Refused(400, "invalid_request_error", "amount_too_large")
        # What is not captured goes back to the card at once.
        intent.update(status="succeeded", amount_received=cents, amount_capturable=0)
        self.tell("payment_intent.succeeded", intent)
        return intent

    def cancel(self, name: str) -> Json:
        intent = self.intent(name)
        if intent["status"] not in {*OPEN, "requires_capture"}:
            raise Refused(400, "invalid_request_error", "payment_intent_unexpected_state")
        intent.update(status="canceled", amount_capturable=0)
        self.tell("payment_intent.canceled", intent)
        return intent

    def refund(self, form: Json) -> Json:
        intent = self.intent(str(form.get("payment_intent")))
        left = intent["amount_received"] - sum(one["amount"] for one in self._refunds_of(intent["id"]))
        cents = _cents(form.get("amount", left))
        if left == 0:
            raise Refused(400, "invalid_request_error", "charge_already_refunded")
        if cents > left:
            raise Refused(400, "invalid_request_error", "amount_too_large")
        refund: Json = {
            "id": self.named("re"),
            "object": "refund",
            "amount": cents,
            "payment_intent": intent["id"],
            "metadata": dict(form.get("metadata", {})),
            "status": "succeeded",
        }
        self.refunds[refund["id"]] = refund
        self.tell("refund.created", refund)
        return refund

    def _refunds_of(self, intent: str) -> list[Json]:
        return [one for one in self.refunds.values() if one["payment_intent"] == intent and one["status"] != "failed"]

    def refunds_of(self, intent: str) -> Json:
        return listed([one for one in self.refunds.values() if one["payment_intent"] == intent])

    def make_customer(self) -> Json:
        made: Json = {"id": self.named("cus"), "object": "customer"}
        self.customers[made["id"]] = made
        return made

    def attach(self, card: str, form: Json) -> Json:
        """Keep a test card for a customer."""
        customer = _found(self.customers, str(form.get("customer")))["id"]
        brand, last4 = PRINTED.get(card, ("visa", "4242"))
        method: Json = {
            "id": self.named("pm"),
            "object": "payment_method",
            "type": "card",
            "customer": customer,
            "card_of_test": card,
            "card": {"brand": brand, "last4": last4, "exp_month": 8, "exp_year": 2031},
        }
        self.methods[method["id"]] = method
        return method

    def setup(self, name: str) -> Json:
        return _found(self.setups, name)

    def method(self, name: str) -> Json:
        return _found(self.methods, name)

    def detach(self, name: str) -> Json:
        """Keep a card no longer."""
        method = _found(self.methods, name)
        if method["customer"] is None:
            raise Refused(400, "invalid_request_error", "resource_missing")
        method["customer"] = None
        return method

    def methods_of(self, customer: str) -> Json:
        return listed([one for one in self.methods.values() if one["customer"] == customer])


def listed(things: list[Json]) -> Json:
    return {"object": "list", "data": things, "has_more": False, "url": "/v1/things"}


def _found(things: dict[str, Json], name: str) -> Json:
    if name not in things:
        raise Refused(404, "invalid_request_error", "resource_missing")
    return things[name]


def _cents(value: object) -> int:
    text = str(value)
    if not text.isdigit() or int(text) == 0:
        raise Refused(400, "invalid_request_error", "parameter_invalid_integer")
    return int(text)
