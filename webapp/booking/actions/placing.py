"""Where a visit could be held at one instant: by hours and rules, and as far as one look can tell by who is busy."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from webapp.booking.actions.choosing import Piece, fairest, turned
from webapp.booking.actions.own_time import own_time, time_of
from webapp.booking.actions.rules import keep_to_rules
from webapp.booking.intervals import LATTICE
from webapp.booking.refusals import NotOffered, OutsideHours, ProviderAway, SlotTaken
from webapp.db import compact, swiftly, swiftly_each
from webapp.errors import Refusal
from webapp.practice.hours import Block, opened

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from webapp.booking.models import Appointment


_LOOK = compact((Path(__file__).parents[1] / "sql" / "look.sql").read_text("utf-8"))


@dataclass(frozen=True, slots=True)
class Place:
    """One way to hold a visit: provider, room (None where none is needed), schedule version, and equipment."""

    provider_id: UUID
    room_id: UUID | None
    schedule_version: int
    equipment_ids: tuple[UUID, ...] = ()


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


class Look(NamedTuple):
    """What `look.sql` finds, column by column."""

    length_minutes: int
    buffer_before_minutes: int
    buffer_after_minutes: int
    price_cents: int
    currency: str
    deposit_cents: int
    needs_room: bool
    notice_minutes: int
    furthest_days: int | None
    online: bool
    audience: str
    time_zone: str
    provider_ids: list[UUID] | None
    versions: list[int]
    room_ids: list[UUID]
    pieces: list[UUID]
    piece_kinds: list[str]
    returning_patient: bool | None
    blocks: list[list[Any]] | None
    extra: list[list[Any]] | None
    absent: list[UUID]
    busy: list[UUID]


@dataclass(frozen=True, slots=True)
class Wish:
    """What to look for; no `provider_id` means anybody, and a visit that moves keeps what was `agreed` with it.

    Visits that move `along` make room for it.  `via` says whose rules count: patients on the portal keep to all, the
    desk may book sooner, later and for whom it likes. What is only `held` leaves the patient free, and takes the place
    of the hold that the patient has.
    """

    patient_id: UUID
    service_id: UUID
    location_id: UUID
    starts_at: datetime
    provider_id: UUID | None = None
    agreed: Appointment | None = None
    via: str = "desk"
    held: bool = False
    along: Sequence[Appointment] = ()


@dataclass(frozen=True, slots=True)
class Offered:
    """A service at a site at one instant: the rooms it could take, by provider whose hours fit, and who is busy.

    `pieces` are the equipment it could take, of every kind it needs; `deposit_cents` has to be paid before.
    """

    patient_id: UUID
    terms: Terms
    rooms: dict[UUID, tuple[UUID | None, ...]]
    versions: dict[UUID, int]
    busy: frozenset[UUID]
    pieces: tuple[Piece, ...] = ()
    deposit_cents: int = 0

    def free_places(self) -> list[Place]:
        """List the places where nobody was seen to be busy, fairest provider first; raises SlotTaken without any.

        What was seen busy was so during the attempt, so leaving it out refuses nobody wrongly.  What was seen free may
        be taken by the time it is booked: that is for the database to say.
        """
        self._patient_must_be_free()
        free = [provider for provider in self.rooms if provider not in self.busy]
        places = [
            Place(provider, room, self.versions[provider])
            for provider in fairest(free, self.terms)
            for room in self.rooms[provider]
            if room not in self.busy
        ]
        if not places:
            raise SlotTaken(["room" if free else "provider"], patient=self.patient_id)
        return places

    def free_pieces(self) -> list[Piece]:
        """List the equipment that was not seen to be busy; raises SlotTaken when a kind has no piece left."""
        free = [piece for piece in self.pieces if piece[0] not in self.busy]
        if {kind for _, kind in free} != {kind for _, kind in self.pieces}:
            raise SlotTaken(["equipment"], patient=self.patient_id)
        return free

    def could_take(self) -> set[UUID]:
        """Everything that the visit may come to occupy; raises what `free_places` and `free_pieces` do."""
        places = self.free_places()
        rooms = {place.room_id for place in places if place.room_id is not None}
        return {
            self.patient_id,
            *(place.provider_id for place in places),
            *(piece for piece, _ in self.free_pieces()),
        } | rooms

    def over_booked(self) -> tuple[list[Place], list[Piece]]:
        """Choose the one place to overbook, and order the equipment: what is free first, then what is not.

        The patient is never overbooked (SlotTaken).
        """
        self._patient_must_be_free()
        free = [provider for provider in self.rooms if provider not in self.busy]
        provider = fairest(free or list(self.rooms), self.terms)[0]
        room = min(self.rooms[provider], key=self._is_busy)
        return [Place(provider, room, self.versions[provider])], sorted(
            self.pieces, key=lambda it: self._is_busy(it[0])
        )

    def _patient_must_be_free(self) -> None:
        if self.patient_id in self.busy:
            raise SlotTaken(["patient"], patient=self.patient_id)

    def _is_busy(self, resource: UUID | None) -> bool:
        return resource in self.busy


def offered(wish: Wish, at: datetime) -> Offered:
    """Look up who could perform a service there and then, and who is busy.

    Raises NotOffered when the clinic has no such thing there, a refusal of a rule that patients on the portal keep to,
    OutsideHours when nobody asked for works then, ProviderAway when whoever does is on leave.
    """
    return _understood(wish, swiftly(_LOOK, _asked(wish, at)).fetchone(), at)


def offered_each(wishes: Sequence[Wish], at: datetime) -> list[Offered | Refusal]:
    """Look as `offered` does for several wishes, in one round trip; of what nobody offers, why."""
    rows = swiftly_each(_LOOK, [_asked(wish, at) for wish in wishes])
    return [_understood_or_why(wish, row, at) for wish, row in zip(wishes, rows, strict=True)]


def _understood_or_why(wish: Wish, row: tuple[Any, ...] | None, at: datetime) -> Offered | Refusal:
    try:
        return _understood(wish, row, at)
    except Refusal as refusal:
        return refusal


def _asked(wish: Wish, at: datetime) -> dict[str, object]:
    agreed = wish.agreed
    own = own_time(wish.patient_id, agreed, at=at, replaces=wish.held and wish.via == "portal")
    own += [taken for visit in wish.along for taken in time_of(visit)]
    return {
        "patient": wish.patient_id,
        "service": wish.service_id,
        "location": wish.location_id,
        "starts_at": wish.starts_at,
        "provider": wish.provider_id,
        "moving": agreed is not None,
        "length": None if agreed is None else agreed.ends_at - agreed.starts_at,
        "before": None if agreed is None else agreed.buffer_before_minutes,
        "after": None if agreed is None else agreed.buffer_after_minutes,
        "own": [resource for resource, _ in own],
        "own_times": [during for _, during in own],
        "at": at,
    }


def _understood(wish: Wish, row: tuple[Any, ...] | None, at: datetime) -> Offered:
    """Say what a row of `look.sql` means for the wish; raises what `offered` does."""
    found = None if row is None else Look._make(row)
    if found is None or None in found.pieces:
        raise NotOffered(field="service")
    if found.provider_ids is None:
        raise NotOffered(field="provider")
    if wish.via == "portal":
        keep_to_rules(found, wish.starts_at, at)
    source = found if wish.agreed is None else wish.agreed
    terms = _terms(source, wish.location_id, found.time_zone, wish.starts_at, _length(found, wish.agreed))
    rooms = _rooms(found, terms)
    if not rooms:
        raise OutsideHours(field="starts_at")
    present = {provider: some for provider, some in rooms.items() if provider not in found.absent}
    if not present:
        raise ProviderAway(field="starts_at", patient=wish.patient_id)
    versions = dict(zip(found.provider_ids, found.versions, strict=True))
    pieces = turned(list(zip(found.pieces, found.piece_kinds, strict=True)), wish.patient_id)
    busy = frozenset(found.busy) - ({wish.patient_id} if wish.held else set())
    return Offered(wish.patient_id, terms, present, versions, busy, pieces, found.deposit_cents)


def _rooms(found: Look, terms: Terms) -> dict[UUID, tuple[UUID | None, ...]]:
    """List the rooms by provider: the usual one where the service may take it, else every one it may take."""
    rooms: dict[UUID, tuple[UUID | None, ...]] = {}
    for provider, room in _working(found, terms):
        usual = [room] if room in found.room_ids else found.room_ids
        some = turned(usual, provider) if found.needs_room else (None,)
        rooms[provider] = tuple(dict.fromkeys((*rooms.get(provider, ()), *some)))
    return rooms


def _length(found: Look, agreed: Appointment | None) -> timedelta:
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


def _working(found: Look, terms: Terms) -> Iterator[tuple[UUID, UUID | None]]:
    """Yield who works during the whole visit, with their usual room: by weekly blocks, then by extra hours."""
    if int(terms.starts_at.timestamp()) % LATTICE:
        return
    for block in _covering(found.blocks or (), terms):
        yield block.provider_id, block.room_id
    for provider, room in found.extra or ():
        yield UUID(provider), None if room is None else UUID(room)


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
        if block.applies_on(day):
            spans = opened(terms.time_zone, day, block.starts, block.ends)
            if any(begin <= start and end <= stop for begin, stop in spans):
                yield block
