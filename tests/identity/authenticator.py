"""An authenticator app: codes by RFC 6238, as a phone shows them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time

STEP = 30
DIGITS = 6


def code_of(secret: str, steps: int = 0) -> str:
    """The code of a base32 secret now, or some steps of 30 seconds from now; the judge is Cognito's clock, not ours."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.digest(key, (int(time.time() // STEP) + steps).to_bytes(8, "big"), hashlib.sha1)
    at = digest[-1] & 0x0F
    return f"{(int.from_bytes(digest[at : at + 4], 'big') & 0x7FFFFFFF) % 10**DIGITS:0{DIGITS}d}"
