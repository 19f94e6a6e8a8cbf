"""Free times from PostgreSQL: three statements, then the pure subtraction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY, TSTZRANGE, Range

from webapp.booking.availability import Busy, Calendar, FreeStart, Rules, Wanted, free_starts
from webapp.booking.models import Appointment, GroupSession
from webapp.booking.queries.ground import Ground, ground, rules_of
from webapp.db import db
from webapp.practice import queries as practice
from webapp.practice.hours import Site, Span

_BUSY = text("select resource_id, during, lapses_at from doors.busy(:resources, :span, :at)").bindparams(
    bindparam("span", type_=TSTZRANGE)
)
_BUSY_IN = text(
    "select s.n, b.resource_id, b.during, b.lapses_at from unnest(:spans) with ordinality as s (span, n)"
    " cross join lateral doors.busy(:resources, s.span, :at) as b"
).bindparams(bindparam("spans", type_=ARRAY(TSTZRANGE)))
_ANY_WINDOW = Span(datetime.min.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC))


@dataclass(frozen=True, slots=True)
class Search:
    """Which free times somebody asks for; `moving` is the visit, or group, whose own time counts as free to it.

    So does the time of visits that move along, `beside` it.

    `provider_id` None means any who may do it, or any of `among` that may; `location_id` None any site that offers it.
    The window bounds starts.  `via` "portal" finds what patients may book themselves; `asked` is for one time that the
    desk names, for which notice and furthest day do not count.
    """

    service_id: UUID
    window: Span
    provider_id: UUID | None = None
    location_id: UUID | None = None
    patient_id: UUID | None = None
    moving: Appointment | GroupSession | None = None
    beside: tuple[Appointment, ...] = ()
    via: str = "desk"
    asked: bool = False
    among: frozenset[UUID] = frozenset()

    def whom(self, people: frozenset[UUID]) -> frozenset[UUID]:
        """Of some providers those that are asked for."""
        if self.provider_id is not None:
            return people & {self.provider_id}
        return people & self.among if self.among else people


@dataclass(frozen=True, slots=True)
class Found:
    """Free starts in order, with what a page needs to say about them."""

    offer: practice.Offer
    starts: list[FreeStart]
    sites: dict[UUID, Site]
    calendar: Calendar

    @property
    def zones(self) -> dict[UUID, str]:
        return {site.id: site.time_zone for site in self.sites.values()}


def free_times(search: Search, now: datetime, *, step: int | None = None) -> Found | None:
    """Find free times for a service; None when there is no such service. `step` as in `free_starts`."""
    return free_in([search], now, step=step)[0]


def free_in(searches: Sequence[Search], now: datetime, *, step: int | None = None) -> list[Found | None]:
    """Do several searches, as `free_times` does one: in three statements for all that differ in their windows only."""
    alike: dict[Search, list[int]] = {}
    for number, search in enumerate(searches):
        alike.setdefault(replace(search, window=_ANY_WINDOW, moving=None, beside=()), []).append(number)
    found: dict[int, Found | None] = {}
    for kind, numbers in alike.items():
        found.update(zip(numbers, _free(kind, [searches[number] for number in numbers], now, step), strict=True))
    return [found[number] for number in range(len(searches))]


def _free(kind: Search, searches: Sequence[Search], now: datetime, step: int | None) -> list[Found | None]:
    offer = practice.offer(kind.service_id)
    whole = Span(min(each.window.start for each in searches), max(each.window.end for each in searches))
    known = None if offer is None else ground(kind, whole)
    if offer is None or known is None:
        return [None] * len(searches)
    people = kind.whom(offer.provider_ids)
    places = offer.location_ids if kind.location_id is None else offer.location_ids & {kind.location_id}
    sites = {site.id: site for site in known.calendar.sites}
    rules = [rules_of(offer.service, each.moving, asked=each.asked) for each in searches]
    taken = busy_in(_asked_about(kind, known, people), list(map(_touched, searches, rules)), now)
    found: list[Found | None] = []
    for search, its, there in zip(searches, rules, taken, strict=True):
        for visit in (search.moving, *search.beside):
            there = there if visit is None else without(there, visit)  # noqa: PLW2901 - what is left of it
        calendar = replace(known.calendar, busy=tuple(there))
        wanted = Wanted(its, people, places, search.window, now, search.patient_id, known.room_ids)
        starts = free_starts(wanted, calendar, step=step) if known.open_to else []
        found.append(Found(offer, starts, sites, calendar))
    return found


def _asked_about(search: Search, known: Ground, people: frozenset[UUID]) -> list[UUID]:
    # Whoever has no hours at the place is not asked about: a group of two hundred has ten there.
    here = {block.provider_id for block in known.calendar.blocks if search.location_id in {None, block.location_id}}
    return sorted({*(people & here), *things(known)} | ({search.patient_id} if search.patient_id else set()))


def _touched(search: Search, rules: Rules) -> Span:
    """All time that a visit with its buffers takes which begins in the window."""
    before = timedelta(minutes=rules.buffer_before)
    return Span(search.window.start - before, search.window.end + timedelta(minutes=rules.length + rules.buffer_after))


def things(known: Ground) -> set[UUID]:
    """Rooms and equipment that the service could take at any of its sites."""
    rooms = {room for site in known.calendar.sites for room in site.room_ids} if known.rules.needs_room else set()
    if known.room_ids is not None:
        rooms &= known.room_ids
    return rooms.union(*(pieces for kinds in known.calendar.equipment.values() for pieces in kinds))


def busy(resource_ids: Sequence[UUID], span: Span, at: datetime) -> list[Busy]:
    """Ask the door who is busy when: spans and hold ends, nothing about whom."""
    if not resource_ids:
        return []
    parameters = {"resources": list(resource_ids), "span": Range(span.start, span.end), "at": at}
    return [
        Busy(resource_id, Span(during.lower, during.upper), lapses_at)
        for resource_id, during, lapses_at in db.session.execute(_BUSY, parameters)
    ]


def busy_in(resource_ids: Sequence[UUID], spans: Sequence[Span], at: datetime) -> list[list[Busy]]:
    """Ask once for several spans: who is busy in each of them, in their order."""
    found: list[list[Busy]] = [[] for _ in spans]
    if resource_ids:
        ranges = [Range(span.start, span.end) for span in spans]
        rows = db.session.execute(_BUSY_IN, {"resources": list(resource_ids), "spans": ranges, "at": at})
        for n, resource_id, during, lapses_at in rows:
            found[n - 1].append(Busy(resource_id, Span(during.lower, during.upper), lapses_at))
    return found


def without(taken: list[Busy], moving: Appointment | GroupSession) -> list[Busy]:
    """Leave out the visit's own time: a visit may move onto a part of itself."""
    before = timedelta(minutes=moving.buffer_before_minutes)
    after = timedelta(minutes=moving.buffer_after_minutes)
    staff = Span(moving.starts_at - before, moving.ends_at + after).seconds
    own = {(part, staff) for part in (moving.provider_id, moving.room_id, *moving.equipment_ids)}
    if isinstance(moving, Appointment):
        own.add((moving.patient_id, Span(moving.starts_at, moving.ends_at).seconds))
    return [item for item in taken if (item.resource_id, item.span.seconds) not in own]
