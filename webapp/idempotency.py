"""One press, one effect: the one-time key of a form, stored with its outcome in the transaction of the change."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import JSONB

from webapp.errors import KeyReused

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime
    from uuid import UUID

    from sqlalchemy.orm import Session

NOT_CONTENT = frozenset({"_key", "csrf_token"})
_UNDECIDED = 0

_CLAIM = text(
    "insert into idempotency (actor, key, request_hash, status, location, created_at)"
    " values (:actor, :key, :request_hash, :status, '', :at) on conflict do nothing returning true"
)
_FIND = text("select request_hash, status, location, result from idempotency where actor = :actor and key = :key")
_STORE = text(
    "update idempotency set status = :status, location = :location, result = :result"
    " where actor = :actor and key = :key"
).bindparams(bindparam("result", type_=JSONB))


@dataclass(frozen=True, slots=True)
class Claim:
    """Who sent which form: unique by actor and key; the hash tells whether it is the same content again."""

    actor: UUID
    key: UUID
    request_hash: bytes


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a change answered: never HTML, so that a replay is read again with today's permissions.

    `result` holds the toast's code under "code", and the ids the caller made.
    """

    status: int
    location: str
    result: dict[str, Any]


def hash_request(route: str, view_args: Mapping[str, object], fields: Iterable[tuple[str, str]]) -> bytes:
    """SHA-256 over the route, what its address named, and the form's fields sorted, without key and CSRF token."""
    content = [
        route,
        sorted((name, str(value)) for name, value in view_args.items()),
        sorted((name, value) for name, value in fields if name not in NOT_CONTENT),
    ]
    # Lone surrogates can't be encoded strictly, yet must not make a 500.
    return hashlib.sha256(json.dumps(content).encode()).digest()


def claim(session: Session, wanted: Claim, at: datetime) -> Outcome | None:
    """Take the key, or return the outcome of the change that holds it; a racing twin waits here for the winner.

    Raises KeyReused when the key came with other content.  Needs READ COMMITTED: the second statement must see the
    row the first one waited for.
    """
    values = {"actor": wanted.actor, "key": wanted.key, "request_hash": wanted.request_hash}
    while session.execute(_CLAIM, {**values, "status": _UNDECIDED, "at": at}).scalar() is None:
        outcome = find(session, wanted)
        # None: the row was cleaned away between the two statements, so the key is free again.
        if outcome is not None:
            return outcome
    return None


def find(session: Session, wanted: Claim) -> Outcome | None:
    """Look a key up without taking it; raises KeyReused when it stands for other content."""
    row = session.execute(_FIND, {"actor": wanted.actor, "key": wanted.key}).one_or_none()
    if row is None:
        return None
    if bytes(row.request_hash) != wanted.request_hash:
        raise KeyReused
    return Outcome(row.status, row.location, dict(row.result))


def store(session: Session, wanted: Claim, outcome: Outcome) -> None:
    """Write the outcome beside the claimed key, in the same transaction as the change itself."""
    session.execute(
        _STORE,
        {
            "actor": wanted.actor,
            "key": wanted.key,
            "status": outcome.status,
            "location": outcome.location,
            "result": outcome.result,
        },
    )
