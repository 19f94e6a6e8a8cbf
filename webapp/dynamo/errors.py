"""What can go wrong with DynamoDB, in three kinds a caller treats differently."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from webapp.dynamo.values import Item


class DynamoUnavailable(Exception):  # noqa: N818  a state of the world, not a mistake
    """DynamoDB is down, slow, throttling, or taken out by the breaker; nobody is let in meanwhile (503)."""


class ConditionFailed(Exception):  # noqa: N818  the expected answer of a lost race
    """A conditional write met another state; `item` is what stands there, where DynamoDB tells."""

    def __init__(self, item: Item | None = None) -> None:
        super().__init__("The condition of a write did not hold.")
        self.item = item


class DynamoRefused(Exception):  # noqa: N818  named beside its two siblings
    """DynamoDB refused the request itself (a table, right or attribute is wrong): a mistake of ours, not of the day."""
