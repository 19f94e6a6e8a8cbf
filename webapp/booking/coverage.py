"""Whether a visit lies in somebody's hours, the weekly ones or those worked once: pure."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from webapp.practice.hours import opened

if TYPE_CHECKING:
    from collections.abc import Iterable
    from uuid import UUID

    from webapp.practice.hours import Block, Span


def covered(span: Span, zone: str, blocks: Iterable[Block], once: Iterable[tuple[UUID, Span]], location: UUID) -> bool:
    """Tell whether all of a visit at a site lies in one weekly block there, or in hours worked there once."""
    start, end = span.seconds
    if any(site == location and hours.start <= span.start and span.end <= hours.end for site, hours in once):
        return True
    day = span.start.astimezone(ZoneInfo(zone)).date()
    return any(
        begin <= start and end <= stop
        for block in blocks
        if block.location_id == location and block.applies_on(day)
        for begin, stop in opened(zone, day, block.starts, block.ends)
    )
