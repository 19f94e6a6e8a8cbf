"""What a patient waits for, and what is offered to them: as row security lets it through."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import joinedload

from webapp.booking.models import Appointment, WaitingOffer, WaitingWish
from webapp.booking.states import Status
from webapp.db import db
from webapp.errors import NotFound
from webapp.practice.models import Service


@dataclass(frozen=True, slots=True)
class Waited:
    """A wish that waits; `visit` is the one that would be given up for an earlier time."""

    wish: WaitingWish
    service: str
    visit: Appointment | None


@dataclass(frozen=True, slots=True)
class Offered:
    """A time that is held for the patient until they answer; `visit` would move into it."""

    offer: WaitingOffer
    hold: Appointment
    visit: Appointment | None


def own_wishes(patient_id: UUID) -> list[Waited]:
    """Everything a patient waits for, the oldest first."""
    query = (
        select(WaitingWish, Service.name, Appointment)
        .join(Service, Service.id == WaitingWish.service_id)
        .outerjoin(Appointment, Appointment.id == WaitingWish.appointment_id)
        .where(WaitingWish.patient_id == patient_id, WaitingWish.status == "waiting")
        .order_by(WaitingWish.created_at, WaitingWish.id)
    )
    return [Waited(wish, service, visit) for wish, service, visit in db.session.execute(query)]


def own_offers(patient_id: UUID, at: datetime) -> list[Offered]:
    """The times that are held for a patient now, those that they are paying for too, the first to end first."""
    query = _offers(patient_id).where(
        WaitingOffer.outcome == "open",
        Appointment.status == Status.HELD.value,
        or_(Appointment.held_until > at, Appointment.payment_open),
    )
    return [_offered(row[0], row[1]) for row in db.session.execute(query.order_by(WaitingOffer.expires_at))]


def own_offer(patient_id: UUID, offer_id: UUID) -> Offered:
    """One offer, answered ones too (NotFound)."""
    row = db.session.execute(_offers(patient_id).where(WaitingOffer.id == offer_id)).one_or_none()
    if row is None:
        raise NotFound
    return _offered(row[0], row[1])


def offer_of_hold(hold_id: UUID) -> Offered | None:
    """The offer that a held time is, answered or not; None for a time that somebody chose by themselves."""
    query = select(WaitingOffer, Appointment).join(Appointment, Appointment.id == WaitingOffer.hold_id)
    row = db.session.execute(query.where(WaitingOffer.hold_id == hold_id)).one_or_none()
    return None if row is None else _offered(row[0], row[1])


def _offers(patient_id: UUID) -> Select[WaitingOffer, Appointment]:
    return (
        select(WaitingOffer, Appointment)
        .join(Appointment, Appointment.id == WaitingOffer.hold_id)
        .where(WaitingOffer.patient_id == patient_id)
        .options(
            joinedload(Appointment.service),
            joinedload(Appointment.provider),
            joinedload(Appointment.room),
            joinedload(Appointment.location),
        )
    )


def _offered(offer: WaitingOffer, hold: Appointment) -> Offered:
    wish = db.session.get_one(WaitingWish, offer.wish_id)
    visit = None if wish.appointment_id is None else db.session.get(Appointment, wish.appointment_id)
    return Offered(offer, hold, visit)
