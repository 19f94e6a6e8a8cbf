"""What Stripe's objects and errors mean in our words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import stripe

from webapp.billing.gateways.protocol import Answered, Outcome
from webapp.billing.gateways.punctual import NeverHeard

if TYPE_CHECKING:
    from stripe import PaymentIntent, Refund, StripeObject

SERVER_ERROR = 500
OFFLINE = "reader_offline"
NOT_CONFIRMED = "not_confirmed"
UNEXPECTED_STATE = "payment_intent_unexpected_state"

# What a call can raise: errors of the library, and what it makes of an answer that is none of Stripe's.
TROUBLE = (stripe.StripeError, AttributeError, KeyError, TypeError, ValueError)
# Stripe's words for what a reader can be in the way of.
_READERS = {
    "terminal_reader_offline": OFFLINE,
    "terminal_reader_busy": "reader_busy",
    "terminal_reader_hardware_fault": "reader_fault",
}
# Nothing was done, and the same may be asked again: told to wait, or a key or setting of ours is wrong.
_NOT_DONE = (stripe.RateLimitError, stripe.AuthenticationError, stripe.PermissionError)


def of_intent(intent: PaymentIntent, *, waits: bool) -> Outcome:
    """What a PaymentIntent says; `waits` is one that a person answers, at a reader or on Stripe's page."""
    known = {
        "requires_capture": Answered.AUTHORISED,
        "succeeded": Answered.CAPTURED,
        "canceled": Answered.VOIDED,
        "requires_action": Answered.WAITING,
        "processing": Answered.UNKNOWN,
    }
    kind = known.get(intent.status)
    code = ""
    if kind is None:
        error = intent.last_payment_error
        kind = Answered.DECLINED if error else Answered.WAITING if waits else Answered.UNKNOWN
        code = _why(error) if error else "" if waits else NOT_CONFIRMED
    cents = intent.amount_received if kind is Answered.CAPTURED else intent.amount
    return Outcome(kind, intent.id, plain(code), cents)


def of_refund(refund: Refund) -> Outcome:
    """What a Refund says."""
    kind = {"succeeded": Answered.REFUNDED, "failed": Answered.REFUSED, "canceled": Answered.REFUSED}.get(
        refund.status or "", Answered.WAITING
    )
    return Outcome(kind, refund.id, plain(getattr(refund, "failure_reason", None) or ""), refund.amount)


def of_error(error: Exception, external_id: str | None = None) -> Outcome:
    """What one of TROUBLE says: a card that is declined, an order that is refused, nothing done, or nobody knows."""
    if not isinstance(error, stripe.StripeError):
        return Outcome(Answered.UNKNOWN, external_id, "unreadable")
    code = _code(error)
    if isinstance(error, stripe.CardError):
        return Outcome(Answered.DECLINED, external_id, code)
    if code in _READERS.values():
        return Outcome(Answered.UNREACHABLE, external_id, code)
    if isinstance(error, (NeverHeard, *_NOT_DONE)):
        return Outcome(Answered.UNREACHABLE, external_id, code)
    # Another order under the same key may have been done: that is looked up, never taken for a no.
    if isinstance(error, stripe.InvalidRequestError) and not _theirs(error):
        return Outcome(Answered.REFUSED, external_id, code)
    return Outcome(Answered.UNKNOWN, external_id, code)


def _theirs(error: stripe.StripeError) -> bool:
    """Whether Stripe itself is at a loss: an error of its own, or the same order still being worked on."""
    status = error.http_status or SERVER_ERROR
    return status >= SERVER_ERROR or status == 409  # noqa: PLR2004


def _code(error: stripe.StripeError) -> str:
    code = (_why(error.error) if error.error else "") or str(error.code or "")
    return plain(_READERS.get(code, code))


def _why(error: object) -> str:
    """The bank's reason where there is one, else Stripe's; either may be left out."""
    return str(getattr(error, "decline_code", None) or getattr(error, "code", None) or "")


def plain(code: str) -> str:
    """A code as it may be stored and logged: letters, digits and underscores, not longer than any real one."""
    return "".join(letter for letter in code if letter.isascii() and (letter.isalnum() or letter == "_"))[:64]


def noted(metadata: StripeObject | None, name: str) -> str | None:
    """What we wrote down beside an object of theirs."""
    return None if metadata is None else metadata.to_dict().get(name)
