"""The end of a day: what each drawer should hold, and what came in and how."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.orm import aliased

from webapp.billing.models import (
    Drawer,
    DrawerDay,
    DrawerDayStep,
    LedgerEntry,
    LedgerTransaction,
    Payment,
    Refund,
)
from webapp.db import db
from webapp.identity.models import Account

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from webapp.practice.hours import Span

COUNTED = ("drawer_cash", "checks", "card_clearing")
MONEY = (*COUNTED, "bank_clearing")
CLOSING = ("float", "over_short", "banked")
"""What moves money between a drawer and the bank without anybody paying."""
MOST = 200


@dataclass(frozen=True, slots=True)
class DrawerCount:
    """One count of a drawer, in cents: its start, what came in and went out, and what was counted once it is signed."""

    id: UUID
    drawer_id: UUID
    name: str
    kind: str
    day: dt.date
    opened_at: dt.datetime
    opened_by: str
    float_cents: int
    in_cents: int
    out_cents: int
    payments: int
    version: int
    counted_cents: int | None = None
    difference_reason: str = ""
    difference_note: str = ""
    counts: dict[str, int] | None = None
    closed_at: dt.datetime | None = None
    closed_by: str = ""

    @property
    def expected_cents(self) -> int:
        """What has to lie in it."""
        return self.float_cents + self.in_cents + self.out_cents

    @property
    def difference_cents(self) -> int:
        """How much more was counted than expected; 0 while nobody has."""
        return 0 if self.counted_cents is None else self.counted_cents - self.expected_cents


@dataclass(frozen=True, slots=True)
class Step:
    """That somebody opened, signed or reopened a count."""

    drawer_day_id: UUID
    at: dt.datetime
    kind: str
    actor: str
    reason: str
    counted_cents: int | None


@dataclass(frozen=True, slots=True)
class Taken:
    """Money of one day by one method, in cents; below zero it went back."""

    kind: str
    method: str
    cents: int
    number: int


def counts_of(location_id: UUID, day: dt.date, *, older: bool = False) -> list[DrawerCount]:
    """Counts that were opened on a day, cash first; with `older` those of days before that nobody has signed, too."""
    opener, closer = aliased(Account), aliased(Account)
    wanted: ColumnElement[bool] = DrawerDay.day == day
    if older:
        wanted = or_(wanted, and_(DrawerDay.day < day, DrawerDay.closed_at.is_(None)))
    query = (
        select(DrawerDay, Drawer, opener.display_name, closer.display_name)
        .join(Drawer, Drawer.id == DrawerDay.drawer_id)
        .outerjoin(opener, opener.id == DrawerDay.opened_by)
        .outerjoin(closer, closer.id == DrawerDay.closed_by)
        .where(Drawer.location_id == location_id, wanted)
        .order_by(case((Drawer.kind == "cash", 0), (Drawer.kind == "checks", 1), else_=2), Drawer.name)
        .order_by(DrawerDay.opened_at)
        .limit(MOST)
    )
    rows = list(db.session.execute(query))
    moved = _moved([row[0].id for row in rows])
    return [
        _count(each, drawer, opened, closed, moved.get(each.id, (0, 0, 0, 0))) for each, drawer, opened, closed in rows
    ]


def _count(
    each: DrawerDay, drawer: Drawer, opened: str | None, closed: str | None, moved: tuple[int, int, int, int]
) -> DrawerCount:
    start, came, went, payments = moved
    return DrawerCount(
        each.id, drawer.id, drawer.name, drawer.kind, each.day, each.opened_at, opened or "", start, came, went,
        payments, each.version, each.counted_cents, each.difference_reason or "", each.difference_note, each.counts,
        each.closed_at, closed or "",
    )  # fmt: skip


def _moved(counts: Collection[UUID]) -> dict[UUID, tuple[int, int, int, int]]:
    """By count: its start, what came in, what went out, and how many payments, from the ledger itself."""
    kind, original = _true_kind()
    cents = LedgerEntry.cents
    paid = kind.not_in(CLOSING)
    query = (
        select(
            LedgerEntry.drawer_day_id,
            func.coalesce(func.sum(cents).filter(kind == "float"), 0),
            func.coalesce(func.sum(cents).filter(and_(paid, cents > 0)), 0),
            func.coalesce(func.sum(cents).filter(and_(paid, cents < 0)), 0),
            func.count().filter(LedgerTransaction.kind.in_(["payment", "deposit"])),
        )
        .join(LedgerTransaction, LedgerTransaction.id == LedgerEntry.transaction_id)
        .outerjoin(original, original.id == LedgerTransaction.reverses_id)
        .where(LedgerEntry.drawer_day_id.in_(list(counts)), LedgerEntry.account.in_(COUNTED))
        .group_by(LedgerEntry.drawer_day_id)
    )
    return {
        row[0]: (int(row[1]), int(row[2]), int(row[3]), int(row[4]))
        for row in db.session.execute(query)
        if row[0] is not None
    }


def _true_kind() -> tuple[ColumnElement[str], type[LedgerTransaction]]:
    """What a transaction was for; a reversal counts as what it reverses, so that the two leave nothing behind."""
    original = aliased(LedgerTransaction)
    kind = case((LedgerTransaction.kind == "reversal", original.kind), else_=LedgerTransaction.kind)
    return kind, original


def taken(location_id: UUID, span: Span) -> list[Taken]:
    """What was paid, given back, and never came at a site within a span, by method."""
    found = []
    for kind, table, sign in (("payment", Payment, 1), ("refund", Refund, -1)):
        query = (
            select(table.method, func.sum(table.cents), func.count())
            .where(table.location_id == location_id, table.at >= span.start, table.at < span.end)
            .group_by(table.method)
            .order_by(func.sum(table.cents).desc())
        )
        found += [Taken(kind, row[0], sign * int(row[1]), int(row[2])) for row in db.session.execute(query)]
    failed = (
        select(func.coalesce(func.sum(LedgerEntry.cents), 0), func.count())
        .join(LedgerTransaction, LedgerTransaction.id == LedgerEntry.transaction_id)
        .where(*_within(location_id, span), LedgerTransaction.kind == "payment_failed", LedgerEntry.account.in_(MONEY))
    )
    cents, number = db.session.execute(failed).one()
    return [*found, Taken("failed", "card", int(cents), int(number))] if number else found


def taken_by_ledger(location_id: UUID, span: Span) -> int:
    """Cents by which money grew within a span, as the ledger has it: what `taken` has to come to, to the cent."""
    kind, original = _true_kind()
    query = (
        select(func.coalesce(func.sum(LedgerEntry.cents), 0))
        .join(LedgerTransaction, LedgerTransaction.id == LedgerEntry.transaction_id)
        .outerjoin(original, original.id == LedgerTransaction.reverses_id)
        .where(*_within(location_id, span), LedgerEntry.account.in_(MONEY), kind.not_in(CLOSING))
    )
    return int(db.session.scalar(query) or 0)


def _within(location_id: UUID, span: Span) -> Iterable[ColumnElement[bool]]:
    at = LedgerTransaction.at
    return (LedgerTransaction.location_id == location_id, at >= span.start, at < span.end)


def steps_of(counts: Collection[UUID]) -> list[Step]:
    """Who opened, signed and reopened some counts, the first step first."""
    query = (
        select(DrawerDayStep, Account.display_name)
        .outerjoin(Account, Account.id == DrawerDayStep.actor_id)
        .where(DrawerDayStep.drawer_day_id.in_(list(counts)))
        .order_by(DrawerDayStep.id)
    )
    return [
        Step(step.drawer_day_id, step.at, step.kind, name or "", step.reason or "", step.counted_cents)
        for step, name in db.session.execute(query)
    ]


def cash_drawers(location_id: UUID) -> list[tuple[UUID, str, bool]]:
    """Cash drawers of a site that are in use, by name, and whether a count of each is open."""
    running = select(DrawerDay.id).where(DrawerDay.drawer_id == Drawer.id, DrawerDay.closed_at.is_(None)).exists()
    query = (
        select(Drawer.id, Drawer.name, running)
        .where(Drawer.location_id == location_id, Drawer.kind == "cash", Drawer.retired_at.is_(None))
        .order_by(Drawer.name)
    )
    return [(row[0], row[1], bool(row[2])) for row in db.session.execute(query)]


def day_of(drawer_day_id: UUID) -> dt.date | None:
    """The day that a count was opened on."""
    return db.session.scalar(select(DrawerDay.day).where(DrawerDay.id == drawer_day_id))


def site_of(drawer_day_id: UUID) -> UUID | None:
    """The site of a count."""
    query = select(Drawer.location_id).join(DrawerDay, DrawerDay.drawer_id == Drawer.id)
    return db.session.scalar(query.where(DrawerDay.id == drawer_day_id))
