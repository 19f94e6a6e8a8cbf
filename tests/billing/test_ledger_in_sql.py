"""Very many operations at random on PostgreSQL: what is written is what the pure ledger says, row by row."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING, Any
from uuid import UUID

from tests import factories
from tests.billing.till import LATER
from webapp.billing import ledger
from webapp.billing.actions import corrections, pay
from webapp.billing.actions.corrections import CreditRequest, WriteOffRequest
from webapp.billing.books import Books
from webapp.billing.ledger import Charge, Tender
from webapp.billing.postings import AT_A_SITE, Account, AccountKind, Entry, Post, Transaction
from webapp.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.billing.till import Till

OPERATIONS = int(os.environ.get("LEDGER_SQL_OPERATIONS", "500"))


class Auditor:
    """Does things through the actions, and says with the pure ledger alone what they should have written."""

    def __init__(self, till: Till, seed: int) -> None:
        self.till, self.random = till, Random(seed)
        self.books = Books("USD")
        # As many as keep each one's list of open invoices as short as it is in life.
        self.patients = [factories.patient(till.owner) for _ in range(max(2, OPERATIONS // 200))]
        self.entry = 0
        self.invoices: list[UUID] = []
        self.payments: list[UUID] = []
        self.done: Counter[str] = Counter()
        self.catch_up(())

    def written(self) -> list[tuple[str, UUID, Entry, UUID | None, str | None, UUID | None, UUID | None]]:
        """Rows of the ledger since the last look."""
        query = b"""SELECT e.*, t.kind, t.reverses_id, t.reason, t.document_id, t.patient_id AS whose
            FROM ledger_entry AS e JOIN ledger_transaction AS t ON t.id = e.transaction_id
            WHERE e.id > %s ORDER BY e.id"""
        found = []
        for row in self.till.owner.execute(query, (self.entry,)):
            kind = AccountKind(row["account"])
            place = row["location_id"] if kind in AT_A_SITE else None
            account = Account(kind, row["patient_id"], row["invoice_id"], row["payment_id"], place, row["drawer_id"],
                              row["drawer_day_id"], row["category"])  # fmt: skip
            self.entry = row["id"]
            found.append((row["kind"], row["transaction_id"], Entry(account, row["cents"]), row["reverses_id"],
                          row["reason"], row["document_id"], row["whose"]))  # fmt: skip
        return found

    def catch_up(self, expected: tuple[Transaction, ...]) -> None:
        """Compare what was written, row by row, and take it into the books."""
        rows = self.written()
        if not expected:
            self.books.take(row[2] for row in rows)
            return
        assert rows == [
            (each.kind.value, each.id, entry, each.reverses, each.reason, each.document_id, each.post.patient_id)
            for each in expected
            for entry in each.entries
        ]
        for each in expected:
            self.books.post(each)

    def step(self) -> None:
        doing: Callable[[], tuple[Transaction, ...]] = self.random.choice(
            (self.issue, self.issue, self.pay, self.pay, self.credit, self.refund, self.write_off, self.apply)
        )
        before = self.till.one("SELECT count(*) AS n FROM ledger_entry")
        try:
            expected = doing()
        except Refusal:
            self.done["refused"] += 1
            assert self.till.one("SELECT count(*) AS n FROM ledger_entry") == before
            return
        self.done[doing.__name__] += 1
        self.catch_up(expected)

    def post(self, made: UUID, patient: UUID | None = None) -> Post:
        return Post(made, LATER, self.till.clinic.location, "USD", patient)

    def last(self, n: int = 1) -> list[UUID]:
        """Ids of the transactions that were written just now, in their order."""
        query = "SELECT transaction_id FROM ledger_entry WHERE id > %s GROUP BY 1 ORDER BY min(id)"
        found = [row["transaction_id"] for row in self.till.owner.execute(query.encode(), (self.entry,))]
        assert len(found) == n
        return found

    def issue(self) -> tuple[Transaction, ...]:
        cents = self.random.randrange(1, 20_000)
        patient = self.random.choice(self.patients)
        payer = self.random.choice((0, cents // 2))
        made = self.till.invoice(cents, patient, payer_cents=payer, category=self.random.choice(("Tests", "Visits")))
        self.invoices.append(made)
        category = self.till.one("SELECT category FROM invoice_line WHERE invoice_id = %s", made)["category"]
        return (ledger.issue(self.post(self.last()[0], patient), made, [Charge(category, cents, payer=payer)]),)

    def pay(self) -> tuple[Transaction, ...]:
        patient = self.random.choice(self.patients)
        due = [(each, self.books.invoice_balance(each)) for each in self.invoices
               if self.books.receivable(each).patient_id == patient and self.books.invoice_balance(each)]  # fmt: skip
        cents = self.random.choice((sum(each[1] for each in due[:2]), self.random.randrange(1, 15_000)))
        parts: tuple[pay.Part, ...] = (self.till.cash(cents), pay.Part("bank_transfer", self.random.randrange(1, 500)))
        parts = parts[: self.random.choice((1, 2))]
        paid = self.till.pays(*parts, patient_id=patient)
        self.payments += paid
        left, wanted = sum(part.cents for part in parts), {}
        for invoice, open_cents in due:
            if part := min(open_cents, left):
                wanted[invoice] = part
                left -= part
        cash = Account(AccountKind.DRAWER_CASH, location_id=self.till.clinic.location, drawer_id=self.till.drawer,
                       drawer_day_id=self.till.day())  # fmt: skip
        bank = Account(AccountKind.BANK_CLEARING, location_id=self.till.clinic.location)
        coming = zip(self.last(len(parts)), paid, (cash, bank), parts, strict=False)
        tenders = [Tender(made, payment, into, part.cents) for made, payment, into, part in coming]
        return ledger.pay(self.books, self.post(tenders[0].transaction_id, patient), tenders, wanted)

    def credit(self) -> tuple[Transaction, ...]:
        invoice = self.random.choice(self.invoices[-30:])
        line = self.till.one(
            "SELECT id, category, unit_cents, payer_cents FROM invoice_line WHERE invoice_id = %s", invoice
        )
        share = self.random.choice((1, 2, 3))
        part = corrections.Part((line["unit_cents"] - line["payer_cents"]) // share, line["payer_cents"] // share)
        request = CreditRequest(invoice, "Wrong", {line["id"]: part})
        note = self.till.does(lambda: corrections.credit(request, actor=None, at=LATER).id)
        charge = Charge(line["category"], part.patient_cents + part.payer_cents, payer=part.payer_cents)
        post = self.post(self.last()[0], self.books.receivable(invoice).patient_id)
        return (ledger.credit_note(self.books, post, note, invoice, [charge], "Wrong"),)

    def refund(self) -> tuple[Transaction, ...]:
        payment = self.random.choice(self.payments[-30:])
        left = self.books.refundable(payment)
        cents = self.random.choice((left, left // 2, left + 1, 1))
        self.till.refunds(payment, cents)
        method = self.till.one("SELECT method FROM payment WHERE id = %s", payment)["method"]
        bank = Account(AccountKind.BANK_CLEARING, location_id=self.till.clinic.location)
        cash = replace(bank, kind=AccountKind.DRAWER_CASH, drawer_id=self.till.drawer, drawer_day_id=self.till.day())
        post = self.post(self.last()[0], self.books.holder(payment))
        return (ledger.refund(self.books, post, payment, cents, cash if method == "cash" else bank, "Too much"),)

    def write_off(self) -> tuple[Transaction, ...]:
        invoice, payer = self.random.choice(self.invoices[-30:]), self.random.random() < 0.5
        cents = self.random.choice((self.books.invoice_balance(invoice, payer=payer) // 3, 1))
        request = WriteOffRequest(invoice, cents, "Gone", payer=payer)
        self.till.does(lambda: corrections.write_off(request, actor=None, at=LATER))
        post = self.post(self.last()[0], self.books.receivable(invoice).patient_id)
        return (ledger.write_off(self.books, post, invoice, cents, "Gone", payer=payer),)

    def apply(self) -> tuple[Transaction, ...]:
        invoice = self.random.choice(self.invoices[-30:])
        patient = self.books.receivable(invoice).patient_id
        assert patient is not None
        wanted = self.till.does(lambda: pay.apply_credit(patient, invoice, actor=None, at=LATER))
        made, books = [], self.books
        # All of the same moment: then the id decides which is the oldest, and ids of one millisecond have no order.
        held = [each for each in self.payments if books.held(each, AccountKind.CREDITS)]
        own = sorted(each for each in held if books.holder(each) == patient)
        for payment in own:
            if part := min(books.held(payment, AccountKind.CREDITS), wanted):
                made.append((payment, part))
                wanted -= part
        posts = [self.post(each, patient) for each in self.last(len(made))]
        return tuple(ledger.allocate(books, post, payment, invoice, part)
                     for post, (payment, part) in zip(posts, made, strict=True))  # fmt: skip


def test_what_postgresql_holds_is_what_the_pure_ledger_says(till: Till) -> None:
    auditor = Auditor(till, OPERATIONS)
    for patient in auditor.patients:
        made = till.invoice(10_000, patient)
        auditor.invoices.append(made)
        auditor.payments += till.pays(till.cash(4_000), patient_id=patient)
        auditor.books.holders[auditor.payments[-1]] = patient
    auditor.catch_up(())
    for _ in range(OPERATIONS):
        auditor.step()
    assert till.one("SELECT sum(cents)::bigint AS cents FROM ledger_entry") == {"cents": 0}
    assert balances_in_sql(till) == {a: c for a, c in auditor.books.balances.items() if c}
    lines = """SELECT i.id, sum(l.quantity * l.unit_cents - l.discount_cents - l.payer_cents)::bigint AS cents
        FROM invoice AS i JOIN invoice_line AS l ON l.invoice_id = i.id WHERE i.kind = 'invoice' GROUP BY i.id"""
    for row in till.owner.execute(lines.encode()).fetchall():
        assert auditor.books.invoice_balance(row["id"]) == row["cents"] - taken_off(till, row["id"])
    assert auditor.books.expected(till.day()) == till.sum_of("drawer_cash")
    assert (
        min(auditor.done[each] for each in ("issue", "pay", "refund", "credit", "write_off", "apply"))
        > OPERATIONS // 100
    )


def balances_in_sql(till: Till) -> dict[Account, int]:
    query = b"""SELECT account, patient_id, invoice_id, payment_id, location_id, drawer_id, drawer_day_id, category,
        sum(cents)::bigint AS cents FROM ledger_entry GROUP BY 1, 2, 3, 4, 5, 6, 7, 8 HAVING sum(cents) <> 0"""
    found: dict[Account, int] = {}
    for row in till.owner.execute(query):
        values: dict[str, Any] = dict(row)
        kind, cents = AccountKind(values.pop("account")), values.pop("cents")
        values["location_id"] = values["location_id"] if kind in AT_A_SITE else None
        found[Account(kind, **values)] = cents
    return found


def taken_off(till: Till, invoice: UUID) -> int:
    """What credit notes, write-offs and payments took off an invoice, each from its own table."""
    credited = till.one("""SELECT coalesce(sum(l.unit_cents - l.payer_cents), 0)::bigint AS cents FROM invoice AS i
        JOIN invoice_line AS l ON l.invoice_id = i.id WHERE i.corrects_id = %s""", invoice)["cents"]  # fmt: skip
    off = """SELECT coalesce(-sum(e.cents), 0)::bigint AS cents FROM ledger_entry AS e
        JOIN ledger_transaction AS t ON t.id = e.transaction_id WHERE e.invoice_id = %s
        AND e.account = 'patient_receivable' AND (e.payment_id IS NOT NULL OR t.kind = 'write_off')"""
    return int(credited) + int(till.one(off, invoice)["cents"])
