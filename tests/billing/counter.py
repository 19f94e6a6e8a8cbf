"""A counter at which people pay: a clinic with an open drawer and a card reader, for tests that look at its pages."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from tests import factories
from tests.factories import NOW, Clinic
from webapp.billing.actions import drafts, drawers, issue
from webapp.billing.actions.drafts import Line
from webapp.db import Role, Scope, transactional
from webapp.ids import new_id

if TYPE_CHECKING:
    from flask import Flask
    from psycopg import Connection

DUE = "select coalesce(sum(cents), 0)::bigint as cents from ledger_entry where account = %s and invoice_id = %s"


@dataclass
class Counter:
    """`owner` sees everything that was committed."""

    app: Flask
    owner: Connection[Any]
    clinic: Clinic
    at: datetime = NOW
    drawer: UUID = field(default_factory=new_id)
    reader: UUID = field(default_factory=new_id)

    def __post_init__(self) -> None:
        factories.insert(
            self.owner, "simulated_reader", id=self.reader, location_id=self.clinic.location, name="Desk 1"
        )
        self.drawer = self.opened()

    @property
    def patient(self) -> UUID:
        return self.clinic.patients[0]

    @property
    def scope(self) -> Scope:
        return factories.scope(Role.BILLER, at=self.at)

    def opened(self, name: str = "Drawer 1") -> UUID:
        with self.app.app_context(), transactional(self.scope):
            drawer = drawers.add_drawer(self.clinic.location, name, at=self.at).id
            drawers.open_drawer(drawer, 15_000, actor=None, at=self.at)
        return drawer

    def draft(self, *lines: Line, patient: UUID | None = None) -> UUID:
        with self.app.app_context(), transactional(self.scope):
            made = drafts.new_draft(patient or self.patient, self.clinic.location, lines, actor=None, at=self.at)
            return made.id

    def invoice(self, cents: int = 8_650, patient: UUID | None = None, **line: Any) -> UUID:
        """An issued invoice of one line."""
        made = self.draft(Line(1, cents, label="Dermoscopy, single lesion", **line), patient=patient)
        with self.app.app_context(), transactional(self.scope):
            issue.issue(made, actor=None, at=self.at)
        return made

    def taps(self, tap: str) -> None:
        """What the reader does with the next card."""
        self.owner.execute("update simulated_reader set next_tap = %s where id = %s", (tap, self.reader))

    def due(self, invoice: UUID) -> int:
        return self.sum("patient_receivable", invoice)

    def sum(self, account: str, invoice: UUID) -> int:
        row = self.owner.execute(DUE.encode(), (account, invoice)).fetchone()
        return int(row["cents"] if isinstance(row, dict) else row[0]) if row else 0

    def count(self, table: str) -> int:
        row = self.owner.execute(f"select count(*) as n from {table}".encode()).fetchone()
        return int(row["n"] if isinstance(row, dict) else row[0]) if row else 0

    def ledger(self) -> tuple[int, int]:
        """How many transactions and attempts there are: what is refused leaves both as they were."""
        return self.count("ledger_entry"), self.count("attempt")

    def form(self, invoice: UUID, amount: str = "86.50", how: str = "cash", **other: Any) -> dict[str, Any]:
        """The panel's form as its page fills it."""
        names = {"cash": f"cash:{self.drawer}", "reader": f"reader:{self.reader}"}
        return {
            "amount": amount,
            "how": names.get(how, how),
            "pays": [str(invoice)],
            "seen": [f"{invoice}:{self.due(invoice)}"],
            "tendered": "",
            "reference": "",
            **other,
        }
