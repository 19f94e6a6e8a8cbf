"""Desks that want the same money at once: stepped on two connections, and in a crowd."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from sqlalchemy.exc import DBAPIError

from tests.billing.till import LATER
from tests.booking.stepping import Hand
from tests.booking.wishes import ACTOR
from webapp.billing import ledger
from webapp.billing.actions import corrections, drafts, drawers, issue, pay, refunds
from webapp.billing.actions.corrections import CreditRequest
from webapp.billing.actions.drafts import Line, SaveDraft
from webapp.billing.actions.drawers import Count
from webapp.billing.actions.pay import TakePayment
from webapp.billing.actions.posting import books_of, post_at, site, write
from webapp.billing.actions.refunds import RefundRequest
from webapp.billing.refusals import DocumentFixed, DrawerClosed, MoreThanIsDue, MoreThanWasPaid, NothingLeft
from webapp.db import Role, db
from webapp.errors import Refusal, refusal_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.billing.till import Till

DESKS = 50


def hands(till: Till) -> tuple[Hand, Hand]:
    return Hand(till.app, till.owner, Role.BILLER), Hand(till.app, till.owner, Role.BILLER)


def refunds_all(till: Till, payment: UUID, cents: int) -> Callable[[], UUID]:
    request = RefundRequest(payment, cents, "Too much", drawer_id=till.drawer)
    return lambda: refunds.refund(request, actor=None, at=LATER).id


def pays_all(till: Till, invoice: UUID, cents: int) -> Callable[[], int]:
    request = TakePayment(till.patient, till.clinic.location, (till.cash(cents),), "USD", exactly={invoice: cents})
    return lambda: len(pay.take_payment(request, actor=None, at=LATER))


def crowd(till: Till, doing: Callable[[], Any], times: int, threads: int = 10) -> list[object]:
    """Do it many times at once; what each one was told."""

    def once(_: int) -> object:
        with till.app.app_context():
            try:
                return till.does(doing)
            except (Refusal, DBAPIError) as error:
                return refusal_of(error) or error
            finally:
                db.session.remove()

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(once, range(times)))


def test_the_second_refund_waits_for_the_first_and_finds_nothing_left(till: Till) -> None:
    (payment,) = till.pays(till.cash(5_000))
    one, other = hands(till)
    with one, other:
        one.does(refunds_all(till, payment, 5_000)).result()
        late = other.does(refunds_all(till, payment, 5_000))
        assert other.waits(late)
        one.commits()
        with pytest.raises(MoreThanWasPaid):
            late.result()
    assert till.sum_of("drawer_cash") == 15_000


def test_two_payments_of_one_invoice_at_once_pay_it_once(till: Till) -> None:
    made = till.invoice(8_650)
    one, other = hands(till)
    with one, other:
        one.does(pays_all(till, made, 8_650)).result()
        late = other.does(pays_all(till, made, 8_650))
        assert other.waits(late)
        one.commits()
        with pytest.raises(MoreThanIsDue):
            late.result()
    assert (till.due(made), till.sum_of("drawer_cash")) == (0, 23_650)


def test_a_line_is_not_changed_while_the_invoice_is_issued(till: Till) -> None:
    with till.acting():
        draft = drafts.new_draft(till.patient, till.clinic.location, [Line(1, 500, "x")], actor=None, at=LATER).id
    one, other = hands(till)
    with one, other:
        one.does(lambda: issue.issue(draft, actor=None, at=LATER).id).result()
        late = other.does(lambda: drafts.save_draft(SaveDraft(draft, (Line(1, 1, "x"),), 1), at=LATER).id)
        assert other.waits(late)
        one.commits()
        with pytest.raises(DocumentFixed):
            late.result()
    assert till.due(draft) == 500


def test_cash_that_comes_while_the_drawer_is_closed_goes_into_no_signed_count(till: Till) -> None:
    made, day = till.invoice(1_000), till.day()
    one, other = hands(till)
    with one, other:
        one.does(lambda: drawers.close_drawer(Count(day, 15_000), actor=ACTOR, at=LATER).id).result()
        late = other.does(pays_all(till, made, 1_000))
        assert other.waits(late)
        one.commits()
        with pytest.raises(DrawerClosed):
            late.result()
    assert (till.due(made), till.sum_of("drawer_cash")) == (1_000, 0)


def test_closing_waits_for_cash_that_is_coming_and_counts_it(till: Till) -> None:
    made, day = till.invoice(1_000), till.day()
    one, other = hands(till)
    with one, other:
        one.does(pays_all(till, made, 1_000)).result()
        count = Count(day, 16_000)
        late = other.does(lambda: drawers.close_drawer(count, actor=ACTOR, at=LATER).expected_cents)
        assert other.waits(late)
        one.commits()
        assert late.result() == 16_000
        other.commits()
    assert till.sum_of("over_short") == 0


def test_a_refund_and_a_credit_note_of_one_invoice_never_lock_each_other_out(till: Till) -> None:
    made = till.invoice(4_000)
    (payment,) = till.pays(till.cash(4_000))
    one, other = hands(till)
    with one, other:
        one.does(refunds_all(till, payment, 1_000)).result()
        late = other.does(lambda: corrections.credit(CreditRequest(made, "Wrong"), actor=None, at=LATER).id)
        assert other.waits(late)
        one.commits()
        late.result()
        other.commits()
    assert (till.due(made), till.sum_of("credits"), till.sum_of("drawer_cash")) == (0, -3_000, 18_000)


def test_without_the_locks_of_our_code_postgresql_still_refuses_the_second(till: Till) -> None:
    """Whoever forgets to lock and looks a moment too early is told so at COMMIT."""
    (payment,) = till.pays(till.cash(100))
    made = till.invoice(8_650)
    one, other = hands(till)
    with one, other:
        for hand in (one, other):
            hand.did(lambda: allocates_unlocked(till, payment, made))
        one.commits()
        with pytest.raises(DBAPIError) as told:
            other.commits()
    assert isinstance(refusal_of(told.value), MoreThanWasPaid)


def allocates_unlocked(till: Till, payment: UUID, invoice: UUID) -> None:
    """Pay an invoice with the credit of a payment, without any lock."""
    books = books_of("USD", invoices=[invoice], payments=[payment])
    post = post_at(site(till.clinic.location), LATER, till.patient)
    write([ledger.allocate(books, post, payment, invoice, 100)], actor=None)


def test_fifty_desks_refund_at_once_and_never_more_than_was_paid(till: Till) -> None:
    made = till.invoice(9_000)
    (payment,) = till.pays(till.cash(10_000))
    told = crowd(till, refunds_all(till, payment, 300), DESKS)
    done = [each for each in told if isinstance(each, UUID)]
    assert len(done) == 33
    assert all(isinstance(each, MoreThanWasPaid) for each in told if each not in done)
    assert (till.sum_of("drawer_cash"), till.due(made)) == (15_000 + 10_000 - 9_900, 8_900)


def test_fifty_desks_take_the_same_invoice_at_once_and_it_is_paid_once(till: Till) -> None:
    made = till.invoice(8_650)
    told = crowd(till, pays_all(till, made, 8_650), DESKS)
    assert told.count(1) == 1
    assert sum(isinstance(each, MoreThanIsDue) for each in told) == DESKS - 1
    assert till.sum_of("drawer_cash") == 23_650


def test_numbers_have_no_gap_when_eight_desks_issue_and_some_fail(till: Till) -> None:
    with till.acting():
        waiting = [
            drafts.new_draft(till.patient, till.clinic.location, [Line(1, 100, "x")], actor=None, at=LATER).id
            for _ in range(40)
        ]

    def issues() -> UUID:
        if not waiting:
            raise NothingLeft
        mine = waiting.pop()
        made = issue.issue(mine, actor=None, at=LATER + timedelta(seconds=1))
        if made.number is not None and made.number % 5 == 0 and mine not in failed:
            failed.append(mine)
            waiting.append(mine)
            raise DocumentFixed
        return made.id

    failed: list[UUID] = []
    told = crowd(till, issues, 50, threads=8)
    while waiting:
        told += crowd(till, issues, 1)
    told = [each for each in told if isinstance(each, UUID)]
    numbers = [row["number"] for row in till.owner.execute("SELECT number FROM invoice ORDER BY number")]
    assert numbers == list(range(1, 41))
    assert failed
    assert len(told) == len(set(told)) == 40
