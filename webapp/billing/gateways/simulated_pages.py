"""The terminal's own pages: somebody pays there, or leaves a card, as on the page of a real gateway."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from webapp import clock
from webapp.billing.gateways.protocol import Answered, Card, Outcome
from webapp.billing.models import SimulatedPage
from webapp.db import db
from webapp.ids import new_id

if TYPE_CHECKING:
    from uuid import UUID

    from webapp.billing.gateways.protocol import Return

NAMES = "simcs_"
PATH = "/terminal/pages/"
OPEN, DONE, CLOSED = "open", "done", "closed"
LAST4 = "4242"


def made(order_id: UUID, currency: str, back: Return, cents: int | None = None) -> SimulatedPage:
    """The page of an attempt, or of a card to be kept (no `cents`), locked; made when it is first asked for."""
    values = {
        "id": f"{NAMES}{new_id().hex}{new_id().hex}",
        "order_id": order_id,
        "kind": "card" if cents is None else "payment",
        "cents": cents,
        "currency": currency,
        "title": back.text,
        "success_url": back.success_url,
        "cancel_url": back.cancel_url,
        "expires_at": back.expires_at,
        "at": clock.now(),
    }
    db.session.execute(insert(SimulatedPage).values(values).on_conflict_do_nothing(index_elements=["order_id"]))
    query = select(SimulatedPage).where(SimulatedPage.order_id == order_id).with_for_update()
    return db.session.scalars(query.execution_options(populate_existing=True)).one()


def of_order(order_id: UUID, *, lock: bool = False) -> SimulatedPage | None:
    """The page of an attempt, or of a card to be kept; None when it was never made."""
    query = select(SimulatedPage).where(SimulatedPage.order_id == order_id)
    return db.session.scalar(query.with_for_update() if lock else query)


def named(name: str, *, lock: bool = False) -> SimulatedPage | None:
    """A page by its id; None when there is none."""
    query = select(SimulatedPage).where(SimulatedPage.id == name)
    return db.session.scalar(query.with_for_update() if lock else query)


def is_open(page: SimulatedPage) -> bool:
    """Whether somebody can still do something there."""
    return page.state == OPEN and clock.now() < page.expires_at


def stands(page: SimulatedPage) -> Outcome:
    """How a page stands on which nobody has paid or left a card (yet)."""
    kind = Answered.WAITING if is_open(page) else Answered.VOIDED
    return Outcome(kind, page.id, cents=page.cents or 0)


def address(page: SimulatedPage) -> str:
    """Where the page is: on the site that it leads back to."""
    site = urlsplit(page.success_url)
    return f"{site.scheme}://{site.netloc}{PATH}{page.id}"


def card_of(page: SimulatedPage, customer: str) -> Card | None:
    """The card that was left; None before."""
    if page.state != DONE or page.method is None:
        return None
    return Card(customer, page.method, "visa", page.last4 or LAST4, 8, 2031)
