"""What something costs on a day, and when that was set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from webapp.db import db
from webapp.practice.models import BillableItem, ItemPrice, Service, ServicePrice

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection
    from uuid import UUID


@dataclass(frozen=True, slots=True)
class PriceOf:
    """A price with its days: `since` and `until` may be open, `until` is no part of it."""

    since: dt.date | None
    until: dt.date | None
    cents: int


def service_price(service_id: UUID, day: dt.date) -> int | None:
    """What a visit costs on a day, in cents; None for a service that had no price then."""
    query = select(ServicePrice.cents).where(ServicePrice.service_id == service_id, ServicePrice.during.contains(day))
    return db.session.execute(query).scalar_one_or_none()


def item_prices(items: Collection[UUID], day: dt.date) -> dict[UUID, int]:
    """What items cost on a day, in cents; one without a price then is left out."""
    query = select(ItemPrice.item_id, ItemPrice.cents).where(
        ItemPrice.item_id.in_(list(items)), ItemPrice.during.contains(day)
    )
    return {row.item_id: row.cents for row in db.session.execute(query)}


def prices_of_service(service_id: UUID) -> list[PriceOf]:
    """All prices of a service, the oldest first."""
    query = select(ServicePrice).where(ServicePrice.service_id == service_id).order_by(func.lower(ServicePrice.during))
    found = [PriceOf(p.during.lower, p.during.upper, p.cents) for p in db.session.scalars(query)]
    return sorted(found, key=lambda price: (price.since is not None, price.since))


def prices_of_item(item_id: UUID) -> list[PriceOf]:
    """All prices of an item, the oldest first."""
    query = select(ItemPrice).where(ItemPrice.item_id == item_id)
    found = [PriceOf(p.during.lower, p.during.upper, p.cents) for p in db.session.scalars(query)]
    return sorted(found, key=lambda price: (price.since is not None, price.since))


def items() -> list[BillableItem]:
    """What can be charged beside visits, by code."""
    return list(
        db.session.scalars(select(BillableItem).where(BillableItem.retired_at.is_(None)).order_by(BillableItem.code))
    )


def services_out_of_date(day: dt.date) -> list[tuple[UUID, int]]:
    """Services whose price of today is not that of a day, with the one it should be."""
    query = (
        select(Service.id, ServicePrice.cents)
        .join(ServicePrice, ServicePrice.service_id == Service.id)
        .where(ServicePrice.during.contains(day), ServicePrice.cents != Service.price_cents)
        .order_by(Service.id)
    )
    return [(row.id, row.cents) for row in db.session.execute(query)]


def item(item_id: UUID) -> BillableItem | None:
    """One item by id."""
    return db.session.get(BillableItem, item_id)
