"""Money in and out: by every method, to the cent, and never more than is due or was paid."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests import factories
from tests.billing.till import LATER
from tests.factories import NOW
from tests.full_record import an_attempt, transaction
from webapp.billing.actions import corrections, pay, refunds
from webapp.billing.actions.corrections import CreditRequest
from webapp.billing.actions.pay import Part, TakeDeposit
from webapp.billing.refusals import (
    DrawerClosed,
    DueChanged,
    ForeignCurrency,
    MoneyReasonMissing,
    MoreThanIsDue,
    MoreThanWasPaid,
    NoMoneyHere,
    NothingLeft,
    WrongAmountOfMoney,
    WrongWayBack,
)
from webapp.booking.actions import CancelRequest, cancel
from webapp.booking.actions.cancel import Costs
from webapp.db import Role
from webapp.errors import NotFound
from webapp.ids import new_id

if TYPE_CHECKING:
    from tests.billing.till import Till


def test_cash_pays_and_the_change_is_kept(till: Till) -> None:
    made = till.invoice(8_650)
    (payment,) = till.pays(till.cash(8_650, 10_000))
    row = till.one(
        "SELECT cents, tendered_cents, change_cents, drawer_id, receipt_id FROM payment WHERE id = %s", payment
    )
    assert (row["cents"], row["tendered_cents"], row["change_cents"]) == (8_650, 10_000, 1_350)
    assert (till.due(made), till.sum_of("drawer_cash")) == (0, 15_000 + 8_650)


def test_the_oldest_is_paid_first_and_what_is_left_is_credit(till: Till) -> None:
    old, new = till.invoice(3_000), till.invoice(4_000)
    till.pays(till.cash(5_000))
    assert (till.due(old), till.due(new)) == (0, 2_000)
    till.pays(till.cash(2_500))
    assert (till.due(new), till.sum_of("credits")) == (0, -500)


def test_the_chosen_ones_are_paid_as_chosen(till: Till) -> None:
    old, new = till.invoice(3_000), till.invoice(4_000)
    till.pays(till.cash(1_000), pays=(new,))
    assert (till.due(old), till.due(new)) == (3_000, 3_000)
    till.pays(till.cash(2_000), exactly={old: 500, new: 1_500})
    assert (till.due(old), till.due(new)) == (2_500, 1_500)
    with pytest.raises(MoreThanIsDue):
        till.pays(till.cash(9_000), exactly={old: 2_501})
    with pytest.raises(MoreThanWasPaid):
        till.pays(till.cash(100), exactly={old: 101})


def test_several_methods_share_one_receipt(till: Till) -> None:
    made = till.invoice(10_000)
    paid = till.pays(
        till.cash(3_000), Part("check", 2_000, reference="1042 Key"), till.card(4_000), Part("bank_transfer", 1_500)
    )
    assert len(paid) == 4
    assert till.one("SELECT count(DISTINCT receipt_id) AS n, sum(cents)::int AS cents FROM payment") == {
        "n": 1,
        "cents": 10_500,
    }
    assert (till.due(made), till.sum_of("credits")) == (0, -500)
    assert [till.sum_of(each) for each in ("checks", "card_clearing", "bank_clearing")] == [
        2_000,
        4_000,
        1_500 - 15_000,
    ]


@pytest.mark.parametrize(
    "part", [Part("cash", 0), Part("cash", -1), Part("bank_transfer", 10**9 + 1), Part("bank_transfer", 5, 10)]
)
def test_no_amount_is_taken_that_is_none(till: Till, part: Part) -> None:
    made = till.invoice(100)
    with pytest.raises(WrongAmountOfMoney):
        till.pays(part)
    with pytest.raises(WrongAmountOfMoney):
        till.pays(Part("cash", 100, 99, drawer_id=till.drawer))
    with pytest.raises(WrongAmountOfMoney):
        till.pays()
    assert till.due(made) == 100


def test_what_belongs_to_somebody_else_is_not_there_and_the_ledger_stays(till: Till) -> None:
    other = till.invoice(5_000, patient=till.clinic.patients[1])
    before = till.one("SELECT count(*) AS n FROM ledger_entry")
    for wanted in ({"pays": (other,)}, {"exactly": {other: 1}}, {"pays": (new_id(),)}, {"patient_id": new_id()}):
        with pytest.raises(NotFound):
            till.pays(till.cash(5_000), **wanted)
    assert till.one("SELECT count(*) AS n FROM ledger_entry") == before


def test_foreign_money_and_other_places_are_refused(till: Till) -> None:
    till.invoice(100)
    with pytest.raises(ForeignCurrency):
        till.pays(till.cash(100), currency="EUR")
    till.scope = factories.scope(Role.DESK, locations=(new_id(),))
    with pytest.raises(NoMoneyHere):
        till.pays(till.cash(100))


def test_what_is_due_changed_since_it_was_shown(till: Till) -> None:
    made = till.invoice(10_000)
    till.does(lambda: corrections.write_off(corrections.WriteOffRequest(made, 1_000, "Hardship"), actor=None, at=LATER))
    with pytest.raises(DueChanged) as told:
        till.pays(till.cash(10_000), seen={made: 10_000})
    assert told.value.alternatives == ((made, 9_000),)
    till.pays(till.cash(9_000), seen={made: 9_000})


def test_cash_needs_an_open_drawer_of_the_place(till: Till) -> None:
    till.invoice(100)
    other = factories.branch(till.owner, till.clinic)
    for drawer in (None, new_id()):
        with pytest.raises(DrawerClosed):
            till.pays(Part("cash", 100, drawer_id=drawer))
    with pytest.raises(DrawerClosed):
        till.pays(till.cash(100), location_id=other.location)


def test_an_attempt_under_way_keeps_its_part_from_others_and_not_from_itself(till: Till) -> None:
    made = till.invoice(10_000)
    card = till.card(6_000)
    till.owner.execute(
        "INSERT INTO attempt_allocation (attempt_id, invoice_id, patient_id, cents) VALUES (%s, %s, %s, 6000)",
        (card.attempt_id, made, till.patient),
    )
    with pytest.raises(MoreThanIsDue):
        till.pays(till.cash(4_001), exactly={made: 4_001})
    till.pays(till.cash(5_000))  # what a card is about to pay is left to it: the rest is credit
    assert (till.due(made), till.sum_of("credits")) == (6_000, -1_000)
    till.pays(card, exactly={made: 6_000})
    assert till.due(made) == 0
    assert till.one("SELECT settled_at FROM attempt")["settled_at"] == LATER


def test_an_attempt_is_counted_once(till: Till) -> None:
    till.invoice(10_000)
    card = till.card(5_000)
    till.pays(card)
    with pytest.raises(Exception, match="payment_attempt_id_key"):
        till.pays(card)
    assert till.sum_of("card_clearing") == 5_000


def test_credit_pays_the_next_invoice_oldest_first(till: Till) -> None:
    till.pays(till.cash(1_000))
    till.pays(till.cash(2_000))
    made = till.invoice(2_500)
    assert till.does(lambda: pay.apply_credit(till.patient, made, actor=None, at=LATER, cents=500)) == 500
    with pytest.raises(MoreThanIsDue):
        till.does(lambda: pay.apply_credit(till.patient, made, actor=None, at=LATER, cents=2_001))
    assert till.does(lambda: pay.apply_credit(till.patient, made, actor=None, at=LATER)) == 2_000
    assert (till.due(made), till.sum_of("credits")) == (0, -500)
    other = till.invoice(100, patient=till.clinic.patients[1])
    with pytest.raises(NotFound):
        till.does(lambda: pay.apply_credit(till.patient, other, actor=None, at=LATER))


def test_money_of_a_merged_record_pays_for_the_person(till: Till) -> None:
    other = till.clinic.patients[1]
    owed = till.invoice(2_000, patient=other)
    till.pays(till.cash(500), patient_id=other)
    till.owner.execute("UPDATE patient SET merged_into = %s WHERE id = %s", (till.patient, other))
    assert till.due(owed) == 1_500
    till.pays(till.cash(2_500))
    mine = till.invoice(900)
    assert till.does(lambda: pay.apply_credit(till.patient, mine, actor=None, at=LATER)) == 900
    assert (till.due(owed), till.due(mine), till.sum_of("credits")) == (0, 0, -100)


def test_a_refund_takes_credit_first_and_never_more_than_was_paid(till: Till) -> None:
    made = till.invoice(3_000)
    (payment,) = till.pays(till.cash(4_000))
    till.refunds(payment, 1_500)
    assert (till.sum_of("credits"), till.due(made)) == (0, 500)
    with pytest.raises(MoreThanWasPaid):
        till.refunds(payment, 2_501)
    till.refunds(payment, 2_500)
    assert (till.due(made), till.sum_of("drawer_cash")) == (3_000, 15_000)
    for cents, refusal in ((1, MoreThanWasPaid), (0, WrongAmountOfMoney), (-5, WrongAmountOfMoney)):
        with pytest.raises(refusal):
            till.refunds(payment, cents)


def test_money_goes_back_the_way_it_came_with_a_reason_and_leave(till: Till) -> None:
    (payment,) = till.pays(till.cash(4_000))
    with pytest.raises(WrongWayBack):
        till.refunds(payment, 100, method="bank_transfer")
    with pytest.raises(MoneyReasonMissing):
        till.refunds(payment, 100, reason=" ")
    with pytest.raises(Exception, match="the role may not"):
        till.refunds(payment, 100, role=Role.DESK)
    (by_card,) = till.pays(till.card(4_000))
    with pytest.raises(WrongWayBack):
        till.refunds(by_card, 100)
    own = {"patient_id": till.patient, "location_id": till.clinic.location}
    back = an_attempt(
        till.owner, own, cents=100, purpose="refund", direction="refund", payment_id=by_card, state="refunded"
    )
    till.refunds(by_card, 100, attempt_id=back)
    assert till.sum_of("card_clearing") == 3_900


def test_a_refund_on_its_way_by_card_counts_as_gone(till: Till) -> None:
    (by_card,) = till.pays(till.card(4_000))
    own = {"patient_id": till.patient, "location_id": till.clinic.location}
    way = {"purpose": "refund", "direction": "refund", "payment_id": by_card, "state": "refunding"}
    one, other = an_attempt(till.owner, own, cents=3_000, **way), an_attempt(till.owner, own, cents=1_001, **way)
    with pytest.raises(MoreThanWasPaid):
        till.refunds(by_card, 1_001, attempt_id=other)
    till.owner.execute("UPDATE attempt SET state = 'failed' WHERE id = %s", (other,))
    till.refunds(by_card, 3_000, attempt_id=one)


def test_the_desk_gives_back_what_the_rule_says_for_a_cancelled_visit(till: Till) -> None:
    visit = till.visit("booked")
    deposit = till.does(lambda: pay.take_deposit(TakeDeposit(visit, till.cash(5_000), "USD"), actor=None, at=NOW).id)
    with pytest.raises(Exception, match="the role may not"):
        till.refunds(deposit, 5_000, role=Role.DESK, rule="cancellation")
    till.does(lambda: cancel(CancelRequest(visit, "ill", costs=Costs.SEEN_TO), at=NOW), Role.DESK)
    till.refunds(deposit, 5_000, role=Role.DESK, rule="cancellation")
    assert till.sum_of("deposits") == 0


def test_a_capture_that_fails_takes_everything_back_wherever_it_went(till: Till) -> None:
    first = till.invoice(1_000)
    card = till.card(3_000)
    (payment,) = till.pays(card)
    second = till.invoice(1_500)
    till.does(lambda: pay.apply_credit(till.patient, second, actor=None, at=LATER))
    till.does(lambda: refunds.payment_failed(payment, "The bank refused", actor=None, at=LATER))
    assert (till.due(first), till.due(second), till.sum_of("credits"), till.sum_of("card_clearing")) == (
        1_000,
        1_500,
        0,
        0,
    )
    with pytest.raises(NothingLeft):
        till.does(lambda: refunds.payment_failed(payment, "again", actor=None, at=LATER))


def test_postgresql_itself_refuses_more_than_was_paid_or_is_due(till: Till) -> None:
    made = till.invoice(1_000)
    (payment,) = till.pays(till.cash(1_000))
    owed: dict[str, Any] = {"account": "patient_receivable", "invoice_id": made, "patient_id": till.patient}
    for kind, cents, of, says in (
        ("allocation", 1_001, {"payment_id": payment}, "more than was paid"),
        ("write_off", -1, {}, "more than is due"),
        ("write_off", 0, {}, "ledger_entry_cents"),
    ):
        with pytest.raises(psycopg.errors.CheckViolation, match=says):
            by_hand(till, kind, ({**owed, **of}, cents), ({"account": "revenue", "category": "x"}, -cents))
    for sides in ((), ((owed, 5),), ((owed, 5), ({"account": "revenue", "category": "x"}, -4))):
        with pytest.raises(psycopg.errors.CheckViolation, match="debits and credits differ"):
            by_hand(till, "write_off", *sides)
    assert till.one("SELECT sum(cents)::int AS cents FROM ledger_entry") == {"cents": 0}


def by_hand(till: Till, kind: str, *sides: tuple[dict[str, Any], int]) -> None:
    """Write a transaction past all of our code."""
    site = {"location_id": till.clinic.location}
    with till.owner.transaction():
        made = transaction(till.owner, {**site, "patient_id": till.patient}, kind, reason="x")
        for account, cents in sides:
            factories.insert(till.owner, "ledger_entry", transaction_id=made, cents=cents, **account, **site)


def test_a_credit_note_frees_the_newest_payment_first(till: Till) -> None:
    made = till.invoice(2_000)
    till.pays(till.cash(1_500))
    (last,) = till.pays(till.cash(500))
    till.does(lambda: corrections.credit(CreditRequest(made, "Wrong"), actor=None, at=LATER))
    assert till.sum_of("credits", payment_id=last) == -500
    assert till.sum_of("credits") == -2_000
