"""Where a visit could be held at one instant: by hours, and as far as one look can tell by who is busy."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time, timedelta
from pathlib import Path
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

_LOOK = text((Path(__file__).parents[1] / "sql" / "look.sql").read_text("utf-8"))
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


@dataclass(frozen=True, slots=True)
class Wish:
    """What to look for; no `provider_id` means anybody, and a visit that moves keeps what was `agreed` with it."""

    patient_id: UUID
    service_id: UUID
    location_id: UUID
    starts_at: datetime
    provider_id: UUID | None = None
    agreed: Appointment | None = None


@dataclass(frozen=True, slots=True)
class Offered:
    """A service at a site at one instant: the rooms it could take, by provider whose hours fit, and who is busy."""

    patient_id: UUID
    terms: Terms
    rooms: dict[UUID, tuple[UUID | None, ...]]
    versions: dict[UUID, int]
    busy: frozenset[UUID]

    def free_places(self) -> list[Place]:
        """List the places where nobody was seen to be busy, fairest provider first; raises SlotTaken without any.

        What was seen busy was so during the attempt, so leaving it out refuses nobody wrongly.  What was seen free may
        be taken by the time it is booked: that is for the database to say.
        """
        if self.patient_id in self.busy:
            raise SlotTaken(["patient"], patient=self.patient_id)
        free = [provider for provider in self.rooms if provider not in self.busy]
        places = [
            Place(provider, room, self.versions[provider])
            for provider in _fairest(free, self.terms)
            for room in self.rooms[provider]
            if room not in self.busy
        ]
        if not places:
            raise SlotTaken(["room" if free else "provider"], patient=self.patient_id)
        return places


def offered(wish: Wish, at: datetime) -> Offered:
    """Look up who could perform a service there and then, and who is busy.

    Raises NotOffered when the clinic has no such thing there, OutsideHours when nobody asked for works then.
    """
    values = {
        "patient": wish.patient_id,
        "service": wish.service_id,
        "location": wish.location_id,
        "starts_at": wish.starts_at,
        "provider": wish.provider_id,
        "moving": None if wish.agreed is None else wish.agreed.id,
        "at": at,
    }
    found = db.session.execute(_LOOK, values).one_or_none()
    if found is None:
        raise NotOffered(field="service")
    if found.provider_ids is None:
        raise NotOffered(field="provider")
    source = found if wish.agreed is None else wish.agreed
    terms = _terms(source, wish.location_id, found.time_zone, wish.starts_at, _length(found, wish.agreed))
    rooms: dict[UUID, tuple[UUID | None, ...]] = {}
    for block in _covering(found.blocks or (), terms):
        usual = found.room_ids if block.room_id is None else [block.room_id]
        some = _turned(usual, block.provider_id) if found.needs_room else (None,)
        rooms[block.provider_id] = tuple(dict.fromkeys((*rooms.get(block.provider_id, ()), *some)))
    if not rooms:
        raise OutsideHours(field="starts_at")
    versions = dict(zip(found.provider_ids, found.versions, strict=True))
    return Offered(wish.patient_id, terms, rooms, versions, frozenset(found.busy))


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
    for provider, location, room, weekday, starts, ends, valid_from, valid_to, every_weeks in rows:
        block = Block(
            UUID(provider),
            UUID(location),
            None if room is None else UUID(room),
            weekday,
            time.fromisoformat(starts),
            time.fromisoformat(ends),
            date.fromisoformat(valid_from),
            None if valid_to is None else date.fromisoformat(valid_to),
            every_weeks,
        )
        if start % LATTICE == 0 and block.applies_on(day):
            spans = opened(terms.time_zone, day, block.starts, block.ends)
            if any(begin <= start and end <= stop for begin, stop in spans):
                yield block


def _turned(rooms: Sequence[UUID], provider: UUID) -> tuple[UUID, ...]:
    """Begin each provider's rooms at another one, so that providers booked at the same moment rarely want the same."""
    first = provider.int % len(rooms) if rooms else 0
    return (*rooms[first:], *rooms[:first])


def _fairest(providers: Sequence[UUID], terms: Terms) -> Sequence[UUID]:
    """Put who has least to do that day first."""
    if len(providers) < 2:  # noqa: PLR2004 - a choice needs two
        return providers
    day = local_day(terms.time_zone, terms.starts_at.astimezone(ZoneInfo(terms.time_zone)).date())
    values = {"providers": list(providers), "opens": day.start, "closes": day.end}
    load = {row.provider_id: int(row.minutes) for row in db.session.execute(_LOAD, values)}
    offers = [FreeStart(terms.starts_at, terms.ends_at, provider, terms.location_id) for provider in providers]
    return [offer.provider_id for offer in spread(offers, load)]
