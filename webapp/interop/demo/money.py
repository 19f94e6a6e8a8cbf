"""Money of the demo: a drawer and a card reader at the desk, and invoices of the last days, most of them paid."""

from __future__ import annotations

import datetime as dt
from datetime import UTC, datetime, time
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.exc import IntegrityError

from webapp.billing.actions.drafts import draft_visit
from webapp.billing.actions.drawers import add_drawer, open_drawer
from webapp.billing.actions.issue import issue
from webapp.billing.actions.pay import Part, TakePayment, take_payment
from webapp.billing.actions.terminal import add_reader
from webapp.billing.models import Drawer, DrawerDay, Invoice, SimulatedReader
from webapp.billing.queries.balances import due_of
from webapp.billing.refusals import BilledAlready
from webapp.booking.models import Appointment
from webapp.booking.states import Status
from webapp.db import db
from webapp.errors import Refusal, refusal_of
from webapp.ids import new_id
from webapp.interop.demo.clinic import TIME_ZONE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from webapp.interop.demo.build import Clinic

DESK = "Desk 1"
CHANGE_CENTS = 15_000
BEFORE, TODAY = 40, 6
"""Visits of the days before and of today whose invoices are there when the clinic opens; `rest` tells the others."""
LEFT = 12
"""The last of those that were finished before the clinic was opened wait to be billed by people."""
OWES_EVERY, HALF_EVERY, CHECK_EVERY = 15, 20, 8


def fill_tills(clinic: Clinic, today: dt.date, *, owes: UUID, actor: UUID | None, now: datetime) -> int:
    """Put up the desk's drawer and reader, bill and take money, once: where a drawer is, people take it themselves.

    The patient `owes` has not paid the last visit yet.  Returns the number of invoices.
    """
    if db.session.scalar(select(Drawer.id).limit(1)) is not None:
        return 0
    drawer = add_drawer(clinic.location_id, DESK, at=now)
    open_drawer(drawer.id, CHANGE_CENTS, actor=actor, at=now)
    if db.session.scalar(select(SimulatedReader.id).limit(1)) is None:
        add_reader(new_id(), clinic.location_id, DESK)
    midnight = datetime.combine(today, time(), ZoneInfo(TIME_ZONE)).astimezone(UTC)
    made = sum(_billed(visit, 0, None, actor, now) for visit in _finished(clinic, Appointment.patient_id == owes, 1))
    others = Appointment.patient_id != owes
    earlier = _finished(clinic, and_(others, Appointment.starts_at < midnight), BEFORE)
    made += sum(_billed(visit, n, None, actor, now) for n, visit in enumerate(earlier))
    todays = _finished(clinic, and_(others, Appointment.starts_at >= midnight), TODAY)
    return made + sum(_billed(visit, n, drawer.id, actor, now) for n, visit in enumerate(todays))


def rest(clinic: Clinic) -> list[UUID]:
    """Visits that were over before the desk first had a drawer, and have no invoice yet: all but the last dozen."""
    desk = select(DrawerDay.opened_at).join(Drawer, Drawer.id == DrawerDay.drawer_id).where(Drawer.name == DESK)
    opened = db.session.scalar(desk.order_by(DrawerDay.opened_at).limit(1))
    if opened is None:
        return []
    query = (
        select(Appointment.id, Invoice.id.label("issued"))
        .outerjoin(Invoice, and_(Invoice.appointment_id == Appointment.id, Invoice.status != "draft"))
        .where(Appointment.location_id == clinic.location_id, Appointment.status == Status.FINISHED.value)
        .where(Appointment.finished_at < opened)
        .order_by(Appointment.starts_at, Appointment.id)
    )
    return [row.id for row in db.session.execute(query).all()[:-LEFT] if row.issued is None]


def bill(visit_id: UUID, number: int, *, actor: UUID | None, now: datetime) -> bool:
    """Bill one of the `rest`, and take what its patient paid then; False where somebody was quicker."""
    visit = db.session.get(Appointment, visit_id)
    try:
        return visit is not None and _billed(visit, number, None, actor, now)
    except Refusal:
        return False  # somebody has said that nothing is charged


def _finished(clinic: Clinic, which: ColumnElement[bool], most: int) -> Sequence[Appointment]:
    query = select(Appointment).where(
        Appointment.location_id == clinic.location_id,
        Appointment.status == Status.FINISHED.value,
        which,
    )
    return db.session.scalars(query.order_by(Appointment.starts_at, Appointment.id).limit(most)).all()


def _billed(visit: Appointment, number: int, drawer: UUID | None, actor: UUID | None, now: datetime) -> bool:
    """Issue a visit's invoice and take what its patient paid then; False where somebody was quicker."""
    at = visit.finished_at or now
    draft = _draft(visit, actor, at)
    if draft is None:
        return False
    try:
        with db.session.begin_nested():
            invoice = issue(draft, actor=actor, at=at)
            if number % OWES_EVERY:
                _pay(invoice, number, drawer, actor, at if drawer is None else now)
    except Refusal:
        return False
    return True


def _draft(visit: Appointment, actor: UUID | None, at: datetime) -> UUID | None:
    """The draft of a visit; the worker, which runs meanwhile, is often the one that made it."""
    try:
        with db.session.begin_nested():
            return draft_visit(visit.id, actor=actor, at=at).id
    except (Refusal, IntegrityError) as error:
        if not isinstance(refusal_of(error), BilledAlready):
            raise
    return db.session.scalar(select(Invoice.id).where(Invoice.appointment_id == visit.id, Invoice.status == "draft"))


def _pay(invoice: Invoice, number: int, drawer: UUID | None, actor: UUID | None, at: datetime) -> None:
    due = due_of([invoice.id])[invoice.id]
    cents = due if number % HALF_EVERY else due // 2
    if cents <= 0:
        return
    if drawer is not None:
        part = Part("cash", cents, tendered_cents=-(-cents // 2_000) * 2_000, drawer_id=drawer)
    elif number % CHECK_EVERY == 0:
        part = Part("check", cents, reference=f"{1040 + number}")
    else:
        part = Part("bank_transfer", cents, reference=f"Transfer {1040 + number}")
    exactly = {invoice.id: cents}
    wanted = TakePayment(invoice.patient_id, invoice.location_id, (part,), invoice.currency, exactly=exactly)
    take_payment(wanted, actor=actor, at=at)
