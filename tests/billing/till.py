"""A desk that takes money: what tests do there in one line, each in a transaction of its own, as one role."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from tests import factories
from tests.factories import NOW, Clinic, clock_time
from tests.full_record import an_attempt
from webapp.billing.actions import drafts, drawers, issue, pay, refunds
from webapp.billing.actions.drafts import Line
from webapp.billing.actions.pay import Part, TakePayment
from webapp.billing.actions.refunds import RefundRequest
from webapp.db import Role, Scope, transactional
from webapp.ids import new_id

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from flask import Flask
    from psycopg import Connection
    from sqlalchemy.orm import Session

LATER = NOW + timedelta(hours=9)
"""When the day of NOW is over."""


@dataclass
class Till:
    """A clinic, a scope, and an open cash drawer."""

    app: Flask
    owner: Connection[Any]
    clinic: Clinic
    scope: Scope
    drawer: UUID = field(default_factory=new_id)
    hour: int = 9

    @property
    def patient(self) -> UUID:
        return self.clinic.patients[0]

    def acting(self, role: Role | None = None) -> AbstractContextManager[Session]:
        return transactional(self.scope if role is None else replace(self.scope, role=role))

    def does(self, action: Callable[[], Any], role: Role | None = None) -> Any:
        with self.acting(role):
            return action()

    def opened(self, float_cents: int = 15_000, name: str = "Desk 1") -> UUID:
        with self.acting():
            drawer = drawers.add_drawer(self.clinic.location, name, at=NOW).id
        with self.acting():
            drawers.open_drawer(drawer, float_cents, actor=self.scope.actor, at=NOW)
        return drawer

    def day(self, drawer: UUID | None = None) -> UUID:
        row = self.one("SELECT id FROM drawer_day WHERE drawer_id = %s ORDER BY opened_at DESC", drawer or self.drawer)
        found: UUID = row["id"]
        return found

    def visit(self, status: str = "finished", **columns: Any) -> UUID:
        """A visit of its own time, over unless said otherwise."""
        starts = clock_time(self.hour // 3, self.hour % 3 * 20)
        self.hour += 1
        return factories.appointment(self.owner, self.clinic, starts, status=status, room_id=None, **columns)

    def invoice(self, cents: int = 12_000, patient: UUID | None = None, **other: Any) -> UUID:
        """An issued invoice of one line."""
        line = Line(1, cents, label="Follow-up", **other)
        with self.acting():
            draft = drafts.new_draft(
                patient or self.patient, self.clinic.location, [line], actor=self.scope.actor, at=LATER
            )
            return issue.issue(draft.id, actor=self.scope.actor, at=LATER).id

    def pays(self, *parts: Part, role: Role | None = None, **other: Any) -> tuple[UUID, ...]:
        wanted = {"patient_id": self.patient, "location_id": self.clinic.location, "currency": "USD", **other}
        with self.acting(role):
            made = pay.take_payment(TakePayment(parts=parts, **wanted), actor=self.scope.actor, at=LATER)
            return tuple(each.id for each in made)

    def cash(self, cents: int, tendered: int | None = None) -> Part:
        return Part("cash", cents, tendered, drawer_id=self.drawer)

    def card(self, cents: int, **columns: Any) -> Part:
        """A card that was charged."""
        own = {"patient_id": self.patient, "location_id": self.clinic.location}
        attempt = an_attempt(self.owner, own, cents=cents, state="authorised", **columns)
        return Part("card_reader", cents, attempt_id=attempt)

    def refunds(self, payment: UUID, cents: int, role: Role | None = None, **other: Any) -> UUID:
        request = RefundRequest(payment, cents, other.pop("reason", "Too much"), **{"drawer_id": self.drawer, **other})
        with self.acting(role):
            return refunds.refund(request, actor=self.scope.actor, at=LATER).id

    def due(self, invoice: UUID) -> int:
        return self.sum_of("patient_receivable", invoice_id=invoice)

    def sum_of(self, account: str, **of: UUID) -> int:
        where = " AND ".join(f"{name} = %({name})s" for name in ("account", *of))
        row = self.one(f"SELECT coalesce(sum(cents), 0)::bigint AS cents FROM ledger_entry WHERE {where}",
                       {"account": account, **of})  # fmt: skip
        return int(row["cents"])

    def one(self, query: str, values: Any = None) -> dict[str, Any]:
        cursor = self.owner.execute(query.encode(), (values,) if isinstance(values, UUID) else values)
        row: dict[str, Any] | None = cursor.fetchone()
        assert row is not None
        return row
