"""Links in reminders: each leads to a page whose button confirms one visit, and needs no session.

The token names the visit and its patient and is signed with a key of its own; it says nothing else, and opens nothing
but that page.  `path_of` makes the link for messages; whoever sends one puts the clinic's own address before it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass
from uuid import UUID

from itsdangerous import BadSignature, Signer

PREFIX = "/visit/"
_SALT = "anteroom.visit-link"
_BYTES = 16


@dataclass(frozen=True, slots=True)
class Named:
    """The visit that a link is about, and whose it is."""

    appointment_id: UUID
    patient_id: UUID


def path_of(named: Named, *, secret: str) -> str:
    """The path of a visit's link: `secret` is the application's secret key."""
    return PREFIX + token_of(named, secret=secret)


def token_of(named: Named, *, secret: str) -> str:
    """The signed token in a visit's link."""
    both = named.appointment_id.bytes + named.patient_id.bytes
    return _signer(secret).sign(base64.urlsafe_b64encode(both).rstrip(b"=")).decode()


def read_token(token: str, *, secret: str) -> Named | None:
    """What a token names; None for one that we did not sign."""
    try:
        text = _signer(secret).unsign(token.encode("utf-8", "replace"))
        both = base64.urlsafe_b64decode(text + b"=" * (-len(text) % 4))
    except (BadSignature, binascii.Error):
        return None
    return Named(UUID(bytes=both[:_BYTES]), UUID(bytes=both[_BYTES:]))


def _signer(secret: str) -> Signer:
    return Signer(secret, salt=_SALT, key_derivation="hmac", digest_method=hashlib.sha256)
