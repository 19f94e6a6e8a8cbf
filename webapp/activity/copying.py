"""How far the seals of the audit are copied to where PostgreSQL can't reach, for those who may know."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from webapp.activity.chain import Kind
from webapp.activity.sealing import newest_copy
from webapp.db import swiftly

# The seal of which the newest copy is, and how many came after it, with the oldest of them.
_BESIDE = (
    "select (select head from audit_seal where number = %(number)s), count(*), min(sealed_at)"
    " from audit_seal where number > %(number)s"
)
_BEFORE_ALL = -1


@dataclass(frozen=True, slots=True)
class Copied:
    """How far the copies reach: the newest one's block, when that was sealed (aware UTC; both None: there is no copy).

    `waiting` seals have none yet, the oldest of them since `waiting_since`.  `differs`: the newest copy is not of the
    seal that bears its number, or there is no such seal.
    """

    block: int | None
    sealed_at: datetime | None
    waiting: int
    waiting_since: datetime | None
    differs: Kind | None


def copied() -> Copied:
    """How far the seals are copied, by one read of DynamoDB and one of PostgreSQL; raises DynamoUnavailable."""
    copy = newest_copy()
    number = _BEFORE_ALL if copy is None else copy.number
    head, waiting, since = swiftly(_BESIDE, {"number": number}).fetchone() or (None, 0, None)
    if copy is None:
        return Copied(None, None, waiting, since, None)
    differs: Kind | None = "seal_missing" if head is None else None if head == copy.head else "copy_changed"
    return Copied(copy.number, copy.sealed_at, waiting, since, differs)
