"""A Stripe of our own on loopback, and the real gateway in front of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.stack.stripe_stand_in import SECRET_KEY, WEBHOOK_SECRET, StripeStandIn
from webapp.billing.gateways.stripe_gateway import StripeGateway

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def stand_in() -> Iterator[StripeStandIn]:
    with StripeStandIn() as stand_in:
        yield stand_in


@pytest.fixture
def gateway(stand_in: StripeStandIn) -> Iterator[StripeGateway]:
    gateway = StripeGateway(SECRET_KEY, WEBHOOK_SECRET, stand_in.address)
    yield gateway
    gateway.close()
