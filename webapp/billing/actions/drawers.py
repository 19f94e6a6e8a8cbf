"""Drawers: opened with their change, filled by payments, counted, signed, and opened again by a manager only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from webapp.billing import ledger
from webapp.billing.actions.corrections import undo
from webapp.billing.actions.posting import entry_of, post_at, site, told, write
from webapp.billing.books import Books
from webapp.billing.models import Drawer, DrawerDay, DrawerDayStep, LedgerEntry, LedgerTransaction
from webapp.billing.postings import COUNTED, Account, AccountKind
from webapp.billing.refusals import (
    DaySigned,
    DifferenceUnexplained,
    DrawerClosed,
    DrawerOpen,
    ManagerSigns,
    MoneyReasonMissing,
    WrongAmountOfMoney,
)
from webapp.db import db
from webapp.errors import NotFound, VersionConflict
from webapp.ids import new_id

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from uuid import UUID

    from webapp.practice.models import Location

KINDS = {"cash": AccountKind.DRAWER_CASH, "checks": AccountKind.CHECKS, "cards": AccountKind.CARD_CLEARING}
NAMES = {"checks": "Checks", "cards": "Card reader"}
MOST_CENTS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Count:
    """What somebody counted: cents in all, how many of which note or coin (by cents), and why it differs."""

    drawer_day_id: UUID
    counted_cents: int
    reason: str = ""
    note: str = ""
    counts: Mapping[str, int] | None = None
    version: int | None = None
    countersigned_by: UUID | None = None


def add_drawer(location_id: UUID, name: str, *, at: datetime) -> Drawer:
    """Add a cash drawer to a location (NotFound, NoMoneyHere, DrawerNameTaken)."""
    location = site(location_id)
    post_at(location, at)
    drawer = Drawer(id=new_id(), location_id=location.id, name=name.strip(), kind="cash")
    db.session.add(drawer)
    db.session.flush()
    return drawer


def open_drawer(drawer_id: UUID, float_cents: int, *, actor: UUID | None, at: datetime) -> DrawerDay:
    """Open a cash drawer with its change (NotFound, DrawerOpen, WrongAmountOfMoney, NoMoneyHere)."""
    drawer = db.session.get(Drawer, drawer_id)
    if drawer is None or drawer.retired_at is not None or drawer.kind != "cash":
        raise NotFound
    if not 0 <= float_cents <= MOST_CENTS:
        raise WrongAmountOfMoney(field="float")
    location = site(drawer.location_id)
    post = post_at(location, at)
    day = _open(drawer, location, float_cents, actor=actor, at=at)
    if day is None:
        raise DrawerOpen
    if float_cents:
        write([ledger.fill_drawer(post, account_of(drawer, day.id), float_cents)], actor=actor)
    return day


def open_count(location: Location, kind: str, *, actor: UUID | None, at: datetime) -> Account:
    """The account that checks or cards of a location go into; its count begins with the first of a day.

    Raises DrawerClosed when a count was closed at this very moment.
    """
    made = insert(Drawer).values(id=new_id(), location_id=location.id, name=NAMES[kind], kind=kind)
    db.session.execute(made.on_conflict_do_nothing())
    drawer = db.session.scalars(
        select(Drawer).where(Drawer.location_id == location.id, Drawer.kind == kind)
    ).one_or_none()
    if drawer is None:
        raise DrawerClosed
    standing = running(drawer.id)
    if standing is None:
        _open(drawer, location, 0, actor=actor, at=at)
        standing = running(drawer.id)
    if standing is None:
        raise DrawerClosed
    return account_of(drawer, standing)


def cash_account(drawer_id: UUID | None, location: Location) -> Account:
    """The account of an open cash drawer of a location (DrawerClosed, also when there is none)."""
    drawer = None if drawer_id is None else db.session.get(Drawer, drawer_id)
    if drawer is None or drawer.kind != "cash" or drawer.location_id != location.id:
        raise DrawerClosed(field="drawer")
    standing = running(drawer.id)
    if standing is None:
        raise DrawerClosed(field="drawer")
    return account_of(drawer, standing)


def running(drawer_id: UUID) -> UUID | None:
    """The open count of a drawer, locked against being closed."""
    query = select(DrawerDay.id).where(DrawerDay.drawer_id == drawer_id, DrawerDay.closed_at.is_(None))
    return db.session.scalars(query.with_for_update(read=True)).one_or_none()


def account_of(drawer: Drawer, drawer_day_id: UUID) -> Account:
    return Account(KINDS[drawer.kind], location_id=drawer.location_id, drawer_id=drawer.id, drawer_day_id=drawer_day_id)


def close_drawer(count: Count, *, actor: UUID | None, at: datetime) -> DrawerDay:
    """Sign a count: the difference is booked with its reason, and what was counted goes to the bank.

    Raises NotFound, DaySigned, VersionConflict, WrongAmountOfMoney, DifferenceUnexplained, ManagerSigns, NoMoneyHere.
    """
    day, drawer = _locked(count.drawer_day_id)
    if day.closed_at is not None:
        raise DaySigned
    if count.version is not None and count.version != day.version:
        raise VersionConflict
    if not (drawer.kind == "cards" or count.counted_cents >= 0) or abs(count.counted_cents) > MOST_CENTS:
        raise WrongAmountOfMoney(field="counted")
    location = site(drawer.location_id)
    account, books = account_of(drawer, day.id), _books(day.id, location.currency)
    expected = books.expected(day.id)
    _explained(count, count.counted_cents - expected, location)
    with told():
        made = (
            ledger.count_drawer(books, post_at(location, at), account, count.counted_cents, count.reason.strip()),
            ledger.empty_drawer(post_at(location, at), account, count.counted_cents),
        )
    write([each for each in made if each is not None], actor=actor)
    day.counted_cents, day.expected_cents, day.counts = count.counted_cents, expected, dict(count.counts or {}) or None
    day.difference_reason = count.reason.strip() or None
    day.difference_note, day.countersigned_by = count.note.strip(), count.countersigned_by
    day.closed_at, day.closed_by = at, actor
    day.version += 1
    _note(day, "close", actor, at, reason=count.reason.strip() or None)
    return day


def reopen_drawer(drawer_day_id: UUID, reason: str, *, actor: UUID | None, at: datetime) -> DrawerDay:
    """Open a signed day again, for a manager: what closing booked is reversed, the history keeps both.

    Raises NotFound, MoneyReasonMissing, VersionConflict when it is open, DrawerOpen when the next one is.
    """
    day, drawer = _locked(drawer_day_id)
    if day.closed_at is None:
        raise VersionConflict
    if not reason.strip():
        raise MoneyReasonMissing(field="reason")
    if running(drawer.id) is not None:
        raise DrawerOpen
    day.counted_cents = day.expected_cents = day.closed_at = day.closed_by = None
    day.difference_reason = day.countersigned_by = None
    day.version += 1
    db.session.flush()
    for head in _closing(day.id):
        entries = db.session.scalars(
            select(LedgerEntry).where(LedgerEntry.transaction_id == head.id).order_by(LedgerEntry.id)
        )
        undo(head, [entry_of(each) for each in entries], reason.strip(), actor=actor, at=at)
    _note(day, "reopen", actor, at, reason=reason.strip())
    return day


def _open(
    drawer: Drawer, location: Location, float_cents: int, *, actor: UUID | None, at: datetime
) -> DrawerDay | None:
    """Begin a count; None when one is running."""
    values = {
        "id": new_id(), "drawer_id": drawer.id, "day": at.astimezone(ZoneInfo(location.time_zone)).date(),
        "opened_at": at, "opened_by": actor, "float_cents": float_cents,
    }  # fmt: skip
    made = insert(DrawerDay).values(values).on_conflict_do_nothing().returning(DrawerDay.id)
    day_id = db.session.scalar(made)
    if day_id is None:
        return None
    day = db.session.get_one(DrawerDay, day_id)
    _note(day, "open", actor, at)
    return day


def _locked(drawer_day_id: UUID) -> tuple[DrawerDay, Drawer]:
    query = select(DrawerDay).where(DrawerDay.id == drawer_day_id).with_for_update()
    day = db.session.execute(query.execution_options(populate_existing=True)).scalar_one_or_none()
    if day is None:
        raise NotFound
    return day, db.session.get_one(Drawer, day.drawer_id)


def _books(drawer_day_id: UUID, currency: str) -> Books:
    """What lies in a count, as sums of its accounts."""
    query = (
        select(LedgerEntry)
        .where(LedgerEntry.drawer_day_id == drawer_day_id, LedgerEntry.account.in_([kind.value for kind in COUNTED]))
        .order_by(LedgerEntry.id)
    )
    books = Books(currency)
    books.take(entry_of(each) for each in db.session.scalars(query))
    return books


def _closing(drawer_day_id: UUID) -> list[LedgerTransaction]:
    """What the last closing booked and nobody reversed, the latest first."""
    reversed_ids = select(LedgerTransaction.reverses_id).where(LedgerTransaction.reverses_id.is_not(None))
    query = (
        select(LedgerTransaction)
        .where(
            LedgerTransaction.kind.in_(["over_short", "banked"]),
            LedgerTransaction.id.in_(
                select(LedgerEntry.transaction_id).where(LedgerEntry.drawer_day_id == drawer_day_id)
            ),
            LedgerTransaction.id.not_in(reversed_ids),
        )
        .order_by(LedgerTransaction.at.desc(), LedgerTransaction.id.desc())
    )
    return list(db.session.scalars(query))


def _explained(count: Count, difference: int, location: Location) -> None:
    if difference and not count.reason.strip():
        raise DifferenceUnexplained(field="reason")
    if abs(difference) > location.manager_signs_over_cents and count.countersigned_by is None:
        raise ManagerSigns(field="countersigned")


def _note(day: DrawerDay, kind: str, actor: UUID | None, at: datetime, *, reason: str | None = None) -> None:
    db.session.flush()
    db.session.add(
        DrawerDayStep(
            drawer_day_id=day.id, at=at, actor_id=actor, kind=kind, reason=reason,
            expected_cents=day.expected_cents, counted_cents=day.counted_cents,
        )
    )  # fmt: skip
    db.session.flush()


def expected_in(drawer_day_id: UUID) -> int:
    """What a count should find now, in cents."""
    query = select(func.coalesce(func.sum(LedgerEntry.cents), 0)).where(
        LedgerEntry.drawer_day_id == drawer_day_id, LedgerEntry.account.in_([kind.value for kind in COUNTED])
    )
    return int(db.session.scalar(query) or 0)
