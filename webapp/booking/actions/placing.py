"""Where a visit could be held at one instant: by hours, and as far as one look can tell by who is busy."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text

from webapp.booking.availability import LATTICE, FreeStart, spread
from webapp.booking.refusals import NotOffered, OutsideHours, SlotTaken
from webapp.db import db
from webapp.practice.hours import Block, local_day, opened

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from sqlalchemy import Row

    from webapp.booking.models import Appointment

# All a booking has to know, in one round trip: eight of them cost more than the booking itself.
_LOOK = text("""
    select s.length_minutes, s.buffer_before_minutes, s.buffer_after_minutes, s.price_cents, s.currency, s.needs_room,
        l.time_zone, performers.ids as provider_ids, performers.versions,
        array(
            select r.id from room as r where r.location_id = l.id and r.retired_at is null order by r.name
        ) as room_ids,
        (
            select json_agg(json_build_array(
                h.provider_id, h.location_id, h.room_id, h.weekday, h.starts, h.ends, h.valid_from, h.valid_to))
            from schedule as h
            where h.provider_id = any (performers.ids) and h.location_id = l.id
              and h.weekday = extract(isodow from cast(:starts_at as timestamptz) at time zone l.time_zone)
        ) as blocks
    from service as s
    join service_location as o on o.service_id = s.id
    join location as l on l.id = o.location_id
    cross join lateral (
        select array_agg(p.id) as ids, array_agg(r.version) as versions
        from service_provider as sp
        join provider as p on p.id = sp.provider_id
        join resource as r on r.id = p.id
        where sp.service_id = s.id and p.retired_at is null
          and (cast(:provider as uuid) is null or p.id = :provider)
    ) as performers
    where s.id = :service and l.id = :location and l.retired_at is null and (s.retired_at is null or :moving)
""")
_BUSY = text("""
    select distinct b.resource_id from doors.busy(:resources, tstzrange(:opens, :closes), :at) as b
    where (b.resource_id <> :patient or b.during && tstzrange(:starts_at, :ends_at))
      and (b.resource_id, b.during) not in (
        select o.resource_id, o.during
        from appointment as a cross join lateral (values
            (a.patient_id, tstzrange(a.starts_at, a.ends_at)),
            (a.provider_id, tstzrange(a.starts_at - make_interval(mins => a.buffer_before_minutes),
                a.ends_at + make_interval(mins => a.buffer_after_minutes))),
            (a.room_id, tstzrange(a.starts_at - make_interval(mins => a.buffer_before_minutes),
                a.ends_at + make_interval(mins => a.buffer_after_minutes)))
        ) as o (resource_id, during)
        where a.id = :moving and o.resource_id is not null
      )
""")
_LOAD = text("""
    select provider_id, sum(extract(epoch from ends_at - starts_at)) / 60 as minutes from appointment
    where provider_id = any (:providers) and starts_at >= :opens and starts_at < :closes
      and status not in ('lapsed', 'cancelled', 'noshow')
    group by provider_id
""")


@dataclass(frozen=True, slots=True)
class Place:
    """One way to hold a visit: provider and room (None where none is needed), and the schedule version it rests on."""

    provider_id: UUID
    room_id: UUID | None
    schedule_version: int


@dataclass(frozen=True, slots=True)
class Terms:
    """What is agreed about a visit wherever it is held: the patient's time, buffers in minutes, price in cents."""

    location_id: UUID
    time_zone: str
    starts_at: datetime
    ends_at: datetime
    buffer_before_minutes: int
    buffer_after_minutes: int
    price_cents: int
    currency: str

    @property
    def opens(self) -> datetime:
        """When staff and room have to be free."""
        return self.starts_at - timedelta(minutes=self.buffer_before_minutes)

    @property
    def closes(self) -> datetime:
        """Until when staff and room have to be free."""
        return self.ends_at + timedelta(minutes=self.buffer_after_minutes)


@dataclass(frozen=True, slots=True)
class Offered:
    """A service at a site at one instant, and by provider in whose hours it lies the rooms it could take."""

    terms: Terms
    rooms: dict[UUID, tuple[UUID | None, ...]]
    versions: dict[UUID, int]

    def places(self, order: Sequence[UUID]) -> list[Place]:
        """Every way to hold the visit, all rooms of one provider before the next."""
        return [Place(provider, room, self.versions[provider]) for provider in order for room in self.rooms[provider]]


def offered(
    service_id: UUID,
    location_id: UUID,
    starts_at: datetime,
    provider_id: UUID | None,
    *,
    agreed: Appointment | None = None,
) -> Offered:
    """Look up who could perform a service there and then; no `provider_id` means anybody.

    A visit that moves keeps what was `agreed`: length, buffers and price.  Raises NotOffered when the
    clinic has no such thing there, OutsideHours when nobody asked for works then.
    """
    values = {
        "service": service_id,
        "location": location_id,
        "starts_at": starts_at,
        "provider": provider_id,
        "moving": agreed is not None,
    }
    found = db.session.execute(_LOOK, values).one_or_none()
    if found is None:
        raise NotOffered(field="service")
    if found.provider_ids is None:
        raise NotOffered(field="provider")
    terms = _terms(found if agreed is None else agreed, location_id, found.time_zone, starts_at, _length(found, agreed))
    rooms: dict[UUID, tuple[UUID | None, ...]] = {}
    for block in _covering(found.blocks or (), terms):
        usual = found.room_ids if block.room_id is None else [block.room_id]
        some = _turned(usual, block.provider_id) if found.needs_room else (None,)
        rooms[block.provider_id] = tuple(dict.fromkeys((*rooms.get(block.provider_id, ()), *some)))
    if not rooms:
        raise OutsideHours(field="starts_at")
    return Offered(terms, rooms, dict(zip(found.provider_ids, found.versions, strict=True)))


def _length(found: Row[Any], agreed: Appointment | None) -> timedelta:
    return timedelta(minutes=found.length_minutes) if agreed is None else agreed.ends_at - agreed.starts_at


def _terms(source: Any, location_id: UUID, zone: str, starts_at: datetime, length: timedelta) -> Terms:  # noqa: ANN401 - a row or a visit
    return Terms(
        location_id,
        zone,
        starts_at,
        starts_at + length,
        source.buffer_before_minutes,
        source.buffer_after_minutes,
        source.price_cents,
        source.currency,
    )


def _covering(rows: Sequence[Sequence[Any]], terms: Terms) -> Iterator[Block]:
    """Yield the blocks that the whole visit lies in."""
    start, end = int(terms.starts_at.timestamp()), int(terms.ends_at.timestamp())
    day = terms.starts_at.astimezone(ZoneInfo(terms.time_zone)).date()
    for provider, location, room, weekday, starts, ends, valid_from, valid_to in rows:
        block = Block(
            UUID(provider),
            UUID(location),
            None if room is None else UUID(room),
            weekday,
            time.fromisoformat(starts),
            time.fromisoformat(ends),
            date.fromisoformat(valid_from),
            None if valid_to is None else date.fromisoformat(valid_to),
        )
        if start % LATTICE == 0 and block.applies_on(day):
            spans = opened(terms.time_zone, day, block.starts, block.ends)
            if any(begin <= start and end <= stop for begin, stop in spans):
                yield block


def _turned(rooms: Sequence[UUID], provider: UUID) -> tuple[UUID, ...]:
    """Begin each provider's rooms at another one, so that providers booked at the same moment rarely want the same."""
    first = provider.int % len(rooms) if rooms else 0
    return (*rooms[first:], *rooms[:first])


def free_places(wanted: Offered, patient_id: UUID, at: datetime, *, moving: UUID | None = None) -> list[Place]:
    """List the places where nobody is seen to be busy, fairest provider first; raises SlotTaken when there is none.

    The time of the visit that is `moving` counts as free.

    What is seen busy was so during the attempt, so leaving it out refuses nobody wrongly.  What is seen free may be
    taken by the time it is booked: that is for the database to say.
    """
    terms = wanted.terms
    resources = {patient_id, *wanted.rooms, *(room for rooms in wanted.rooms.values() for room in rooms if room)}
    values = {
        "resources": list(resources),
        "opens": terms.opens,
        "closes": terms.closes,
        "starts_at": terms.starts_at,
        "ends_at": terms.ends_at,
        "patient": patient_id,
        "moving": moving,
        "at": at,
    }
    busy = set(db.session.scalars(_BUSY, values))
    if patient_id in busy:
        raise SlotTaken(["patient"], patient=patient_id)
    free = [provider for provider in wanted.rooms if provider not in busy]
    places = [place for place in wanted.places(_fairest(free, terms)) if place.room_id not in busy]
    if not places:
        raise SlotTaken(["room" if free else "provider"], patient=patient_id)
    return places


def _fairest(providers: Sequence[UUID], terms: Terms) -> Sequence[UUID]:
    """Put who has least to do that day first."""
    if len(providers) < 2:  # noqa: PLR2004 - a choice needs two
        return providers
    day = local_day(terms.time_zone, terms.starts_at.astimezone(ZoneInfo(terms.time_zone)).date())
    values = {"providers": list(providers), "opens": day.start, "closes": day.end}
    load = {row.provider_id: int(row.minutes) for row in db.session.execute(_LOAD, values)}
    offers = [FreeStart(terms.starts_at, terms.ends_at, provider, terms.location_id) for provider in providers]
    return [offer.provider_id for offer in spread(offers, load)]
