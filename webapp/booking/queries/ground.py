"""What a service's free times rest on, busy time aside, read for one window in one statement."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import text

from webapp.booking.availability import Busy, Calendar, Closed, Rules
from webapp.db import db
from webapp.practice.hours import Block, Site, Span, once

if TYPE_CHECKING:
    from sqlalchemy import Row

    from webapp.booking.models import Appointment, GroupSession
    from webapp.booking.queries.free import Search

_GROUND = text((Path(__file__).parents[1] / "sql" / "ground.sql").read_text("utf-8"))
# The same few ids of providers, rooms and sites come again and again, and reading one costs a microsecond.
_id = lru_cache(maxsize=8192)(UUID)
# No visit is longer: what begins in the window may reach that far beyond it.
_LONGEST = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Ground:
    """Rules, and a calendar without busy time; `room_ids` None means every room, `open_to` whether it may be booked."""

    rules: Rules
    calendar: Calendar
    room_ids: frozenset[UUID] | None
    open_to: bool


def ground(search: Search, window: Span) -> Ground | None:
    """Read it for a window of starts; None when there is no such service."""
    values = {
        "service": search.service_id,
        "provider": search.provider_id,
        "location": search.location_id,
        "patient": search.patient_id,
        "portal": search.via == "portal",
        "begins": window.start,
        "ends": window.end,
        "ends_late": window.end + _LONGEST,
    }
    row = db.session.execute(_GROUND, values).one_or_none()
    if row is None:
        return None
    calendar = Calendar(_sites(row), _blocks(row), _closed(row), (), _away(row), _equipment(row))
    rooms = frozenset(row.room_ids) if row.room_ids else None
    return Ground(rules_of(row, search.moving, asked=search.asked), calendar, rooms, open_to(row, search))


def rules_of(service: Any, moving: Appointment | GroupSession | None, *, asked: bool = False) -> Rules:  # noqa: ANN401 - a row or a service
    """The rules of a service, or of a visit of it that moves; `asked` leaves out those the desk may override."""
    length, before, after = service.length_minutes, service.buffer_before_minutes, service.buffer_after_minutes
    if moving is not None:
        length = int((moving.ends_at - moving.starts_at).total_seconds() // 60)
        before, after = moving.buffer_before_minutes, moving.buffer_after_minutes
    notice, furthest = (0, None) if asked else (service.notice_minutes, service.furthest_days)
    return Rules(length, before, after, notice, needs_room=service.needs_room, furthest=furthest)


def open_to(row: Row[Any], search: Search) -> bool:
    """Whether the patient of a search may book it where the search comes from; a row of what rules and history say."""
    if search.via != "portal":
        return True
    return bool(row.online) and (row.audience == "any" or row.returning_patient == (row.audience == "returning"))


def _sites(row: Row[Any]) -> tuple[Site, ...]:
    return tuple(Site(_id(site), zone, tuple(map(_id, rooms))) for site, zone, rooms in row.sites or ())


def _equipment(row: Row[Any]) -> dict[UUID, tuple[tuple[UUID, ...], ...]]:
    kinds: dict[UUID, tuple[tuple[UUID, ...], ...]] = {}
    for site, _kind, pieces in row.equipment or ():
        kinds[UUID(site)] = (*kinds.get(UUID(site), ()), tuple(map(UUID, pieces)))
    return kinds


def _blocks(row: Row[Any]) -> tuple[Block, ...]:
    blocks = [
        Block(
            _id(provider),
            _id(location),
            None if room is None else _id(room),
            weekday,
            time.fromisoformat(starts),
            time.fromisoformat(ends),
            date.fromisoformat(valid_from),
            None if valid_to is None else date.fromisoformat(valid_to),
            every_weeks,
        )
        for provider, location, room, weekday, starts, ends, valid_from, valid_to, every_weeks in row.blocks or ()
    ]
    for provider, location, room, starts, ends, zone in row.extra or ():
        where = None if room is None else _id(room)
        blocks += once(_id(provider), _id(location), where, _span(starts, ends), zone)
    return tuple(blocks)


def _closed(row: Row[Any]) -> tuple[Closed, ...]:
    return tuple(Closed(UUID(site), _span(opens, closes)) for site, opens, closes in row.closures or ())


def _away(row: Row[Any]) -> tuple[Busy, ...]:
    return tuple(Busy(UUID(provider), _span(starts, ends)) for provider, starts, ends in row.leave or ())


def _span(starts: float, ends: float) -> Span:
    return Span(datetime.fromtimestamp(float(starts), UTC), datetime.fromtimestamp(float(ends), UTC))
