"""Stripe's own pages behind the Protocol: one Checkout session an attempt, found again when its making got lost."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import stripe

from webapp.billing.gateways.protocol import Answered, Card, KeepOrder, Kept, Outcome, key_of
from webapp.billing.gateways.stripe_answers import TROUBLE, of_error
from webapp.billing.gateways.stripe_messages import ATTEMPT

if TYPE_CHECKING:
    from stripe.checkout import Session

    from webapp.billing.gateways.protocol import ChargeOrder, Return

SESSION = "cs_"
OPEN, EXPIRED = "open", "expired"


def by_page(order: ChargeOrder) -> bool:
    """Whether a charge is (still) up to a page: what was paid there is known by its PaymentIntent."""
    name = order.external_id
    return name.startswith(SESSION) if name is not None else order.back is not None


def make(client: stripe.StripeClient, order: ChargeOrder, back: Return) -> Session:
    """The attempt's page: made once, and the same one when its making is repeated (TROUBLE)."""
    item = {"currency": order.currency.lower(), "unit_amount": order.cents, "product_data": {"name": back.text}}
    params: Any = {
        "mode": "payment",
        "line_items": [{"price_data": item, "quantity": 1}],
        "payment_method_types": ["card"],
        "payment_intent_data": {"capture_method": "manual", "metadata": {ATTEMPT: str(order.attempt)}},
        "metadata": {ATTEMPT: str(order.attempt)},
        **_back(back),
        **({"customer": order.customer} if order.customer else {}),
    }
    return client.v1.checkout.sessions.create(params, {"idempotency_key": order.key("checkout")})


def find(client: stripe.StripeClient, order: ChargeOrder) -> Session:
    """The attempt's page as it is now.  One whose making was never answered is asked for again (TROUBLE)."""
    name = order.external_id
    if name is None:
        if order.back is None:
            raise ValueError
        # A replayed answer tells what it was when it was made.
        name = make(client, order, order.back).id
    return read(client, name)


def close(client: stripe.StripeClient, order: ChargeOrder) -> Session | None:
    """Let nobody pay on the attempt's page any more; None when it was never made (TROUBLE).

    That it was closed or paid before is no error: the page says what it is.
    """
    name = order.external_id
    if name is None:
        if order.back is None:
            return None
        try:
            name = make(client, order, order.back).id
        except stripe.InvalidRequestError as error:
            # Its time is over before it began: there is no page, and no order to make one can still succeed.
            if of_error(error).kind is Answered.REFUSED:
                return None
            raise
    with suppress(stripe.InvalidRequestError):
        client.v1.checkout.sessions.expire(name, {}, {"idempotency_key": order.key("expire")})
    return read(client, name)


def read(client: stripe.StripeClient, name: str) -> Session:
    """A page as it is now (TROUBLE)."""
    session = client.v1.checkout.sessions.retrieve(name)
    # No PaymentIntent means that nobody paid, so nothing else may be taken for that.
    if not isinstance(session, stripe.checkout.Session):
        raise TypeError
    return session


def keep(client: stripe.StripeClient, order: KeepOrder) -> Session:
    """The page on which a card is left: made once (TROUBLE)."""
    params: Any = {
        "mode": "setup",
        "currency": order.currency.lower(),
        "payment_method_types": ["card"],
        "customer": order.customer,
        "metadata": {"keep": str(order.id)},
        **_back(order.back),
    }
    return client.v1.checkout.sessions.create(params, {"idempotency_key": key_of(order.id, "keep")})


def kept(client: stripe.StripeClient, order: KeepOrder) -> Kept:
    """What became of a card that was to be kept."""
    try:
        name = order.external_id or keep(client, order).id
        session = read(client, name)
        if session.setup_intent is None or session.status != "complete":
            kind = Answered.VOIDED if session.status == EXPIRED else Answered.WAITING
            return Kept(Outcome(kind, name))
        left = client.v1.setup_intents.retrieve(str(session.setup_intent))
        if left.payment_method is None:
            return Kept(Outcome(Answered.WAITING, name))
        method = client.v1.payment_methods.retrieve(str(left.payment_method))
        if method.card is None:
            return Kept(Outcome(Answered.VOIDED, name, "no_card"))
        card = method.card
        kept_card = Card(order.customer, method.id, card.brand, card.last4, card.exp_month, card.exp_year)
        return Kept(Outcome(Answered.CAPTURED, name), kept_card)
    except TROUBLE as error:
        return Kept(of_error(error, order.external_id))


def _back(back: Return) -> dict[str, Any]:
    return {
        "success_url": back.success_url,
        "cancel_url": back.cancel_url,
        "expires_at": int(back.expires_at.timestamp()),
    }
