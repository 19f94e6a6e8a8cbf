"""A desk that takes cards, a worker that carries on, and both sides' books: ours, and what money really moved."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from tests import factories
from tests.factories import NOW, clock_time
from tests.stack.stripe_books import Moved
from webapp import clock
from webapp.billing import charging, jobs
from webapp.billing.actions.attempts import Wanted
from webapp.billing.actions.confirm_paid import ConfirmPaid
from webapp.billing.actions.drafts import Line, new_draft
from webapp.billing.actions.issue import issue
from webapp.booking.actions import HoldRequest
from webapp.db import Scope, transactional
from webapp.idempotency import Claim
from webapp.ids import new_id

if TYPE_CHECKING:
    from flask import Flask

    from tests.stack.stripe_stand_in import StripeStandIn
    from webapp.billing.charging import Standing

ACTOR = UUID("018f0000-0000-7000-8000-0000000000ac")
TEN = clock_time(10)
VISA, DECLINED = "pm_card_visa", "pm_card_chargeDeclined"
SUMS = """select coalesce(sum(cents), 0) from ledger_entry where account = any(%s)"""


@dataclass
class CardDesk:
    """One location with a reader; `now` is everybody's clock."""

    app: Flask
    worker: Flask
    owner: Any
    clinic: factories.Clinic
    stand_in: StripeStandIn
    reader: str
    now: datetime = NOW
    customers: dict[UUID, str] = field(default_factory=dict)

    @property
    def patient(self) -> UUID:
        return self.clinic.patients[0]

    def scope(self, actor: UUID = ACTOR) -> Scope:
        return factories.scope(actor=actor, at=self.now)

    def invoice(self, cents: int = 12_000, patient: UUID | None = None) -> UUID:
        """An issued invoice."""
        with self.app.app_context(), transactional(self.scope()):
            line = Line(1, cents, label="Form", service_id=self.clinic.service)
            draft = new_draft(patient or self.patient, self.clinic.location, [line], actor=ACTOR, at=self.now)
            return issue(draft.id, actor=ACTOR, at=self.now).id

    def card(self, card: str = VISA, patient: UUID | None = None) -> UUID:
        """A card on file."""
        made, whose = new_id(), patient or self.patient
        customer = self.customers.setdefault(whose, "") or self.stand_in.books.make_customer()["id"]
        self.customers[whose] = customer
        kept = self.stand_in.books.attach(card, {"customer": customer})
        factories.insert(
            self.owner, "card_on_file", id=made, patient_id=whose, gateway="stripe", brand="visa",
            customer=customer, method=kept["id"], last4="4242", exp_month=8, exp_year=2031, added_at=NOW,
        )  # fmt: skip
        return made

    def wanted(self, shares: dict[UUID, int], *, key: UUID | None = None, **other: Any) -> Wanted:
        """A press of the payment form, by a card on file unless a reader is named."""
        defaults: dict[str, Any] = {
            "id": new_id(),
            "patient_id": self.patient,
            "location_id": self.clinic.location,
            "purpose": "invoice",
            "gateway": "stripe",
            "method": "card_reader" if "reader_id" in other else "card_on_file",
            "cents": sum(shares.values()),
            "currency": "USD",
            "once": Claim(ACTOR, key or new_id(), b"the form"),
            "shares": shares,
        }
        return Wanted(**{**defaults, **other})

    def pay(self, wanted: Wanted, actor: UUID = ACTOR) -> Standing:
        with self.app.app_context():
            return charging.pay_by_card(wanted, self.scope(actor))

    def booking(self, cents: int, time: datetime | UUID = TEN, **other: Any) -> ConfirmPaid:
        """A press that books and pays."""
        if isinstance(time, datetime):
            time = HoldRequest(
                self.patient, self.clinic.service, self.clinic.location, time, self.clinic.providers[0], via="desk"
            )  # type: ignore[assignment]
        wanted = replace(self.wanted({}, cents=cents, **other), shares={})
        return ConfirmPaid(time, wanted)  # type: ignore[arg-type]

    def book(self, request: ConfirmPaid, actor: UUID = ACTOR) -> Standing:
        with self.app.app_context():
            return charging.confirm_paid(request, self.scope(actor))

    def carry_on(self, attempt: UUID) -> None:
        """What the promised job does."""
        with self.worker.app_context():
            jobs.settle_attempt(str(attempt))

    def reconcile(self, after: timedelta = timedelta(minutes=1)) -> None:
        """Let time pass, then the reconciler and the jobs that it promises run."""
        self.now += after
        with clock.stopped_at(self.now), self.worker.app_context():
            self.owner.execute("delete from jobs.procrastinate_jobs")
            jobs.reconcile(0)
            for row in self.owner.execute(
                "select args ->> 'attempt' as attempt from jobs.procrastinate_jobs"
                " where task_name = 'billing.settle_attempt' order by id"
            ).fetchall():
                jobs.settle_attempt(row["attempt"])

    def promised(self, attempt: UUID) -> int:
        """How many jobs are promised about an attempt."""
        row = self.owner.execute(
            "select count(*) as n from jobs.procrastinate_jobs where args ->> 'attempt' = %s", (str(attempt),)
        ).fetchone()
        return int(row["n"])

    def told(self) -> list[tuple[str, str]]:
        """Of what those who see to the money are promised a notice."""
        query = "select args ->> 'kind' as kind, args ->> 'subject' as subject from jobs.procrastinate_jobs"
        told = self.owner.execute(f"{query} where task_name = 'notify.tell_staff' order by id").fetchall()
        return [(row["kind"], row["subject"]) for row in told]

    def moved(self, attempt: UUID) -> Moved:
        return self.stand_in.statement().get(str(attempt), Moved(0, 0, 0))

    def sum(self, *accounts: str) -> int:
        """What lies on some accounts of the ledger."""
        return int(self.owner.execute(SUMS, (list(accounts),)).fetchone()["coalesce"])

    def due(self, invoice: UUID) -> int:
        row = self.owner.execute(
            "select coalesce(sum(cents), 0) as n from ledger_entry where invoice_id = %s"
            " and account = 'patient_receivable'",
            (invoice,),
        ).fetchone()
        return int(row["n"])

    def attempt(self, attempt: UUID) -> dict[str, Any]:
        row: dict[str, Any] = self.owner.execute("select * from attempt where id = %s", (attempt,)).fetchone()
        return row

    def story(self, attempt: UUID) -> list[str]:
        rows = self.owner.execute("select kind from attempt_event where attempt_id = %s order by id", (attempt,))
        return [row["kind"] for row in rows.fetchall()]

    def visit(self, appointment: UUID) -> dict[str, Any]:
        row: dict[str, Any] = self.owner.execute("select * from appointment where id = %s", (appointment,)).fetchone()
        return row

    def rows(self, table: str) -> int:
        return int(self.owner.execute(f"select count(*) as n from {table}").fetchone()["n"])


def at_once(count: int, press: Callable[[int], Any]) -> list[Any]:
    """Press so many times at the same moment; what each got, a refusal as itself."""
    gate, got = threading.Barrier(count), [None] * count

    def one(index: int) -> None:
        gate.wait()
        try:
            got[index] = press(index)
        except Exception as error:  # noqa: BLE001 - the test looks at it
            got[index] = error  # type: ignore[call-overload]

    threads = [threading.Thread(target=one, args=(index,)) for index in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return got
