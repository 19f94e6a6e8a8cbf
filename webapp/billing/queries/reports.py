"""Sums for managers: how old what is owed is, what was earned and by what it was paid, and a drawer's day."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import Integer, case, func, literal, select

from webapp.billing.models import (
    Drawer,
    DrawerDay,
    DrawerDayStep,
    Invoice,
    InvoiceLine,
    LedgerEntry,
    LedgerTransaction,
    Payment,
    Refund,
)
from webapp.booking.models import Appointment
from webapp.db import db
from webapp.errors import NotFound
from webapp.practice.models import Provider, Service, name_of

if TYPE_CHECKING:
    import datetime as dt
    from datetime import datetime

AGES = ("0-30", "31-60", "61-90", "90+")
_BOUNDS = (30, 60, 90)
_COUNTED = ("drawer_cash", "checks", "card_clearing")


@dataclass(frozen=True, slots=True)
class Aged:
    """What somebody owes by the age of it: cents for each of AGES."""

    patient_id: UUID
    cents: tuple[int, int, int, int]

    @property
    def total(self) -> int:
        return sum(self.cents)


@dataclass(frozen=True, slots=True)
class Earned:
    """What was charged under one name (less discounts and credit notes), and on how many invoices."""

    name: str
    cents: int
    invoices: int


@dataclass(frozen=True, slots=True)
class Taken:
    """What came in and went back by one method, net of captures that failed."""

    method: str
    count: int
    cents: int
    refunded: int


@dataclass(frozen=True, slots=True)
class Day:
    """A count of a drawer: what it began with, what came in and went out, and what it should hold.

    A closed one has what was found then; `steps` is everything that was done to it.
    """

    day: DrawerDay
    drawer: Drawer
    float_cents: int
    came: int
    went: int
    expected: int
    counted: int | None
    steps: tuple[DrawerDayStep, ...]


def aging(locations: Collection[UUID], today: dt.date) -> list[Aged]:
    """Who owes for invoices of some locations, who owes most first; ages in days since they were due."""
    owed = (
        select(Invoice.patient_id, Invoice.due_on, func.sum(LedgerEntry.cents).label("cents"))
        .join(LedgerEntry, LedgerEntry.invoice_id == Invoice.id)
        .where(LedgerEntry.account == "patient_receivable", Invoice.location_id.in_(list(locations)))
        .group_by(Invoice.id)
        .having(func.sum(LedgerEntry.cents) > 0)
        .subquery()
    )
    days = literal(today) - owed.c.due_on
    sort = case(*((days <= bound, n) for n, bound in enumerate(_BOUNDS)), else_=len(_BOUNDS)).cast(Integer)
    query = select(owed.c.patient_id, sort.label("age"), func.sum(owed.c.cents)).group_by(owed.c.patient_id, "age")
    found: dict[UUID, list[int]] = {}
    for patient, age, cents in db.session.execute(query):
        found.setdefault(patient, [0] * len(AGES))[age] = int(cents)
    rows = [Aged(patient, (cents[0], cents[1], cents[2], cents[3])) for patient, cents in found.items()]
    return sorted(rows, key=lambda row: (-row.total, row.patient_id))


def revenue_by_service(locations: Collection[UUID], since: datetime, until: datetime) -> list[Earned]:
    """What was charged in a while by service or item, the most first."""
    return _earned(func.coalesce(Service.name, InvoiceLine.label), locations, since, until)


def revenue_by_category(locations: Collection[UUID], since: datetime, until: datetime) -> list[Earned]:
    """What was charged in a while by category, the most first."""
    return _earned(InvoiceLine.category, locations, since, until)


def revenue_by_provider(locations: Collection[UUID], since: datetime, until: datetime) -> list[Earned]:
    """What was charged in a while by who saw the patient, the most first; what belongs to no visit has no name."""
    earned: dict[str, Earned] = {}
    people = {
        row.id: name_of(row.prefix, row.given, row.family, row.credential)
        for row in db.session.scalars(select(Provider))
    }
    for row in _earned(Appointment.provider_id, locations, since, until):
        name = people.get(UUID(row.name), "") if row.name else ""
        earned[name] = Earned(name, row.cents, row.invoices)
    return list(earned.values())


def taken(locations: Collection[UUID], since: datetime, until: datetime) -> list[Taken]:
    """What came in at some locations in a while by method, and what went back, the most first."""
    failed = select(LedgerTransaction.reverses_id).where(LedgerTransaction.kind == "payment_failed")
    came = (
        select(Payment.method, func.count(), func.sum(Payment.cents))
        .where(Payment.location_id.in_(list(locations)), Payment.at >= since, Payment.at < until)
        .where(Payment.transaction_id.not_in(failed))
        .group_by(Payment.method)
    )
    went = (
        select(Payment.method, func.sum(Refund.cents))
        .join(Payment, Payment.id == Refund.payment_id)
        .where(Refund.location_id.in_(list(locations)), Refund.at >= since, Refund.at < until)
        .group_by(Payment.method)
    )
    back = {method: int(cents) for method, cents in db.session.execute(went)}
    counts = {method: (int(count), int(cents)) for method, count, cents in db.session.execute(came)}
    rows = [Taken(each, *counts.get(each, (0, 0)), back.get(each, 0)) for each in counts.keys() | back.keys()]
    return sorted(rows, key=lambda row: (-row.cents, row.method))


def drawer_days(location_id: UUID, day: dt.date) -> list[Day]:
    """The counts of a location on a local day, and those that are open still from before, by drawer."""
    query = (
        select(DrawerDay.id)
        .join(Drawer, Drawer.id == DrawerDay.drawer_id)
        .where(Drawer.location_id == location_id, DrawerDay.day <= day)
        .where((DrawerDay.day == day) | DrawerDay.closed_at.is_(None))
        .order_by(Drawer.kind, Drawer.name, DrawerDay.opened_at)
    )
    return [drawer_day(each) for each in db.session.scalars(query)]


def drawer_day(drawer_day_id: UUID) -> Day:
    """One count with its sums from the ledger (NotFound)."""
    day = db.session.get(DrawerDay, drawer_day_id)
    if day is None:
        raise NotFound
    moved = (
        select(
            func.coalesce(func.sum(LedgerEntry.cents).filter(LedgerEntry.cents > 0), 0),
            func.coalesce(func.sum(LedgerEntry.cents).filter(LedgerEntry.cents < 0), 0),
        )
        .join(LedgerTransaction, LedgerTransaction.id == LedgerEntry.transaction_id)
        .where(
            LedgerEntry.drawer_day_id == drawer_day_id,
            LedgerEntry.account.in_(_COUNTED),
            # What opening and closing did is no business of the day.
            LedgerTransaction.kind.not_in(["float", "over_short", "banked", "reversal"]),
        )
    )
    came, went = (int(cents) for cents in db.session.execute(moved).one())
    steps = db.session.scalars(
        select(DrawerDayStep).where(DrawerDayStep.drawer_day_id == drawer_day_id).order_by(DrawerDayStep.id)
    )
    drawer = db.session.get_one(Drawer, day.drawer_id)
    expected = day.float_cents + came + went
    return Day(day, drawer, day.float_cents, came, -went, expected, day.counted_cents, tuple(steps))


def open_drawers(location_id: UUID) -> list[tuple[Drawer, DrawerDay | None]]:
    """Cash drawers of a location in use, and the count that is running in each."""
    query = (
        select(Drawer, DrawerDay)
        .outerjoin(DrawerDay, (DrawerDay.drawer_id == Drawer.id) & DrawerDay.closed_at.is_(None))
        .where(Drawer.location_id == location_id, Drawer.kind == "cash", Drawer.retired_at.is_(None))
        .order_by(Drawer.name)
    )
    return [(drawer, day) for drawer, day in db.session.execute(query)]


def _earned(name: object, locations: Collection[UUID], since: datetime, until: datetime) -> list[Earned]:
    sign = case((Invoice.kind == "credit_note", -1), else_=1)
    net = InvoiceLine.quantity * InvoiceLine.unit_cents - InvoiceLine.discount_cents
    corrected = select(Invoice.id, Invoice.appointment_id).subquery()
    query = (
        select(name, func.sum(sign * net).label("cents"), func.count(func.distinct(Invoice.id)))  # type: ignore[call-overload]
        .select_from(InvoiceLine)
        .join(Invoice, Invoice.id == InvoiceLine.invoice_id)
        .outerjoin(corrected, corrected.c.id == Invoice.corrects_id)
        .outerjoin(Service, Service.id == InvoiceLine.service_id)
        .outerjoin(Appointment, Appointment.id == func.coalesce(Invoice.appointment_id, corrected.c.appointment_id))
        .where(
            Invoice.location_id.in_(list(locations)),
            Invoice.status == "issued",
            Invoice.issued_at >= since,
            Invoice.issued_at < until,
        )
        .group_by(name)
        .order_by(func.sum(sign * net).desc(), name)
    )
    return [
        Earned("" if row[0] is None else str(row[0]), int(row[1]), int(row[2])) for row in db.session.execute(query)
    ]
