"""The secret part of a payment link: made of its id and the application's key, so nobody has to keep it."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import TYPE_CHECKING

from flask import current_app

from webapp.billing import returns

if TYPE_CHECKING:
    from uuid import UUID

    from webapp.billing.models import PaymentLink

PURPOSE = b"payment link "


def token_of(link_id: UUID) -> str:
    """43 letters that nobody can guess: whoever has them may pay, and see the amount."""
    key = current_app.config["ANTEROOM"].secret_key.encode()
    return base64.urlsafe_b64encode(hmac.digest(key, PURPOSE + link_id.bytes, "sha256")).decode().rstrip("=")


def hash_of(token: str) -> bytes:
    """What is kept of a token; a made-up one is hashed like any other."""
    return hashlib.sha256(token.encode(errors="replace")).digest()


def address_of(link: PaymentLink) -> str | None:
    """The address to hand on; None when the application's key is another one by now, so that a new link is needed."""
    token = token_of(link.id)
    known = hmac.compare_digest(hash_of(token), bytes(link.token_hash))
    return returns.public(f"/pay/{token}") if known else None
