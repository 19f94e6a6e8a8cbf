"""From PostgreSQL to DynamoDB: take the marks, read the days they are about, tell what they are like now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from prometheus_client import Gauge

from webapp import clock, dynamo, jobs
from webapp.booking.projection.plan import FORMAT, DayPlan, Hold, joined, key, write
from webapp.db import swiftly, transactional
from webapp.practice.hours import Block, Seconds, Site, Span, local_day, once

if TYPE_CHECKING:
    from collections.abc import Sequence

    from webapp.dynamo import Item

TABLE = "availability"
BEAT_KEY = "projector"
MOST_AT_ONCE = 64
"""Days of one pass; what is left comes at once in the next one."""
LONGEST_DAYS = 180
LEAST_DAYS = 14
FILL_SECONDS = 60.0
BEAT_SECONDS = 1.0
AGED = timedelta(hours=6)
"""A day that nobody changed is told again after this, some each minute, so that no item stays spoilt for long."""
AGED_AT_ONCE = 32

LAG = Gauge(
    "anteroom_availability_lag_seconds", "How old the projection was when it was told.", multiprocess_mode="max"
)

_SQL = Path(__file__).parent.parent / "sql"
_MARKS = (_SQL / "projection_marks.sql").read_text("utf-8")
_DAYS = (_SQL / "projection_days.sql").read_text("utf-8")
_READ = (_SQL / "projection_read.sql").read_text("utf-8")
_TURN = "select pg_try_advisory_xact_lock(%(turn)s)"
_ANY_MARKS = "select exists (select from availability_dirty)"
_WAITING = (
    "select d.location_id, d.day, d.version, l.time_zone from availability_day as d join location as l on l.id ="
    " d.location_id where d.published < d.version order by d.day, d.location_id limit %(most)s for update of d"
)
_BEHIND = "select min(stale_since) from availability_day where published < version"
# What stands there with a version that was never given out is from before a backup was played back: it is overtaken.
_TOLD = (
    "update availability_day as d set published = t.version, published_at = %(at)s,"
    " version = case when t.stands > d.version then t.stands + 1 else d.version end,"
    " stale_since = case when d.version > t.version or t.stands > d.version then coalesce(d.stale_since, %(at)s) end"
    " from unnest(%(locations)s::uuid[], %(days)s::date[], %(versions)s::bigint[], %(stands)s::bigint[])"
    " as t (location_id, day, version, stands)"
    " where d.location_id = t.location_id and d.day = t.day and d.published < t.version"
)
_AGED = (
    "update availability_day as d set version = greatest(d.version + 1, %(version)s) from (select location_id, day"
    " from availability_day where published_at < %(before)s order by published_at limit %(most)s) as old"
    " where d.location_id = old.location_id and d.day = old.day"
)
_OVER = (
    "delete from availability_day as d using location as l where l.id = d.location_id"
    " and (d.day < cast(%(at)s at time zone l.time_zone as date) or l.retired_at is not null)"
)
_PLACES = "select id from location where retired_at is null"
_ALL = "update availability_day set version = greatest(version + 1, %(version)s), stale_since = %(at)s"
_TURN_KEY = 5_071_905
_NONSENSE = 2**62


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


@dataclass(slots=True)
class Projector:
    """Does passes, and remembers between them only when it last did what is not done in each.

    Any number may run: passes take turns in PostgreSQL, and DynamoDB keeps what is newest.
    """

    places: frozenset[str] = frozenset()
    filled_at: datetime | None = None
    beat_at: datetime | None = None

    def once(self) -> bool:
        """One pass; True when more waits. Raises DynamoUnavailable, after which the days wait for the next pass.

        What was committed before the pass began is in DynamoDB when it has ended, and the beat says so.
        """
        began = clock.now()
        fill = self.filled_at is None or (began - self.filled_at).total_seconds() >= FILL_SECONDS
        days = _taken(began, fill=fill)
        if days is None:
            return False
        if fill:
            self.filled_at, self.places = began, _places()
        overtaken = tell(days, began)
        more = overtaken or len(days) >= MOST_AT_ONCE
        if days or self.beat_at is None or (began - self.beat_at).total_seconds() >= BEAT_SECONDS:
            as_of = began if not more else _behind() or began
            beat(as_of, self.places)
            self.beat_at = began
            LAG.set((clock.now() - as_of).total_seconds())
        return more


def _taken(at: datetime, *, fill: bool) -> list[tuple[Day, DayPlan]] | None:
    """Take the marks and read the days that wait; None when it is another projector's turn."""
    numbered = {"version": int(at.timestamp() * 1000), "at": at}
    with transactional(jobs.scope()):
        if not _is(swiftly(_TURN, {"turn": _TURN_KEY}).fetchone()):
            return None
        if fill:
            swiftly(_OVER, {"at": at})
            swiftly(_DAYS, {**numbered, "longest": LONGEST_DAYS, "least": LEAST_DAYS})
            swiftly(_AGED, {**numbered, "before": at - AGED, "most": AGED_AT_ONCE})
        if _is(swiftly(_ANY_MARKS, {}).fetchone()):
            swiftly(_MARKS, numbered)
        waiting = [Day(*row) for row in swiftly(_WAITING, {"most": MOST_AT_ONCE})]
        # A statement of its own: it sees all that was committed before the versions were locked.
        return list(zip(waiting, read_days(waiting), strict=True)) if waiting else []


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


def tell(days: Sequence[tuple[Day, DayPlan]], at: datetime) -> bool:
    """Write days to DynamoDB where they are newer than what is there, and remember which are told.

    True when something stands there under a version that is still to come: such a day has to be told again.
    """
    told: list[tuple[Day, int]] = []
    try:
        for day, plan in days:
            told.append((day, put(day, plan)))
    finally:
        if told:
            values = {
                "locations": [day.location_id for day, _ in told],
                "days": [day.day for day, _ in told],
                "versions": [day.version for day, _ in told],
                "stands": [stands for _, stands in told],
                "at": at,
            }
            with transactional(jobs.scope()):
                swiftly(_TOLD, values)
    return any(stands > day.version for day, stands in told)


def beat(as_of: datetime, places: frozenset[str]) -> None:
    """Say that all that was committed before a moment is told, of these places."""
    item: Item = {"pk": BEAT_KEY, "format": FORMAT, "as_of": _micros(as_of)}
    dynamo.client().put(TABLE, item | ({"places": places} if places else {}))


def tell_all_again(at: datetime) -> int:
    """Let every day be told anew, after a backup was played back; the number of days."""
    with transactional(jobs.scope()):
        return swiftly(_ALL, {"version": int(at.timestamp() * 1000), "at": at}).rowcount


def put(day: Day, plan: DayPlan) -> int:
    """Write a day unless a newer one stands there; the version that stands there now."""
    end = datetime.combine(day.day, time.min, UTC) + timedelta(days=3)
    item: Item = {
        "pk": key(day.location_id, day.day),
        "format": FORMAT,
        "version": day.version,
        "plan": write(plan),
        "expires_at": int(end.timestamp()),
    }
    newer = "attribute_not_exists(pk) OR version < :version"
    try:
        dynamo.client().put(TABLE, item, condition=newer, values={":version": day.version})
    except dynamo.ConditionFailed as refused:
        stands = (refused.item or {}).get("version")
        if type(stands) is int and stands < _NONSENSE:
            return stands
        # No projector wrote that: nothing would ever be newer.
        dynamo.client().put(TABLE, item)
    return day.version


def _places() -> frozenset[str]:
    with transactional(jobs.scope(), read_only=True):
        return frozenset(str(row[0]) for row in swiftly(_PLACES, {}))


def _behind() -> datetime | None:
    with transactional(jobs.scope(), read_only=True):
        row = swiftly(_BEHIND, {}).fetchone()
    return row[0] if row else None


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


def _is(row: tuple[Any, ...] | None) -> bool:
    return bool(row and row[0])


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(float(seconds), UTC)


def _micros(moment: datetime) -> int:
    return int(moment.timestamp() * 1_000_000)
