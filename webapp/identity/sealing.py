"""Encryption of what DynamoDB keeps for us but is not to read: AES-256-GCM, bound to the place it stands in."""

from __future__ import annotations

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE_BYTES = 12


def seal(key: bytes, content: bytes, bound: str) -> bytes:
    """Encrypt content under a 32-byte key; it opens only with the same `bound` text (the item's own key and dates)."""
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, content, bound.encode())


def unseal(key: bytes, sealed: bytes, bound: str) -> bytes | None:
    """The content, or None where key, content or place are not those it was sealed with."""
    try:
        return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], bound.encode())
    except (InvalidTag, ValueError):
        return None
