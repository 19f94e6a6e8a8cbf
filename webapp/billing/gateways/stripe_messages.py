"""Stripe's signed messages: who they are about, once the signature and its age are right."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import stripe

from webapp.billing.gateways.protocol import BadSignature, GatewayEvent

if TYPE_CHECKING:
    from datetime import datetime

ATTEMPT = "attempt"
"""Where our attempt's id stands in the metadata of their objects."""
TOLERANCE = timedelta(minutes=5)


def read(body: bytes, signature: str, secret: str, at: datetime) -> GatewayEvent:
    """Read a message (BadSignature)."""
    try:
        stripe.WebhookSignature.verify_header(body, signature, secret)
        # The library would compare with the machine's clock; signed or not, an old message can be somebody's copy.
        signed = int(next(part[2:] for part in signature.split(",") if part.startswith("t=")))
        told = json.loads(body)
        about = told["data"]["object"]
        event = GatewayEvent(str(told["id"]), str(told["type"]), str(about["id"]), _attempt(about.get("metadata")))
    except (stripe.SignatureVerificationError, ValueError, KeyError, TypeError, AttributeError, StopIteration):
        raise BadSignature from None
    if abs(at.timestamp() - signed) > TOLERANCE.total_seconds():
        raise BadSignature
    return event


def _attempt(metadata: object) -> UUID | None:
    named = metadata.get(ATTEMPT) if isinstance(metadata, dict) else None
    try:
        return UUID(str(named))
    except ValueError:
        return None
