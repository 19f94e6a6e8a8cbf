"""Time of a provider that has opened: where in it somebody who waits could come."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import exists, func, or_, select

from webapp.booking.models.plans import WaitingOffer, WaitingWish
from webapp.booking.queries.free import Search, free_times
from webapp.booking.queries.waiting import wished
from webapp.booking.waiting import FreeTime, match
from webapp.db import db
from webapp.practice.models import Service, ServiceProvider

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from webapp.booking.waiting import Wished
    from webapp.practice.hours import Span


ANY = 5
"""The finest grid of starts, in minutes: for wishes that none of those the desk is shown suits."""


def wanted_starts(provider_id: UUID, window: Span, at: datetime, *, location_id: UUID | None = None) -> list[FreeTime]:
    """List the provider's free starts in a window that somebody waits for, by start; `location_id` None means any site.

    Who it is, and whether they still can come, is for `candidates` to say of each.
    """
    found: dict[tuple[datetime, UUID], FreeTime] = {}
    for service_id, wishes in _wishes(provider_id).items():
        # As for a time that frees, notice and furthest day don't count.
        search = Search(service_id, window, provider_id, location_id, asked=True)
        fitting = _fitting(search, wishes, at) or _fitting(search, wishes, at, step=ANY)
        found |= {(free.starts_at, free.location_id): free for free in fitting}
    return [found[place] for place in sorted(found)]


def _fitting(search: Search, wishes: Sequence[Wished], at: datetime, *, step: int | None = None) -> list[FreeTime]:
    times = free_times(search, at, step=step)
    if times is None:
        return []
    zones = times.zones
    starts = (FreeTime(who, site, zones[site], start) for start, _, who, site, _ in times.starts)
    return [free for free in starts if any(match(wish, free, at) for wish in wishes)]


def _wishes(provider_id: UUID) -> dict[UUID, Sequence[Wished]]:
    """What people wait for that a provider does, by service; seats of groups are waited for otherwise.

    Those who are being offered something are busy with that.
    """
    offered = exists().where(WaitingOffer.wish_id == WaitingWish.id, WaitingOffer.outcome == "open")
    query = (
        select(WaitingWish, Service.length_minutes)
        .join(Service, Service.id == WaitingWish.service_id)
        .join(ServiceProvider, ServiceProvider.service_id == Service.id)
        .where(WaitingWish.status == "waiting", ~offered, Service.capacity == 1, Service.retired_at.is_(None))
        .where(ServiceProvider.provider_id == provider_id)
        .where(or_(func.cardinality(WaitingWish.provider_ids) == 0, WaitingWish.provider_ids.contains([provider_id])))
    )
    wishes: dict[UUID, list[Wished]] = {}
    for wish, minutes in db.session.execute(query):
        wishes.setdefault(wish.service_id, []).append(wished(wish, timedelta(minutes=minutes)))
    return dict(wishes)
