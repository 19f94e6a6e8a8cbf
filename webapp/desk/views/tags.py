"""What an open board sends back when it asks for news: which board it shows, whose names, and since when recorded."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from flask import current_app
from flask_login import current_user

from webapp.desk.queries import Revision
from webapp.desk.views.address import Address

AGAIN = timedelta(minutes=15)
"""How long one record stands for a board that stays open with the same people on it; by then it is sent again, too."""
_BYTES = 12


@dataclass(frozen=True, slots=True)
class Tag:
    """Digests of what is shown and of who is on it, and when that was recorded (seconds since 1970).

    Signed for the person it was given to: nobody gets around the record of what they saw by making one up.
    """

    shown: str
    people: str
    recorded: int

    def __str__(self) -> str:
        body = f"{self.shown}.{self.people}.{self.recorded}"
        return f"{body}.{_sign(body)}"

    def stands(self, people: str, at: datetime) -> bool:
        """Whether the record that was written for it still covers these people."""
        return self.people == people and 0 <= at.timestamp() - self.recorded < AGAIN.total_seconds()


def read(text: str) -> Tag | None:
    """Read a tag that we gave to this person; None for anything else."""
    body, _dot, signature = text.rpartition(".")
    if not body.isascii() or not hmac.compare_digest(_sign(body).encode(), signature.encode()):
        return None
    shown, people, recorded = body.split(".")
    return Tag(shown, people, int(recorded))


def shown(asked: Address, revision: Revision, at: datetime) -> str:
    """Name what a board shows: another one when a row or a filter changes, and every quarter of an hour.

    Not with the minute, which the browser counts, and not with the open drawer.
    """
    quarter = int(at.timestamp() // AGAIN.total_seconds())
    return _digest((replace(asked, visit=None), revision, quarter))


def people(ids: Iterable[UUID]) -> str:
    """Name a set of people, whatever their order."""
    return _digest(sorted(each.int for each in set(ids)))


def _digest(facts: object) -> str:
    return hashlib.blake2b(repr(facts).encode(), digest_size=_BYTES).hexdigest()


def _sign(body: str) -> str:
    key = hashlib.sha256(f"board {current_app.secret_key!s}".encode()).digest()
    text = f"{current_user.account_id} {body}".encode(errors="replace")
    return hashlib.blake2b(text, key=key, digest_size=_BYTES).hexdigest()
