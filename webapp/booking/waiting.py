"""The waiting list: whether somebody's wish fits a time that is free, and who comes first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from webapp.practice.hours import Span, opened

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

ANSWER_TIME = timedelta(minutes=5)
"""The shortest time that somebody who is called gets to answer."""
_END_OF_DAY = time(23, 59)


@dataclass(frozen=True, slots=True)
class Wished:
    """What somebody waits for; no `provider_ids` or `location_id` means any.

    `weekdays` are ISO days; the visit lies in [from_time, to_time) of the wall clock where it takes place; `since` is
    when they asked; `sooner_than` is the start of the visit they would give up, and only an earlier one is worth it.
    """

    id: UUID
    patient_id: UUID
    service_id: UUID
    length: timedelta
    since: datetime
    earliest: date
    latest: date | None = None
    provider_ids: frozenset[UUID] = frozenset()
    location_id: UUID | None = None
    weekdays: frozenset[int] = frozenset(range(1, 8))
    from_time: time = time.min
    to_time: time = time.max
    notice: timedelta = timedelta()
    urgency: int = 1
    sooner_than: datetime | None = None


W = TypeVar("W", bound=Wished)


@dataclass(frozen=True, slots=True)
class FreeTime:
    """A provider is free at a site (IANA `zone`) from `starts_at` on."""

    provider_id: UUID
    location_id: UUID
    zone: str
    starts_at: datetime


@dataclass(frozen=True, slots=True)
class FreeSeat(FreeTime):
    """One more person may come to a group visit: what it is, and until when it takes is settled."""

    session_id: UUID
    service_id: UUID
    ends_at: datetime


def match(wish: Wished, free: FreeTime, at: datetime) -> bool:
    """Tell whether a visit that begins at a free time is what somebody waits for, and `at` leaves them their notice.

    The whole visit lies in the wished times of one wished day; one that ends as they end does, one that begins then
    does not.
    """
    if wish.provider_ids and free.provider_id not in wish.provider_ids:
        return False
    if wish.location_id is not None and wish.location_id != free.location_id:
        return False
    if free.starts_at < at + wish.notice:
        return False
    if wish.sooner_than is not None and free.starts_at >= wish.sooner_than:
        return False
    return _in_wished_times(wish, free)


def rank(wishes: Iterable[W]) -> list[W]:
    """Put the most urgent first, then who has waited longest; the id decides between equals, so the order is one."""
    return sorted(wishes, key=lambda wish: (-wish.urgency, wish.since, wish.id))


def answer_by(notice: timedelta, starts_at: datetime, at: datetime, ttl: timedelta) -> datetime:
    """Until when a time that is offered now is held: for `ttl`, but not into the notice the person needs.

    They get ANSWER_TIME in any case.
    """
    return min(at + ttl, max(starts_at - notice, at + ANSWER_TIME))


def gaps(span: Span, taken: Sequence[Span]) -> list[Span]:
    """Subtract what is taken from a span; what is left, in order, each piece half-open."""
    left, at = [], span.start
    for busy in sorted(taken, key=lambda each: each.start):
        if busy.start > at:
            left.append(Span(at, min(busy.start, span.end)))
        at = max(at, busy.end)
        if at >= span.end:
            return left
    return [*left, Span(at, span.end)] if at < span.end else left


def on_lattice(moment: datetime, minutes: int = 5) -> datetime:
    """The next instant a visit may begin at, this one if it is."""
    return moment + timedelta(seconds=-moment.timestamp() % (minutes * 60))


def _in_wished_times(wish: Wished, free: FreeTime) -> bool:
    day = free.starts_at.astimezone(ZoneInfo(free.zone)).date()
    if day < wish.earliest or (wish.latest is not None and day > wish.latest):
        return False
    if day.isoweekday() not in wish.weekdays:
        return False
    # "Until 11:59 PM" means until the end of the day: no form can say midnight.
    to_time = time.max if wish.to_time >= _END_OF_DAY else wish.to_time
    begins = free.starts_at.timestamp()
    ends = begins + wish.length.total_seconds()
    return any(start <= begins and ends <= end for start, end in opened(free.zone, day, wish.from_time, to_time))
