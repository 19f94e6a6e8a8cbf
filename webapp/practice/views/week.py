"""A provider's week as a picture: blocks where they lie on the clock, told apart by place; and what is off."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask_babel import gettext as _

from webapp.practice.hours import Block, Span, local_day
from webapp.practice.wording import rhythm_label, wall, wall_span, weekday_name

if TYPE_CHECKING:
    from webapp.practice.catalog import Exceptions

STEP = 5
HOUR = 60
EARLIEST, LATEST = 8 * HOUR, 17 * HOUR
DAY = 24 * HOUR
TONES = 4
SATURDAY = 6


@dataclass(frozen=True, slots=True)
class Legend:
    """Names of sites and rooms, and which of the few looks each site has."""

    places: dict[UUID, str]
    rooms: dict[UUID, str]

    def tone(self, location_id: UUID) -> int:
        return list(self.places).index(location_id) % TONES + 1 if location_id in self.places else 1


@dataclass(frozen=True, slots=True)
class _Piece:
    """Something on a day, in minutes of the wall clock."""

    begins: int
    ends: int
    shown: dict[str, Any]


def picture(days: list[date], blocks: Iterable[Block], once: Exceptions, legend: Legend, zone: str) -> dict[str, Any]:
    """Columns for the days, rows of five minutes from the first hour that is worked to the last."""
    worked = list(blocks)
    columns = [(day, _blocks(day, worked, legend) + _extra(day, once, legend, zone)) for day in days]
    shown = [(day, pieces) for day, pieces in columns if day.isoweekday() < SATURDAY or pieces]
    every = [piece for _, pieces in shown for piece in pieces]
    first = min((piece.begins for piece in every), default=EARLIEST) // HOUR * HOUR
    last = -(-max((piece.ends for piece in every), default=LATEST) // HOUR) * HOUR
    return {
        "rows": (last - first) // STEP,
        "marks": [((at - first) // STEP, wall(time(at // HOUR % 24))) for at in range(first, last + 1, HOUR)],
        "days": [
            {
                "name": weekday_name(day.isoweekday()),
                "date": day,
                "hours": hours_text(sum(piece.ends - piece.begins for piece in pieces)),
                "pieces": [_placed(piece, first, last) for piece in pieces],
                "off": [_placed(piece, first, last) for piece in _off(day, once, zone, first, last)],
            }
            for day, pieces in shown
        ],
    }


def hours_text(minutes: int) -> str:
    """7.5 h; nothing on a free day."""
    return _("%(hours)s h", hours=f"{minutes / HOUR:.2f}".rstrip("0").rstrip(".")) if minutes else ""


def minutes_of(block: Block) -> int:
    """How long a block is on the wall clock."""
    return _minutes(block.ends) - _minutes(block.starts)


def _blocks(day: date, blocks: Iterable[Block], legend: Legend) -> list[_Piece]:
    return [
        _Piece(
            _minutes(block.starts),
            _minutes(block.ends),
            {
                "place": legend.places.get(block.location_id, ""),
                "when": wall_span(block.starts, block.ends),
                "room": "" if block.room_id is None else legend.rooms.get(block.room_id, ""),
                "rhythm": rhythm_label(block.every_weeks) if block.every_weeks > 1 else "",
                "tone": legend.tone(block.location_id),
                "extra": False,
            },
        )
        for block in blocks
        if block.applies_on(day)
    ]


def _extra(day: date, once: Exceptions, legend: Legend, zone: str) -> list[_Piece]:
    pieces = []
    for extra in once.extra:
        inside = _on_day(day, Span(extra.starts_at, extra.ends_at), zone)
        if inside is not None:
            begins, ends = inside
            shown = {
                "place": legend.places.get(extra.location_id, ""),
                "when": wall_span(_clock(begins), _clock(ends)),
                "room": "" if extra.room_id is None else legend.rooms.get(extra.room_id, ""),
                "rhythm": _("Extra hours"),
                "tone": legend.tone(extra.location_id),
                "extra": True,
            }
            pieces.append(_Piece(begins, ends, shown))
    return pieces


def _off(day: date, once: Exceptions, zone: str, first: int, last: int) -> list[_Piece]:
    spans = [(Span(leave.starts_at, leave.ends_at), _("Away")) for leave in once.leaves]
    for closure in once.closures:
        if closure.during.lower is not None and closure.during.upper is not None:
            label = _("Closed: %(reason)s", reason=closure.reason)
            spans.append((Span(closure.during.lower, closure.during.upper), label))
    pieces = []
    for span, label in spans:
        inside = _on_day(day, span, zone)
        if inside is not None and inside[0] < last and inside[1] > first:
            pieces.append(_Piece(max(inside[0], first), min(inside[1], last), {"label": label}))
    return pieces


def _on_day(day: date, span: Span, zone: str) -> tuple[int, int] | None:
    """Minutes of the wall clock that a span takes of a local day."""
    whole = local_day(zone, day)
    start, end = max(span.start, whole.start), min(span.end, whole.end)
    if start >= end:
        return None
    place = ZoneInfo(zone)
    begins = _minutes(start.astimezone(place).time())
    ends = DAY if end == whole.end else _minutes(end.astimezone(place).time())
    return (begins, ends) if begins < ends else None


def _placed(piece: _Piece, first: int, last: int) -> dict[str, Any]:
    begins, ends = max(piece.begins, first), min(piece.ends, last)
    span = max(1, (ends - begins) // STEP)
    return {**piece.shown, "row": (begins - first) // STEP, "span": span, "short": span * STEP < HOUR}


def _minutes(moment: time) -> int:
    return DAY if moment == time.max else moment.hour * HOUR + moment.minute


def _clock(minutes: int) -> time:
    return time(minutes // HOUR % 24, minutes % HOUR)


def week_of(day: date) -> list[date]:
    """Monday to Sunday of the week of a day."""
    start = day - timedelta(days=day.weekday())
    return [start + timedelta(days=n) for n in range(7)]


def local_today(now: datetime, zone: str) -> date:
    """The calendar day at a place."""
    return now.astimezone(ZoneInfo(zone)).date()
