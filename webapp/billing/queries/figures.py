"""Sums of money over a period: what was charged, by provider and service; what came in; what is owed for how long."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Date, and_, case, func, literal, or_, select
from sqlalchemy.orm import aliased

from webapp.billing.models import Invoice, InvoiceLine, LedgerEntry, LedgerTransaction, Payment, Refund
from webapp.booking.models import Appointment
from webapp.db import db
from webapp.practice.hours import local_day
from webapp.practice.models import BillableItem, Provider, Service, name_of

if TYPE_CHECKING:
    from webapp.booking.queries.figures import Period

AGES = (30, 60, 90)
"""Last days of the steps of aging; what is older is the last step."""
OWED = ("patient_receivable", "payer_receivable")


@dataclass(frozen=True, slots=True)
class Aged:
    """What is owed since how long: `step` counts from 0; cents of patients and payers, and how many invoices."""

    step: int
    patient_cents: int
    payer_cents: int
    invoices: int


@dataclass(frozen=True, slots=True)
class Charged:
    """What was charged in a period for one provider or one service, in cents, credit notes taken off."""

    name: str
    cents: int
    lines: int


@dataclass(frozen=True, slots=True)
class Received:
    """What came in by one method, in cents, and what of it went back or never came."""

    method: str
    payments: int
    cents: int
    back_cents: int


def aging(period: Period) -> list[Aged]:
    """What was owed at the end of the last day of a period, by days since it was due; every step is there."""
    sums = [func.coalesce(func.sum(LedgerEntry.cents).filter(LedgerEntry.account == account), 0) for account in OWED]
    each = (
        select(Invoice.due_on, sums[0].label("patient"), sums[1].label("payer"))
        .join(LedgerEntry, LedgerEntry.invoice_id == Invoice.id)
        .join(LedgerTransaction, LedgerTransaction.id == LedgerEntry.transaction_id)
        .where(LedgerEntry.account.in_(OWED), or_(*(_until(period, site) for site in range(len(period.sites)))))
        .group_by(Invoice.id)
        .having(func.sum(LedgerEntry.cents) != 0)
        .subquery()
    )
    days = literal(period.last, Date) - each.c.due_on
    step = case(*((days <= most, number) for number, most in enumerate(AGES)), else_=len(AGES))
    query = select(step, func.sum(each.c.patient), func.sum(each.c.payer), func.count()).group_by(step)
    found = {int(row[0]): Aged(int(row[0]), int(row[1]), int(row[2]), int(row[3])) for row in db.session.execute(query)}
    return [found.get(step, Aged(step, 0, 0, 0)) for step in range(len(AGES) + 1)]


def _until(period: Period, number: int) -> ColumnElement[bool]:
    site = period.sites[number]
    return and_(Invoice.location_id == site.id, LedgerTransaction.at < local_day(site.time_zone, period.last).end)


def by_provider(period: Period) -> list[Charged]:
    """What was charged for the visits of each provider, the most first; what belongs to no visit has no name."""
    original = aliased(Invoice)
    visit = func.coalesce(Invoice.appointment_id, original.appointment_id)
    query = (
        select(Provider, *_sums())
        .join(InvoiceLine, InvoiceLine.invoice_id == Invoice.id)
        .outerjoin(original, original.id == Invoice.corrects_id)
        .outerjoin(Appointment, Appointment.id == visit)
        .outerjoin(Provider, Provider.id == Appointment.provider_id)
        .select_from(Invoice)
        .where(Invoice.status == "issued", _within(period, Invoice.location_id, Invoice.issued_at))
        .group_by(Provider.id)
    )
    return _charged((_name(row[0]), row[1], row[2]) for row in db.session.execute(query))


def _name(who: Provider | None) -> str:
    return "" if who is None else name_of(who.prefix, who.given, who.family, who.credential)


def by_service(period: Period) -> list[Charged]:
    """What was charged for each service and item, the most first; lines of their own words by category."""
    original = aliased(InvoiceLine)
    service, item = (
        func.coalesce(getattr(InvoiceLine, name), getattr(original, name)) for name in ("service_id", "item_id")
    )
    name = func.coalesce(Service.name, BillableItem.label, InvoiceLine.category)
    query = (
        select(name, *_sums())
        .join(InvoiceLine, InvoiceLine.invoice_id == Invoice.id)
        .outerjoin(original, original.id == InvoiceLine.corrects_line_id)
        .outerjoin(Service, Service.id == service)
        .outerjoin(BillableItem, BillableItem.id == item)
        .select_from(Invoice)
        .where(Invoice.status == "issued", _within(period, Invoice.location_id, Invoice.issued_at))
        .group_by(name)
    )
    return _charged((row[0], row[1], row[2]) for row in db.session.execute(query))


def _sums() -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    """What lines come to, those of credit notes taken off, and how many there are."""
    net = InvoiceLine.quantity * InvoiceLine.unit_cents - InvoiceLine.discount_cents
    return func.sum(case((Invoice.kind == "credit_note", -net), else_=net)), func.count()


def _charged(rows: Any) -> list[Charged]:  # noqa: ANN401 - rows of two shapes
    found = [Charged(name, int(cents), int(lines)) for name, cents, lines in rows]
    return sorted(found, key=lambda each: (-each.cents, each.name))


def earned(period: Period) -> int:
    """What the ledger says was earned in a period, discounts taken off: the sum of either of the two above."""
    accounts = ("revenue", "fees", "discounts")
    query = (
        select(func.coalesce(-func.sum(LedgerEntry.cents), 0))
        .join(LedgerTransaction, LedgerTransaction.id == LedgerEntry.transaction_id)
        .where(LedgerEntry.account.in_(accounts), _within(period, LedgerTransaction.location_id, LedgerTransaction.at))
    )
    return int(db.session.scalar(query) or 0)


def by_method(period: Period) -> list[Received]:
    """What came in by each method, the most first."""
    failed = aliased(Payment)
    came = (
        select(Payment.method, func.sum(Payment.cents), func.count())
        .where(_within(period, Payment.location_id, Payment.at))
        .group_by(Payment.method)
    )
    back = (
        select(Payment.method, func.sum(Refund.cents))
        .join(Refund, Refund.payment_id == Payment.id)
        .where(_within(period, Refund.location_id, Refund.at))
        .group_by(Payment.method)
    )
    lost = (
        select(failed.method, -func.sum(LedgerEntry.cents))
        .join(LedgerTransaction, LedgerTransaction.reverses_id == failed.transaction_id)
        .join(LedgerEntry, LedgerEntry.transaction_id == LedgerTransaction.id)
        .where(LedgerTransaction.kind == "payment_failed", LedgerEntry.account == "card_clearing")
        .where(_within(period, LedgerTransaction.location_id, LedgerTransaction.at))
        .group_by(failed.method)
    )
    gone: dict[str, int] = {}
    for query in (back, lost):
        for method, cents in db.session.execute(query):
            gone[method] = gone.get(method, 0) + int(cents)
    found = {method: (int(cents), int(number)) for method, cents, number in db.session.execute(came)}
    made = []
    for method in {*found, *gone}:
        cents, number = found.get(method, (0, 0))
        made.append(Received(method, number, cents, gone.get(method, 0)))
    return sorted(made, key=lambda each: (-each.cents, each.method))


def _within(period: Period, location: Any, at: Any) -> ColumnElement[bool]:  # noqa: ANN401 - columns of any table
    """Within the local days of each site."""
    parts = []
    for site in period.sites:
        first, last = local_day(site.time_zone, period.first), local_day(site.time_zone, period.last)
        parts.append(and_(location == site.id, at >= first.start, at < last.end))
    return or_(*parts)
