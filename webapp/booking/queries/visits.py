"""Visits as the board, the drawer and the patient's record show them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from operator import attrgetter
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, ScalarSelect, Select, bindparam, func, or_, select
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import joinedload, selectinload

from webapp.booking.models import Appointment, AppointmentHistory, BlockedTime
from webapp.booking.states import UNDO_GRACE, UNDOABLE, Status, shown_as
from webapp.db import compact, db, swiftly
from webapp.identity.models import Account
from webapp.money import Money
from webapp.patients.models import Patient, PatientAlert
from webapp.practice.hours import Span
from webapp.practice.models import Provider, Room, Service, name_of


class BoardVisit(NamedTuple):
    """One card: no field that the board does not show; a tuple, because boards make hundreds of them."""

    id: UUID
    patient_id: UUID
    patient_name: str
    location_id: UUID
    provider_id: UUID
    provider_name: str
    room_name: str
    service: str
    starts_at: datetime
    ends_at: datetime
    status: Status
    lane: int
    held_until: datetime | None
    arrived_at: datetime | None
    started_at: datetime | None
    version: int
    alerts: tuple[tuple[str, str], ...]
    """Icon and label of each thing the desk must know."""
    via: str = "desk"
    room_id: UUID | None = None
    open_checks: tuple[str, ...] = ()
    """What the service asks to look at on arrival and nobody has yet, in the service's order."""
    group_session_id: UUID | None = None
    """The group visit that this is a seat of; the board shows that instead."""
    owed: Money | None = None
    """What the patient still owes for it, where whoever shows it has asked: bookings know of no invoices."""

    @property
    def shown(self) -> str:
        """The status that people see."""
        return shown_as(self.status, balance_cents=0 if self.owed is None else self.owed.cents)


@dataclass(frozen=True, slots=True)
class Blocked:
    """Time of a provider that is not for visits, and the word on the board."""

    resource_id: UUID
    span: Span
    label: str


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a visit's history."""

    at: datetime
    from_status: Status | None
    to_status: Status
    starts_at: datetime
    provider_id: UUID
    actor: str = ""
    """Name of who did it; empty for a job, and for patients in the portal before they had accounts."""
    version: int | None = None


@dataclass(frozen=True, slots=True)
class VisitDetail:
    """One visit with everything the drawer shows, and its history from the first step."""

    appointment: Appointment
    steps: tuple[Step, ...]

    @property
    def status(self) -> Status:
        return Status(self.appointment.status)

    def undoable_until(self) -> datetime | None:
        """Until when its last step can be put back; None when that is none of those that can be."""
        last = self.steps[-1] if self.steps else None
        if last is None or last.from_status is None or last.version != self.appointment.version:
            return None
        return last.at + UNDO_GRACE if (last.from_status, last.to_status) in UNDOABLE else None


def day_visits(location_id: UUID, span: Span, at: datetime) -> list[BoardVisit]:
    """Read the visits of a site that start in a span, by start, in one statement; without holds that ended."""
    statement, fixed = _cards_of_a_day()
    asked = {"location": location_id, "opens": span.start, "closes": span.end, "now": at}
    return list(map(_card, swiftly(statement, fixed | asked)))


@cache
def _cards_of_a_day() -> tuple[str, dict[str, str]]:
    """The statement as the driver takes it, and its own values: boards are asked for all day long."""
    query = _cards().where(
        Appointment.location_id == bindparam("location"),
        Appointment.starts_at >= bindparam("opens"),
        Appointment.starts_at < bindparam("closes"),
        Appointment.status != Status.LAPSED,
        or_(Appointment.held_until.is_(None), Appointment.held_until > bindparam("now"), Appointment.payment_open),
    )
    made = query.compile(db.engine)
    return compact(str(made)), {name: str(value) for name, value in made.params.items() if value is not None}


def patient_visits(patient_id: UUID, *, limit: int = 200) -> list[BoardVisit]:
    """Read a patient's own visits, the latest first; held and lapsed ones are no visits yet."""
    query = (
        _cards()
        .where(Appointment.patient_id == patient_id, Appointment.status.not_in([Status.LAPSED, Status.HELD]))
        .order_by(None)
        .order_by(Appointment.starts_at.desc())
        .limit(limit)
    )
    return [_card(row) for row in db.session.execute(query)]


@cache
def _cards() -> Select[*tuple[Any, ...]]:
    # Made once: putting the statement together costs more than running it.
    return (
        select(
            Appointment.id,
            Appointment.patient_id,
            Patient.given,
            Patient.family,
            Appointment.location_id,
            Appointment.provider_id,
            Provider.prefix,
            Provider.given,
            Provider.family,
            Provider.credential,
            Room.name,
            Service.name,
            Appointment.starts_at,
            Appointment.ends_at,
            Appointment.status,
            Appointment.lane,
            Appointment.held_until,
            Appointment.arrived_at,
            Appointment.started_at,
            Appointment.version,
            _alerts(),
            Appointment.via,
            Appointment.room_id,
            Service.arrival_checks,
            Appointment.arrival_checks,
            Appointment.group_session_id,
        )
        .join(Patient, Patient.id == Appointment.patient_id)
        .join(Provider, Provider.id == Appointment.provider_id)
        .join(Service, Service.id == Appointment.service_id)
        .outerjoin(Room, Room.id == Appointment.room_id)
        .order_by(Appointment.starts_at, Appointment.id)
    )


def _alerts() -> ScalarSelect[Any]:
    pair = func.json_build_array(PatientAlert.icon, PatientAlert.label)
    return (
        select(func.json_agg(aggregate_order_by(pair, PatientAlert.position)))
        .where(PatientAlert.patient_id == Appointment.patient_id)
        .scalar_subquery()
    )


def _card(row: Sequence[Any]) -> BoardVisit:
    id_, patient_id, given, family, location_id, provider_id = row[:6]
    room, service, starts, ends = row[10:14]
    status, lane, held_until, arrived_at, started_at, version, alerts, via, room_id, asked, done, group = row[14:]
    return BoardVisit(
        id=id_,
        patient_id=patient_id,
        patient_name=f"{given} {family}",
        location_id=location_id,
        provider_id=provider_id,
        provider_name=name_of(*row[6:10]),
        room_name=room or "",
        service=service,
        starts_at=starts,
        ends_at=ends,
        status=Status(status),
        lane=lane,
        held_until=held_until,
        arrived_at=arrived_at,
        started_at=started_at,
        version=version,
        alerts=tuple((icon, label) for icon, label in alerts) if alerts else (),
        via=via,
        room_id=room_id,
        open_checks=tuple(check for check in asked if check not in done) if asked else (),
        group_session_id=group,
    )


def blocked_times(resource_ids: Sequence[UUID], span: Span) -> list[Blocked]:
    """Read the blocked times of some resources that touch a span, by start."""
    query = (
        select(BlockedTime)
        .where(BlockedTime.resource_id.in_(list(resource_ids)))
        .where(BlockedTime.starts_at < span.end, BlockedTime.ends_at > span.start)
        .order_by(BlockedTime.starts_at)
    )
    return [
        Blocked(blocked.resource_id, Span(blocked.starts_at, blocked.ends_at), blocked.label)
        for blocked in db.session.scalars(query)
    ]


def booked_minutes(location_id: UUID, span: Span, zone: str) -> dict[str, int]:
    """Sum the minutes of live visits by local day (ISO date) of a span, for the load marks of a calendar."""
    day: ColumnElement[str] = func.to_char(func.timezone(zone, Appointment.starts_at), "YYYY-MM-DD")
    minutes = func.sum(func.extract("epoch", Appointment.ends_at - Appointment.starts_at) / 60)
    gone = [Status.CANCELLED, Status.NOSHOW, Status.LAPSED]
    query = (
        select(day, minutes)
        .where(Appointment.location_id == location_id, Appointment.status.not_in(gone))
        .where(Appointment.starts_at >= span.start, Appointment.starts_at < span.end)
        .group_by(day)
    )
    return {name: int(total) for name, total in db.session.execute(query)}


def visit(appointment_id: UUID) -> VisitDetail | None:
    """Read one visit with its people, place, alerts and history; None when this scope has no such visit."""
    query = (
        select(Appointment)
        .where(Appointment.id == appointment_id)
        .options(
            joinedload(Appointment.patient).options(selectinload(Patient.alerts), selectinload(Patient.telecoms)),
            joinedload(Appointment.service),
            joinedload(Appointment.provider),
            joinedload(Appointment.room),
            joinedload(Appointment.location),
        )
    )
    found = db.session.scalars(query).one_or_none()
    return None if found is None else VisitDetail(found, history(appointment_id))


def own_visits(patient_ids: Collection[UUID], *, limit: int = 100) -> list[Appointment]:
    """Read visits of the people an account may act for, by start, as row security lets them through."""
    query = (
        select(Appointment)
        .where(Appointment.patient_id.in_(list(patient_ids)))
        .where(Appointment.status.not_in([Status.HELD, Status.LAPSED]))
        .options(
            joinedload(Appointment.patient),
            joinedload(Appointment.service),
            joinedload(Appointment.provider),
            joinedload(Appointment.location),
        )
        .order_by(Appointment.starts_at.desc())
        .limit(limit)
    )
    return sorted(db.session.scalars(query), key=attrgetter("starts_at"))


def history(appointment_id: UUID) -> tuple[Step, ...]:
    """Read what happened to a visit, the first step first."""
    query = (
        select(AppointmentHistory, Account.display_name)
        .outerjoin(Account, Account.id == AppointmentHistory.actor)
        .where(AppointmentHistory.appointment_id == appointment_id)
        .order_by(AppointmentHistory.id)
    )
    return tuple(
        Step(
            step.at,
            None if step.from_status is None else Status(step.from_status),
            Status(step.to_status),
            step.starts_at,
            step.provider_id,
            name or "",
            step.version,
        )
        for step, name in db.session.execute(query)
    )
