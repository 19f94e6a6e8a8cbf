"""Double entry of a clinic: what can happen to money, each as one transaction that balances.  Pure.

Nothing here changes anything: a function looks at the books, and returns what is to be posted, or refuses.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from webapp.billing.postings import (
    COUNTED,
    HELD_FOR_PATIENTS,
    Account,
    AccountKind,
    Kind,
    MoreThanCredit,
    MoreThanDue,
    MoreThanPaid,
    NothingCharged,
    Post,
    Transaction,
    positive,
    transaction,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from uuid import UUID

    from webapp.billing.books import Books


@dataclass(frozen=True, slots=True)
class Charge:
    """One line of a document in cents: its price, what is taken off, and what of the rest the payer takes."""

    category: str
    gross: int
    discount: int = 0
    payer: int = 0
    fee: bool = False

    @property
    def net(self) -> int:
        return self.gross - self.discount

    @property
    def patient(self) -> int:
        return self.net - self.payer


@dataclass(frozen=True, slots=True)
class Tender:
    """Money that comes in by one method, and the account it comes into."""

    transaction_id: UUID
    payment_id: UUID
    into: Account
    cents: int


def issue(post: Post, invoice_id: UUID, charges: Sequence[Charge]) -> Transaction:
    """Charge an invoice: patient and payer owe, revenue is earned, discounts are seen (NothingCharged)."""
    if not any(charge.gross for charge in charges):
        raise NothingCharged
    moved: dict[Account, int] = defaultdict(int)
    moved[_owed(post, invoice_id)] = sum(charge.patient for charge in charges)
    moved[_owed(post, invoice_id, payer=True)] = sum(charge.payer for charge in charges)
    for charge in charges:
        moved[_site(post, AccountKind.DISCOUNTS, charge.category)] += charge.discount
        moved[_earned(post, charge)] -= charge.gross
    return transaction(post, Kind.ISSUE, moved, document_id=invoice_id)


def fee(post: Post, invoice_id: UUID, cents: int, category: str) -> Transaction:
    """Charge a fee, on an invoice of its own (NotPositive)."""
    return issue(post, invoice_id, [Charge(category, positive(cents), fee=True)])


def credit_note(
    books: Books, post: Post, note_id: UUID, invoice_id: UUID, charges: Sequence[Charge], reason: str
) -> Transaction:
    """Take back a part of an invoice; what was paid beyond the rest becomes credit of who paid, the newest first.

    Raises NothingCharged, MoreThanDue (of the payer, who can't be paid beyond), Unknown.
    """
    patient, payer = (sum(part) for part in zip(*((c.patient, c.payer) for c in charges), strict=True))
    if patient + payer <= 0:
        raise NothingCharged
    owed = books.receivable(invoice_id)
    _within(payer, books.invoice_balance(invoice_id, payer=True), MoreThanDue)
    moved: dict[Account, int] = defaultdict(int)
    moved[owed] -= patient
    moved[books.receivable(invoice_id, payer=True)] -= payer
    for charge in charges:
        moved[_earned(post, charge)] += charge.net
    beyond = patient - books.invoice_balance(invoice_id)
    for payment_id, cents in reversed(books.allocated(invoice_id).items()):
        freed = min(cents, beyond)
        if freed > 0:
            moved[replace(owed, payment_id=payment_id)] += freed
            moved[_held(books.holder(payment_id), payment_id)] -= freed
            beyond -= freed
    if beyond > 0:
        raise MoreThanDue(left=patient - beyond)
    return transaction(post, Kind.CREDIT_NOTE, moved, reason=reason, document_id=note_id)


def write_off(
    books: Books, post: Post, invoice_id: UUID, cents: int, reason: str, *, payer: bool = False
) -> Transaction:
    """Give up on what is owed for an invoice, or on a part of it (NotPositive, MoreThanDue, Unknown)."""
    owed = books.receivable(invoice_id, payer=payer)
    _within(positive(cents), books.invoice_balance(invoice_id, payer=payer), MoreThanDue)
    lost = replace(_site(post, AccountKind.WRITE_OFFS), patient_id=owed.patient_id, invoice_id=invoice_id)
    return transaction(post, Kind.WRITE_OFF, {lost: cents, owed: -cents}, reason=reason)


def pay(
    books: Books, post: Post, tenders: Sequence[Tender], allocations: Mapping[UUID, int]
) -> tuple[Transaction, ...]:
    """Take money in: it pays the invoices named, in that order, and what is left is credit.

    One transaction for each method, so that one of them can fail alone.  Raises NotPositive, MoreThanDue for an
    invoice, MoreThanPaid when the invoices named take more than there is, Unknown.
    """
    for invoice_id, cents in allocations.items():
        _within(positive(cents), books.invoice_balance(invoice_id), MoreThanDue)
    _within(sum(allocations.values()), sum(positive(tender.cents) for tender in tenders), MoreThanPaid)
    wanted, made = dict(allocations), []
    for tender in tenders:
        moved, left = {tender.into: tender.cents}, tender.cents
        for invoice_id in [each for each, cents in wanted.items() if cents]:
            part = min(wanted[invoice_id], left)
            if part:
                moved[replace(books.receivable(invoice_id), payment_id=tender.payment_id)] = -part
                wanted[invoice_id] -= part
                left -= part
        moved[_held(post.patient_id, tender.payment_id)] = -left
        made.append(transaction(replace(post, id=tender.transaction_id), Kind.PAYMENT, moved))
    return tuple(made)


def deposit(post: Post, tender: Tender) -> Transaction:
    """Take money in for a visit that is still to come (NotPositive)."""
    kept = _held(post.patient_id, tender.payment_id, AccountKind.DEPOSITS)
    moved = {tender.into: positive(tender.cents), kept: -tender.cents}
    return transaction(replace(post, id=tender.transaction_id), Kind.DEPOSIT, moved)


def allocate(books: Books, post: Post, payment_id: UUID, invoice_id: UUID, cents: int) -> Transaction:
    """Pay an invoice with credit (NotPositive, MoreThanDue, MoreThanCredit, Unknown)."""
    return _settle(books, post, payment_id, invoice_id, cents, AccountKind.CREDITS)


def use_deposit(books: Books, post: Post, payment_id: UUID, invoice_id: UUID, cents: int) -> Transaction:
    """Pay an invoice with a deposit (NotPositive, MoreThanDue, MoreThanCredit, Unknown)."""
    return _settle(books, post, payment_id, invoice_id, cents, AccountKind.DEPOSITS)


def release_deposit(books: Books, post: Post, payment_id: UUID) -> Transaction:
    """Make what is left of a deposit credit, for anything (MoreThanCredit when nothing is left, Unknown)."""
    left, holder = books.held(payment_id, AccountKind.DEPOSITS), books.holder(payment_id)
    if left <= 0:
        raise MoreThanCredit
    moved = {_held(holder, payment_id, AccountKind.DEPOSITS): left, _held(holder, payment_id): -left}
    return transaction(post, Kind.DEPOSIT_USED, moved)


def refund(books: Books, post: Post, payment_id: UUID, cents: int, out_of: Account, reason: str) -> Transaction:
    """Give money of a payment back: its credit and deposit first, then what it paid, the newest first.

    An invoice whose payment goes back is owed again.  Raises NotPositive or MoreThanPaid.
    """
    _within(positive(cents), books.refundable(payment_id), MoreThanPaid)
    return transaction(post, Kind.REFUND, {out_of: -cents, **_taken(books, payment_id, cents)}, reason=reason)


def payment_failed(books: Books, post: Post, payment_id: UUID, of: UUID, out_of: Account, reason: str) -> Transaction:
    """Take back all that is left of a payment (its transaction is `of`) that never came: what it paid is owed again."""
    left = positive(books.refundable(payment_id))
    moved = {out_of: -left, **_taken(books, payment_id, left)}
    return transaction(post, Kind.PAYMENT_FAILED, moved, reverses=of, reason=reason)


def reverse(made: Transaction, post: Post, reason: str) -> Transaction:
    """Take a transaction back as a whole, once; for what was entered by mistake."""
    moved = {entry.account: -entry.cents for entry in made.entries}
    return transaction(post, Kind.REVERSAL, moved, reverses=made.id, reason=reason)


def fill_drawer(post: Post, drawer: Account, cents: int) -> Transaction:
    """Put the change of the day into a drawer (NotPositive)."""
    bank = _site(post, AccountKind.BANK_CLEARING)
    return transaction(post, Kind.FLOAT, {drawer: positive(cents), bank: -cents})


def count_drawer(books: Books, post: Post, drawer: Account, counted: int, reason: str) -> Transaction | None:
    """Book what a count found beyond what it should have found, or short of it; None when it was right."""
    difference = counted - (0 if drawer.drawer_day_id is None else books.expected(drawer.drawer_day_id))
    if not difference:
        return None
    found = replace(drawer, kind=AccountKind.OVER_SHORT)
    return transaction(post, Kind.OVER_SHORT, {drawer: difference, found: -difference}, reason=reason)


def empty_drawer(post: Post, drawer: Account, counted: int) -> Transaction | None:
    """Take what was counted to the bank; None when there was nothing."""
    if drawer.kind not in COUNTED:
        raise ValueError(drawer.kind)
    bank = _site(post, AccountKind.BANK_CLEARING)
    return transaction(post, Kind.BANKED, {bank: counted, drawer: -counted}) if counted else None


def _settle(
    books: Books, post: Post, payment_id: UUID, invoice_id: UUID, cents: int, source: AccountKind
) -> Transaction:
    _within(positive(cents), books.invoice_balance(invoice_id), MoreThanDue)
    _within(cents, books.held(payment_id, source), MoreThanCredit)
    held = _held(books.holder(payment_id), payment_id, source)
    settled = replace(books.receivable(invoice_id), payment_id=payment_id)
    kind = Kind.ALLOCATION if source is AccountKind.CREDITS else Kind.DEPOSIT_USED
    return transaction(post, kind, {held: cents, settled: -cents})


def _taken(books: Books, payment_id: UUID, cents: int) -> dict[Account, int]:
    """What a payment gives up, its credit first, then its deposit, then what it paid, the newest first."""
    position = books.position(payment_id)
    free = sorted((a for a in position if a.kind in HELD_FOR_PATIENTS), key=lambda account: account.kind.value)
    paid = [account for account in reversed(position) if account.kind not in HELD_FOR_PATIENTS]
    moved: dict[Account, int] = {}
    for account in (*free, *paid):
        part = min(position[account], cents)
        if part > 0:
            moved[account] = part
            cents -= part
    return moved


def _owed(post: Post, invoice_id: UUID, *, payer: bool = False) -> Account:
    kind = AccountKind.PAYER_RECEIVABLE if payer else AccountKind.PATIENT_RECEIVABLE
    return Account(kind, patient_id=post.patient_id, invoice_id=invoice_id)


def _held(patient_id: UUID | None, payment_id: UUID, kind: AccountKind = AccountKind.CREDITS) -> Account:
    return Account(kind, patient_id=patient_id, payment_id=payment_id)


def _earned(post: Post, charge: Charge) -> Account:
    return _site(post, AccountKind.FEES if charge.fee else AccountKind.REVENUE, charge.category)


def _site(post: Post, kind: AccountKind, category: str | None = None) -> Account:
    return Account(kind, location_id=post.location_id, category=category)


def _within(cents: int, most: int, refusal: type[MoreThanDue | MoreThanPaid | MoreThanCredit]) -> None:
    if cents > most:
        raise refusal(left=most)
