"""The secret a browser carries for a session, and what the server keeps of it."""

from __future__ import annotations

import base64
import binascii
import hashlib
import secrets
from dataclasses import dataclass, field
from uuid import UUID

SECRET_BYTES = 32
ACCOUNT_LENGTH = 36
SECRET_LENGTH = 43
TEXT_LENGTH = ACCOUNT_LENGTH + 1 + SECRET_LENGTH


@dataclass(frozen=True, slots=True)
class Handle:
    """An account's id and 32 random bytes; only the bytes' hash is stored, so a table dump opens nothing."""

    account_id: UUID
    secret: bytes = field(repr=False)

    @property
    def digest(self) -> str:
        """SHA-256 of the secret in hexadecimal, what the sessions table is keyed by.

        The secret has 256 random bits, so a slow hash would protect nothing more.
        """
        return hashlib.sha256(self.secret).hexdigest()

    def __str__(self) -> str:
        return f"{self.account_id}.{base64.urlsafe_b64encode(self.secret).rstrip(b'=').decode('ascii')}"


def new_handle(account_id: UUID) -> Handle:
    """A handle nobody has seen."""
    return Handle(account_id, secrets.token_bytes(SECRET_BYTES))


def parse_handle(text: object) -> Handle | None:
    """The handle a cookie carries, or None for anything that this application cannot have written.

    Only the one canonical spelling passes: of a shorter, longer or otherwise encoded text nothing is looked up.
    """
    if not isinstance(text, str) or len(text) != TEXT_LENGTH or not text.isascii():
        return None
    account, _, secret = text.partition(".")
    try:
        handle = Handle(UUID(account), base64.b64decode(secret + "=", altchars=b"-_", validate=True))
    except (ValueError, binascii.Error):
        return None
    return handle if str(handle) == text else None
