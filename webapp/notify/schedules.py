"""Reminder schedules as managers set them: how long before a visit, as one change of one type of visit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from uuid import UUID

SHORTEST, LONGEST = 15, 30 * 24 * 60
"""Minutes before a visit; PostgreSQL has the same bounds."""

MOST = 5


@dataclass(frozen=True, slots=True)
class Schedule:
    """When people are reminded of visits of a service; without one, of all that have no schedule of their own.

    `minutes` empty takes it away; `seen` is what the page showed, so that two managers don't undo each other.
    """

    service_id: UUID | None
    minutes: tuple[int, ...]
    seen: tuple[int, ...]
