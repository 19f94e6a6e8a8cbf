"""The waiting list as the desk reads it: who waits, and what is being offered to whom."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.orm import aliased, joinedload

from webapp.booking.models import Appointment
from webapp.booking.models.plans import WaitingOffer, WaitingWish
from webapp.booking.states import Status
from webapp.db import db
from webapp.patients.models import Patient


@dataclass(frozen=True, slots=True)
class Line:
    """Somebody who waits; `visit` is the one they would give up, `offered` whether a time is held for them now."""

    wish: WaitingWish
    visit: Appointment | None
    offered: bool


@dataclass(frozen=True, slots=True)
class OpenOffer:
    """A time that is held for somebody until they answer; `visit` is the one that would move into it."""

    offer: WaitingOffer
    wish: WaitingWish
    hold: Appointment
    visit: Appointment | None


@dataclass(frozen=True, slots=True)
class WhoWaits:
    """Some of those who wait, the first in line first, and how many there are."""

    lines: tuple[Line, ...]
    total: int


def who_waits(
    *, service_id: UUID | None = None, provider_id: UUID | None = None, patient_id: UUID | None = None, limit: int = 200
) -> WhoWaits:
    """List who waits, by urgency and then how long; for a service, or with a provider (anybody is with them, too)."""
    conditions = [WaitingWish.status == "waiting"]
    if service_id is not None:
        conditions.append(WaitingWish.service_id == service_id)
    if provider_id is not None:
        conditions.append(or_(func.cardinality(WaitingWish.provider_ids) == 0, _asked_for(provider_id)))
    if patient_id is not None:
        conditions.append(WaitingWish.patient_id == patient_id)
    return _lines(conditions, limit)


def waits_on(location_id: UUID, day: date, *, limit: int) -> WhoWaits:
    """List whom a time at a site on a local day could help, and nobody is offering one to at the moment."""
    return _lines(
        [
            WaitingWish.status == "waiting",
            or_(WaitingWish.location_id.is_(None), WaitingWish.location_id == location_id),
            WaitingWish.earliest <= day,
            or_(WaitingWish.latest.is_(None), WaitingWish.latest >= day),
            func.array_position(WaitingWish.weekdays, day.isoweekday()).is_not(None),
            ~_is_offered(),
        ],
        limit,
    )


def open_offers(at: datetime) -> list[OpenOffer]:
    """List the times that are held for people of the list right now, the first to run out first."""
    hold, visit = aliased(Appointment), aliased(Appointment)
    query = (
        select(WaitingOffer, WaitingWish, hold, visit)
        .join(WaitingWish, WaitingWish.id == WaitingOffer.wish_id)
        .join(hold, hold.id == WaitingOffer.hold_id)
        .outerjoin(visit, visit.id == WaitingWish.appointment_id)
        .where(WaitingOffer.outcome == "open", WaitingOffer.expires_at > at, hold.status == Status.HELD.value)
        .options(joinedload(WaitingWish.patient).selectinload(Patient.telecoms), joinedload(WaitingWish.service))
        .options(joinedload(hold.provider), joinedload(hold.location), joinedload(visit.location))
        .order_by(WaitingOffer.expires_at, WaitingOffer.id)
    )
    return [OpenOffer(*row) for row in db.session.execute(query)]


def wish(wish_id: UUID) -> Line | None:
    """One wish with its person; None when this scope has no such wish."""
    found = _lines([WaitingWish.id == wish_id], 1).lines
    return found[0] if found else None


def _lines(conditions: list[ColumnElement[bool]], limit: int) -> WhoWaits:
    bookable = (Patient.deceased_at.is_(None), Patient.merged_into.is_(None))
    query = (
        select(WaitingWish, Appointment, _is_offered(), func.count().over())
        .join(Patient, Patient.id == WaitingWish.patient_id)
        .outerjoin(Appointment, Appointment.id == WaitingWish.appointment_id)
        .where(*bookable, *conditions)
        .options(joinedload(WaitingWish.patient).selectinload(Patient.telecoms), joinedload(WaitingWish.service))
        .options(joinedload(Appointment.provider), joinedload(Appointment.location))
        .order_by(WaitingWish.urgency.desc(), WaitingWish.created_at, WaitingWish.id)
        .limit(limit)
    )
    rows = db.session.execute(query).all()
    lines = tuple(Line(wish, visit, bool(offered)) for wish, visit, offered, _ in rows)
    return WhoWaits(lines, rows[0][3] if rows else 0)


def _asked_for(provider_id: UUID) -> ColumnElement[bool]:
    return func.array_position(WaitingWish.provider_ids, provider_id).is_not(None)


def _is_offered() -> ColumnElement[bool]:
    return exists().where(WaitingOffer.wish_id == WaitingWish.id, WaitingOffer.outcome == "open")
