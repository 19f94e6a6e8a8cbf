"""Free times from PostgreSQL: three statements, then the pure subtraction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import TSTZRANGE, Range

from webapp.booking.availability import Busy, Calendar, FreeStart, Wanted, free_starts
from webapp.booking.models import Appointment
from webapp.booking.queries.ground import Ground, ground
from webapp.db import db
from webapp.practice import queries as practice
from webapp.practice.hours import Site, Span

_BUSY = text("select resource_id, during, lapses_at from doors.busy(:resources, :span, :at)").bindparams(
    bindparam("span", type_=TSTZRANGE)
)


@dataclass(frozen=True, slots=True)
class Search:
    """Which free times somebody asks for; `moving` is the visit whose own time counts as free to it.

    So does the time of visits that move along, `beside` it.

    `provider_id` None means any who may do it; `location_id` None any site that offers it. The window bounds starts.
    `via` "portal" finds what patients may book themselves; `asked` is for one time that the desk names, for which
    notice and furthest day do not count.
    """

    service_id: UUID
    window: Span
    provider_id: UUID | None = None
    location_id: UUID | None = None
    patient_id: UUID | None = None
    moving: Appointment | None = None
    beside: tuple[Appointment, ...] = ()
    via: str = "desk"
    asked: bool = False


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

    def load_on(self, instant: datetime, location_id: UUID) -> dict[UUID, int]:
        """Minutes each provider is busy on the local day of an instant."""
        zone = ZoneInfo(self.sites[location_id].time_zone)
        day = instant.astimezone(zone).date()
        load: dict[UUID, int] = {}
        for item in self.calendar.busy:
            if item.resource_id in self.offer.provider_ids and item.span.start.astimezone(zone).date() == day:
                minutes = int((item.span.end - item.span.start).total_seconds() // 60)
                load[item.resource_id] = load.get(item.resource_id, 0) + minutes
        return load


def free_times(search: Search, now: datetime, *, step: int | None = None) -> Found | None:
    """Find free times for a service; None when there is no such service. `step` as in `free_starts`."""
    offer = practice.offer(search.service_id)
    if offer is None:
        return None
    people = offer.provider_ids
    if search.provider_id is not None:
        people &= {search.provider_id}
    places = offer.location_ids
    if search.location_id is not None:
        places &= {search.location_id}
    known = ground(search, search.window)
    if known is None:
        return None
    calendar = replace(known.calendar, busy=tuple(_busy(search, known, people, now)))
    wanted = Wanted(known.rules, people, places, search.window, now, search.patient_id, known.room_ids)
    starts = free_starts(wanted, calendar, step=step) if known.open_to else []
    return Found(offer, starts, {site.id: site for site in calendar.sites}, calendar)


def _busy(search: Search, known: Ground, people: frozenset[UUID], now: datetime) -> list[Busy]:
    # Whoever has no hours at the place is not asked about: a group of two hundred has ten there.
    here = {block.provider_id for block in known.calendar.blocks if search.location_id in {None, block.location_id}}
    resources = {*(people & here), *things(known)} | ({search.patient_id} if search.patient_id else set())
    # One day more on each side, as in the ground: buffers reach beyond the window.
    day = timedelta(days=1)
    taken = busy(sorted(resources), Span(search.window.start - day, search.window.end + day), now)
    for visit in (search.moving, *search.beside):
        taken = taken if visit is None else without(taken, visit)
    return taken


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


def without(taken: list[Busy], moving: Appointment) -> list[Busy]:
    """Leave out the visit's own time: a visit may move onto a part of itself."""
    before = timedelta(minutes=moving.buffer_before_minutes)
    after = timedelta(minutes=moving.buffer_after_minutes)
    staff = Span(moving.starts_at - before, moving.ends_at + after).seconds
    own = {(part, staff) for part in (moving.provider_id, moving.room_id, *moving.equipment_ids)}
    own.add((moving.patient_id, Span(moving.starts_at, moving.ends_at).seconds))
    return [item for item in taken if (item.resource_id, item.span.seconds) not in own]
