"""Services that are several visits in one coming: their parts, and the times at which all of them fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select

from webapp.booking.availability import LONGEST_STEP_MINUTES, FreeStart
from webapp.booking.models import Appointment
from webapp.booking.queries.free import Found, Search, free_times
from webapp.booking.together import Step, comings, thinned
from webapp.db import db
from webapp.practice import queries as practice
from webapp.practice.hours import Span
from webapp.practice.models import Service, ServicePart

_EVERY = 5


@dataclass(frozen=True, slots=True)
class Part:
    """One visit of a coming: its service, and the minutes between the end of the one before and its start."""

    service: Service
    gap: int

    @property
    def step(self) -> Step:
        of = self.service
        return Step(of.length_minutes, of.buffer_before_minutes, of.buffer_after_minutes, self.gap)


def parts(service_id: UUID) -> list[Part]:
    """Read the visits a service consists of, in their order; none for a service that is a visit itself."""
    query = (
        select(Service, ServicePart.gap_minutes)
        .join(ServicePart, ServicePart.part_id == Service.id)
        .where(ServicePart.service_id == service_id)
        .order_by(ServicePart.position)
    )
    return [Part(service, gap) for service, gap in db.session.execute(query)]


def composed() -> frozenset[UUID]:
    """The services that are several visits in one coming."""
    return frozenset(db.session.scalars(select(ServicePart.service_id).distinct()))


def any_times(search: Search, now: datetime, *, step: int | None = None) -> Found | None:
    """Find free times of a service, whether it is one visit or several in one coming; as `free_times`."""
    if search.moving is not None:
        if search.beside:
            return _moving(search, now, step)
        return free_times(search, now, step=step)
    several = parts(search.service_id)
    if not several:
        return free_times(search, now, step=step)
    searches = [replace(search, service_id=part.service.id, provider_id=None) for part in several]
    return _together(search, searches, [part.step for part in several], now, step)


def _moving(search: Search, now: datetime, step: int | None) -> Found | None:
    """Times for a visit together with those beside it, each as far from the others as it is now."""
    if not isinstance(search.moving, Appointment):
        return None
    members = sorted((search.moving, *search.beside), key=lambda visit: visit.starts_at)
    searches = [
        replace(
            search,
            service_id=visit.service_id,
            provider_id=search.provider_id if visit.id == search.moving.id else visit.provider_id,
            moving=visit,
            beside=tuple(other for other in members if other.id != visit.id),
        )
        for visit in members
    ]
    found = _together(search, searches, _steps(members), now, step)
    if found is None:
        return None
    # The dialog is about the one visit: when it would begin, not the first of them.
    ahead = search.moving.starts_at - members[0].starts_at
    length = search.moving.ends_at - search.moving.starts_at
    starts = [start._replace(start=start.start + ahead, end=start.start + ahead + length) for start in found.starts]
    return replace(found, starts=starts)


def _steps(members: Sequence[Appointment]) -> list[Step]:
    steps = []
    last = members[0].starts_at
    for visit in members:
        gap = int((visit.starts_at - last).total_seconds() // 60)
        length = int((visit.ends_at - visit.starts_at).total_seconds() // 60)
        steps.append(Step(length, visit.buffer_before_minutes, visit.buffer_after_minutes, gap))
        last = visit.ends_at
    return steps


def _together(
    search: Search, searches: Sequence[Search], steps: Sequence[Step], now: datetime, step: int | None
) -> Found | None:
    whole = practice.offer(search.service_id)
    # The window is of the first visit's start; the last one begins later by all that lies between.
    longest = timedelta(minutes=sum(each.length + each.gap for each in steps))
    window = Span(search.window.start - longest, search.window.end + longest)
    each = [
        free_times(_preferred(one, search.provider_id, replace_window=window), now, step=_EVERY) for one in searches
    ]
    founds = [found for found in each if found is not None]
    if whole is None or len(founds) != len(searches):
        return None
    free = [
        [start for start in found.starts if number or search.window.start <= start.start < search.window.end]
        for number, found in enumerate(founds)
    ]
    ways = thinned(comings(steps, free), step or LONGEST_STEP_MINUTES // 2)
    starts = [FreeStart(way.start, way.end, way.visits[0].provider_id, way.visits[0].location_id) for way in ways]
    people = frozenset().union(*(found.offer.provider_ids for found in founds))
    return replace(founds[0], offer=practice.Offer(whole.service, people, whole.location_ids), starts=starts)


def _preferred(search: Search, provider: UUID | None, *, replace_window: Span) -> Search:
    """With the provider who was asked for, as far as that one does such visits."""
    offer = practice.offer(search.service_id) if provider is not None and search.provider_id is None else None
    who = provider if offer is not None and provider in offer.provider_ids else search.provider_id
    return replace(search, window=replace_window, provider_id=who)
