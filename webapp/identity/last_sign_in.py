"""When each account came in last: one item beside its sessions, without an end."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from webapp import dynamo
from webapp.identity.session_items import TABLE, key_of, moment_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

LAST = "LAST"
MOST_KEYS = 100


def remember(account_id: UUID, at: datetime) -> None:
    """Write down that somebody signed in; raises DynamoUnavailable."""
    dynamo.client().put(TABLE, {**key_of(account_id, LAST), "at": int(at.timestamp())})


def of(account_ids: Sequence[UUID]) -> dict[UUID, datetime]:
    """When these accounts signed in last; who never did is absent.  Raises DynamoUnavailable."""
    found = {}
    for start in range(0, len(account_ids), MOST_KEYS):
        keys = [key_of(account_id, LAST) for account_id in account_ids[start : start + MOST_KEYS]]
        for item in dynamo.client().batch_get({TABLE: keys})[TABLE]:
            found[UUID(str(item["account"]))] = moment_of(item.get("at"))
    return found
