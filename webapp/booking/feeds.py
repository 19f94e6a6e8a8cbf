"""The secret in a calendar's address: made of the feed's id and the application's key, kept as a hash only."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from uuid import UUID

_USE = b"anteroom.calendar-feed"


def secret_of(feed_id: UUID, *, key: str) -> str:
    """The secret part of a feed's address: 43 characters that nobody guesses, the same whenever it is shown."""
    made = hmac.new(key.encode(), _USE + feed_id.bytes, hashlib.sha256).digest()
    return base64.urlsafe_b64encode(made).rstrip(b"=").decode()


def hash_of(secret: str) -> bytes:
    """What the table knows of a secret."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).digest()
