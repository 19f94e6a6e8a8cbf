"""Hours may change between a look and the locks that follow it: then a fresh look decides."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from webapp.booking.refusals import ScheduleChanged

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

Done = TypeVar("Done")

LOOKS = 3
"""Only a busy editor beats three."""


def afresh(attempt: Callable[[], Done], patient: UUID | None = None) -> Done:
    """Look and do it, and again when hours changed in between; `attempt` undoes what it did (ScheduleChanged)."""
    for _ in range(LOOKS):
        try:
            return attempt()
        except ScheduleChanged:
            continue
    raise ScheduleChanged(patient=patient)
