"""What a held time asks for before it is taken, and what takes it: a new visit, or one that moves there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from webapp.billing.actions.cancel_with_fee import paid_before
from webapp.booking.actions import book_held
from webapp.booking.actions.waiting.offers import accept_paid
from webapp.booking.actions.waiting.wishes import come_true
from webapp.booking.queries.own_waiting import offer_of_hold
from webapp.db import db
from webapp.practice.models import Service

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from webapp.booking.models import Appointment


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for a held time, in cents: `cents` before it is taken, or `whole`, all that the visit still costs.

    `moves` is the visit that goes there, which keeps its price; `paid` of that has been paid before and counts.
    """

    cents: int
    whole: int
    paid: int = 0
    moves: Appointment | None = None


def asked_of(hold: Appointment) -> Asked:
    """What a held time asks for: its service's deposit, never more than the price, less what was paid before.

    A visit that moves from the waiting list brings along what was paid for it; only what is missing is asked.
    """
    offered = offer_of_hold(hold.id)
    moves = None if offered is None else offered.visit
    price = hold.price_cents if moves is None else moves.price_cents
    paid = 0 if moves is None else paid_before(moves.id)
    deposit = min(db.session.get_one(Service, hold.service_id).deposit_cents, price)
    return Asked(max(0, deposit - paid), max(0, price - paid), paid, moves)


def take_held(hold_id: UUID, *, actor: UUID | None, at: datetime) -> Appointment:
    """Book a held time that is paid for; one that the waiting list offers is taken as its offer says.

    Raises what `book_held` does, and `accept_paid` for an offer.
    """
    offered = offer_of_hold(hold_id)
    if offered is not None:
        return accept_paid(offered.offer.id, actor=actor, at=at)
    visit = book_held(hold_id, actor=actor, at=at)
    come_true(visit, at=at)
    return visit
