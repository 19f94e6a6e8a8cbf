"""The gateway of this process, put together from the settings once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import current_app

from webapp.db import db

if TYPE_CHECKING:
    from flask import Flask

    from webapp.billing.gateways.protocol import Gateway
    from webapp.settings import Cards, Settings

EXTENSION = "anteroom.gateway"


def init_app(app: Flask, settings: Settings) -> None:
    """Give the application its card gateway; nothing connects before the first charge."""
    app.extensions[EXTENSION] = made(settings.cards)


def gateway() -> Gateway:
    """The card gateway of the current application; needs an application context.

    Raises RuntimeError within a transaction: nobody's rows stay locked while somebody else's computer thinks.
    """
    if db.session().in_transaction():
        raise RuntimeError("the gateway is asked between transactions, never within one")
    found: Gateway = current_app.extensions[EXTENSION]
    return found


def gateway_name() -> str:
    """What the gateway is called in our rows; asks nobody, so a transaction may be open."""
    found: Gateway = current_app.extensions[EXTENSION]
    return found.name


def made(cards: Cards) -> Gateway:
    """The gateway that the settings choose; Stripe's library is loaded only where it is chosen."""
    if cards.gateway == "stripe":
        from webapp.billing.gateways.stripe_gateway import StripeGateway

        return StripeGateway(cards.secret_key, cards.webhook_secret, cards.address)
    from webapp.billing.gateways.simulated import SimulatedTerminal

    return SimulatedTerminal()
