"""Free times from PostgreSQL: four statements, then the pure subtraction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import TSTZRANGE, Range

from webapp.booking.availability import Busy, Calendar, Closed, FreeStart, Rules, Wanted, free_starts
from webapp.booking.models import Appointment
from webapp.db import db
from webapp.practice import queries as practice
from webapp.practice.hours import Site, Span, days_of
from webapp.practice.models import Service

_BUSY = text("select resource_id, during, lapses_at from doors.busy(:resources, :span, :at)").bindparams(
    bindparam("span", type_=TSTZRANGE)
)


@dataclass(frozen=True, slots=True)
class Search:
    """Which free times somebody asks for; `moving` is the visit whose own time counts as free to it.

    So does the time of visits that move along, `beside` it.

    `provider_id` None means any who may do it; `location_id` None any site that offers it. The window bounds starts.
    """

    service_id: UUID
    window: Span
    provider_id: UUID | None = None
    location_id: UUID | None = None
    patient_id: UUID | None = None
    moving: Appointment | None = None
    beside: tuple[Appointment, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """Free starts in order, with what a page or a booking needs to say about them.

    `versions` are the schedule versions they rest on.
    """

    offer: practice.Offer
    starts: list[FreeStart]
    sites: dict[UUID, Site]
    versions: dict[UUID, int]
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
    rules = _rules(offer.service, search.moving)
    calendar, versions = _calendar(search, people, places, rules, now)
    wanted = Wanted(rules, people, places, search.window, now, search.patient_id)
    starts = free_starts(wanted, calendar, step=step)
    return Found(offer, starts, {site.id: site for site in calendar.sites}, versions, calendar)


def _rules(service: Service, moving: Appointment | None) -> Rules:
    if moving is None:
        length, before, after = service.length_minutes, service.buffer_before_minutes, service.buffer_after_minutes
    else:
        length = int((moving.ends_at - moving.starts_at).total_seconds() // 60)
        before, after = moving.buffer_before_minutes, moving.buffer_after_minutes
    return Rules(length, before, after, service.notice_minutes, needs_room=service.needs_room)


def _calendar(
    search: Search, people: frozenset[UUID], places: frozenset[UUID], rules: Rules, now: datetime
) -> tuple[Calendar, dict[UUID, int]]:
    # One day more on each side: the window is in UTC, hours are in local days, buffers reach beyond both.
    days = days_of("UTC", search.window)
    first, last = days[0].toordinal() - 1, days[-1].toordinal() + 1
    hours = practice.hours(people, days[0].fromordinal(first), days[0].fromordinal(last))
    sites = tuple(site for site in hours.sites if site.id in places)
    rooms = {room for site in sites for room in site.room_ids} if rules.needs_room else set()
    rooms |= {block.room_id for block in hours.blocks if block.room_id is not None}
    span = Span(datetime.fromordinal(first).replace(tzinfo=UTC), datetime.fromordinal(last + 1).replace(tzinfo=UTC))
    resources = [*people, *rooms] + ([] if search.patient_id is None else [search.patient_id])
    taken = busy(resources, span, now)
    for visit in (search.moving, *search.beside):
        taken = taken if visit is None else _without(taken, visit)
    closed = tuple(Closed(shut.location_id, shut.span) for shut in practice.closures(sorted(places), span))
    return Calendar(sites, hours.blocks, closed, tuple(taken)), hours.versions


def busy(resource_ids: Sequence[UUID], span: Span, at: datetime) -> list[Busy]:
    """Ask the door who is busy when: spans and hold ends, nothing about whom."""
    if not resource_ids:
        return []
    parameters = {"resources": list(resource_ids), "span": Range(span.start, span.end), "at": at}
    return [
        Busy(resource_id, Span(during.lower, during.upper), lapses_at)
        for resource_id, during, lapses_at in db.session.execute(_BUSY, parameters)
    ]


def _without(taken: list[Busy], moving: Appointment) -> list[Busy]:
    """Leave out the visit's own time: a visit may move onto a part of itself."""
    before = timedelta(minutes=moving.buffer_before_minutes)
    after = timedelta(minutes=moving.buffer_after_minutes)
    staff = Span(moving.starts_at - before, moving.ends_at + after)
    own = {
        (moving.provider_id, staff.seconds),
        (moving.room_id, staff.seconds),
        (moving.patient_id, Span(moving.starts_at, moving.ends_at).seconds),
    }
    return [item for item in taken if (item.resource_id, item.span.seconds) not in own]
