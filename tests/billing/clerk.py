"""A clerk who does anything at random on pure books, and keeps simple sums of their own beside them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from random import Random
from uuid import UUID

from tests.factories import NOW
from webapp.billing import ledger
from webapp.billing.books import Books
from webapp.billing.ledger import Charge, Tender
from webapp.billing.postings import Account, AccountKind, Kind, LedgerRefusal, Post, Transaction

FORGETS = 1_000
"""Transactions that can still be reversed; a million of them need not be kept."""
MONEY = (AccountKind.DRAWER_CASH, AccountKind.CHECKS, AccountKind.CARD_CLEARING)


class Clerk:
    """Random operations, most of them sensible; what is refused must change nothing."""

    def __init__(self, seed: int, *, patients: int = 20) -> None:
        self.random = Random(seed)
        self.books = Books("USD")
        self.again = Books("USD", holders=self.books.holders)
        """The same entries, folded without any rule."""
        self.site = self.new()
        self.patients = [self.new() for _ in range(patients)]
        self.drawers = {kind: Account(kind, location_id=self.site, drawer_id=self.new(), drawer_day_id=self.new())
                        for kind in MONEY}  # fmt: skip
        self.lines: dict[UUID, int] = defaultdict(int)
        """Invoice -> what its lines ask of the patient, less credit notes and write-offs."""
        self.settled: dict[UUID, int] = defaultdict(int)
        self.charged: dict[UUID, Charge] = {}
        self.paid: dict[UUID, int] = {}
        self.back: dict[UUID, int] = defaultdict(int)
        self.in_drawer: dict[AccountKind, int] = defaultdict(int)
        self.transactions: dict[UUID, Transaction] = {}
        self.invoices: list[UUID] = []
        self.payments: list[UUID] = []
        self.posted: list[UUID] = []
        self.seen: set[Kind] = set()
        self.refused = self.done = self.cents = 0

    def new(self) -> UUID:
        return UUID(int=self.random.getrandbits(128))

    def work(self) -> tuple[Transaction, ...]:
        """Try one thing; what was posted, nothing when it was refused."""
        doing: Callable[[], tuple[Transaction, ...]] = self.random.choice(
            (self.issue, self.pay, self.pay, self.pay, self.allocate, self.deposit, self.use_deposit, self.refund,
             self.credit, self.write_off, self.fee, self.fails, self.reverse, self.count)
        )  # fmt: skip
        before = len(self.posted)
        with suppress(LedgerRefusal):
            made = doing()
            self.done += len(made)
            return made
        assert len(self.posted) == before
        self.refused += 1
        return ()

    def post(self, patient: UUID | None = None) -> Post:
        return Post(self.new(), NOW, self.site, "USD", patient)

    def keep(self, *made: Transaction | None) -> tuple[Transaction, ...]:
        posted = tuple(each for each in made if each is not None)
        for each in posted:
            self.books.post(each)
            self.again.take(each.entries)
            self.seen.add(each.kind)
            self.cents += sum(entry.cents for entry in each.entries)
            self.transactions[each.id] = each
            self.posted.append(each.id)
            if len(self.posted) > FORGETS:
                del self.transactions[self.posted[-FORGETS - 1]]
            for entry in each.entries:
                if entry.account.kind in MONEY:
                    self.in_drawer[entry.account.kind] += entry.cents
                if entry.account.kind is AccountKind.PATIENT_RECEIVABLE and entry.account.payment_id is not None:
                    assert entry.account.invoice_id is not None
                    self.settled[entry.account.invoice_id] -= entry.cents
        return posted

    def one(self, things: list[UUID]) -> UUID:
        """One of those there are, rather a late one; nobody's, now and then."""
        if not things or self.random.random() < 0.02:
            return self.new()
        return things[-self.random.randint(1, min(200, len(things)))]

    def amount(self, around: int) -> int:
        """Often exactly that, often less, sometimes more, zero or less than zero."""
        return self.random.choice((around, around, max(1, around // 2), around + 1, 1, 0, -around, 10**11))

    def issue(self) -> tuple[Transaction, ...]:
        invoice, gross = self.new(), self.random.randrange(0, 30_000)
        discount = self.random.choice((0, 0, gross // 10, gross))
        payer = self.random.choice((0, 0, (gross - discount) * 3 // 4, gross - discount))
        charge = Charge(self.random.choice(("Visits", "Tests")), gross, discount, payer)
        made = self.keep(ledger.issue(self.post(self.random.choice(self.patients)), invoice, [charge]))
        self.invoices.append(invoice)
        self.lines[invoice], self.charged[invoice] = gross - discount - payer, charge
        return made

    def fee(self) -> tuple[Transaction, ...]:
        invoice, cents = self.new(), self.amount(2_500)
        made = self.keep(ledger.fee(self.post(self.random.choice(self.patients)), invoice, cents, "Fees"))
        self.invoices.append(invoice)
        self.lines[invoice], self.charged[invoice] = cents, Charge("Fees", cents, fee=True)
        return made

    def pay(self) -> tuple[Transaction, ...]:
        invoice = self.one(self.invoices)
        due = self.books.invoice_balance(invoice)
        kinds = self.random.sample(MONEY, self.random.choice((1, 1, 2, 3)))
        tenders = [Tender(self.new(), self.new(), self.drawers[kind], self.amount(due // len(kinds))) for kind in kinds]
        wanted = {invoice: self.random.choice((due, due, due // 2, due + 1))} if self.random.random() < 0.9 else {}
        made = self.keep(*ledger.pay(self.books, self.post(self.random.choice(self.patients)), tenders, wanted))
        self.paid.update({tender.payment_id: tender.cents for tender in tenders})
        self.payments += [tender.payment_id for tender in tenders]
        return made

    def deposit(self) -> tuple[Transaction, ...]:
        tender = Tender(self.new(), self.new(), self.drawers[self.random.choice(MONEY)], self.amount(5_000))
        made = self.keep(ledger.deposit(self.post(self.random.choice(self.patients)), tender))
        self.paid[tender.payment_id] = tender.cents
        self.payments.append(tender.payment_id)
        return made

    def allocate(self) -> tuple[Transaction, ...]:
        payment, invoice = self.one(self.payments), self.one(self.invoices)
        cents = self.amount(min(self.books.invoice_balance(invoice), self.books.held(payment, AccountKind.CREDITS)))
        return self.keep(ledger.allocate(self.books, self.post(), payment, invoice, cents))

    def use_deposit(self) -> tuple[Transaction, ...]:
        payment, invoice = self.one(self.payments), self.one(self.invoices)
        if self.random.random() < 0.3:
            return self.keep(ledger.release_deposit(self.books, self.post(), payment))
        cents = self.amount(min(self.books.invoice_balance(invoice), self.books.held(payment, AccountKind.DEPOSITS)))
        return self.keep(ledger.use_deposit(self.books, self.post(), payment, invoice, cents))

    def refund(self) -> tuple[Transaction, ...]:
        payment = self.one(self.payments)
        cents = self.amount(self.books.refundable(payment))
        out = self.drawers[self.random.choice(MONEY)]
        made = self.keep(ledger.refund(self.books, self.post(), payment, cents, out, "asked"))
        self.back[payment] += cents
        return made

    def fails(self) -> tuple[Transaction, ...]:
        payment = self.one(self.payments)
        left, out = self.books.refundable(payment), self.drawers[AccountKind.CARD_CLEARING]
        made = self.keep(ledger.payment_failed(self.books, self.post(), payment, self.new(), out, "no money"))
        self.back[payment] += left
        return made

    def credit(self) -> tuple[Transaction, ...]:
        invoice = self.one(self.invoices)
        charge = self.charged[invoice] if invoice in self.charged else Charge("Visits", 100)
        part = self.random.choice((1, 1, 2, 3))
        patient, payer = charge.patient // part, charge.payer // part
        taken = Charge(charge.category, patient + payer, payer=payer, fee=charge.fee)
        made = self.keep(
            ledger.credit_note(self.books, self.post(), self.new(), invoice, [taken], "wrong")
        )  # fmt: skip
        self.lines[invoice] -= patient
        self.charged[invoice] = Charge(
            charge.category, charge.net - patient - payer, 0, charge.payer - payer, charge.fee
        )
        return made

    def write_off(self) -> tuple[Transaction, ...]:
        invoice, payer = self.one(self.invoices), self.random.random() < 0.3
        cents = self.amount(self.books.invoice_balance(invoice, payer=payer))
        made = self.keep(ledger.write_off(self.books, self.post(), invoice, cents, "gone", payer=payer))
        if not payer:
            self.lines[invoice] -= cents
        return made

    def reverse(self) -> tuple[Transaction, ...]:
        """Of what was entered by mistake: allocations and write-offs."""
        of = self.transactions.get(self.one(self.posted))
        if of is None or of.kind not in {Kind.ALLOCATION, Kind.WRITE_OFF}:
            return ()
        made = self.keep(ledger.reverse(of, self.post(), "by mistake"))
        for entry in of.entries:
            if of.kind is Kind.WRITE_OFF and entry.account.kind is AccountKind.PATIENT_RECEIVABLE:
                assert entry.account.invoice_id is not None
                self.lines[entry.account.invoice_id] -= entry.cents
        return made

    def count(self) -> tuple[Transaction, ...]:
        """Close a drawer and open it for the next day."""
        kind = self.random.choice(MONEY)
        drawer = self.drawers[kind]
        assert drawer.drawer_day_id is not None
        counted = max(0, self.books.expected(drawer.drawer_day_id) + self.random.choice((0, 0, -500, 1)))
        made = self.keep(ledger.count_drawer(self.books, self.post(), drawer, counted, "miscounted"))
        made += self.keep(ledger.empty_drawer(self.post(), drawer, counted))
        assert self.books.expected(drawer.drawer_day_id) == 0
        self.drawers[kind] = fresh = Account(
            kind, location_id=self.site, drawer_id=drawer.drawer_id, drawer_day_id=self.new()
        )
        return made + self.keep(ledger.fill_drawer(self.post(), fresh, 15_000))
