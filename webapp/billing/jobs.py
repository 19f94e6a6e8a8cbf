"""Background work of money: attempts that somebody has to carry on with."""

from __future__ import annotations

from webapp.jobs import job


@job("billing.settle_attempt")
def settle_attempt(attempt: str) -> None:
    """Ask the gateway about an attempt and do what is left to do."""
    del attempt
