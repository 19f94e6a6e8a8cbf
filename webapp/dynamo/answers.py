"""What an answer of DynamoDB means for the caller."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from webapp.dynamo.errors import ConditionFailed, DynamoRefused, DynamoUnavailable
from webapp.dynamo.values import unpack_item

OK = 200
SERVER_ERROR = 500

THROTTLES = frozenset(
    {
        "ProvisionedThroughputExceededException",
        "ThrottlingException",
        "RequestLimitExceeded",
        "TransactionInProgressException",
        "TransactionConflictException",
    }
)
# Credentials that ran out are an outage for the person in front of the page, not a mistake in the request.
OUTAGES = frozenset(
    {
        "ExpiredTokenException",
        "UnrecognizedClientException",
        "InvalidSignatureException",
        "InternalServerError",
        "ServiceUnavailable",
    }
)
THROTTLED_REASONS = frozenset({"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"})


class Fate(Enum):
    """What became of one attempt; decides whether a repeat is worth it and whether the breaker counts it."""

    ANSWERED = auto()
    THROTTLED = auto()
    NOT_SENT = auto()
    BROKEN = auto()
    LATE = auto()


@dataclass(frozen=True, slots=True)
class Answer:
    """One attempt's body, or the error it comes to."""

    fate: Fate
    body: dict[str, Any] = field(default_factory=dict)
    error: Exception | None = None


def judge(operation: str, status: int, content: bytes) -> Answer:
    """The meaning of an HTTP answer; one that is no JSON object counts as no answer.

    Errors carry the operation and DynamoDB's word for the problem, never its message: that can quote values.
    """
    try:
        body = json.loads(content)
    except ValueError:
        body = None
    if status >= SERVER_ERROR or not isinstance(body, dict):
        return Answer(Fate.BROKEN, error=DynamoUnavailable(f"DynamoDB answered {operation} with an internal error."))
    return Answer(Fate.ANSWERED, body) if status == OK else _refused(operation, status, body)


def _refused(operation: str, status: int, body: dict[str, Any]) -> Answer:
    kind = str(body.get("__type", "")).rsplit("#", 1)[-1]
    if kind == "ConditionalCheckFailedException":
        return _failed(body.get("Item"))
    if kind == "TransactionCanceledException":
        return _cancelled(operation, body.get("CancellationReasons") or [])
    if kind in THROTTLES:
        return Answer(Fate.THROTTLED, error=DynamoUnavailable(f"DynamoDB throttled {operation}."))
    if kind in OUTAGES:
        return Answer(Fate.BROKEN, error=DynamoUnavailable(f"DynamoDB answered {operation} with {kind}."))
    return Answer(Fate.ANSWERED, error=DynamoRefused(f"DynamoDB refused {operation}: {kind or status}."))


def _failed(item: dict[str, Any] | None) -> Answer:
    return Answer(Fate.ANSWERED, error=ConditionFailed(unpack_item(item) if item else None))


def _cancelled(operation: str, reasons: list[dict[str, Any]]) -> Answer:
    for reason in reasons:
        if reason.get("Code") == "ConditionalCheckFailed":
            return _failed(reason.get("Item"))
    if any(reason.get("Code") in THROTTLED_REASONS for reason in reasons):
        return Answer(Fate.THROTTLED, error=DynamoUnavailable(f"DynamoDB throttled {operation}."))
    return Answer(Fate.ANSWERED, error=DynamoRefused(f"DynamoDB cancelled {operation}."))
