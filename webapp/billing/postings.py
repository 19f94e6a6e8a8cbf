"""What a ledger is made of: accounts, entries, and transactions that refuse to exist unless they balance.  Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID


class AccountKind(StrEnum):
    """Kinds of accounts.  A debit raises what we have or are owed, a credit what we owe or have earned."""

    PATIENT_RECEIVABLE = "patient_receivable"
    PAYER_RECEIVABLE = "payer_receivable"
    DRAWER_CASH = "drawer_cash"
    CARD_CLEARING = "card_clearing"
    BANK_CLEARING = "bank_clearing"
    CHECKS = "checks"
    REVENUE = "revenue"
    FEES = "fees"
    DISCOUNTS = "discounts"
    DEPOSITS = "deposits"
    CREDITS = "credits"
    WRITE_OFFS = "write_offs"
    OVER_SHORT = "over_short"


class Kind(StrEnum):
    """What a transaction is for."""

    ISSUE = "issue"
    CREDIT_NOTE = "credit_note"
    WRITE_OFF = "write_off"
    PAYMENT = "payment"
    PAYMENT_FAILED = "payment_failed"
    ALLOCATION = "allocation"
    DEPOSIT = "deposit"
    DEPOSIT_USED = "deposit_used"
    REFUND = "refund"
    REVERSAL = "reversal"
    FLOAT = "float"
    OVER_SHORT = "over_short"
    BANKED = "banked"


FEWEST_SIDES = 2
HELD_FOR_PATIENTS = frozenset({AccountKind.CREDITS, AccountKind.DEPOSITS})
COUNTED = frozenset({AccountKind.DRAWER_CASH, AccountKind.CHECKS, AccountKind.CARD_CLEARING})
"""Accounts of drawers: their money turns up in a count."""
AT_A_SITE = COUNTED | {
    AccountKind.BANK_CLEARING,
    AccountKind.REVENUE,
    AccountKind.FEES,
    AccountKind.DISCOUNTS,
    AccountKind.WRITE_OFFS,
    AccountKind.OVER_SHORT,
}
"""Accounts that each location has for itself; what patients owe and are owed is theirs wherever it came about."""


class LedgerRefusal(ValueError):  # noqa: N818 - it is an answer, not a failure
    """Something the ledger does not do; `left` is how many cents it would do instead, where that helps."""

    def __init__(self, message: str = "", *, left: int = 0) -> None:
        super().__init__(message or type(self).__name__)
        self.left = left


class Unbalanced(LedgerRefusal):
    """Debits and credits differ, or there are fewer than two sides, or one of them is nothing."""


class NotPositive(LedgerRefusal):
    """Nothing, or less than nothing, can't be paid, charged or given back."""


class NothingCharged(LedgerRefusal):
    """A document without any amount has no place in the ledger."""


class MoreThanDue(LedgerRefusal):
    """More than an invoice has open."""


class MoreThanPaid(LedgerRefusal):
    """More than a payment has left."""


class MoreThanCredit(LedgerRefusal):
    """More than a payment has as credit or deposit."""


class ReversedBefore(LedgerRefusal):
    """A transaction is reversed once."""


class OtherCurrency(LedgerRefusal):
    """One set of books has one currency."""


class Unknown(LedgerRefusal):
    """No such invoice, payment or count in these books."""


@dataclass(frozen=True, slots=True)
class Account:
    """One account: its kind and what tells it from others of the kind.

    `payment_id` beside an invoice is the part of a receivable that a payment settled.
    """

    kind: AccountKind
    patient_id: UUID | None = None
    invoice_id: UUID | None = None
    payment_id: UUID | None = None
    location_id: UUID | None = None
    drawer_id: UUID | None = None
    drawer_day_id: UUID | None = None
    category: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One side of a transaction: above zero a debit, below a credit."""

    account: Account
    cents: int


@dataclass(frozen=True, slots=True)
class Post:
    """Where and when a transaction happens, and whose it is (none: the clinic's own); `id` is made by the caller."""

    id: UUID
    at: datetime
    location_id: UUID
    currency: str
    patient_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Transaction:
    """Something that happened to money, in one currency; raises Unbalanced rather than exist unbalanced.

    `reverses` is the transaction it takes back, `document_id` the invoice or credit note it writes.
    """

    post: Post
    kind: Kind
    entries: tuple[Entry, ...]
    reverses: UUID | None = None
    reason: str | None = None
    document_id: UUID | None = field(default=None)

    def __post_init__(self) -> None:
        cents = [entry.cents for entry in self.entries]
        if len(cents) < FEWEST_SIDES or sum(cents) != 0 or 0 in cents:
            raise Unbalanced

    @property
    def id(self) -> UUID:
        return self.post.id


def transaction(
    post: Post,
    kind: Kind,
    entries: dict[Account, int],
    *,
    reverses: UUID | None = None,
    reason: str | None = None,
    document_id: UUID | None = None,
) -> Transaction:
    """Make a transaction of what moves on each account; accounts on which nothing moves are no part of it."""
    moved = tuple(Entry(account, cents) for account, cents in entries.items() if cents)
    return Transaction(post, kind, moved, reverses, reason, document_id)


def positive(cents: int) -> int:
    """The amount, when it is one (NotPositive)."""
    if cents <= 0:
        raise NotPositive
    return cents
