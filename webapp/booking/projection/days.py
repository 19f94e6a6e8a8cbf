"""What days of places are like now, as PostgreSQL knows it, in one statement."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from webapp.booking.projection.plan import DayPlan, Hold, joined
from webapp.db import swiftly
from webapp.practice.hours import Block, Seconds, Site, Span, local_day, once

if TYPE_CHECKING:
    from collections.abc import Sequence

_READ = (Path(__file__).parent.parent / "sql" / "projection_read.sql").read_text("utf-8")


@dataclass(frozen=True, slots=True)
class Day:
    """One day to be told, with the version that it has now."""

    location_id: UUID
    day: date
    version: int
    zone: str

    @property
    def span(self) -> Span:
        return local_day(self.zone, self.day)


def read_days(days: Sequence[Day]) -> list[DayPlan]:
    """What some days are like now, as PostgreSQL knows it, in one statement."""
    spans = [each.span for each in days]
    values = {
        "locations": [each.location_id for each in days],
        "days": [each.day for each in days],
        "opens": [span.start for span in spans],
        "closes": [span.end for span in spans],
    }
    return [_plan(day, *row[1:]) for day, row in zip(days, swiftly(_READ, values), strict=True)]


def _plan(
    of: Day,
    zone: str,
    rooms: list[UUID],
    equipment: dict[str, list[str]] | None,
    blocks: list[Any] | None,
    extra: list[Any] | None,
    closures: list[Any] | None,
    leave: list[Any] | None,
    busy: list[Any] | None,
) -> DayPlan:
    taken: dict[UUID, list[Seconds]] = {}
    holds: list[Hold] = []
    for resource, start, end, lapses in busy or ():
        if lapses is None:
            taken.setdefault(UUID(resource), []).append((int(start), int(end)))
        else:
            holds.append(Hold(UUID(resource), (int(start), int(end)), _moment(lapses)))
    return DayPlan(
        site=Site(of.location_id, zone, tuple(rooms)),
        day=of.day,
        blocks=_blocks(of, blocks or (), extra or ()),
        equipment={kind: tuple(map(UUID, pieces)) for kind, pieces in (equipment or {}).items()},
        closed=tuple((int(start), int(end)) for start, end in closures or ()),
        away=tuple((UUID(who), (int(start), int(end))) for who, start, end in leave or ()),
        busy={resource: joined(spans) for resource, spans in taken.items()},
        holds=tuple(holds),
    )


def _blocks(of: Day, weekly: Sequence[Any], extra: Sequence[Any]) -> tuple[Block, ...]:
    found = []
    for provider, room, weekday, starts, ends, valid_from, valid_to, every_weeks in weekly:
        block = Block(
            provider_id=UUID(provider),
            location_id=of.location_id,
            room_id=room and UUID(room),
            weekday=weekday,
            starts=time.fromisoformat(starts),
            ends=time.fromisoformat(ends),
            valid_from=date.fromisoformat(valid_from),
            valid_to=valid_to and date.fromisoformat(valid_to),
            every_weeks=every_weeks,
        )
        if block.applies_on(of.day):
            found.append(block)
    for provider, room, starts, ends in extra:
        span = Span(_moment(starts), _moment(ends))
        pieces = once(UUID(provider), of.location_id, room and UUID(room), span, of.zone)
        found += [piece for piece in pieces if piece.applies_on(of.day)]
    return tuple(found)


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(float(seconds), UTC)
