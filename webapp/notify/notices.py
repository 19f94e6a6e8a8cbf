"""What somebody is owed: from what they were told last about a visit, and what is true now, to the message, if any."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import Enum, StrEnum, auto
from typing import TYPE_CHECKING

from webapp.booking.states import UNDO_GRACE, Status

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

GRACE = UNDO_GRACE + timedelta(seconds=1)
"""How long after the last change of a visit people are told: what can still be put back is not told."""

NEWS_LASTS = timedelta(days=2)
"""What is older is no news: visits of before there were messages, or of a worker that stood still for days."""


class Kind(StrEnum):
    """What a message says; the values stand in `message.kind`."""

    CONFIRMATION = "confirmation"
    CHANGE = "change"
    CANCELLATION = "cancellation"
    REMINDER = "reminder"
    OFFER = "offer"
    PAYMENT = "payment"
    REFUND = "refund"
    PAYMENT_LINK = "payment_link"


ABOUT_VISITS = frozenset({Kind.CONFIRMATION, Kind.CHANGE, Kind.CANCELLATION})
RECEIPTS = frozenset({Kind.PAYMENT, Kind.REFUND})
"""What names an amount: it was paid, or given back."""

ABOUT_MONEY = RECEIPTS | {Kind.PAYMENT_LINK}


class Stand(Enum):
    """What a status means to somebody who is to come."""

    NOT_YET = auto()
    PLANNED = auto()
    CALLED_OFF = auto()
    UNDER_WAY = auto()


STANDS: dict[Status, Stand] = {
    Status.HELD: Stand.NOT_YET,
    Status.LAPSED: Stand.NOT_YET,
    Status.BOOKED: Stand.PLANNED,
    Status.CONFIRMED: Stand.PLANNED,
    Status.ARRIVED: Stand.UNDER_WAY,
    Status.IN_ROOM: Stand.UNDER_WAY,
    Status.FINISHED: Stand.UNDER_WAY,
    Status.NOSHOW: Stand.UNDER_WAY,
    Status.CANCELLED: Stand.CALLED_OFF,
}


@dataclass(frozen=True, slots=True)
class Facts:
    """What of a visit concerns whoever comes to it: when, where and to whom; room and equipment are shown there."""

    starts_at: datetime
    location_id: UUID
    provider_id: UUID


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a visit's life: what it led to, and when."""

    at: datetime
    stand: Stand
    facts: Facts


@dataclass(frozen=True, slots=True)
class Told:
    """The last that was said about a visit: that it takes place so, or that it does not."""

    planned: bool
    facts: Facts


def changed_at(steps: Sequence[Step]) -> datetime:
    """When a visit last became something else to whoever comes to it; steps are in order, at least one."""
    news, before = steps[0].at, steps[0]
    for step in steps[1:]:
        if (step.stand, step.facts) != (before.stand, before.facts):
            news, before = step.at, step
    return news


def owed(told: Told | None, now: Step, at: datetime) -> Kind | None:
    """Which message is due at a moment about a visit that stands as `now` since `now.at`; None when there is none.

    Of a visit that nobody heard of, its being canceled is no news; neither is a time that has passed.
    """
    before = told if told is not None and told.planned else None
    if now.stand is Stand.PLANNED and now.facts.starts_at > at:
        if before is None:
            return Kind.CONFIRMATION
        return Kind.CHANGE if before.facts != now.facts else None
    if now.stand is Stand.CALLED_OFF and before is not None and now.at < before.facts.starts_at:
        return Kind.CANCELLATION
    return None
