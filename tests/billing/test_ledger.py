"""The pure ledger: each thing that can happen to money by itself, and very many of them at random."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.billing.clerk import Clerk
from tests.factories import NOW
from webapp.billing import ledger
from webapp.billing.books import Books
from webapp.billing.ledger import Charge, Tender
from webapp.billing.postings import (
    Account,
    AccountKind,
    Entry,
    Kind,
    LedgerRefusal,
    MoreThanCredit,
    MoreThanDue,
    MoreThanPaid,
    NothingCharged,
    NotPositive,
    OtherCurrency,
    Post,
    ReversedBefore,
    Transaction,
    Unbalanced,
    Unknown,
)
from webapp.ids import new_id

if TYPE_CHECKING:
    from uuid import UUID

OPERATIONS = int(os.environ.get("LEDGER_OPERATIONS", "10000"))

SITE, ROSA, DRAWER = new_id(), new_id(), new_id()
CASH = Account(AccountKind.DRAWER_CASH, location_id=SITE, drawer_id=DRAWER, drawer_day_id=new_id())
CARD = Account(AccountKind.CARD_CLEARING, location_id=SITE, drawer_id=DRAWER, drawer_day_id=new_id())


def post(patient: UUID | None = ROSA) -> Post:
    return Post(new_id(), NOW, SITE, "USD", patient)


def tender(cents: int, into: Account = CASH) -> Tender:
    return Tender(new_id(), new_id(), into, cents)


@pytest.fixture
def books() -> Books:
    return Books("USD")


@pytest.fixture
def invoice(books: Books) -> UUID:
    """$100.00, of which the payer takes $75.00."""
    made = new_id()
    books.post(ledger.issue(post(), made, [Charge("Visits", 12_000, 2_000, 7_500)]))
    return made


def paid(books: Books, wanted: dict[UUID, int], *tenders: Tender) -> tuple[Transaction, ...]:
    made = ledger.pay(books, post(), tenders, wanted)
    for each in made:
        books.post(each)
    return made


def test_an_invoice_is_owed_by_patient_and_payer_and_earned_in_full(books: Books, invoice: UUID) -> None:
    assert (books.invoice_balance(invoice), books.invoice_balance(invoice, payer=True)) == (2_500, 7_500)
    assert books.balance(Account(AccountKind.REVENUE, location_id=SITE, category="Visits")) == -12_000
    assert books.balance(Account(AccountKind.DISCOUNTS, location_id=SITE, category="Visits")) == 2_000
    assert books.of_patient(ROSA, AccountKind.PATIENT_RECEIVABLE) == 2_500


def test_a_payment_pays_and_what_is_left_is_credit(books: Books, invoice: UUID) -> None:
    one = tender(3_000)
    paid(books, {invoice: 2_500}, one)
    assert (books.invoice_balance(invoice), books.credit_of(ROSA), books.refundable(one.payment_id)) == (0, 500, 3_000)
    assert CASH.drawer_day_id is not None
    assert books.expected(CASH.drawer_day_id) == 3_000


def test_several_methods_pay_one_invoice_each_in_its_own_transaction(books: Books, invoice: UUID) -> None:
    cash, card = tender(1_000), tender(1_500, CARD)
    made = paid(books, {invoice: 2_500}, cash, card)
    assert [each.id for each in made] == [cash.transaction_id, card.transaction_id]
    assert books.allocated(invoice) == {cash.payment_id: 1_000, card.payment_id: 1_500}
    books.post(ledger.payment_failed(books, post(), card.payment_id, card.transaction_id, CARD, "Declined later"))
    assert (books.invoice_balance(invoice), books.refundable(cash.payment_id)) == (1_500, 1_000)
    with pytest.raises(NotPositive):
        ledger.payment_failed(books, post(), card.payment_id, card.transaction_id, CARD, "again")


def test_credit_pays_another_invoice(books: Books, invoice: UUID) -> None:
    one = tender(4_000)
    paid(books, {}, one)
    books.post(ledger.allocate(books, post(), one.payment_id, invoice, 2_500))
    assert (books.invoice_balance(invoice), books.credit_of(ROSA)) == (0, 1_500)
    with pytest.raises(MoreThanDue):
        ledger.allocate(books, post(), one.payment_id, invoice, 1)


def test_a_refund_takes_credit_first_and_then_the_newest_that_was_paid(books: Books, invoice: UUID) -> None:
    other, one = new_id(), tender(5_000)
    books.post(ledger.issue(post(), other, [Charge("Visits", 1_000)]))
    paid(books, {invoice: 2_500, other: 1_000}, one)
    books.post(ledger.refund(books, post(), one.payment_id, 2_000, CASH, "Too much"))
    assert (books.credit_of(ROSA), books.invoice_balance(other), books.invoice_balance(invoice)) == (0, 500, 0)
    with pytest.raises(MoreThanPaid) as told:
        ledger.refund(books, post(), one.payment_id, 3_001, CASH, "Too much")
    assert told.value.left == 3_000


def test_a_deposit_waits_for_its_invoice_and_the_rest_becomes_credit(books: Books, invoice: UUID) -> None:
    one = tender(4_000)
    books.post(ledger.deposit(post(), one))
    assert (books.credit_of(ROSA), books.held(one.payment_id, AccountKind.DEPOSITS)) == (0, 4_000)
    with pytest.raises(MoreThanCredit):
        ledger.allocate(books, post(), one.payment_id, invoice, 1)
    books.post(ledger.use_deposit(books, post(), one.payment_id, invoice, 2_500))
    books.post(ledger.release_deposit(books, post(), one.payment_id))
    assert (books.invoice_balance(invoice), books.credit_of(ROSA)) == (0, 1_500)


def test_a_credit_note_on_a_paid_invoice_gives_the_patient_credit(books: Books, invoice: UUID) -> None:
    one = tender(2_500)
    paid(books, {invoice: 2_500}, one)
    taken = Charge("Visits", 4_000, payer=3_000)
    books.post(ledger.credit_note(books, post(), new_id(), invoice, [taken], "Wrong code"))
    assert (books.invoice_balance(invoice), books.credit_of(ROSA)) == (0, 1_000)
    assert books.invoice_balance(invoice, payer=True) == 4_500
    assert books.refundable(one.payment_id) == 2_500


def test_a_write_off_gives_up_no_more_than_is_owed_and_can_be_taken_back_once(books: Books, invoice: UUID) -> None:
    with pytest.raises(MoreThanDue):
        ledger.write_off(books, post(), invoice, 2_501, "Gone")
    made = ledger.write_off(books, post(), invoice, 2_500, "Gone")
    books.post(made)
    assert books.invoice_balance(invoice) == 0
    books.post(ledger.reverse(made, post(), "By mistake"))
    assert books.invoice_balance(invoice) == 2_500
    with pytest.raises(ReversedBefore):
        books.post(ledger.reverse(made, post(), "By mistake"))


def test_a_drawer_is_counted_to_the_cent_and_left_empty(books: Books) -> None:
    assert CASH.drawer_day_id is not None
    books.post(ledger.fill_drawer(post(None), CASH, 15_000))
    paid(books, {}, tender(21_200))
    short = ledger.count_drawer(books, post(None), CASH, 35_700, "Wrong change")
    assert short is not None
    books.post(short)
    banked = ledger.empty_drawer(post(None), CASH, 35_700)
    assert banked is not None
    books.post(banked)
    assert books.expected(CASH.drawer_day_id) == 0
    assert books.balance(replace(CASH, kind=AccountKind.OVER_SHORT)) == 500
    assert books.balance(Account(AccountKind.BANK_CLEARING, location_id=SITE)) == 35_700 - 15_000


@pytest.mark.parametrize("cents", [(1,), (1, -2), (0, 0), (), (5, -5, 0)])
def test_a_transaction_that_does_not_balance_does_not_exist(cents: tuple[int, ...]) -> None:
    with pytest.raises(Unbalanced):
        Transaction(post(), Kind.ISSUE, tuple(Entry(CASH, each) for each in cents))


def test_what_makes_no_sense_is_refused(books: Books, invoice: UUID) -> None:
    for cents in (0, -1):
        with pytest.raises(NotPositive):
            ledger.pay(books, post(), [tender(cents)], {})
        with pytest.raises(NotPositive):
            ledger.pay(books, post(), [tender(10)], {invoice: cents})
        with pytest.raises(NotPositive):
            ledger.deposit(post(), tender(cents))
    with pytest.raises(NothingCharged):
        ledger.issue(post(), new_id(), [Charge("Visits", 0)])
    with pytest.raises(MoreThanDue):
        ledger.pay(books, post(), [tender(9_000)], {invoice: 2_501})
    with pytest.raises(MoreThanPaid):
        ledger.pay(books, post(), [tender(2_000)], {invoice: 2_500})
    with pytest.raises(Unknown):
        ledger.write_off(books, post(), new_id(), 1, "Gone")
    with pytest.raises(OtherCurrency):
        books.post(ledger.deposit(replace(post(), currency="EUR"), tender(100)))


def check(clerk: Clerk, made: tuple[Transaction, ...]) -> None:
    """Everything that one operation can have touched."""
    for each in made:
        assert sum(entry.cents for entry in each.entries) == 0
        for entry in each.entries:
            account = entry.account
            if account.invoice_id is not None:
                owed = clerk.books.invoice_balance(account.invoice_id)
                assert owed == clerk.lines[account.invoice_id] - clerk.settled[account.invoice_id] >= 0
            if account.payment_id is not None:
                left = clerk.books.refundable(account.payment_id)
                assert left == clerk.paid[account.payment_id] - clerk.back[account.payment_id] >= 0
    for kind, drawer in clerk.drawers.items():
        assert drawer.drawer_day_id is not None
        assert clerk.books.expected(drawer.drawer_day_id) == clerk.books.balance(drawer) == clerk.in_drawer[kind]


def check_everything(clerk: Clerk) -> None:
    """The whole ledger, entry by entry, against the balances that were kept on the way."""
    assert clerk.cents == sum(clerk.books.balances.values()) == 0
    assert clerk.again.balances == clerk.books.balances
    for invoice, lines in clerk.lines.items():
        assert clerk.again.invoice_balance(invoice) == lines - clerk.settled[invoice]


def test_very_many_operations_at_random_never_lose_a_cent() -> None:
    clerk = Clerk(OPERATIONS)
    for _ in range(OPERATIONS):
        check(clerk, clerk.work())
    check_everything(clerk)
    assert clerk.done > OPERATIONS // 3
    assert clerk.refused > OPERATIONS // 10
    assert clerk.seen == set(Kind)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**64), st.integers(1, 60))
def test_any_beginning_holds(seed: int, steps: int) -> None:
    clerk = Clerk(seed, patients=2)
    for _ in range(steps):
        check(clerk, clerk.work())
    check_everything(clerk)


@given(st.lists(st.integers(-5, 5), max_size=5))
def test_only_what_balances_exists(cents: list[int]) -> None:
    sides = tuple(Entry(CASH, each) for each in cents)
    balances = len(cents) >= 2 and sum(cents) == 0 and 0 not in cents
    try:
        Transaction(post(), Kind.ISSUE, sides)
    except LedgerRefusal:
        assert not balances
    else:
        assert balances
