"""What becomes of a demo visit, decided by its place and time alone, so that it is the same whenever we look."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from webapp.booking.states import Action
from webapp.interop.demo.clinic import TIME_ZONE

CANCELLED, NO_SHOW = 0.03, 0.07
REASONS = ("Patient asked to cancel", "Feeling better", "Conflict at work", "No transport")
# Chance alone would leave some mornings without a no-show or a cancellation: these visits always are one.
_FATED = (
    ("Marin", time(8, 50), time(9, 25), NO_SHOW),
    ("Weber", time(9, 20), time(9, 40), NO_SHOW),
    ("Kim", time(8, 30), time(8, 45), CANCELLED),
    ("Ruiz", time(9), time(9, 20), CANCELLED),
)
_ZONE = ZoneInfo(TIME_ZONE)
_CONFIRMED = 0.82
_LATE = 0.07
_MARKED_AFTER = timedelta(minutes=20)
_SHORTEST = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happens to a visit, and when."""

    action: Action
    at: datetime
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Course:
    """The life of one visit: how and when it was booked, and what follows, in order of time."""

    via: str
    booked_at: datetime
    steps: tuple[Step, ...]

    def until(self, now: datetime) -> tuple[Step, ...]:
        """The steps that lie behind us."""
        return tuple(step for step in self.steps if step.at <= now)


def course(seed: int, provider: str, starts_at: datetime, ends_at: datetime) -> Course:
    """Draw the course of a visit; times are aware, `ends_at` is after `starts_at`."""
    chance = Random(f"{seed}:{provider}:{starts_at.isoformat()}")
    via = chance.choice(("desk", "desk", "phone", "phone", "phone", "portal", "portal"))
    booked_at = starts_at - timedelta(days=chance.randint(2, 24), minutes=chance.randint(0, 500))
    steps = []
    fate = _fate(chance.random(), provider, starts_at)
    if fate < CANCELLED:
        ahead = timedelta(hours=chance.randint(3, 40))
        steps.append(Step(Action.CANCEL, starts_at - ahead, chance.choice(REASONS)))
    else:
        if chance.random() < _CONFIRMED:
            steps.append(Step(Action.CONFIRM, starts_at - timedelta(hours=chance.randint(20, 60))))
        if fate < NO_SHOW:
            steps.append(Step(Action.MARK_NO_SHOW, starts_at + _MARKED_AFTER))
        else:
            steps += _attended(chance, starts_at, ends_at)
    return Course(via, booked_at, tuple(steps))


def _fate(drawn: float, provider: str, starts_at: datetime) -> float:
    at = starts_at.astimezone(_ZONE).time()
    for name, earliest, latest, below in _FATED:
        if name == provider and earliest <= at < latest:
            return below - 0.01
    return drawn


def _attended(chance: Random, starts_at: datetime, ends_at: datetime) -> list[Step]:
    minutes = chance.randint(3, 9) if chance.random() < _LATE else -chance.randint(6, 22)
    arrived = starts_at + timedelta(minutes=minutes)
    begun = max(starts_at, arrived + timedelta(minutes=2)) + timedelta(minutes=chance.randint(0, 3))
    ended = max(begun + _SHORTEST, ends_at - timedelta(minutes=chance.randint(0, 3)))
    return [Step(Action.CHECK_IN, arrived), Step(Action.START, begun), Step(Action.FINISH, ended)]
