"""What the clinic needs of whoever moves money on cards: a Protocol, its orders, and its answers in our words."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID


class Answered(StrEnum):
    """What a gateway says of a charge or a refund.

    UNKNOWN is a time-out: the money may or may not have moved, and only asking again tells.  UNREACHABLE means that
    nothing was done for sure: nobody heard the order.  WAITING is up to a person, at the reader or on the gateway's
    page.  REFUSED is an order that can't be done, whatever card it is about.
    """

    AUTHORISED = "authorised"
    CAPTURED = "captured"
    DECLINED = "declined"
    WAITING = "waiting"
    VOIDED = "voided"
    REFUNDED = "refunded"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    UNREACHABLE = "unreachable"


# Answers after which nothing is open between us and the gateway about what was asked.
DEFINITE = frozenset(Answered) - {Answered.UNKNOWN, Answered.UNREACHABLE, Answered.WAITING}


@dataclass(frozen=True, slots=True)
class Outcome:
    """One answer: `external_id` as the gateway names the charge or refund, `code` why not, `cents` what it is about."""

    kind: Answered
    external_id: str | None = None
    code: str = ""
    cents: int = 0

    @property
    def definite(self) -> bool:
        return self.kind in DEFINITE


@dataclass(frozen=True, slots=True)
class ChargeOrder:
    """An amount to be authorised, never captured at once; one attempt is one charge, however often it is tried.

    A `reader` takes the card at the desk, or `customer` and `card` name one on file, or somebody pays on a page of the
    gateway's that leads `back` to ours.  `external_id` is what the gateway called this charge before.  Nothing in it
    tells who pays: the gateway learns the attempt's id only.
    """

    attempt: UUID
    cents: int
    currency: str
    tries: int = 1
    reader: str | None = None
    customer: str | None = None
    card: str | None = None
    external_id: str | None = None
    back: Return | None = None

    def key(self, verb: str) -> str:
        """The idempotency key of one verb about this attempt."""
        return key_of(self.attempt, verb)


@dataclass(frozen=True, slots=True)
class RefundOrder:
    """An amount that goes back to the card of a captured `charge`, as the gateway names it; the attempt is its own."""

    attempt: UUID
    charge: str
    cents: int
    currency: str


@dataclass(frozen=True, slots=True)
class Return:
    """Where the gateway's page sends a payer afterwards, what it calls what is paid, and when it closes."""

    success_url: str
    cancel_url: str
    text: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the gateway's on which somebody pays or leaves a card; `outcome` says why there is none."""

    url: str | None
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class KeepOrder:
    """A card to be kept for a nameless `customer`, on a page that leads `back` to ours; `id` is ours."""

    id: UUID
    customer: str
    currency: str
    back: Return
    external_id: str | None = None


@dataclass(frozen=True, slots=True)
class Reader:
    """A card reader at the desk."""

    id: str
    name: str
    online: bool = True


@dataclass(frozen=True, slots=True)
class Card:
    """A card on file as the gateway knows it; the number never comes here."""

    customer: str
    method: str
    brand: str
    last4: str
    exp_month: int
    exp_year: int


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of a card that was to be kept: WAITING, VOIDED when nobody left one in time, or the `card`."""

    outcome: Outcome
    card: Card | None = None


@dataclass(frozen=True, slots=True)
class GatewayEvent:
    """What a signed message says happened; only who it is about is used, the truth is asked for."""

    id: str
    kind: str
    external_id: str
    attempt: UUID | None


class BadSignature(Exception):  # noqa: N818  an ordinary answer
    """A message that the gateway did not sign, or too long ago."""


class NoMessages(Exception):  # noqa: N818  an ordinary answer
    """The gateway sends no messages."""


class Gateway(Protocol):
    """Whoever moves the money. Every verb may be sent again: its key makes it the same order.

    Nothing here raises for an answer, an outage or a time-out: these are outcomes.  No call lasts longer than
    ten seconds, and none is repeated by itself.
    """

    name: str

    def authorise(self, order: ChargeOrder) -> Outcome:
        """Reserve the amount: AUTHORISED, DECLINED, WAITING for a person, UNKNOWN or UNREACHABLE."""

    def look(self, order: ChargeOrder) -> Outcome:
        """Ask what became of a charge, also of one whose answer never came; moves no money."""

    def capture(self, external_id: str, cents: int, key: str) -> Outcome:
        """Take an authorised amount or a part of it: CAPTURED, REFUSED for good, or UNKNOWN."""

    def void(self, order: ChargeOrder) -> Outcome:
        """Give an authorisation back and close the charge: VOIDED, CAPTURED when it is too late, or UNKNOWN.

        After VOIDED no order of this attempt that is still under way can reserve anything.
        """

    def refund(self, order: RefundOrder) -> Outcome:
        """Send money back: REFUNDED, REFUSED, or UNKNOWN."""

    def checkout(self, order: ChargeOrder, back: Return) -> Page:
        """Make a page on which somebody pays by themselves: WAITING; asked for again it is the same page.

        As long as it is open `look` says WAITING, whatever cards were declined there; VOIDED once its time is over.
        """

    def keep_page(self, order: KeepOrder) -> Page:
        """Make a page on which somebody leaves a card for later; no money moves.  Asked again it is the same page."""

    def kept(self, order: KeepOrder) -> Kept:
        """Ask what became of a card that was to be kept."""

    def forget(self, card: str) -> Outcome:
        """Keep a card no longer: VOIDED, also when it was forgotten before, or UNKNOWN."""

    def readers(self, location_id: UUID) -> Sequence[Reader]:
        """The card readers of a location; none when the gateway can't be asked."""

    def customer(self, key: str) -> str | None:
        """A nameless customer that cards can be kept for; None when the gateway can't be asked."""

    def cards(self, customer: str) -> Sequence[Card]:
        """The cards that are kept for a customer; none when the gateway can't be asked."""

    def event(self, body: bytes, signature: str, at: datetime) -> GatewayEvent:
        """Read a message; raises BadSignature or NoMessages."""


def key_of(attempt: UUID, verb: str) -> str:
    """The idempotency key of a verb about an attempt: the same order under the same key is done once."""
    return f"anteroom-{attempt}-{verb}"
