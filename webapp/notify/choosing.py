"""What people can choose about being told, as one change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from webapp.notify.reach import Choice, Topic
    from webapp.notify.timing import Quiet

_HOUR, _DAY = 60, 24 * 60

REMINDER_CHOICES = (7 * _DAY, 3 * _DAY, 2 * _DAY, _DAY, 4 * _HOUR, 2 * _HOUR, _HOUR)
"""Minutes before a visit that people can be reminded at."""


@dataclass(frozen=True, slots=True)
class Preferences:
    """How somebody wants to be told; `version` is the one they saw, 0 where they had chosen nothing."""

    MOST_REMINDERS: ClassVar[int] = 5

    version: int
    language: str | None
    choices: dict[Topic, Choice]
    reminder_minutes: tuple[int, ...] | None
    quiet: Quiet | None
