"""Bill and pay the demo's finished visits through the actions of the desk: most paid, some owed, some to bill."""

from __future__ import annotations

import datetime as dt
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from sqlalchemy import select

from webapp.billing.actions.drafts import draft_visit
from webapp.billing.actions.drawers import Count, add_drawer, close_drawer, expected_in, open_drawer
from webapp.billing.actions.issue import issue
from webapp.billing.actions.pay import Part, TakePayment, take_payment
from webapp.billing.models import Drawer, DrawerDay, Invoice, SimulatedReader
from webapp.billing.queries.balances import due_of
from webapp.booking.models import Appointment
from webapp.booking.states import Status
from webapp.db import db
from webapp.errors import Refusal
from webapp.ids import new_id
from webapp.interop.demo.clinic import TIME_ZONE

if TYPE_CHECKING:
    from uuid import UUID

    from webapp.interop.demo.build import Clinic

DRAWER, READER = "Front desk", "Desk 1"
CHANGE_CENTS = 15_000
_NOTE_CENTS = 2_000
# What becomes of one finished visit after the other; "" is left to be billed.
WAYS = ("cash", "bank_transfer", "cash", "owed", "check", "cash", "", "bank_transfer", "half", "cash")
_OPENS, _CLOSES = time(7, 45), time(18, 30)


def equip(clinic: Clinic, now: datetime) -> None:
    """Put a cash drawer and a reader of the built-in terminal on the desk, once."""
    place = clinic.location_id
    if db.session.scalar(select(Drawer.id).where(Drawer.location_id == place, Drawer.kind == "cash").limit(1)) is None:
        add_drawer(place, DRAWER, at=now)
    if db.session.scalar(select(SimulatedReader.id).where(SimulatedReader.location_id == place).limit(1)) is None:
        db.session.add(SimulatedReader(id=new_id(), location_id=place, name=READER))
    db.session.flush()


def settle_day(clinic: Clinic, day: dt.date, *, actor: UUID, now: datetime) -> int:
    """Bill a local day's finished visits, and take what was paid; returns the number of payments.

    A day on which the drawer was opened before is left alone: then the desk is at work.  Days that are over are signed.
    """
    drawer = db.session.scalars(
        select(Drawer).where(Drawer.location_id == clinic.location_id, Drawer.kind == "cash").order_by(Drawer.name)
    ).first()
    opens, closes = _at(day, _OPENS), _at(day, _CLOSES)
    if drawer is None or opens > now or _has_count(drawer.id, day):
        return 0
    count = open_drawer(drawer.id, CHANGE_CENTS, actor=actor, at=opens)
    visits = db.session.scalars(
        select(Appointment)
        .where(Appointment.location_id == clinic.location_id, Appointment.status == Status.FINISHED.value)
        .where(Appointment.starts_at >= opens - timedelta(hours=2), Appointment.starts_at < closes + timedelta(hours=4))
        .order_by(Appointment.ends_at, Appointment.id)
    ).all()
    made = sum(_bill(visit, WAYS[n % len(WAYS)], drawer, actor, now) for n, visit in enumerate(visits))
    if closes < now and day < now.astimezone(ZoneInfo(TIME_ZONE)).date():
        close_drawer(Count(count.id, expected_in(count.id)), actor=actor, at=closes)
    return made


def _bill(visit: Appointment, way: str, drawer: Drawer, actor: UUID, now: datetime) -> int:
    """One visit's invoice, and its payment where it has one; 1 when something was paid."""
    paid_at = min(now, visit.ends_at + timedelta(minutes=3))
    if not way:
        return 0
    try:
        with db.session.begin_nested():
            draft = _draft(visit, actor, paid_at)
            if draft is None or not any(line.net_cents for line in draft.lines):
                return 0
            made = issue(draft.id, actor=actor, at=paid_at)
            due = due_of([made.id]).get(made.id, 0)
            if way == "owed" or due <= 0:
                return 0
            part = _part("cash" if way == "half" else way, due // 2 if way == "half" else due, drawer)
            request = TakePayment(
                visit.patient_id, visit.location_id, (part,), made.currency, exactly={made.id: part.cents}
            )
            take_payment(request, actor=actor, at=paid_at)
    except Refusal:
        return 0  # the worker was quicker, or somebody changed it by hand: theirs stays
    return 1


def _draft(visit: Appointment, actor: UUID, at: datetime) -> Invoice | None:
    """The draft of a visit, which a worker may have made already; None when it is past that."""
    standing = db.session.scalars(select(Invoice).where(Invoice.appointment_id == visit.id)).first()
    if standing is not None:
        return standing if standing.status == "draft" else None
    return draft_visit(visit.id, actor=actor, at=at)


def _part(method: str, cents: int, drawer: Drawer) -> Part:
    if method == "cash":
        notes = -(-cents // _NOTE_CENTS) * _NOTE_CENTS
        return Part(method, cents, tendered_cents=notes, drawer_id=drawer.id)
    return Part(method, cents, reference="1042 Harbor Bank" if method == "check" else "")


def _has_count(drawer_id: UUID, day: dt.date) -> bool:
    query = select(DrawerDay.id).where(DrawerDay.drawer_id == drawer_id)
    running = select(DrawerDay.id).where(DrawerDay.drawer_id == drawer_id, DrawerDay.closed_at.is_(None))
    return (
        db.session.scalar(query.where(DrawerDay.day == day).limit(1)) is not None
        or db.session.scalar(running.limit(1)) is not None
    )


def _at(day: dt.date, clock: time) -> datetime:
    return datetime.combine(day, clock, ZoneInfo(TIME_ZONE))
