"""Why a time is not offered, from PostgreSQL: the ground of the search that did not offer it, with names."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.dialects.postgresql import Range

from webapp.booking.availability import Calendar, Wanted
from webapp.booking.models import BlockedTime, GroupSession
from webapp.booking.queries.free import Search, busy, things
from webapp.booking.queries.ground import ground
from webapp.booking.why import Facts, Question, Reason, Rule, why_not
from webapp.db import db
from webapp.errors import NotFound
from webapp.practice import queries as practice
from webapp.practice.hours import Span
from webapp.practice.models import Closure, Leave, Location, Provider, Service, ServiceEquipment

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Asked:
    """A service with a provider at a site at an instant, for a patient (None: whoever)."""

    service_id: UUID
    provider_id: UUID
    location_id: UUID
    start: datetime
    patient_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """Everything that speaks against the time, none when it is offered; what keeps patients from it besides; for whom.

    `leave` is the kind of the absence, for those who may know it.
    """

    reasons: tuple[Reason, ...]
    service: Service
    provider: Provider
    location: Location
    leave: str = ""


def why(asked: Asked, now: datetime) -> Answer:
    """Look at one instant with the eyes of the search that did not offer it (NotFound)."""
    service = db.session.get(Service, asked.service_id)
    provider = db.session.get(Provider, asked.provider_id)
    location = db.session.get(Location, asked.location_id)
    offer = practice.offer(asked.service_id)
    window = Span(asked.start, asked.start + timedelta(minutes=1))
    search = Search(asked.service_id, window, asked.provider_id, asked.location_id, asked.patient_id)
    known = ground(search, window)
    if service is None or provider is None or location is None or offer is None or known is None:
        raise NotFound
    resources = {asked.provider_id, *things(known)} | ({asked.patient_id} if asked.patient_id else set())
    taken = busy(sorted(resources), Span(window.start - _DAY, window.end + _DAY), now)
    calendar = replace(known.calendar, busy=tuple(taken))
    wanted = Wanted(known.rules, offer.provider_ids, offer.location_ids, window, now, asked.patient_id, known.room_ids)
    retired = [
        (Rule.SERVICE_RETIRED, service.retired_at),
        (Rule.PROVIDER_RETIRED, provider.retired_at),
        (Rule.LOCATION_RETIRED, location.retired_at),
    ]
    facts = Facts(
        retired=frozenset(rule for rule, at in retired if at is not None),
        kinds=_kinds(asked.service_id),
        closed_for=_closed_for(calendar),
    )
    question = Question(asked.provider_id, asked.location_id, asked.start)
    reasons = tuple(_named(reason) for reason in why_not(question, wanted, calendar, facts))
    return Answer(reasons, service, provider, location, _leave(asked.provider_id, reasons))


def _kinds(service_id: UUID) -> tuple[str, ...]:
    """Kinds of equipment in the order of the ground's pieces."""
    query = select(ServiceEquipment.kind).where(ServiceEquipment.service_id == service_id)
    return tuple(db.session.scalars(query.order_by(ServiceEquipment.kind)))


def _closed_for(calendar: Calendar) -> tuple[str, ...]:
    """The reason of each closure of a calendar, in its order."""
    reasons = []
    for closed in calendar.closures:
        query = select(Closure.reason).where(
            Closure.location_id == closed.location_id, Closure.during == Range(closed.span.start, closed.span.end)
        )
        reasons.append(db.session.scalar(query.limit(1)) or "")
    return tuple(reasons)


def _named(reason: Reason) -> Reason:
    """Say of busy time what it is: blocked with its word, a group visit, or another visit."""
    if reason.rule is not Rule.PROVIDER_BUSY or reason.span is None or reason.detail:
        return reason
    blocked = db.session.scalar(
        select(BlockedTime.label).where(
            BlockedTime.resource_id == reason.resource_id,
            BlockedTime.starts_at < reason.span.end,
            BlockedTime.ends_at > reason.span.start,
        )
    )
    if blocked is not None:
        return replace(reason, detail=f"blocked:{blocked}")
    group = db.session.scalar(
        select(func.count())
        .select_from(GroupSession)
        .where(
            GroupSession.provider_id == reason.resource_id,
            GroupSession.status == "open",
            or_(GroupSession.starts_at == reason.span.start, GroupSession.ends_at == reason.span.end),
        )
    )
    return replace(reason, detail="group") if group else reason


def _leave(provider_id: UUID, reasons: tuple[Reason, ...]) -> str:
    away = next((reason.span for reason in reasons if reason.rule is Rule.AWAY), None)
    if away is None:
        return ""
    query = select(Leave.kind).where(
        Leave.provider_id == provider_id, Leave.starts_at < away.end, Leave.ends_at > away.start
    )
    return db.session.scalar(query.limit(1)) or ""
