"""Time that people work after all: extra hours, leave or a closure that ends; whoever waits is offered it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from webapp.booking.actions.leaving import settle_leave
from webapp.booking.actions.waiting.freed import opened
from webapp.practice import actions as practice
from webapp.practice import queries
from webapp.practice.hours import Span

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from webapp.practice.actions import NewExtraHours


class Reopened(NamedTuple):
    """Who works again, or (None) everybody of a site; `offered` when somebody waits, and will be asked."""

    provider_id: UUID | None
    offered: bool


def work_more(wanted: NewExtraHours, *, at: datetime) -> Reopened:
    """Let a provider work once at another time or place (NotFound)."""
    practice.add_extra_hours(wanted)
    told = wanted.offer and opened([wanted.provider_id], wanted.span, at, location_id=wanted.location_id)
    return Reopened(wanted.provider_id, told)


def end_leave(leave_id: UUID, *, at: datetime) -> Reopened:
    """Let a provider be back from now on (NotFound)."""
    leave = practice.locked_leave(leave_id, at=at)
    provider, span = leave.provider_id, Span(max(leave.starts_at, at), leave.ends_at)
    practice.end_leave(leave, at=at)
    settle_leave(leave_id, at)
    return Reopened(provider, opened([provider], span, at))


def end_closure(closure_id: UUID, *, at: datetime) -> Reopened:
    """Open a site again from now on (NotFound)."""
    over = practice.remove_closure(closure_id, at=at)
    people = practice.dependents("locations", over.location_id)
    people &= {provider.id for provider in queries.providers()}
    return Reopened(None, opened(sorted(people), over.span, at, location_id=over.location_id))
