"""What is tried: deeds with money, each one press of a form or one job, and what whoever pressed is told."""

from __future__ import annotations

from base64 import b64decode
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from uuid import UUID

from tests.billing.cards.card_desk import ACTOR
from tests.factories import scope as scope_of
from webapp.billing import charging, jobs, service
from webapp.billing.actions.attempts import Wanted
from webapp.billing.actions.confirm_paid import ConfirmPaid
from webapp.billing.actions.events import keep_event
from webapp.billing.actions.refund_by_card import CardRefund, open_refund
from webapp.booking.actions import HoldRequest
from webapp.db import Role, Scope, transactional
from webapp.errors import Refusal
from webapp.idempotency import Claim
from webapp.ids import new_id
from webapp.problems import DATABASE_ERRORS

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from webapp.billing.charging import Standing

Order = dict[str, Any]
Deed = "Callable[[Order, datetime], Standing | None]"


def told(deed: Callable[[], Standing | None]) -> dict[str, object]:
    """Do a deed; what its page would say: how it stands, that it was refused, or that nobody knows yet."""
    try:
        standing = deed()
    except Refusal as refusal:
        return {"refused": refusal.code}
    except DATABASE_ERRORS:
        return {"unknown": True}
    if standing is None:
        return {"done": True}
    return {"attempt": str(standing.id), "state": standing.state.value, "settled": standing.settled}


def _scope(now: datetime) -> Scope:
    return scope_of(actor=ACTOR, at=now)


def _wanted(order: Order, **other: Any) -> Wanted:  # noqa: ANN401 - whatever it has
    return Wanted(
        id=new_id(),
        patient_id=UUID(order["patient"]),
        location_id=UUID(order["location"]),
        gateway="stripe",
        method="card_on_file",
        cents=order["cents"],
        currency="USD",
        once=Claim(ACTOR, UUID(order["key"]), b"the form"),
        card_id=UUID(order["card"]),
        **other,
    )


def book(order: Order, now: datetime) -> Standing:
    """Hold a time, authorise its deposit, book and write it down."""
    time = HoldRequest(
        UUID(order["patient"]), UUID(order["service"]), UUID(order["location"]),
        now.fromisoformat(order["starts"]), UUID(order["provider"]), via="desk",
    )  # fmt: skip
    return charging.confirm_paid(ConfirmPaid(time, _wanted(order, purpose="booking")), _scope(now))


def pay(order: Order, now: datetime) -> Standing:
    """Pay an invoice."""
    shares = {UUID(order["invoice"]): order["cents"]}
    return charging.pay_by_card(_wanted(order, purpose="invoice", shares=shares), _scope(now))


def refund(order: Order, now: datetime) -> Standing:
    """Promise to give money back, and give it."""
    wanted = CardRefund(
        new_id(), UUID(order["payment"]), order["cents"], "Paid twice", Claim(ACTOR, UUID(order["key"]), b"the form")
    )
    biller = replace(_scope(now), role=Role.BILLER)
    with transactional(biller):
        attempt = open_refund(wanted, actor=ACTOR, at=now).id
    return charging.carry_on(attempt, biller)


def settle(order: Order, _now: datetime) -> None:
    """What the promised job does: it captures, above all."""
    jobs.settle_attempt(order["attempt"])


def webhook(order: Order, now: datetime) -> None:
    """What the gateway says by itself: kept, and then asked about."""
    event = service.gateway().event(b64decode(order["body"]), order["signature"], now)
    with transactional(Scope(Role.DESK, None, now, str(new_id()))):
        keep_event("stripe", event, at=now)
    jobs.settle_attempt(order["attempt"])


DEEDS: dict[str, Callable[[Order, datetime], Standing | None]] = {
    "book": book,
    "pay": pay,
    "refund": refund,
    "capture": settle,
    "webhook": webhook,
}
