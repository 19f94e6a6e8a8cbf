"""The fold of a ledger: what every account has, kept as transactions are posted.  Pure."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from webapp.billing.postings import (
    COUNTED,
    HELD_FOR_PATIENTS,
    Account,
    AccountKind,
    Entry,
    Kind,
    MoreThanDue,
    MoreThanPaid,
    OtherCurrency,
    ReversedBefore,
    Transaction,
    Unknown,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from uuid import UUID

_OWED = frozenset({AccountKind.PATIENT_RECEIVABLE, AccountKind.PAYER_RECEIVABLE})


class Books:
    """Balances of one currency.  Posting keeps what PostgreSQL keeps: nothing is overdrawn, nothing reversed twice.

    They may be a part of the whole: all entries of the invoices and payments that a change looks at are enough for it.
    """

    def __init__(self, currency: str, *, holders: Mapping[UUID, UUID] | None = None) -> None:
        self.currency = currency
        self.balances: dict[Account, int] = {}
        self.holders: dict[UUID, UUID] = dict(holders or {})
        self._of_invoice: dict[UUID, dict[Account, int]] = defaultdict(dict)
        self._of_payment: dict[UUID, dict[Account, int]] = defaultdict(dict)
        self._of_count: dict[UUID, int] = defaultdict(int)
        self._of_patient: dict[tuple[UUID | None, AccountKind], int] = defaultdict(int)
        self._reversed: set[UUID] = set()

    def post(self, made: Transaction) -> None:
        """Take a transaction in, or refuse it whole (MoreThanDue, MoreThanPaid, ReversedBefore, OtherCurrency)."""
        if made.post.currency != self.currency:
            raise OtherCurrency
        if made.reverses is not None and made.reverses in self._reversed:
            raise ReversedBefore
        self._check(made)
        self.take(made.entries)
        if made.reverses is not None:
            self._reversed.add(made.reverses)
        if made.kind in {Kind.PAYMENT, Kind.DEPOSIT} and made.post.patient_id is not None:
            for entry in made.entries:
                if entry.account.payment_id is not None:
                    self.holders.setdefault(entry.account.payment_id, made.post.patient_id)

    def take(self, entries: Iterable[Entry]) -> None:
        """Add entries as they stand in the ledger; for those that were read from it."""
        for entry in entries:
            account, cents = entry.account, entry.cents
            self.balances[account] = self.balances.get(account, 0) + cents
            if account.invoice_id is not None and account.kind in _OWED:
                of = self._of_invoice[account.invoice_id]
                of[account] = of.get(account, 0) + cents
            if account.payment_id is not None:
                of = self._of_payment[account.payment_id]
                of[account] = of.get(account, 0) + cents
            if account.drawer_day_id is not None and account.kind in COUNTED:
                self._of_count[account.drawer_day_id] += cents
            self._of_patient[account.patient_id, account.kind] += cents

    def balance(self, account: Account) -> int:
        """Cents on one account: debits less credits."""
        return self.balances.get(account, 0)

    def knows(self, invoice_id: UUID) -> bool:
        """Whether an invoice was issued in these books."""
        return invoice_id in self._of_invoice

    def receivable(self, invoice_id: UUID, *, payer: bool = False) -> Account:
        """The account of what the patient (or the payer) owes for an invoice (Unknown)."""
        kind = AccountKind.PAYER_RECEIVABLE if payer else AccountKind.PATIENT_RECEIVABLE
        for account in self._of_invoice.get(invoice_id, {}):
            return Account(kind, patient_id=account.patient_id, invoice_id=invoice_id)
        raise Unknown

    def invoice_balance(self, invoice_id: UUID, *, payer: bool = False) -> int:
        """Cents that the patient (or the payer) still owes for an invoice."""
        kind = AccountKind.PAYER_RECEIVABLE if payer else AccountKind.PATIENT_RECEIVABLE
        return sum(cents for account, cents in self._of_invoice.get(invoice_id, {}).items() if account.kind is kind)

    def allocated(self, invoice_id: UUID) -> dict[UUID, int]:
        """Payment -> cents of it that an invoice was paid with, in the order they came."""
        return {
            account.payment_id: -cents
            for account, cents in self._of_invoice.get(invoice_id, {}).items()
            if account.payment_id is not None and cents
        }

    def held(self, payment_id: UUID, kind: AccountKind) -> int:
        """Cents of a payment that are credit or deposit."""
        return -sum(cents for account, cents in self._of_payment.get(payment_id, {}).items() if account.kind is kind)

    def position(self, payment_id: UUID) -> dict[Account, int]:
        """Account -> cents of a payment that lie there, in the order they came; all of it could go back."""
        return {account: -cents for account, cents in self._of_payment.get(payment_id, {}).items() if cents}

    def refundable(self, payment_id: UUID) -> int:
        """Cents of a payment that did not go back yet."""
        return sum(self.position(payment_id).values())

    def of_patient(self, patient_id: UUID, kind: AccountKind) -> int:
        """Cents on a kind of a patient's accounts: above zero they owe, credits and deposits are below."""
        return self._of_patient.get((patient_id, kind), 0)

    def credit_of(self, patient_id: UUID) -> int:
        """Cents of a patient's payments that pay nothing yet."""
        return -self.of_patient(patient_id, AccountKind.CREDITS)

    def expected(self, drawer_day_id: UUID) -> int:
        """Cents that a count should find."""
        return self._of_count.get(drawer_day_id, 0)

    def holder(self, payment_id: UUID) -> UUID:
        """Who paid (Unknown)."""
        try:
            return self.holders[payment_id]
        except KeyError:
            raise Unknown from None

    def _check(self, made: Transaction) -> None:
        of_invoice: dict[tuple[UUID, bool], int] = defaultdict(int)
        of_payment: dict[Account, int] = defaultdict(int)
        for entry in made.entries:
            account = entry.account
            if account.kind in _OWED and account.invoice_id is not None:
                of_invoice[account.invoice_id, account.kind is AccountKind.PAYER_RECEIVABLE] += entry.cents
            if account.payment_id is not None and account.kind in HELD_FOR_PATIENTS | _OWED:
                of_payment[account] += entry.cents
        for (invoice_id, payer), cents in of_invoice.items():
            open_cents = self.invoice_balance(invoice_id, payer=payer)
            if open_cents + cents < 0:
                raise MoreThanDue(left=open_cents)
        for account, cents in of_payment.items():
            lies_there = -self.balance(account)
            if lies_there < cents:
                raise MoreThanPaid(left=lies_there)
