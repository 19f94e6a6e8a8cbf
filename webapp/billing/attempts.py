"""States of an attempt to move money as one table; what comes twice, late or in the wrong order changes nothing."""

from __future__ import annotations

from enum import StrEnum


def N_(message: str) -> str:  # noqa: N802 - the name message extraction knows for "translate later, at the edge"
    """Mark a message for translation without translating it: a domain noun knows no locale."""
    return message


class State(StrEnum):
    """Where an attempt stands; the values are what `attempt.state` holds."""

    CREATED = "created"
    AUTHORISING = "authorising"
    WAITING = "requires_action"
    UNKNOWN = "unknown"
    DECLINED = "declined"
    AUTHORISED = "authorised"
    CAPTURING = "capturing"
    CAPTURED = "captured"
    CAPTURE_FAILED = "capture_failed"
    VOIDING = "voiding"
    VOIDED = "voided"
    FAILED = "failed"
    REFUNDING = "refunding"
    REFUNDED = "refunded"


class Event(StrEnum):
    """What happens to an attempt: SEND, CAPTURE, VOID and REFUND are ours, the others the gateway's."""

    SEND = "send"
    WAITING = "waiting"
    UNKNOWN = "unknown"
    DECLINED = "declined"
    AUTHORISED = "authorised"
    CAPTURE = "capture"
    CAPTURED = "captured"
    CAPTURE_FAILED = "capture_failed"
    VOID = "void"
    VOIDED = "voided"
    FAILED = "failed"
    REFUND = "refund"
    REFUNDED = "refunded"
    REFUND_FAILED = "refund_failed"


_UNDECIDED = (State.CREATED, State.AUTHORISING, State.WAITING, State.UNKNOWN, State.DECLINED)


def _from(*states: State, to: State) -> dict[State, State]:
    return dict.fromkeys(states, to)


TRANSITIONS: dict[Event, dict[State, State]] = {
    # A declined card can be followed by another one: it is the same charge, tried again.
    Event.SEND: _from(State.CREATED, State.DECLINED, to=State.AUTHORISING),
    Event.WAITING: _from(State.CREATED, State.AUTHORISING, State.UNKNOWN, to=State.WAITING),
    Event.UNKNOWN: _from(State.AUTHORISING, to=State.UNKNOWN),
    Event.DECLINED: _from(State.AUTHORISING, State.WAITING, State.UNKNOWN, to=State.DECLINED),
    # Given up and yet authorised: it is taken up again, so that somebody decides to keep it or to void it.
    Event.AUTHORISED: _from(*_UNDECIDED, State.FAILED, to=State.AUTHORISED),
    Event.CAPTURE: _from(State.AUTHORISED, to=State.CAPTURING),
    # Somebody may have captured it by hand, on the gateway's own pages.
    Event.CAPTURED: _from(*_UNDECIDED, State.AUTHORISED, State.CAPTURING, State.VOIDING, to=State.CAPTURED),
    Event.CAPTURE_FAILED: _from(State.CAPTURING, to=State.CAPTURE_FAILED),
    Event.VOID: _from(*_UNDECIDED, State.AUTHORISED, to=State.VOIDING),
    # An authorisation that the gateway let expire before it was captured is a capture that failed.
    Event.VOIDED: {
        **_from(*_UNDECIDED, State.AUTHORISED, State.VOIDING, State.FAILED, to=State.VOIDED),
        State.CAPTURING: State.CAPTURE_FAILED,
    },
    Event.FAILED: _from(*_UNDECIDED, to=State.FAILED),
    Event.REFUND: _from(State.CREATED, to=State.REFUNDING),
    Event.REFUNDED: _from(State.CREATED, State.REFUNDING, to=State.REFUNDED),
    # A bank can send a refund back days later.
    Event.REFUND_FAILED: _from(State.CREATED, State.REFUNDING, State.REFUNDED, to=State.FAILED),
}

FINAL = frozenset({State.CAPTURED, State.CAPTURE_FAILED, State.VOIDED, State.FAILED, State.REFUNDED})
"""Nothing is left to be asked or done."""

OPEN = frozenset({State.CREATED, State.AUTHORISING, State.WAITING, State.UNKNOWN, State.AUTHORISED})
"""What may still become money although it is not in the ledger: it counts against what is due.

A declined attempt counts again when it is sent again, which looks at what is due once more.
"""

TAKEN = frozenset({State.AUTHORISED, State.CAPTURED})
"""The gateway has the amount for us: a payment can be written."""

WORDS: dict[State, str] = {
    State.CREATED: N_("Prepared"),
    State.AUTHORISING: N_("Asking the card's bank"),
    State.WAITING: N_("Waiting for the card"),
    State.UNKNOWN: N_("No answer yet"),
    State.DECLINED: N_("Declined"),
    State.AUTHORISED: N_("Authorized"),
    State.CAPTURING: N_("Authorized, being collected"),
    State.CAPTURED: N_("Collected"),
    State.CAPTURE_FAILED: N_("Could not be collected"),
    State.VOIDING: N_("Being given back"),
    State.VOIDED: N_("Given back, nothing was charged"),
    State.FAILED: N_("Failed, nothing was charged"),
    State.REFUNDING: N_("Being refunded"),
    State.REFUNDED: N_("Refunded"),
}


def after(state: State, event: Event) -> State:
    """The state that an event leads to; the same state when it comes too late, twice or out of order."""
    return TRANSITIONS[event].get(state, state)
