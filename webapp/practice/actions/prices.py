"""Prices with their days: a new one begins on a day, and what was charged before stays as it was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import Range

from webapp.db import db
from webapp.errors import NotFound, VersionConflict
from webapp.ids import new_id
from webapp.practice.models import BillableItem, ItemPrice, Service, ServicePrice
from webapp.practice.price_refusals import DepositAbovePrice, PriceInThePast

if TYPE_CHECKING:
    import datetime as dt
    from uuid import UUID


@dataclass(frozen=True, slots=True)
class SetPrice:
    """What a service or item costs from a day on, until a later price that is known already."""

    id: UUID
    cents: int
    since: dt.date
    version: int | None = None


@dataclass(frozen=True, slots=True)
class SaveItem:
    """An item that can be charged, as its form says."""

    code: str
    label: str
    category: str
    currency: str
    id: UUID | None = None
    version: int = 0


def set_service_price(wanted: SetPrice, *, today: dt.date) -> None:
    """Set what a service costs (NotFound, VersionConflict, PriceInThePast, DepositAbovePrice)."""
    query = select(Service).where(Service.id == wanted.id).with_for_update()
    service = db.session.execute(query.execution_options(populate_existing=True)).scalar_one_or_none()
    if service is None:
        raise NotFound
    _check(wanted, service.version, today)
    if wanted.cents < service.deposit_cents:
        raise DepositAbovePrice(field="price")
    _begin(ServicePrice, ServicePrice.service_id == wanted.id, {"service_id": wanted.id}, wanted)
    if wanted.since <= today:
        # The list has it already, so the trigger that keeps the two the same finds nothing to do.
        service.price_cents = wanted.cents
    service.version += 1
    db.session.flush()


def set_item_price(wanted: SetPrice, *, today: dt.date) -> None:
    """Set what an item costs (NotFound, VersionConflict, PriceInThePast); its first price holds for all days."""
    query = select(BillableItem).where(BillableItem.id == wanted.id).with_for_update()
    item = db.session.execute(query.execution_options(populate_existing=True)).scalar_one_or_none()
    if item is None:
        raise NotFound
    _check(wanted, item.version, today)
    _begin(ItemPrice, ItemPrice.item_id == wanted.id, {"item_id": wanted.id}, wanted)
    item.version += 1
    db.session.flush()


def save_item(wanted: SaveItem) -> BillableItem:
    """Add or change an item (NotFound, VersionConflict); its price is set by itself."""
    if wanted.id is None:
        item = BillableItem(
            id=new_id(), code=wanted.code, label=wanted.label, category=wanted.category, currency=wanted.currency
        )
        db.session.add(item)
        db.session.flush()
        return item
    query = select(BillableItem).where(BillableItem.id == wanted.id).with_for_update()
    known = db.session.execute(query.execution_options(populate_existing=True)).scalar_one_or_none()
    if known is None:
        raise NotFound
    if known.version != wanted.version:
        raise VersionConflict
    known.code, known.label, known.category, known.currency = (
        wanted.code,
        wanted.label,
        wanted.category,
        wanted.currency,
    )
    known.version += 1
    db.session.flush()
    return known


def turn_price(service_id: UUID, cents: int) -> None:
    """Let a price whose day has come be the one that visits are booked at."""
    service = db.session.execute(select(Service).where(Service.id == service_id).with_for_update()).scalar_one()
    service.price_cents = cents
    service.version += 1
    db.session.flush()


def _check(wanted: SetPrice, version: int, today: dt.date) -> None:
    if wanted.version is not None and wanted.version != version:
        raise VersionConflict
    if wanted.since < today:
        raise PriceInThePast(field="since")


def _begin(table: type[ServicePrice | ItemPrice], own: object, key: dict[str, UUID], wanted: SetPrice) -> None:
    """Cut the price of that day in two; one that began on it is another price now."""
    day = wanted.since
    versions = select(table).where(own, table.during.contains(day)).with_for_update()  # type: ignore[arg-type]
    running: Any = db.session.execute(versions).scalar_one_or_none()
    if running is not None and running.during.lower == day:
        running.cents = wanted.cents
        db.session.flush()
        return
    if running is None:
        later = select(func.min(func.lower(table.during))).where(own, func.lower(table.during) > day)  # type: ignore[arg-type]
        until = db.session.scalar(later)
        known = select(table.id).where(own).limit(1)  # type: ignore[arg-type]
        since = day if db.session.scalar(known) is not None else None
    else:
        since, until = day, running.during.upper
        running.during = Range(running.during.lower, day)
        db.session.flush()
    db.session.add(table(id=new_id(), during=Range(since, until), cents=wanted.cents, **key))
    db.session.flush()
