"""Some people of the demo wait for a time, so that a freed one has somebody to go to."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select

from webapp.booking.actions.waiting.wishes import WishTerms, add_wish
from webapp.booking.models import Appointment, WaitingWish
from webapp.booking.states import MOVABLE
from webapp.db import db
from webapp.errors import Refusal
from webapp.interop.demo.clinic import TIME_ZONE
from webapp.interop.demo.people import SYSTEM
from webapp.patients.models import Patient, PatientIdentifier

if TYPE_CHECKING:
    from webapp.interop.demo.build import Clinic

_ADULT = timedelta(days=18 * 366)
_MORNING, _NOON, _AFTER_WORK, _NIGHT = time(8), time(12), time(15, 30), time(23, 59, 59)


@dataclass(frozen=True, slots=True)
class DemoWish:
    """What somebody waits for since some days; `earlier` gives up a visit of this type that they have in some days."""

    service: str
    days_ago: int
    family: str = ""
    weekdays: tuple[int, ...] = (1, 2, 3, 4, 5, 6, 7)
    from_time: time = time(0)
    to_time: time = _NIGHT
    urgency: int = 1
    notice: int = 0
    note: str = ""
    earlier: bool = False


WISHES = (
    DemoWish("Follow-up", 12, "Osei", to_time=_NOON, note="Mornings only, works in the afternoon"),
    DemoWish("Skin check", 9, "Nair", urgency=3, notice=60, note="Referred, changing mole"),
    DemoWish("Treatment", 6, "Marin", weekdays=(1, 3, 5), from_time=_AFTER_WORK),
    DemoWish("Vaccination", 4, notice=1440),
    DemoWish("Annual exam", 20, "Weber", weekdays=(1, 2, 3, 4, 5), from_time=_MORNING, to_time=_NOON),
    DemoWish("Follow-up", 3, "Osei", urgency=2, notice=120, note="Lives next door, can come at once", earlier=True),
    DemoWish("Video visit", 1, "Ruiz", urgency=2, earlier=True),
)


def put_on_list(clinic: Clinic, today: dt.date, *, actor: UUID | None, now: datetime) -> int:
    """Write the wishes down, once: where anybody ever waited, people fill the list themselves; how many were made."""
    if db.session.scalar(select(WaitingWish.id).limit(1)) is not None:
        return 0
    made, free = 0, _people(today)
    for each in WISHES:
        service_id = clinic.services.get(each.service)
        visit = _visit_to_come(service_id, now) if each.earlier else None
        patient_id = free.pop() if visit is None and free else None if visit is None else visit.patient_id
        if service_id is None or patient_id is None:
            continue
        at = now - timedelta(days=each.days_ago, minutes=7 * made)
        try:
            with db.session.begin_nested():
                terms = _terms(clinic, each, service_id, today)
                add_wish(patient_id, terms, actor=actor, at=at, appointment_id=None if visit is None else visit.id)
        except Refusal:
            continue
        made += 1
    return made


def _terms(clinic: Clinic, each: DemoWish, service_id: UUID, today: dt.date) -> WishTerms:
    return WishTerms(
        service_id=service_id,
        earliest=today,
        provider_ids=tuple(id_ for (_, family), id_ in clinic.providers.items() if family == each.family),
        weekdays=each.weekdays,
        from_time=each.from_time,
        to_time=each.to_time,
        urgency=each.urgency,
        notice_minutes=each.notice,
        note=each.note,
    )


def _visit_to_come(service_id: UUID | None, now: datetime) -> Appointment | None:
    """A visit of the next days that its patient would rather have sooner, of somebody who waits for nothing yet."""
    waits = select(WaitingWish.patient_id)
    query = (
        select(Appointment)
        .where(Appointment.service_id == service_id, Appointment.starts_at > now + timedelta(days=2))
        .where(Appointment.status.in_(MOVABLE), Appointment.patient_id.not_in(waits))
        .order_by(Appointment.starts_at.desc(), Appointment.id)
        .limit(1)
    )
    return db.session.scalars(query).first()


def _people(today: dt.date) -> list[UUID]:
    """Grown-ups of the demo who live and have no visit to come."""
    midnight = datetime.combine(today, time(), ZoneInfo(TIME_ZONE)).astimezone(UTC)
    query = (
        select(Patient.id)
        .join(PatientIdentifier, PatientIdentifier.patient_id == Patient.id)
        .where(PatientIdentifier.system == SYSTEM, Patient.birth_date < today - _ADULT)
        .where(Patient.deceased_at.is_(None), Patient.merged_into.is_(None))
        .where(Patient.id.not_in(select(Appointment.patient_id).where(Appointment.starts_at >= midnight)))
        .order_by(PatientIdentifier.value.desc())
        .limit(len(WISHES))
    )
    return list(db.session.scalars(query))
