"""How long a worker waits for a carrier, and when it stops asking for a while."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from webapp.identity.gateways.patience import AtRest, Patience
from webapp.notify.gateways.carrier import CarrierAway

if TYPE_CHECKING:
    from collections.abc import Iterator

CONNECT_SECONDS = 3.0
SECONDS = 10.0
"""For each step of a sending; the claim of a message lasts longer than all of them."""

__all__ = ["CONNECT_SECONDS", "SECONDS", "Patience", "resting"]


@contextmanager
def resting(patience: Patience) -> Iterator[None]:
    """Make one call inside; CarrierAway instead while the breaker is open."""
    try:
        with patience.waiting():
            yield
    except AtRest:
        raise CarrierAway("at_rest") from None
