"""The real actions, the real library, a Stripe of our own, and a worker with its own login."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from psycopg.rows import dict_row

from tests import factories
from tests.billing.cards.card_desk import CardDesk
from tests.booking.wishes import application
from tests.factories import NOW
from tests.stack.stripe_stand_in import SECRET_KEY, WEBHOOK_SECRET, StripeStandIn
from webapp import clock
from webapp.billing import service
from webapp.billing.gateways.stripe_gateway import StripeGateway
from webapp.db import db

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask

    from tests.stack.database import Database


@pytest.fixture
def stand_in() -> Iterator[StripeStandIn]:
    with StripeStandIn() as stand_in:
        yield stand_in


@pytest.fixture
def gateway(stand_in: StripeStandIn) -> Iterator[StripeGateway]:
    gateway = StripeGateway(SECRET_KEY, WEBHOOK_SECRET, stand_in.address)
    yield gateway
    gateway.close()


def connected(address: str, gateway: StripeGateway) -> Flask:
    app = application(address)
    app.extensions[service.EXTENSION] = gateway
    app.config["ANTEROOM"] = SimpleNamespace(public_url="https://clinic.example", secret_key="k" * 32)
    return app


@pytest.fixture
def till(database: Database, stand_in: StripeStandIn, gateway: StripeGateway) -> Iterator[CardDesk]:
    """A clinic whose service costs 120.00 with 50.00 before, on a clock that stands still."""
    app = connected(database.environment["DATABASE_URL"], gateway)
    worker = connected(database.environment["WORKER_DATABASE_URL"], gateway)
    with database.administer() as owner, clock.stopped_at(NOW):
        owner.row_factory = dict_row
        clinic = factories.clinic(owner, deposit_cents=5_000)
        yield CardDesk(app, worker, owner, clinic, stand_in, stand_in.counter.add_reader("Desk 1"))
    for each in (app, worker):
        with each.app_context():
            db.session.remove()
            db.engine.dispose()
