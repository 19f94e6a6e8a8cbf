"""What is different once: hours beside the weekly ones, leave, and a closed site."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import Range

from webapp.db import db
from webapp.errors import NotFound
from webapp.ids import new_id
from webapp.practice.actions.locking import lock_resources, lock_site, touch_hours
from webapp.practice.hours import Span
from webapp.practice.models import Closure, ExtraHours, Leave, Provider

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID


@dataclass(frozen=True, slots=True)
class NewLeave:
    """A provider is away for a span; `kind` and `note` are for the practice only."""

    provider_id: UUID
    span: Span
    kind: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class NewClosure:
    """A whole site is closed for a span; `reason` is what people are told."""

    location_id: UUID
    span: Span
    reason: str


@dataclass(frozen=True, slots=True)
class NewExtraHours:
    """A provider works once, beside the weekly hours, for at most a day; `offer` lets it go to whoever waits."""

    provider_id: UUID
    location_id: UUID
    room_id: UUID | None
    span: Span
    reason: str = ""
    offer: bool = True


def add_closure(location_id: UUID, during: Span, reason: str) -> Closure:
    """Close a site for a span; visits already there stay until people move them (NotFound).

    List them after this call, in the same transaction: the locks it takes have let every earlier booking commit.
    """
    lock_site(location_id)
    closure = Closure(id=new_id(), location_id=location_id, during=Range(during.start, during.end), reason=reason)
    db.session.add(closure)
    db.session.flush()
    return closure


def remove_closure(closure_id: UUID, *, at: datetime) -> NewClosure:
    """Open a site again, as far as it still lies ahead, and return that part of it (NotFound).

    What was closed until now stays known.
    """
    closure = db.session.get(Closure, closure_id, with_for_update=True)
    if closure is None or closure.during.upper is None or closure.during.lower is None or closure.during.upper <= at:
        raise NotFound
    over = NewClosure(closure.location_id, Span(max(closure.during.lower, at), closure.during.upper), closure.reason)
    if closure.during.lower < at:
        closure.during = Range(closure.during.lower, at)
    else:
        db.session.delete(closure)
    db.session.flush()
    return over


def add_leave(wanted: NewLeave) -> Leave:
    """Write down that a provider is away, with the provider locked against bookings (NotFound).

    The time is not occupied yet: whoever calls this settles which visits stay, then occupies what is left.
    """
    lock_resources([wanted.provider_id], exclusive=True)
    _known(wanted.provider_id)
    leave = Leave(
        id=new_id(),
        provider_id=wanted.provider_id,
        starts_at=wanted.span.start,
        ends_at=wanted.span.end,
        kind=wanted.kind,
        note=wanted.note,
    )
    db.session.add(leave)
    touch_hours(wanted.provider_id)
    db.session.flush()
    return leave


def locked_leave(leave_id: UUID, *, at: datetime) -> Leave:
    """Lock the provider and a leave that is not over (NotFound)."""
    leave = db.session.get(Leave, leave_id)
    if leave is None:
        raise NotFound
    lock_resources([leave.provider_id], exclusive=True)
    still = db.session.execute(
        select(Leave).where(Leave.id == leave_id).execution_options(populate_existing=True)
    ).scalar_one_or_none()
    if still is None or still.ends_at <= at:
        raise NotFound
    return still


def end_leave(leave: Leave, *, at: datetime) -> None:
    """Let a provider be back: the part that is over stays known, the rest is gone."""
    if leave.starts_at < at:
        leave.ends_at = at
    else:
        db.session.delete(leave)
    touch_hours(leave.provider_id)
    db.session.flush()


def add_extra_hours(wanted: NewExtraHours) -> ExtraHours:
    """Let a provider work once at another time or place (NotFound)."""
    lock_resources([wanted.provider_id], exclusive=True)
    _known(wanted.provider_id)
    extra = ExtraHours(
        id=new_id(),
        provider_id=wanted.provider_id,
        location_id=wanted.location_id,
        room_id=wanted.room_id,
        starts_at=wanted.span.start,
        ends_at=wanted.span.end,
        reason=wanted.reason,
    )
    db.session.add(extra)
    touch_hours(wanted.provider_id)
    db.session.flush()
    return extra


def remove_extra_hours(extra_id: UUID, *, at: datetime) -> ExtraHours:
    """Take extra hours back, with the provider locked, as far as they lie ahead (NotFound)."""
    extra = db.session.get(ExtraHours, extra_id)
    if extra is None:
        raise NotFound
    lock_resources([extra.provider_id], exclusive=True)
    extra = db.session.get(ExtraHours, extra_id, populate_existing=True)
    if extra is None or extra.ends_at <= at:
        raise NotFound
    if extra.starts_at < at:
        extra.ends_at = at
    else:
        db.session.delete(extra)
    touch_hours(extra.provider_id)
    db.session.flush()
    return extra


def _known(provider_id: UUID) -> None:
    provider = db.session.get(Provider, provider_id)
    if provider is None or provider.retired_at is not None:
        raise NotFound
