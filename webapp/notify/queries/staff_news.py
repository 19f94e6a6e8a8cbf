"""What notices of staff are about, as it is now: DynamoDB keeps ids alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from webapp.billing.models import Attempt
from webapp.booking.models import Appointment, WaitingOffer
from webapp.booking.models.plans import WaitingWish
from webapp.booking.states import Status
from webapp.db import db
from webapp.identity.models import PortalRegistration
from webapp.money import Money
from webapp.news import News
from webapp.patients.models import Patient
from webapp.patients.queries import names_of

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from webapp.notify.staff_list import StaffNotice

OF_VISITS = frozenset({News.BOOKED, News.MOVED, News.CANCELED})
OF_OFFERS = frozenset({News.OFFER_TAKEN, News.LIST_RAN_OUT})
OF_MONEY = frozenset({News.NOT_COLLECTED, News.NOT_REFUNDED})


@dataclass(frozen=True, slots=True)
class About:
    """Of whom a notice tells (`patient_id` None: of nobody with a record), when and where; `open` while it stands so.

    `visit_id` is the visit to look at, `amount` the money it is about.
    """

    name: str = ""
    patient_id: UUID | None = None
    visit_id: UUID | None = None
    starts_at: datetime | None = None
    location_id: UUID | None = None
    zone: str = ""
    provider: str = ""
    open: bool = True
    amount: str = ""


def abouts(notices: Collection[StaffNotice]) -> dict[tuple[News, str], About]:
    """What each notice is about, by its kind and subject; what is no more is missing."""
    found: dict[tuple[News, str], About] = {}
    visits = _visits(_ids(notices, OF_VISITS))
    offers = _offers(_ids(notices, OF_OFFERS))
    money = _money(_ids(notices, OF_MONEY))
    names = names_of(_ids(notices, {News.UNDELIVERED}))
    people = _registered(_ids(notices, {News.REGISTRATION}))
    for notice in notices:
        about: About | None = About()
        if notice.kind in OF_VISITS:
            about = visits.get(notice.subject)
        elif notice.kind in OF_OFFERS:
            about = offers.get(notice.subject)
        elif notice.kind in OF_MONEY:
            about = money.get(notice.subject)
        elif notice.kind is News.REGISTRATION:
            about = people.get(notice.subject)
        elif notice.kind is News.UNDELIVERED:
            patient = UUID(notice.subject)
            about = About(name=names[patient][1], patient_id=patient) if patient in names else None
        if about is not None:
            found[notice.kind, notice.subject] = about
    return found


def _ids(notices: Collection[StaffNotice], kinds: Collection[News]) -> set[UUID]:
    return {UUID(notice.subject) for notice in notices if notice.kind in kinds}


def _visits(ids: set[UUID]) -> dict[str, About]:
    whole = (joinedload(Appointment.patient), joinedload(Appointment.location), joinedload(Appointment.provider))
    query = select(Appointment).options(*whole).where(Appointment.id.in_(ids))
    return {str(visit.id): _about(visit) for visit in (db.session.scalars(query) if ids else ())}


def _about(visit: Appointment) -> About:
    return About(
        name=visit.patient.name,
        patient_id=visit.patient_id,
        visit_id=visit.id,
        starts_at=visit.starts_at,
        location_id=visit.location_id,
        zone=visit.location.time_zone,
        provider=visit.provider.name,
        open=Status(visit.status) is not Status.CANCELLED,
    )


def _offers(ids: set[UUID]) -> dict[str, About]:
    """By offer: when and where its time is, whose it was, and the visit that moved there or was booked."""
    query = (
        select(WaitingOffer.id, WaitingOffer.hold_id, WaitingWish.appointment_id)
        .join(WaitingWish, WaitingWish.id == WaitingOffer.wish_id)
        .where(WaitingOffer.id.in_(ids))
    )
    rows = db.session.execute(query).all() if ids else []
    held = _visits({row.hold_id for row in rows})
    moved = _visits({row.appointment_id for row in rows if row.appointment_id is not None})
    about = {str(row.id): moved.get(str(row.appointment_id)) or held[str(row.hold_id)] for row in rows}
    times = {str(row.id): held[str(row.hold_id)] for row in rows}
    return {
        offer: About(
            name=whose.name,
            patient_id=whose.patient_id,
            visit_id=whose.visit_id,
            starts_at=times[offer].starts_at,
            location_id=times[offer].location_id,
            zone=times[offer].zone,
            provider=times[offer].provider,
        )
        for offer, whose in about.items()
    }


def _money(ids: set[UUID]) -> dict[str, About]:
    query = select(Attempt, Patient).join(Patient, Patient.id == Attempt.patient_id).where(Attempt.id.in_(ids))
    return {
        str(attempt.id): About(
            name=patient.name, patient_id=patient.id, amount=str(Money(attempt.cents, attempt.currency))
        )
        for attempt, patient in (db.session.execute(query) if ids else ())
    }


def _registered(ids: set[UUID]) -> dict[str, About]:
    one = PortalRegistration
    query = select(one.id, one.given, one.family, one.status).where(one.id.in_(ids))
    rows = db.session.execute(query) if ids else ()
    return {str(row.id): About(name=f"{row.given} {row.family}", open=row.status == "waiting") for row in rows}
