"""When a message goes out: quiet hours at the clinic, reminders before a visit, and clock changes in both."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from webapp.notify.notices import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable

DEFAULT_REMINDERS = (2 * 24 * 60, 2 * 60)
"""Minutes before a visit, where neither the practice nor the service nor the person says otherwise."""

URGENT = frozenset({Kind.CHANGE, Kind.CANCELLATION})
"""What is said even in quiet hours, when whoever waits for their end would hear it too late."""

TOO_LATE = timedelta(hours=1)
"""How long before a visit its change has to be known, to be of use."""

_MINUTE = timedelta(minutes=1)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Quiet:
    """Hours of wall time in which nobody is disturbed, from one up to another; they may pass midnight."""

    starts: time
    ends: time

    def holds(self, wall: time) -> bool:
        if self.starts < self.ends:
            return self.starts <= wall < self.ends
        return wall >= self.starts or wall < self.ends


NIGHT = Quiet(time(21), time(8))
"""For text messages, where somebody chose nothing."""


def after(quiet: Quiet | None, moment: datetime, zone: str) -> datetime:
    """The moment itself, or the end of the quiet hours that it lies in."""
    local = moment.astimezone(ZoneInfo(zone))
    if quiet is None or not quiet.holds(local.time()):
        return moment
    day = local.date() if local.time() < quiet.ends else local.date() + _DAY
    return datetime.combine(day, quiet.ends, ZoneInfo(zone)).astimezone(UTC)


def before(quiet: Quiet | None, moment: datetime, zone: str) -> datetime:
    """The moment itself, or the last minute before the quiet hours that it lies in."""
    local = moment.astimezone(ZoneInfo(zone))
    if quiet is None or not quiet.holds(local.time()):
        return moment
    day = local.date() if local.time() >= quiet.starts else local.date() - _DAY
    return datetime.combine(day, quiet.starts, ZoneInfo(zone)).astimezone(UTC) - _MINUTE


def due(kind: Kind, at: datetime, useless_at: datetime, quiet: Quiet | None, zone: str) -> datetime:
    """When a message that is owed now goes out; what is urgent breaks quiet hours that end too late for it."""
    waited = after(quiet, at, zone)
    if waited > at and kind in URGENT and waited > useless_at - TOO_LATE:
        return at
    return waited


def reminders(starts_at: datetime, minutes: Iterable[int], quiet: Quiet | None, zone: str) -> dict[int, datetime]:
    """When somebody is reminded of a visit, by the minutes of the rule; whole days before keep the wall time.

    One that would fall into quiet hours comes before them, so that an early visit is thought of the evening before.
    """
    place, moments = ZoneInfo(zone), {}
    for ahead in minutes:
        days, rest = divmod(ahead, 24 * 60)
        wall = starts_at.astimezone(place).replace(tzinfo=None) - days * _DAY
        moment = wall.replace(tzinfo=place).astimezone(UTC) - rest * _MINUTE
        moments[ahead] = before(quiet, moment, zone)
    return moments
