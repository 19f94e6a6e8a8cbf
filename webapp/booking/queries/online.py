"""What patients on the portal choose from, and what they have: as row security lets them through."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from webapp.booking.models import Appointment
from webapp.booking.queries.groups import Group
from webapp.booking.queries.together import composed
from webapp.booking.refusals import TooFarAhead, TooSoon
from webapp.booking.states import Status
from webapp.db import db
from webapp.errors import NotFound
from webapp.patients.models import Encounter
from webapp.practice import queries as practice

_WITH = (
    joinedload(Appointment.patient),
    joinedload(Appointment.service),
    joinedload(Appointment.provider),
    joinedload(Appointment.room),
    joinedload(Appointment.location),
)


def online_offers(patient_id: UUID) -> list[practice.Offer]:
    """The types of visit that a patient books online, in the clinic's order.

    Not those of several visits in one coming: no hold keeps two times.
    """
    several, returning = composed(), is_returning(patient_id)
    return [
        offer
        for offer in practice.offers()
        if offer.service.online
        and offer.service.id not in several
        and offer.provider_ids
        and offer.location_ids
        and (offer.service.audience == "any" or (offer.service.audience == "returning") == returning)
    ]


def offer_of_group(patient_id: UUID, group: Group, *, at: datetime, told: bool = False) -> practice.Offer:
    """The type of visit a group is of, as far as its patient may join it online (NotFound, TooSoon, TooFarAhead).

    `told` that it is too soon or too far ahead, somebody is shown the group all the same.
    """
    offer = next((each for each in online_offers(patient_id) if each.service.id == group.service_id), None)
    if offer is None:
        raise NotFound
    if group.starts_at < at + timedelta(minutes=offer.service.notice_minutes) and not told:
        raise TooSoon(patient=patient_id)
    days = offer.service.furthest_days
    if days is not None and group.starts_at > at + timedelta(days=days + 1) and not told:
        raise TooFarAhead(patient=patient_id)
    return offer


def is_returning(patient_id: UUID) -> bool:
    """Whether the patient was here before, as the rules of services mean it."""
    finished = select(Appointment.id).where(
        Appointment.patient_id == patient_id, Appointment.status == Status.FINISHED.value
    )
    before = select(Encounter.id).where(Encounter.patient_id == patient_id)
    return bool(db.session.scalar(select(finished.exists() | before.exists())))


def own_visit(patient_id: UUID, appointment_id: UUID) -> Appointment:
    """One visit of a patient, held and lapsed ones too, with its people and place (NotFound)."""
    query = select(Appointment).where(Appointment.id == appointment_id, Appointment.patient_id == patient_id)
    found = db.session.scalars(query.options(*_WITH)).one_or_none()
    if found is None:
        raise NotFound
    return found


def live_hold(patient_id: UUID, at: datetime) -> Appointment | None:
    """The time that is held for a patient on the portal, unless it is over or being paid for."""
    query = select(Appointment).where(
        Appointment.patient_id == patient_id,
        Appointment.status == Status.HELD.value,
        Appointment.via == "portal",
        Appointment.held_until > at,
        ~Appointment.payment_open,
    )
    return db.session.scalars(query.order_by(Appointment.id.desc()).limit(1)).first()


def usual(patient_id: UUID, service_id: UUID) -> Appointment | None:
    """The latest visit of a patient of some type that was booked or took place."""
    gone = [Status.HELD, Status.LAPSED, Status.CANCELLED, Status.NOSHOW]
    query = select(Appointment).where(
        Appointment.patient_id == patient_id,
        Appointment.service_id == service_id,
        Appointment.status.not_in([status.value for status in gone]),
    )
    return db.session.scalars(query.order_by(Appointment.starts_at.desc()).limit(1)).first()
