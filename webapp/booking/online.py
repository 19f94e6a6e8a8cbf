"""What a patient may do with a visit by themselves, and until when: pure, with the time passed in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from webapp.booking.states import MOVABLE, Action, Status, allows

if TYPE_CHECKING:
    from webapp.booking.models import Appointment
    from webapp.practice.models import Service

ARRIVE_BEFORE = timedelta(minutes=60)
"""How long before the start somebody may say that they are here: earlier, the waiting room is not open."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What canceling costs: nothing until `free_until`, then `fee_cents`; no fee means free until the visit begins."""

    fee_cents: int
    notice_minutes: int
    free_until: datetime

    def is_free(self, at: datetime) -> bool:
        """Whether canceling at a moment costs nothing."""
        return not self.fee_cents or at <= self.free_until


@dataclass(frozen=True, slots=True)
class Steps:
    """What the patient may do with a visit at a moment; `by_phone` that the desk has to do what is missing."""

    confirm: bool
    move: bool
    cancel: bool
    arrive: bool
    by_phone: bool


def rule_of(visit: Appointment) -> Rule:
    """The rule of a visit's service, as it holds for the visit's start."""
    return rule_for(visit.service, visit.starts_at)


def rule_for(service: Service, starts_at: datetime) -> Rule:
    """The rule of a service for a visit that begins at some time."""
    free_until = starts_at - timedelta(minutes=service.cancel_notice_minutes)
    return Rule(service.cancel_fee_cents, service.cancel_notice_minutes, free_until)


def steps_of(visit: Appointment, at: datetime) -> Steps:
    """What the patient may do now.

    Nobody moves a visit that canceling would cost a fee for, or one of several that belong together: the desk does.
    """
    status, ahead = Status(visit.status), visit.starts_at > at
    alone = visit.together_id is None
    movable = status in MOVABLE and ahead
    move = movable and alone and visit.service.online and rule_of(visit).is_free(at)
    return Steps(
        confirm=ahead and allows(status, Action.CONFIRM),
        move=move,
        cancel=movable and alone,
        arrive=allows(status, Action.CHECK_IN) and visit.starts_at - ARRIVE_BEFORE <= at < visit.ends_at,
        by_phone=movable and not move,
    )
