"""From PostgreSQL to DynamoDB: take the marks, read the days they are about, tell what they are like now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prometheus_client import Gauge

from webapp import clock, dynamo, jobs
from webapp.booking.projection.days import Day, read_days
from webapp.booking.projection.plan import FORMAT, DayPlan, key, write
from webapp.db import swiftly, transactional

if TYPE_CHECKING:
    from collections.abc import Sequence

    from webapp.dynamo import Item

TABLE = "availability"
BEAT_KEY = "projector"
MOST_AT_ONCE = 64
"""Days of one pass; what is left comes at once in the next one."""
TOGETHER, FEW = 25, 4
"""Days that are written in one call, where there are more than a few: twice the units, a fraction of the time."""
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
_NEWER = "attribute_not_exists(pk) OR version < :version"


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


def tell(days: Sequence[tuple[Day, DayPlan]], at: datetime) -> bool:
    """Write days to DynamoDB where they are newer than what is there, and remember which are told.

    True when something stands there under a version that is still to come: such a day has to be told again.
    """
    told: list[tuple[Day, int]] = []
    try:
        for start in range(0, len(days), TOGETHER):
            some = days[start : start + TOGETHER]
            if len(some) > FEW and _put_together(some):
                told += [(day, day.version) for day, _ in some]
            else:
                for day, plan in some:
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
    item = _item(day, plan)
    try:
        dynamo.client().put(TABLE, item, condition=_NEWER, values={":version": day.version})
    except dynamo.ConditionFailed as refused:
        stands = (refused.item or {}).get("version")
        if type(stands) is int and stands < _NONSENSE:
            return stands
        # No projector wrote that: nothing would ever be newer.
        dynamo.client().put(TABLE, item)
    return day.version


def _put_together(days: Sequence[tuple[Day, DayPlan]]) -> bool:
    """Write many days in one call; False when one of them is not newer, and then none is written."""
    puts = [dynamo.Put(TABLE, _item(day, plan), _NEWER, {":version": day.version}) for day, plan in days]
    try:
        dynamo.client().transact(puts)
    except dynamo.ConditionFailed:
        return False
    return True


def _item(day: Day, plan: DayPlan) -> Item:
    end = datetime.combine(day.day, time.min, UTC) + timedelta(days=3)
    return {
        "pk": key(day.location_id, day.day),
        "format": FORMAT,
        "version": day.version,
        "plan": write(plan),
        "expires_at": int(end.timestamp()),
    }


def _places() -> frozenset[str]:
    with transactional(jobs.scope(), read_only=True):
        return frozenset(str(row[0]) for row in swiftly(_PLACES, {}))


def _behind() -> datetime | None:
    with transactional(jobs.scope(), read_only=True):
        row = swiftly(_BEHIND, {}).fetchone()
    return row[0] if row else None


def _is(row: tuple[Any, ...] | None) -> bool:
    return bool(row and row[0])


def _micros(moment: datetime) -> int:
    return int(moment.timestamp() * 1_000_000)
