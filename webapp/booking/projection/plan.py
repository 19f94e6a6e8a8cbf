"""One local day of one place as the projection holds it: hours, and what of them is taken. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from uuid import UUID

from webapp.booking.availability import Busy, Calendar, Closed
from webapp.practice.hours import Block, Seconds, Site, Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

FORMAT = 1
"""Another number with every change of what is written below: items of another one are read by nobody."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# The same few ids come again and again, and reading one costs a microsecond.
_id = lru_cache(maxsize=8192)(UUID)


class Unreadable(ValueError):  # noqa: N818 - a state of the item, not a mistake of ours
    """An item is not what a projector of this version writes."""


@dataclass(frozen=True, slots=True)
class Hold:
    """Time of a resource that is free again at `lapses_at`, unless somebody books it."""

    resource_id: UUID
    span: Seconds
    lapses_at: datetime


@dataclass(frozen=True, slots=True)
class DayPlan:
    """All that free times of a day rest on, but for the service and the patient; spans are whole seconds.

    `blocks` are the hours worked on this very day, `busy` what is taken for good of each provider, room and piece of
    equipment, joined where it touches; nothing says by whom.
    """

    site: Site
    day: date
    blocks: tuple[Block, ...]
    equipment: dict[str, tuple[UUID, ...]] = field(default_factory=dict)
    closed: tuple[Seconds, ...] = ()
    away: tuple[tuple[UUID, Seconds], ...] = ()
    busy: dict[UUID, list[Seconds]] = field(default_factory=dict)
    holds: tuple[Hold, ...] = ()

    @property
    def closures(self) -> tuple[Closed, ...]:
        """When the place is closed, as a calendar says it."""
        return tuple(Closed(self.site.id, _span(each)) for each in self.closed)

    def calendar(self, kinds: Sequence[str], others: Iterable[Busy] = ()) -> Calendar:
        """The same as `free_starts` reads it, for a service that needs these kinds of equipment.

        `others` is what is taken besides: a patient's own time. Holds keep their end, so that it is judged at reading.
        """
        taken = [Busy(each, _span(one)) for each, spans in self.busy.items() for one in spans]
        taken += [Busy(hold.resource_id, _span(hold.span), hold.lapses_at) for hold in self.holds]
        return Calendar(
            sites=(self.site,),
            blocks=self.blocks,
            closures=self.closures,
            busy=(*taken, *others),
            absences=tuple(Busy(who, _span(each)) for who, each in self.away),
            equipment={self.site.id: tuple(self.equipment.get(kind, ()) for kind in kinds)} if kinds else {},
        )


def key(location_id: UUID, day: date) -> str:
    """Where a day stands in the table."""
    return f"{location_id}#{day.isoformat()}"


def write(plan: DayPlan) -> str:
    """The day as text that `read` understands."""
    content = {
        "zone": plan.site.time_zone,
        "rooms": [room.hex for room in plan.site.room_ids],
        "blocks": [
            [each.provider_id.hex, each.room_id and each.room_id.hex, each.starts.isoformat(), each.ends.isoformat()]
            for each in plan.blocks
        ],
        "equipment": {kind: [piece.hex for piece in pieces] for kind, pieces in plan.equipment.items()},
        "closed": plan.closed,
        "away": [[who.hex, *span] for who, span in plan.away],
        "busy": {each.hex: spans for each, spans in plan.busy.items()},
        "holds": [[hold.resource_id.hex, *hold.span, _micros(hold.lapses_at)] for hold in plan.holds],
    }
    return json.dumps(content, separators=(",", ":"))


def read(text: object, location_id: UUID, day: date) -> DayPlan:
    """Understand it again; raises Unreadable, whatever is wrong with it."""
    try:
        return _read(json.loads(str(text)), location_id, day)
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError) as error:
        raise Unreadable("An item of the projection can't be read.") from error


def _read(content: dict[str, Any], location_id: UUID, day: date) -> DayPlan:
    weekday = day.isoweekday()
    return DayPlan(
        site=Site(location_id, str(content["zone"]), tuple(_id(room) for room in content["rooms"])),
        day=day,
        blocks=tuple(
            Block(
                provider_id=_id(who),
                location_id=location_id,
                room_id=None if room is None else _id(room),
                weekday=weekday,
                starts=time.fromisoformat(starts),
                ends=time.fromisoformat(ends),
                valid_from=day,
                valid_to=day,
            )
            for who, room, starts, ends in content["blocks"]
        ),
        equipment={kind: tuple(map(_id, pieces)) for kind, pieces in content["equipment"].items()},
        closed=tuple(_seconds(*each) for each in content["closed"]),
        away=tuple((_id(who), _seconds(*each)) for who, *each in content["away"]),
        busy={_id(each): [_seconds(*span) for span in spans] for each, spans in content["busy"].items()},
        holds=tuple(
            Hold(_id(each), _seconds(start, end), _EPOCH + timedelta(microseconds=lapses))
            for each, start, end, lapses in content["holds"]
        ),
    )


def _seconds(start: int, end: int) -> Seconds:
    if type(start) is not int or type(end) is not int or start > end:
        raise ValueError("A span is two whole numbers, the smaller one first.")
    return start, end


def joined(spans: Iterable[Seconds]) -> list[Seconds]:
    """The same time by start, with spans that touch or overlap made one."""
    made: list[Seconds] = []
    for start, end in sorted(spans):
        if made and start <= made[-1][1]:
            made[-1] = (made[-1][0], max(made[-1][1], end))
        else:
            made.append((start, end))
    return made


def _micros(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)


def _span(seconds: Seconds) -> Span:
    return Span(datetime.fromtimestamp(seconds[0], UTC), datetime.fromtimestamp(seconds[1], UTC))
