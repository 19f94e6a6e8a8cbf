"""What a trial finds: a clinic of its own, a card, and what its deed is about; and how all of it stands afterwards."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from bench.chaos.deeds import DEEDS, Order, told
from bench.chaos.judge import FINAL
from tests.factories import NOW, clock_time
from tests.stack.stripe_books import Moved
from webapp import clock
from webapp.ids import new_id

if TYPE_CHECKING:
    from tests.billing.cards.card_desk import CardDesk

DEPOSIT, PRICE, PART = 5_000, 12_000, 7_000
SLOTS = 24
"""Visits of 20 minutes in one day of the clinic, from nine to five."""
SETTLING = 4
"""Rounds of the reconciler after which nothing may be left to do."""


@dataclass
class Ground:
    """A clinic whose desk and worker are reached without a proxy: they set up, press again and look."""

    till: CardDesk
    card: UUID = field(init=False)
    _slot: int = 0

    def __post_init__(self) -> None:
        self.card = self.till.card()

    def order(self, deed: str) -> Order:
        """Set up what a deed is about; times are nobody else's."""
        order: Order = {
            "deed": deed,
            "as": "desk" if deed in {"book", "pay", "refund"} else "worker",
            "now": self.till.now.isoformat(),
            "key": str(new_id()),
            "card": str(self.card),
            "patient": str(self.till.patient),
            "location": str(self.till.clinic.location),
            "service": str(self.till.clinic.service),
            "provider": str(self.till.clinic.providers[0]),
        }
        return {**order, **getattr(self, f"_{deed}")(order)}

    def _book(self, _order: Order) -> Order:
        day, slot = divmod(self._slot, SLOTS)
        self._slot += 1
        starts = clock_time(9 + slot // 3, slot % 3 * 20, day=(NOW + timedelta(days=1 + day)).date())
        return {"cents": DEPOSIT, "starts": starts.isoformat()}

    def _pay(self, _order: Order) -> Order:
        return {"cents": PRICE, "invoice": str(self.till.invoice(PRICE))}

    def _refund(self, order: Order) -> Order:
        paid = {**order, **self._pay(order), "key": str(new_id())}
        attempt = UUID(str(self.press(paid, "pay")["attempt"]))
        self.till.carry_on(attempt)
        row = self.till.owner.execute("select id from payment where attempt_id = %s", (attempt,)).fetchone()
        return {"cents": PART, "payment": str(row["id"]), "invoice": paid["invoice"], "paid_by": str(attempt)}

    def _capture(self, order: Order) -> Order:
        booked = {**order, **self._book(order)}
        return {**booked, "attempt": self.press(booked, "book")["attempt"]}

    def _webhook(self, order: Order) -> Order:
        """A card is presented at a reader: only the gateway knows, and says so."""
        invoice = self.till.invoice(PRICE)
        wanted = self.till.wanted({invoice: PRICE}, reader_id=self.till.reader, key=UUID(order["key"]))
        attempt = self.till.pay(wanted).id
        self.till.stand_in.counter.present(self.till.reader, "pm_card_visa")
        told = len(self.till.stand_in.events) - 1
        return {"cents": PRICE, "invoice": str(invoice), "attempt": str(attempt), "event": told, **self._signed(told)}

    def _signed(self, event: int) -> Order:
        """A delivery of an event: each is signed anew."""
        message = self.till.stand_in.messages(self.till.now)[event]
        return {"body": b64encode(message.body).decode(), "signature": message.signature}

    def press(self, order: Order, deed: str | None = None) -> dict[str, Any]:
        """Do a deed from here, where nobody cuts anything: the same press again, or the first one."""
        if "event" in order:
            order = {**order, **self._signed(order["event"])}
        app = self.till.worker if order["as"] == "worker" and deed is None else self.till.app
        with clock.stopped_at(self.till.now), app.app_context():
            return told(lambda: DEEDS[deed or order["deed"]](order, self.till.now))

    def settle(self) -> None:
        """Let the reconciler work as long as it may take."""
        for _ in range(SETTLING):
            self.till.reconcile(timedelta(minutes=2))
            left = self.till.owner.execute("select from attempt where state <> all(%s) limit 1", (list(FINAL),))
            if left.fetchone() is None:
                break

    def standing(self, order: Order) -> Standing:
        """What is true of a trial in our books, and at the gateway."""
        rows = self.till.owner.execute(
            "select id, state, cents, direction, payment_id, appointment_id from attempt where form_key = %s",
            (order["key"],),
        ).fetchall()
        ids = [row["id"] for row in rows]
        (payment,) = self.till.owner.execute(
            "select coalesce(sum(cents), 0) as cents, count(*) as n from payment where attempt_id = any(%s)", (ids,)
        ).fetchall()
        (refund,) = self.till.owner.execute(
            "select coalesce(sum(cents), 0) as cents from refund where attempt_id = any(%s)", (ids,)
        ).fetchall()
        visits = []
        if "starts" in order:
            visits = self.till.owner.execute(
                "select status, payment_open from appointment where starts_at = %s and status in ('held', 'booked')",
                (order["starts"],),
            ).fetchall()
        charge = UUID(order["paid_by"]) if "paid_by" in order else ids[0] if ids else None
        return Standing(
            states=[row["state"] for row in rows],
            paid=payment["cents"],
            payments=payment["n"],
            given_back=refund["cents"],
            moved=self.till.moved(charge) if charge is not None else Moved(0, 0, 0),
            visits=[(row["status"], row["payment_open"]) for row in visits],
        )

    def unbalanced(self) -> int:
        """Transactions of the ledger that do not balance, and cents of cards that the gateway knows nothing of."""
        row = self.till.owner.execute(
            "select count(*) as n from (select transaction_id from ledger_entry group by 1 having sum(cents) <> 0) as t"
        ).fetchone()
        clearing = self.till.sum("card_clearing")
        real = sum(each.captured - each.refunded for each in self.till.stand_in.statement().values())
        return int(row["n"]) + (clearing != real)


@dataclass(frozen=True, slots=True)
class Standing:
    """States of the attempts of one form, cents paid and given back in our books, what really moved, and its visits."""

    states: list[str]
    paid: int
    payments: int
    given_back: int
    moved: Moved
    visits: list[tuple[str, bool]]
