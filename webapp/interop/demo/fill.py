"""Carry a plan out through the same actions the desk uses, each step at the time it would have happened."""

from __future__ import annotations

import datetime as dt
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from sqlalchemy import func, select, text

from webapp.booking import actions
from webapp.booking.models import Appointment, BlockedTime
from webapp.booking.states import Action, Status, allows
from webapp.db import db
from webapp.errors import Refusal
from webapp.interop.demo.clinic import ADMIN, LEAVES, TIME_ZONE
from webapp.interop.demo.course import Step, course
from webapp.interop.demo.day import Person, admin_time, plan_day
from webapp.interop.demo.people import ROSA, SEED, SYSTEM
from webapp.patients.models import Patient, PatientIdentifier
from webapp.practice.actions import NewLeave
from webapp.practice.hours import Span
from webapp.practice.models import Leave, Provider

if TYPE_CHECKING:
    from collections.abc import Iterable
    from uuid import UUID

    from webapp.interop.demo.build import Clinic
    from webapp.interop.demo.day import PlannedVisit

SYNTHEA = "https://github.com/synthetichealth/synthea"
# A day with this many visits has its plan already; somebody who books by hand for next week makes fewer.
_LAID = 20
_ROSA = f"{SYSTEM}|{ROSA.patient.identifiers[0].value}"
_ROSA_EVERY = 3
_OPEN = (Status.BOOKED, Status.CONFIRMED, Status.ARRIVED, Status.IN_ROOM)
_SET_TIME = text("select set_config('app.at', :at, true)")
_STEPS = {
    Action.CONFIRM: actions.confirm,
    Action.CHECK_IN: actions.check_in,
    Action.START: actions.start,
    Action.FINISH: actions.finish,
    Action.MARK_NO_SHOW: actions.mark_no_show,
}


def is_laid(clinic: Clinic, day: dt.date) -> bool:
    """Tell whether a local day has its visits."""
    start, end = _bounds(day)
    theirs = Appointment.location_id == clinic.location_id, Appointment.starts_at >= start, Appointment.starts_at < end
    return (db.session.scalar(select(func.count()).select_from(Appointment).where(*theirs)) or 0) >= _LAID


def block_admin_time(clinic: Clinic, day: dt.date, now: datetime) -> int:
    """Keep time free for paperwork; a day on which anything is blocked already is left alone."""
    start, end = _bounds(day)
    if db.session.scalar(select(BlockedTime.id).where(BlockedTime.starts_at >= start, BlockedTime.ends_at <= end)):
        return 0
    made = 0
    for provider, starts_at, ends_at in admin_time(day):
        try:
            with db.session.begin_nested():
                actions.block_time(clinic.providers[provider.key], starts_at, ends_at, ADMIN, at=now)
        except Refusal:
            continue
        made += 1
    return made


def lay_day(clinic: Clinic, day: dt.date, *, actor: UUID | None, now: datetime) -> int:
    """Book a day's plan and take each visit as far as the clock says; returns the number of visits made.

    What somebody booked meanwhile stays: a planned visit that no longer fits is left out.
    """
    people = _people(day)
    rosa = next((person for person in people if person.key == _ROSA and day.toordinal() % _ROSA_EVERY == 0), None)
    return sum(_carry_out(clinic, visit, actor, now) for visit in plan_day(day, people, SEED, first=rosa))


def plan_leave(clinic: Clinic, today: dt.date, now: datetime) -> int:
    """Write down the absences of the plan, once: where anybody was ever away, people plan for themselves."""
    if db.session.scalar(select(Leave.id).limit(1)) is not None:
        return 0
    made = 0
    for leave in LEAVES:
        provider_id = next((clinic.providers[key] for key in clinic.providers if key[1] == leave.family), None)
        first = today + timedelta(days=leave.days_ahead)
        span = Span(_bounds(first)[0], _bounds(first + timedelta(days=leave.days - 1))[1])
        if provider_id is None:
            continue
        try:
            with db.session.begin_nested():
                change = actions.LeaveChange(NewLeave(provider_id, span, leave.kind))
                actions.carry_out(change, actions.Decisions(), at=now)
        except Refusal:
            continue  # somebody books that far ahead: nobody is sent away for a demo
        made += 1
    return made


def is_opened(clinic: Clinic, day: dt.date) -> bool:
    """Tell whether anybody has arrived on a local day: then the desk is at work, and nothing is done for it."""
    start, end = _bounds(day)
    theirs = Appointment.location_id == clinic.location_id, Appointment.starts_at >= start, Appointment.starts_at < end
    return (
        db.session.scalar(select(Appointment.id).where(*theirs, Appointment.arrived_at.is_not(None)).limit(1))
        is not None
    )


def advance(clinic: Clinic, today: dt.date, now: datetime) -> int:
    """Bring all visits up to today to where the clock says they would be; returns the number of steps taken."""
    query = (
        select(Appointment.id, Appointment.status, Appointment.starts_at, Appointment.ends_at, Provider.family)
        .join(Provider, Provider.id == Appointment.provider_id)
        .where(Appointment.location_id == clinic.location_id, Appointment.starts_at < _bounds(today)[1])
        .where(Appointment.status.in_([status.value for status in _OPEN]))
        .order_by(Appointment.starts_at, Appointment.id)
    )
    taken = 0
    for row in db.session.execute(query).all():
        steps = course(SEED, row.family, row.starts_at, row.ends_at).until(now)
        taken += _take(row.id, Status(row.status), steps)
    return taken


def _carry_out(clinic: Clinic, visit: PlannedVisit, actor: UUID | None, now: datetime) -> int:
    provider_id, service_id = clinic.providers.get(visit.provider.key), clinic.services.get(visit.service.name)
    if provider_id is None or service_id is None:
        return 0
    plan = course(SEED, visit.provider.family, visit.starts_at, visit.ends_at)
    booked_at = min(plan.booked_at, now)
    request = actions.BookRequest(
        patient_id=visit.person.id,
        service_id=service_id,
        location_id=clinic.location_id,
        starts_at=visit.starts_at,
        provider_id=provider_id,
        via=plan.via,
    )
    _set_time(booked_at)
    try:
        made = actions.book(request, actor=actor, at=booked_at)
    except Refusal:
        return 0
    _take(made.id, Status.BOOKED, [step for step in plan.until(now) if step.at >= booked_at])
    return 1


def _take(appointment_id: UUID, status: Status, steps: Iterable[Step]) -> int:
    taken = 0
    for step in steps:
        if not allows(status, step.action):
            continue
        _set_time(step.at)
        if step.action is Action.CANCEL:
            visit = actions.cancel(
                actions.CancelRequest(appointment_id, step.reason, costs=actions.Costs.SEEN_TO), at=step.at
            )
        else:
            visit = _STEPS[step.action](appointment_id, at=step.at)
        status = Status(visit.status)
        taken += 1
    return taken


def _set_time(at: datetime) -> None:
    """History and audit tell the time of the step, not that of the generator."""
    db.session.execute(_SET_TIME, {"at": at.isoformat()})


def _people(day: dt.date) -> list[Person]:
    """Everybody of the demo who lives and has no visit on the day yet."""
    start, end = _bounds(day)
    busy = select(Appointment.patient_id).where(Appointment.starts_at >= start, Appointment.starts_at < end)
    query = (
        select(Patient.id, PatientIdentifier.system, PatientIdentifier.value, Patient.birth_date)
        .join(PatientIdentifier, PatientIdentifier.patient_id == Patient.id)
        .where(PatientIdentifier.system.in_((SYSTEM, SYNTHEA)))
        .where(Patient.deceased_at.is_(None), Patient.merged_into.is_(None), Patient.id.not_in(busy))
    )
    return [Person(row.id, f"{row.system}|{row.value}", row.birth_date) for row in db.session.execute(query)]


def _bounds(day: dt.date) -> tuple[datetime, datetime]:
    zone = ZoneInfo(TIME_ZONE)
    midnight = [datetime.combine(each, time(), zone).astimezone(UTC) for each in (day, day + timedelta(days=1))]
    return midnight[0], midnight[1]
