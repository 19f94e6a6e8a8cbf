"""What carriers report back: addresses that take nothing, people who complained, and texts that say STOP."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

STOP_WORDS = frozenset({"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "alto", "parar"})
START_WORDS = frozenset({"start", "unstop", "yes", "empezar"})


@dataclass(frozen=True, slots=True)
class Report:
    """Addresses that take nothing more, or take messages again (`reason` None); `parcel_id` is what it was about."""

    addresses: tuple[str, ...]
    reason: str | None
    parcel_id: UUID | None = None


def read(body: str) -> Report | None:
    """Read an event of SES or an answer to a text, as SNS puts it into a queue; None for what asks nothing of us."""
    event = _content(body)
    if "originationNumber" in event:
        return _answer(event)
    kind = event.get("eventType") or event.get("notificationType")
    if kind == "Bounce" and _part(event, "bounce").get("bounceType") == "Permanent":
        return _report(event, _part(event, "bounce").get("bouncedRecipients"), "bounced")
    if kind == "Complaint":
        return _report(event, _part(event, "complaint").get("complainedRecipients"), "complained")
    return None


def _content(body: str) -> dict[str, Any]:
    """The event itself, whether SNS wrapped it or not; nothing for what is no event."""
    found: object = body
    for _ in range(2):
        if not isinstance(found, str):
            break
        try:
            found = json.loads(found)
        except ValueError:
            return {}
        if isinstance(found, dict) and found.get("Type") == "Notification":
            found = found.get("Message")
    return found if isinstance(found, dict) else {}


def _answer(event: dict[str, Any]) -> Report | None:
    said = str(event.get("messageBody", "")).strip().strip(".!").lower()
    number = str(event["originationNumber"])
    if said in STOP_WORDS:
        return Report((number,), "stopped")
    return Report((number,), None) if said in START_WORDS else None


def _report(event: dict[str, Any], recipients: object, reason: str) -> Report:
    many = recipients if isinstance(recipients, list) else []
    addresses = tuple(str(each["emailAddress"]) for each in many if isinstance(each, dict) and "emailAddress" in each)
    tags = _part(_part(event, "mail"), "tags").get("parcel")
    try:
        parcel = UUID(str(tags[0])) if isinstance(tags, list) and tags else None
    except ValueError:
        parcel = None
    return Report(addresses, reason, parcel)


def _part(event: dict[str, Any], name: str) -> dict[str, Any]:
    part = event.get(name)
    return part if isinstance(part, dict) else {}
