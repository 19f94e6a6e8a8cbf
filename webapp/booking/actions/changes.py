"""Changes of the clinic that may leave visits without a place: what each locks, does, and no longer has room for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID

from webapp.booking.actions.leaving import settle_leave
from webapp.booking.coverage import covered
from webapp.booking.queries.coming import Coming, Reach, coming
from webapp.db import db
from webapp.errors import NotFound
from webapp.practice import actions as practice
from webapp.practice import queries
from webapp.practice.actions import NewHours, NewLeave, Retire, SaveService
from webapp.practice.models import ExtraHours, Leave

if TYPE_CHECKING:
    from datetime import datetime

    from webapp.booking.availability import FreeStart
    from webapp.practice.hours import Block, Span


class Change:
    """One change; `carry_out` calls its parts in this order, under the locks it asks for."""

    def sites(self) -> set[UUID]:
        """Sites that no other editor may change meanwhile."""
        return set()

    def resources(self) -> set[UUID]:
        """What no visit may take or leave meanwhile; asked after the sites are locked."""
        raise NotImplementedError

    def look(self, at: datetime) -> None:
        """See what has to be known of the time before the change."""

    def apply(self, at: datetime) -> UUID:
        """Make the change; returns the id of what was made or changed."""
        raise NotImplementedError

    def affected(self, at: datetime) -> list[Coming]:
        """The visits to come that no longer fit, by start."""
        raise NotImplementedError

    def takes(self, start: FreeStart) -> bool:
        """Whether a free time is one to move an affected visit to."""
        del start
        return True

    def finish(self, at: datetime) -> None:
        """Do what has to wait until every visit has its place."""


@dataclass
class HoursChange(Change):
    """Other weekly hours from a day on."""

    wanted: NewHours
    _stood: set[UUID] = field(default_factory=set)

    def sites(self) -> set[UUID]:
        return {block.location_id for block in self.wanted.blocks}

    def resources(self) -> set[UUID]:
        return {self.wanted.provider_id}

    def look(self, at: datetime) -> None:
        self._stood = _in_hours(self.wanted.provider_id, at)

    def apply(self, at: datetime) -> UUID:
        del at
        practice.replace_hours(self.wanted)
        return self.wanted.provider_id

    def affected(self, at: datetime) -> list[Coming]:
        return _stranded(self.wanted.provider_id, self._stood, at)


@dataclass
class ExtraHoursRemoval(Change):
    """Hours that were to be worked once are not."""

    extra_id: UUID
    _provider: UUID | None = None
    _stood: set[UUID] = field(default_factory=set)

    def resources(self) -> set[UUID]:
        extra = db.session.get(ExtraHours, self.extra_id)
        if extra is None:
            raise NotFound
        self._provider = extra.provider_id
        return {extra.provider_id}

    def look(self, at: datetime) -> None:
        if self._provider is not None:
            self._stood = _in_hours(self._provider, at)

    def apply(self, at: datetime) -> UUID:
        return practice.remove_extra_hours(self.extra_id, at=at).provider_id

    def affected(self, at: datetime) -> list[Coming]:
        return [] if self._provider is None else _stranded(self._provider, self._stood, at)


@dataclass
class LeaveChange(Change):
    """A provider is away for a span."""

    wanted: NewLeave
    _leave: Leave | None = None

    def resources(self) -> set[UUID]:
        return {self.wanted.provider_id}

    def apply(self, at: datetime) -> UUID:
        self._leave = practice.add_leave(self.wanted)
        # Busy at once, around the visits that are there: what is offered instead must not lie in it.
        settle_leave(self._leave.id, at)
        return self.wanted.provider_id

    def affected(self, at: datetime) -> list[Coming]:
        return coming(Reach(provider_id=self.wanted.provider_id, span=self.wanted.span), at)

    def takes(self, start: FreeStart) -> bool:
        return start.provider_id != self.wanted.provider_id or not _touch(start, self.wanted.span)

    def finish(self, at: datetime) -> None:
        if self._leave is not None:
            settle_leave(self._leave.id, at)


@dataclass
class ClosureChange(Change):
    """A whole site is closed for a span."""

    location_id: UUID
    span: Span
    reason: str

    def sites(self) -> set[UUID]:
        return {self.location_id}

    def resources(self) -> set[UUID]:
        return practice.resources_of(self.location_id)

    def apply(self, at: datetime) -> UUID:
        del at
        return practice.add_closure(self.location_id, self.span, self.reason).id

    def affected(self, at: datetime) -> list[Coming]:
        return coming(Reach(location_id=self.location_id, span=self.span), at)


@dataclass
class Retirement(Change):
    """Something is no longer used: a provider, room, piece of equipment, site or service."""

    wanted: Retire

    def sites(self) -> set[UUID]:
        site = practice.site_of(self.wanted.kind, self.wanted.id)
        return set() if site is None else {site}

    def resources(self) -> set[UUID]:
        return practice.held_by_retirement(self.wanted.kind, self.wanted.id)

    def apply(self, at: datetime) -> UUID:
        return practice.retire(self.wanted, at=at).id

    def affected(self, at: datetime) -> list[Coming]:
        site = practice.site_of(self.wanted.kind, self.wanted.id)
        if self.wanted.kind == "providers":
            return coming(Reach(provider_id=self.wanted.id), at)
        if self.wanted.kind == "locations":
            return coming(Reach(location_id=self.wanted.id), at)
        if self.wanted.kind == "rooms":
            return coming(Reach(room_id=self.wanted.id, location_id=site), at)
        if self.wanted.kind == "equipment":
            return coming(Reach(equipment_id=self.wanted.id, location_id=site), at)
        return coming(Reach(service_id=self.wanted.id), at)

    def takes(self, start: FreeStart) -> bool:
        del start
        # A visit of a retired service has nowhere to go: it is kept or canceled.
        return self.wanted.kind != "services"


@dataclass
class ServiceChange(Change):
    """A service as its form says; people and places that are left out no longer take its visits."""

    wanted: SaveService
    _before: queries.Offer | None = None

    def resources(self) -> set[UUID]:
        return set() if self.wanted.id is None else practice.dependents("services", self.wanted.id)

    def look(self, at: datetime) -> None:
        del at
        self._before = None if self.wanted.id is None else queries.offer(self.wanted.id)

    def apply(self, at: datetime) -> UUID:
        del at
        return practice.save_service(self.wanted).id

    def affected(self, at: datetime) -> list[Coming]:
        if self.wanted.id is None or self._before is None:
            return []
        gone = self._before.provider_ids - self.wanted.providers
        shut = self._before.location_ids - self.wanted.locations
        if not gone and not shut:
            return []
        visits = coming(Reach(service_id=self.wanted.id), at)
        return [visit for visit in visits if visit.provider_id in gone or visit.location_id in shut]


def _in_hours(provider_id: UUID, at: datetime) -> set[UUID]:
    """The visits to come that lie in the provider's hours as they are."""
    blocks, once = _hours(provider_id)
    return {
        visit.id
        for visit in coming(Reach(provider_id=provider_id), at)
        if covered(visit.span, visit.zone, blocks, once, visit.location_id)
    }


def _stranded(provider_id: UUID, stood: set[UUID], at: datetime) -> list[Coming]:
    """Visits that lay in the hours of before and don't in those of now; exceptions of before stay exceptions."""
    blocks, once = _hours(provider_id)
    return [
        visit
        for visit in coming(Reach(provider_id=provider_id), at)
        if visit.id in stood and not covered(visit.span, visit.zone, blocks, once, visit.location_id)
    ]


def _hours(provider_id: UUID) -> tuple[list[Block], list[tuple[UUID, Span]]]:
    return queries.blocks_of(provider_id), queries.once_of(provider_id)


def _touch(start: FreeStart, span: Span) -> bool:
    return start.start < span.end and span.start < start.end
