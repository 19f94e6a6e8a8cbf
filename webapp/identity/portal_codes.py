"""Codes of invitations, worked out from a key and an id: nothing that is stored or sent names one."""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING

from webapp.identity.recovery_codes import ALPHABET, HALF, LENGTH

if TYPE_CHECKING:
    from uuid import UUID


def code_of(key: bytes, invitation_id: UUID) -> str:
    """The code of an invitation as it is printed, 49 bits that only the key tells: `7KQ2M-PX4WD`.

    A job that mails it needs the id alone.
    """
    number = int.from_bytes(hmac.digest(key, f"invitation|{invitation_id}".encode(), hashlib.sha256))
    text = ""
    for _ in range(LENGTH):
        number, index = divmod(number, len(ALPHABET))
        text += ALPHABET[index]
    return f"{text[:HALF]}-{text[HALF:]}"


def digest_of(key: bytes, code: str) -> bytes:
    """What is stored of a code, to be found by: a keyed hash, the same however the code is spaced or cased."""
    plain = "".join(character for character in code.upper() if character in ALPHABET)
    return hmac.digest(key, f"invitation code|{plain}".encode(), hashlib.sha256)
