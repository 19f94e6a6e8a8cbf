"""Stripe behind the Protocol, through its official library: one PaymentIntent an attempt, captured by hand, always."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar
from uuid import UUID

import stripe

from webapp.billing.gateways import stripe_pages as pages
from webapp.billing.gateways.protocol import (
    Answered,
    Card,
    ChargeOrder,
    GatewayEvent,
    KeepOrder,
    Kept,
    Outcome,
    Page,
    Reader,
    RefundOrder,
    Return,
    key_of,
)
from webapp.billing.gateways.punctual import Punctual
from webapp.billing.gateways.stripe_answers import TROUBLE, UNEXPECTED_STATE, noted, of_error, of_intent, of_refund
from webapp.billing.gateways.stripe_messages import ATTEMPT, read

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from stripe import PaymentIntent, RequestOptions

MOST = 100


P = ParamSpec("P")
R = TypeVar("R")


def _bounded(verb: Callable[Concatenate[StripeGateway, P], R]) -> Callable[Concatenate[StripeGateway, P], R]:
    """Let all calls of a verb together take no longer than one may."""

    @wraps(verb)
    def within(self: StripeGateway, /, *args: P.args, **kwargs: P.kwargs) -> R:
        with self.http.budget():
            return verb(self, *args, **kwargs)

    return within


class StripeGateway:
    """One account at Stripe; thread-safe, since client and pool are.

    `address` is Stripe's own unless a test says otherwise.  Metadata names the attempt, and nothing names a patient.
    """

    name = "stripe"

    def __init__(self, secret_key: str, webhook_secret: str, address: str | None = None) -> None:
        self.http = Punctual()
        self._secret = webhook_secret
        self._client = stripe.StripeClient(
            secret_key,
            base_addresses={"api": address} if address else None,
            max_network_retries=0,
            http_client=self.http,
        )

    @_bounded
    def authorise(self, order: ChargeOrder) -> Outcome:
        try:
            intent = self._intent(order)
            if intent.status not in {"requires_payment_method", "requires_confirmation"}:
                return of_intent(intent, waits=order.reader is not None)
        except TROUBLE as error:
            return of_error(error, order.external_id)
        return self._asked(order, intent.id)

    @_bounded
    def look(self, order: ChargeOrder) -> Outcome:
        try:
            if pages.by_page(order):
                return self._on_the_page(order)
            intent = self._intent(order)
            if self._at_the_reader(order, intent):
                return Outcome(Answered.WAITING, intent.id, cents=order.cents)
            return of_intent(intent, waits=order.card is None)
        except TROUBLE as error:
            return of_error(error, order.external_id)

    @_bounded
    def capture(self, external_id: str, cents: int, key: str) -> Outcome:
        return self._settled(
            external_id,
            lambda: self._client.v1.payment_intents.capture(external_id, {"amount_to_capture": cents}, _once(key)),
        )

    @_bounded
    def void(self, order: ChargeOrder) -> Outcome:
        try:
            if pages.by_page(order):
                page = pages.close(self._client, order)
                if page is None or (page.payment_intent is None and page.status != pages.OPEN):
                    return Outcome(Answered.VOIDED, order.external_id if page is None else page.id)
                if page.payment_intent is None:
                    return Outcome(Answered.UNKNOWN, page.id, "page_open")
                intent = self._read(str(page.payment_intent))
            else:
                intent = self._intent(order)
            name, on_screen = intent.id, order.reader is not None and intent.status == "requires_payment_method"
        except TROUBLE as error:
            return of_error(error, order.external_id)
        if on_screen:
            self._clear(order)
        outcome = self._settled(
            name, lambda: self._client.v1.payment_intents.cancel(name, {}, _once(order.key("void")))
        )
        # An order to cancel that is refused changed nothing; what else than captured it could be is asked again.
        return Outcome(Answered.UNKNOWN, name, outcome.code) if outcome.kind is Answered.REFUSED else outcome

    @_bounded
    def refund(self, order: RefundOrder) -> Outcome:
        try:
            made = self._client.v1.refunds.list({"payment_intent": order.charge, "limit": MOST})
            ours = [one for one in made.data if noted(one.metadata, ATTEMPT) == str(order.attempt)]
            # Keys are forgotten after a day; what was refunded under this attempt is not.
            return of_refund(ours[0] if ours else self._refund(order))
        except TROUBLE as error:
            outcome = of_error(error)
        return Outcome(Answered.REFUSED, None, outcome.code) if outcome.kind is Answered.DECLINED else outcome

    @_bounded
    def checkout(self, order: ChargeOrder, back: Return) -> Page:
        try:
            page = pages.make(self._client, order, back)
            return Page(page.url, Outcome(Answered.WAITING, page.id, cents=order.cents))
        except TROUBLE as error:
            return Page(None, of_error(error))

    @_bounded
    def keep_page(self, order: KeepOrder) -> Page:
        try:
            page = pages.keep(self._client, order)
            return Page(page.url, Outcome(Answered.WAITING, page.id))
        except TROUBLE as error:
            return Page(None, of_error(error))

    @_bounded
    def kept(self, order: KeepOrder) -> Kept:
        return pages.kept(self._client, order)

    @_bounded
    def forget(self, card: str) -> Outcome:
        try:
            self._client.v1.payment_methods.detach(card, {}, _once(f"anteroom-{card}-forget"))
        except TROUBLE as error:
            outcome = of_error(error)
            # One that belongs to nobody any more can't be taken away from anybody.
            return Outcome(Answered.VOIDED) if outcome.kind is Answered.REFUSED else outcome
        return Outcome(Answered.VOIDED)

    @_bounded
    def readers(self, location_id: UUID) -> Sequence[Reader]:
        try:
            found = self._client.v1.terminal.readers.list({"limit": MOST})
            here = [one for one in found.data if noted(one.metadata, "location") in {None, str(location_id)}]
            return [Reader(one.id, one.label or one.id, one.status == "online") for one in here]
        except TROUBLE:
            return ()

    @_bounded
    def customer(self, key: str) -> str | None:
        try:
            return self._client.v1.customers.create({}, _once(key)).id
        except TROUBLE:
            return None

    @_bounded
    def cards(self, customer: str) -> Sequence[Card]:
        try:
            found = self._client.v1.customers.payment_methods.list(customer, {"type": "card", "limit": MOST})
            return [
                Card(customer, one.id, one.card.brand, one.card.last4, one.card.exp_month, one.card.exp_year)
                for one in found.data
                if one.card is not None
            ]
        except TROUBLE:
            return ()

    def event(self, body: bytes, signature: str, at: datetime) -> GatewayEvent:
        return read(body, signature, self._secret, at)

    def close(self) -> None:
        self.http.close()

    def _intent(self, order: ChargeOrder) -> PaymentIntent:
        """The attempt's PaymentIntent: made once, and the same one when its making is repeated; no money moves."""
        if order.external_id is not None:
            return self._read(order.external_id)
        params: Any = {
            "amount": order.cents,
            "currency": order.currency.lower(),
            "capture_method": "manual",
            "payment_method_types": ["card_present" if order.reader is not None else "card"],
            "metadata": {ATTEMPT: str(order.attempt)},
            **({"customer": order.customer} if order.customer else {}),
        }
        made = self._client.v1.payment_intents.create(params, _once(order.key("create")))
        # A replayed answer tells what it was when it was made.
        return self._read(made.id)

    def _asked(self, order: ChargeOrder, intent: str) -> Outcome:
        try:
            if order.reader is not None:
                self._client.v1.terminal.readers.process_payment_intent(
                    order.reader, {"payment_intent": intent}, _once(order.key(f"process-{order.tries}"))
                )
                return Outcome(Answered.WAITING, intent, cents=order.cents)
            confirmed = self._client.v1.payment_intents.confirm(
                intent,
                {"payment_method": order.card or "", "off_session": True, "error_on_requires_action": True},
                _once(order.key(f"confirm-{order.tries}")),
            )
            return of_intent(confirmed, waits=False)
        except TROUBLE as error:
            outcome = of_error(error, intent)
        if outcome.code == UNEXPECTED_STATE:
            return self._again(intent)
        # A card that can't be used for this is as good as declined: another one may be.
        return Outcome(Answered.DECLINED, intent, outcome.code) if outcome.kind is Answered.REFUSED else outcome

    def _at_the_reader(self, order: ChargeOrder, intent: PaymentIntent) -> bool:
        """Whether a reader still shows the amount: the intent itself remembers only how the last card ended."""
        if order.reader is None or intent.status != "requires_payment_method":
            return False
        action = self._client.v1.terminal.readers.retrieve(order.reader).action
        shown = (
            getattr(action, "process_payment_intent", None)
            if action is not None and action.status == "in_progress"
            else None
        )
        return shown is not None and bool(shown.payment_intent == intent.id)

    def _again(self, intent: str) -> Outcome:
        try:
            return of_intent(self._read(intent), waits=False)
        except TROUBLE as error:
            return of_error(error, intent)

    def _on_the_page(self, order: ChargeOrder) -> Outcome:
        """What became of a page: as long as it is open somebody may still pay there, whatever card was declined."""
        page = pages.find(self._client, order)
        if page.payment_intent is not None:
            outcome = of_intent(self._read(str(page.payment_intent)), waits=True)
            if outcome.kind in {Answered.AUTHORISED, Answered.CAPTURED}:
                return outcome
        kind = Answered.VOIDED if page.status == pages.EXPIRED else Answered.WAITING
        return Outcome(kind, page.id, cents=order.cents)

    def _read(self, name: str) -> PaymentIntent:
        intent = self._client.v1.payment_intents.retrieve(name)
        if not isinstance(intent, stripe.PaymentIntent):
            raise TypeError
        return intent

    def _clear(self, order: ChargeOrder) -> None:
        """Take the amount off the reader's screen; whether that succeeds does not matter to the money."""
        try:
            self._client.v1.terminal.readers.cancel_action(str(order.reader), {}, _once(order.key("clear")))
        except TROUBLE:
            return

    def _settled(self, intent: str, order: Callable[[], PaymentIntent]) -> Outcome:
        try:
            return of_intent(order(), waits=False)
        except TROUBLE as error:
            outcome = of_error(error, intent)
        if outcome.code == UNEXPECTED_STATE:
            found = self._again(intent)
            return found if found.kind in {Answered.CAPTURED, Answered.VOIDED} else outcome
        return Outcome(Answered.REFUSED, intent, outcome.code) if outcome.kind is Answered.DECLINED else outcome

    def _refund(self, order: RefundOrder) -> stripe.Refund:
        return self._client.v1.refunds.create(
            {"payment_intent": order.charge, "amount": order.cents, "metadata": {ATTEMPT: str(order.attempt)}},
            _once(key_of(order.attempt, "refund")),
        )


def _once(key: str) -> RequestOptions:
    return {"idempotency_key": key}
