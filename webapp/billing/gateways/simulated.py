"""The terminal of a local clinic: it moves no money, and does with the next card what its page was told."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from webapp import clock
from webapp.billing.gateways import simulated_pages as pages
from webapp.billing.gateways.protocol import (
    Answered,
    Card,
    ChargeOrder,
    GatewayEvent,
    KeepOrder,
    Kept,
    NoMessages,
    Outcome,
    Page,
    Reader,
    RefundOrder,
    Return,
    key_of,
)
from webapp.billing.models import SimulatedCall, SimulatedCharge, SimulatedReader
from webapp.db import Role, Scope, db, transactional
from webapp.ids import new_id

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

APPROVE, DECLINE, EXPIRED, TIME_OUT, OFFLINE = "approve", "decline", "expired", "time_out", "offline"
TAPS = (APPROVE, DECLINE, EXPIRED, TIME_OUT, OFFLINE)
CODES = {DECLINE: "generic_decline", EXPIRED: "expired_card"}
# Cards on file end in what their bank says, as test cards of real gateways do.
SAVED = "simcard_"

_OF_STATE = {
    "authorised": Answered.AUTHORISED,
    "captured": Answered.CAPTURED,
    "voided": Answered.VOIDED,
    "declined": Answered.DECLINED,
}


class SimulatedTerminal:
    """A gateway in tables of its own, each call in its own short transaction: what it did stays, whatever we do."""

    name = "simulated"

    def authorise(self, order: ChargeOrder) -> Outcome:
        with transactional(_scope()):
            charge = _charge(order)
            if charge.state in {"authorised", "captured", "voided"} or charge.key == order.key(_try(order)):
                return _told(charge)
            tap, charge.reader_id = _tap(order)
            if tap == OFFLINE:
                return Outcome(Answered.UNREACHABLE, charge.id, "reader_offline")
            charge.key = order.key(_try(order))
            charge.code = CODES.get(tap, "")
            charge.state = "declined" if charge.code else "authorised"
            charge.answered = tap != TIME_OUT
            return _told(charge) if charge.answered else Outcome(Answered.UNKNOWN, charge.id)

    def look(self, order: ChargeOrder) -> Outcome:
        with transactional(_scope(), read_only=True):
            page = pages.of_order(order.attempt)
            if page is not None and page.state != pages.DONE:
                return pages.stands(page)
            charge = db.session.scalar(select(SimulatedCharge).where(SimulatedCharge.attempt_id == order.attempt))
            return Outcome(Answered.UNKNOWN, None, "not_confirmed") if charge is None else _told(charge)

    def capture(self, external_id: str, cents: int, key: str) -> Outcome:
        with transactional(_scope()):
            charge = _locked(external_id)
            if charge is None or cents > charge.cents:
                return Outcome(Answered.REFUSED, external_id, "amount_too_large")
            if charge.state == "authorised" and _once(key, charge, "capture", cents):
                charge.state, charge.captured_cents = "captured", cents
            return _told(charge)

    def void(self, order: ChargeOrder) -> Outcome:
        with transactional(_scope()):
            if order.back is not None:
                page = pages.made(order.attempt, order.currency, order.back, order.cents)
                page.state = page.state if page.state == pages.DONE else pages.CLOSED
            charge = _charge(order)
            if charge.state != "captured" and _once(order.key("void"), charge, "void", 0):
                charge.state = "voided"
            return _told(charge)

    def refund(self, order: RefundOrder) -> Outcome:
        with transactional(_scope()):
            charge = _locked(order.charge)
            key = key_of(order.attempt, "refund")
            made = db.session.get(SimulatedCall, key)
            if made is not None:
                return Outcome(Answered.REFUNDED, made.external_id, cents=made.cents)
            if charge is None or order.cents > charge.captured_cents - charge.refunded_cents:
                return Outcome(Answered.REFUSED, None, "amount_too_large")
            charge.refunded_cents += order.cents
            name = f"simre_{new_id().hex}"
            db.session.add(
                SimulatedCall(
                    key=key, charge_id=charge.id, verb="refund", cents=order.cents, external_id=name, at=clock.now()
                )
            )
            return Outcome(Answered.REFUNDED, name, cents=order.cents)

    def checkout(self, order: ChargeOrder, back: Return) -> Page:
        with transactional(_scope()):
            page = pages.made(order.attempt, order.currency, back, order.cents)
            return Page(pages.address(page), Outcome(Answered.WAITING, page.id, cents=order.cents))

    def keep_page(self, order: KeepOrder) -> Page:
        with transactional(_scope()):
            page = pages.made(order.id, order.currency, order.back)
            return Page(pages.address(page), Outcome(Answered.WAITING, page.id))

    def kept(self, order: KeepOrder) -> Kept:
        with transactional(_scope(), read_only=True):
            page = pages.of_order(order.id)
            if page is None:
                return Kept(Outcome(Answered.UNKNOWN))
            card = pages.card_of(page, order.customer)
            return Kept(pages.stands(page) if card is None else Outcome(Answered.CAPTURED, page.id), card)

    def forget(self, card: str) -> Outcome:
        return Outcome(Answered.VOIDED, card)

    def readers(self, location_id: UUID) -> Sequence[Reader]:
        with transactional(_scope(), read_only=True):
            return [Reader(str(one.id), one.name, one.next_tap != OFFLINE) for one in readers_of(location_id)]

    def customer(self, key: str) -> str | None:
        return f"simcus_{key}"

    def cards(self, customer: str) -> Sequence[Card]:
        return [Card(customer, f"{SAVED}{APPROVE}", "visa", pages.LAST4, 8, 2031)]

    def event(self, body: bytes, signature: str, at: datetime) -> GatewayEvent:
        del body, signature, at
        raise NoMessages


def choose(name: str, choice: str) -> UUID | None:
    """Do on a page what its payer pressed: pay or leave a card, or have it declined; whose order it is about.

    None when the page is not open (any more): nothing happened then.
    """
    with transactional(_scope()):
        page = pages.named(name, lock=True)
        if page is None or not pages.is_open(page):
            return None
        page.code = CODES.get(choice, "")
        if page.code:
            return page.order_id
        page.state = pages.DONE
        if page.cents is None:
            page.method, page.last4 = f"{SAVED}{APPROVE}_{new_id().hex}", pages.LAST4
        else:
            charge = _charge(ChargeOrder(page.order_id, page.cents, page.currency))
            if charge.state != "voided":
                charge.state, charge.code = "authorised", ""
        return page.order_id


def readers_of(location_id: UUID) -> Sequence[SimulatedReader]:
    """The readers of a location, by name."""
    query = select(SimulatedReader).where(SimulatedReader.location_id == location_id)
    return db.session.scalars(query.order_by(SimulatedReader.name, SimulatedReader.id)).all()


def _scope() -> Scope:
    # The role that both a request and a worker may take.
    return Scope(Role.DESK, None, clock.now(), str(new_id()))


def _try(order: ChargeOrder) -> str:
    return f"authorise-{order.tries}"


def _charge(order: ChargeOrder) -> SimulatedCharge:
    """The attempt's one charge, locked; made when it is asked for the first time."""
    values = {
        "id": f"sim_{new_id().hex}",
        "attempt_id": order.attempt,
        "key": order.key("create"),
        "reader_id": None,
        "cents": order.cents,
        "currency": order.currency,
        "state": "declined",
        "code": "not_confirmed",
        "at": clock.now(),
    }
    db.session.execute(insert(SimulatedCharge).values(values).on_conflict_do_nothing())
    query = select(SimulatedCharge).where(SimulatedCharge.attempt_id == order.attempt).with_for_update()
    return db.session.scalars(query.execution_options(populate_existing=True)).one()


def _locked(external_id: str) -> SimulatedCharge | None:
    return db.session.scalar(select(SimulatedCharge).where(SimulatedCharge.id == external_id).with_for_update())


def _told(charge: SimulatedCharge) -> Outcome:
    if charge.code == "not_confirmed" and charge.state == "declined":
        return Outcome(Answered.UNKNOWN, charge.id, charge.code, charge.cents)
    cents = charge.captured_cents if charge.state == "captured" else charge.cents
    return Outcome(_OF_STATE[charge.state], charge.id, charge.code, cents)


def _tap(order: ChargeOrder) -> tuple[str, UUID | None]:
    """What happens to this card, and at which reader; one that was told about a single card forgets it."""
    if order.card is not None:
        # What comes after the word only tells one card from another.
        tap = next((each for each in TAPS if order.card.removeprefix(SAVED).startswith(each)), DECLINE)
        return tap, None
    try:
        named = UUID(order.reader or "")
    except ValueError:
        return OFFLINE, None
    reader = db.session.scalar(select(SimulatedReader).where(SimulatedReader.id == named).with_for_update())
    if reader is None:
        return OFFLINE, None
    tap = reader.next_tap
    if not reader.keeps and tap != APPROVE:
        reader.next_tap = APPROVE
        reader.version += 1
    return tap, reader.id


def _once(key: str, charge: SimulatedCharge, verb: str, cents: int) -> bool:
    values = {"key": key, "charge_id": charge.id, "verb": verb, "cents": cents, "external_id": charge.id}
    made = db.session.execute(
        insert(SimulatedCall)
        .values({**values, "at": clock.now()})
        .on_conflict_do_nothing()
        .returning(SimulatedCall.key)
    )
    return made.scalar() is not None
