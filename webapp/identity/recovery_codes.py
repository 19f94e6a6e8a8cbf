"""Printed codes that count once in place of an authenticator app that is lost."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from uuid import UUID

HOW_MANY = 10
LENGTH = 10
HALF = LENGTH // 2
# No 0 O 1 I L U: read aloud and written by hand.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"


def new_codes() -> list[str]:
    """Ten codes of 49 random bits each, as they are printed: `7KQ2M-PX4WD`."""
    texts = ["".join(secrets.choice(ALPHABET) for _ in range(LENGTH)) for _ in range(HOW_MANY)]
    return [f"{text[:HALF]}-{text[HALF:]}" for text in texts]


def digest(key: bytes, account_id: UUID, code: str) -> bytes:
    """What is stored of a code: a keyed hash, the same however the code is spaced or cased.

    Guessing needs the key, which the database does not hold, so a slow hash would protect nothing more.
    """
    plain = "".join(character for character in code.upper() if character in ALPHABET)
    return hmac.digest(key, f"recovery|{account_id}|{plain}".encode(), hashlib.sha256)
