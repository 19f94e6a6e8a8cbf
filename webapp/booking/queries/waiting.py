"""Who waits for what: the people who fit a free time, and the time a visit has left."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Row, select, text

from webapp.booking.models import Appointment, AppointmentHistory, GroupSession
from webapp.booking.models.plans import WaitingWish
from webapp.booking.queries.free import busy
from webapp.booking.queries.groups import Group
from webapp.booking.states import MOVABLE, Status
from webapp.booking.waiting import FreeSeat, FreeTime, Wished, gaps, match, on_lattice, rank
from webapp.db import db
from webapp.practice.hours import Span
from webapp.practice.models import Location, Service

_SEATS_TAKEN = text("select seat_no from doors.seats_taken(array[cast(:session as uuid)], :at)")
_FITTING = text((Path(__file__).parents[1] / "sql" / "fitting.sql").read_text("utf-8"))


@dataclass(frozen=True, slots=True)
class Place:
    """Where and when somebody was expected who is not any more."""

    provider_id: UUID
    location_id: UUID
    zone: str
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate(Wished):
    """Somebody who fits a free time, with what the desk is shown of them."""

    name: str
    service: str
    note: str = ""
    appointment_id: UUID | None = None
    phone: str = ""


def candidates(free: FreeTime, at: datetime) -> list[Candidate]:
    """List who fits a free time or seat, the first in line first.

    Left out are people who have a visit then, who died or were merged, whose own visit can't move any more, who are
    being offered something else, and who have been offered this time before.
    """
    local = free.starts_at.astimezone(ZoneInfo(free.zone))
    values = {
        "provider": free.provider_id,
        "location": free.location_id,
        "starts": free.starts_at,
        "ends": free.ends_at if isinstance(free, FreeSeat) else None,
        "group": free.service_id if isinstance(free, FreeSeat) else None,
        "day": local.date(),
        "weekday": local.isoweekday(),
    }
    people = (_candidate(row, row.ends - free.starts_at) for row in db.session.execute(_FITTING, values))
    return rank(person for person in people if match(person, free, at))


def left_by(visit_id: UUID, version: int) -> Place | None:
    """Find the place a visit gave up by the change that led to `version`; None when there is no such change."""
    step = AppointmentHistory
    change = select(step.id).where(step.appointment_id == visit_id, step.version == version).scalar_subquery()
    query = (
        select(step.provider_id, step.location_id, step.starts_at, step.ends_at, Appointment, Service.length_minutes)
        .join(Appointment, Appointment.id == step.appointment_id)
        .join(Service, Service.id == Appointment.service_id)
        .where(step.appointment_id == visit_id, step.id < change)
        .order_by(step.id.desc())
        .limit(1)
    )
    row = db.session.execute(query).one_or_none()
    if row is None:
        return None
    provider_id, location_id, starts_at, ends_at, visit, minutes = row
    site = db.session.get_one(Location, location_id or visit.location_id)
    # Steps from before the front desk was complete do not say where or until when.
    span = Span(starts_at, ends_at or starts_at + timedelta(minutes=minutes))
    return Place(provider_id, site.id, site.time_zone, span)


def still_free(place: Place, at: datetime) -> list[Span]:
    """List what is left of a place from now on in which its provider is not busy; each begins where a visit may."""
    start = on_lattice(max(place.span.start, at))
    if start >= place.span.end:
        return []
    span = Span(start, place.span.end)
    taken = [item.span for item in busy([place.provider_id], span, at)]
    left = (Span(on_lattice(gap.start), gap.end) for gap in gaps(span, taken))
    return [gap for gap in left if gap.start < gap.end]


def fulfilled_by_moving(visit_id: UUID, left: Place) -> list[UUID]:
    """List the wishes for an earlier time than a visit had that are fulfilled where it is now, in the order of ids."""
    visit = db.session.get(Appointment, visit_id)
    if visit is None or Status(visit.status) not in MOVABLE or visit.starts_at >= left.span.start:
        return []
    zone = db.session.get_one(Location, visit.location_id).time_zone
    query = select(WaitingWish).where(WaitingWish.appointment_id == visit_id, WaitingWish.status == "waiting")
    place, length = place_of(visit, zone), visit.ends_at - visit.starts_at
    wishes = [wished(wish, length) for wish in db.session.scalars(query.order_by(WaitingWish.id))]
    # It is theirs already, so nobody has to be told in time.
    return [wish.id for wish in wishes if match(wish, place, visit.starts_at)]


def place_of(visit: Appointment, zone: str) -> FreeTime:
    """The time that would be free without a visit."""
    return FreeTime(visit.provider_id, visit.location_id, zone, visit.starts_at)


def wished(wish: WaitingWish, length: timedelta) -> Wished:
    """What somebody waits for, without the notice they asked for: whoever has the time already needs none."""
    return Wished(
        id=wish.id,
        patient_id=wish.patient_id,
        service_id=wish.service_id,
        length=length,
        since=wish.created_at,
        earliest=wish.earliest,
        latest=wish.latest,
        provider_ids=frozenset(wish.provider_ids),
        location_id=wish.location_id,
        weekdays=frozenset(wish.weekdays),
        from_time=wish.from_time,
        to_time=wish.to_time,
        urgency=wish.urgency,
    )


def free_seat(session_id: UUID, at: datetime) -> FreeSeat | None:
    """Find whether a group visit that has not begun has a seat nobody has or is offered; None when it has none."""
    query = (
        select(GroupSession, Location.time_zone)
        .join(Location, Location.id == GroupSession.location_id)
        .where(GroupSession.id == session_id, GroupSession.status == "open", GroupSession.starts_at > at)
    )
    row = db.session.execute(query.execution_options(populate_existing=True)).one_or_none()
    if row is None:
        return None
    session, zone = row
    taken = db.session.scalars(_SEATS_TAKEN, {"session": session_id, "at": at}).all()
    return seat_of(session, zone) if len(taken) < session.capacity else None


def held_for(location_id: UUID) -> timedelta:
    """How long a site holds what it offers."""
    return timedelta(minutes=db.session.get_one(Location, location_id).waiting_offer_minutes)


def seat_of(session: GroupSession | Group, zone: str) -> FreeSeat:
    """A seat of a group visit, as if one were free."""
    return FreeSeat(
        session.provider_id,
        session.location_id,
        zone,
        session.starts_at,
        session_id=session.id,
        service_id=session.service_id,
        ends_at=session.ends_at,
    )


def _candidate(row: Row[Any], length: timedelta) -> Candidate:
    return Candidate(
        id=row.id,
        patient_id=row.patient_id,
        service_id=row.service_id,
        length=length,
        since=row.created_at,
        earliest=row.earliest,
        latest=row.latest,
        provider_ids=frozenset(row.provider_ids),
        location_id=row.location_id,
        weekdays=frozenset(row.weekdays),
        from_time=row.from_time,
        to_time=row.to_time,
        notice=timedelta(minutes=row.notice_minutes),
        urgency=row.urgency,
        sooner_than=row.sooner_than,
        name=f"{row.given} {row.family}",
        service=row.service,
        note=row.note,
        appointment_id=row.appointment_id,
        phone=row.phone or "",
    )
