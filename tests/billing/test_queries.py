"""What pages of money show: each figure against what was done to get there."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from tests import factories
from tests.billing.till import LATER
from tests.factories import NOW
from webapp.billing.actions import corrections, drafts, drawers, issue, pay
from webapp.billing.actions.corrections import CreditRequest, Part, WriteOffRequest
from webapp.billing.actions.drawers import Count
from webapp.billing.actions.pay import TakeDeposit
from webapp.billing.queries import balances, documents, reports, worklists
from webapp.billing.queries.documents import Totals
from webapp.errors import NotFound
from webapp.ids import new_id

if TYPE_CHECKING:
    from tests.billing.till import Till

DAY = (NOW - timedelta(days=1), NOW + timedelta(days=1))


def billed(till: Till, visit: UUID) -> UUID:
    with till.acting():
        draft = drafts.draft_visit(visit, actor=None, at=LATER).id
        return issue.issue(draft, actor=till.scope.actor, at=LATER).id


def test_an_invoice_shows_its_lines_sums_and_story(till: Till) -> None:
    made = till.invoice(12_000, payer_cents=4_000, discount_cents=1_000, discount_reason="Regular")
    paid = till.pays(till.cash(3_000))
    till.refunds(paid[0], 500)
    line: UUID = till.one("SELECT id FROM invoice_line")["id"]
    till.does(lambda: corrections.credit(CreditRequest(made, "Code", {line: Part(1_500)}), actor=None, at=LATER))
    gone = till.does(lambda: corrections.write_off(WriteOffRequest(made, 700, "Gone"), actor=None, at=LATER))
    till.does(lambda: corrections.take_back(gone, "By mistake", actor=None, at=LATER))
    till.does(lambda: corrections.write_off(WriteOffRequest(made, 400, "Gone"), actor=None, at=LATER))
    with till.acting():
        page = documents.page(made)
        assert page.totals == Totals(12_000, 1_000, 4_000, 7_000, 1_500, 400, 2_500, 2_600, 4_000, 0)
        assert [each.shown_number for each in page.notes] == ["C2026-00001"]
        story = [(each.kind, each.cents, each.reversed) for each in page.history]
    assert story == [
        ("issue", 7_000, False), ("payment", -3_000, False), ("refund", 500, False), ("credit_note", -1_500, False),
        ("write_off", -700, True), ("reversal", 700, False), ("write_off", -400, False),
    ]  # fmt: skip
    with till.acting(), pytest.raises(NotFound):
        documents.page(new_id())


def test_a_receipt_says_what_each_method_paid(till: Till) -> None:
    till.invoice(5_000)
    paid = till.pays(till.cash(3_000), till.card(4_000))
    receipt = till.one("SELECT receipt_id FROM payment LIMIT 1")["receipt_id"]
    till.refunds(paid[0], 100)
    with till.acting():
        shown = documents.receipt(receipt)
        assert [(each.payment.method, each.shares, each.credit, each.refunded, each.state) for each in shown] == [
            ("cash", (("2026-00001", 2_900),), 0, 100, ""),
            ("card_reader", (("2026-00001", 2_000),), 2_000, 0, "authorised"),
        ]
        with pytest.raises(NotFound):
            documents.receipt(new_id())


def test_the_board_learns_what_is_to_pay_for_each_visit(till: Till) -> None:
    owing, paid, unbilled = till.visit(), till.visit(), till.visit()
    first, second = billed(till, owing), billed(till, paid)
    till.pays(till.cash(12_000), exactly={second: 12_000})
    with till.acting():
        assert balances.balances_of([owing, paid, unbilled]) == {owing: 12_000, paid: 0}
    assert first != second


@pytest.mark.usefixtures("till")
def test_finished_visits_without_an_invoice_are_listed(till: Till) -> None:
    bare, drafted, changed, done, _ = till.visit(), till.visit(), till.visit(), till.visit(), till.visit("booked")
    billed(till, done)
    draft = till.does(lambda: drafts.draft_visit(drafted, actor=None, at=LATER).id)
    dearer = till.does(lambda: drafts.draft_visit(changed, actor=None, at=LATER).id)
    lines = (drafts.Line(2, 4_500, label="Tests", discount_cents=500, discount_reason="Regular"),)
    till.does(lambda: drafts.save_draft(drafts.SaveDraft(dearer, lines, 1), at=LATER))
    with till.acting():
        found = worklists.unbilled(till.clinic.location, *DAY)
        never = worklists.finished_without_invoice(*DAY)
        waiting = worklists.drafts(till.clinic.location)
    assert {(each.appointment_id, each.draft_id, each.cents) for each in found} == {
        (bare, None, 12_000), (drafted, draft, 12_000), (changed, dearer, 8_500),
    }  # fmt: skip
    assert (never, waiting) == ([bare], [draft, dearer])


def test_credit_and_attempts_that_wait_are_listed(till: Till) -> None:
    till.pays(till.cash(500))
    till.pays(till.cash(300))
    hanging = till.card(100)
    with till.acting():
        (credit,) = worklists.unapplied_credit()
        (attempt,) = worklists.open_attempts()
    assert (credit.patient_id, credit.cents, credit.since) == (till.patient, 800, LATER)
    assert (attempt.id, attempt.state, attempt.cents) == (hanging.attempt_id, "authorised", 100)


def test_what_is_owed_by_its_age(till: Till) -> None:
    today = LATER.date()
    till.invoice(1_000)
    till.invoice(2_000, patient=till.clinic.patients[1])
    for days, ages in ((30, (0, 1)), (31, (1, 0)), (60, (1, 0)), (61, (2, 0)), (91, (3, 0))):
        with till.acting():
            found = reports.aging([till.clinic.location], today + timedelta(days=days))
        place = ages[0]
        assert [(row.total, row.cents[place]) for row in found] == [(2_000, 2_000), (1_000, 1_000)]
    with till.acting():
        assert reports.aging([new_id()], today) == []


def test_what_was_earned_and_by_what_it_was_paid(till: Till) -> None:
    made = billed(till, till.visit())
    other = till.visit(provider_id=till.clinic.providers[1])
    billed(till, other)
    till.invoice(500, category="Tests")
    till.does(lambda: corrections.credit(CreditRequest(made, "Wrong"), actor=None, at=LATER))
    paid = till.pays(till.cash(3_000), pay.Part("bank_transfer", 1_000))
    till.refunds(paid[0], 200)
    where = [till.clinic.location]
    with till.acting():
        categories = {row.name: row.cents for row in reports.revenue_by_category(where, *DAY)}
        services = {row.name: row.cents for row in reports.revenue_by_service(where, *DAY)}
        providers = [row.cents for row in reports.revenue_by_provider(where, *DAY)]
        taken = {row.method: (row.count, row.cents, row.refunded) for row in reports.taken(where, *DAY)}
    assert categories == {"Visits": 12_000, "Tests": 500}
    assert sorted(services.values()) == [500, 12_000]
    assert sorted(providers) == [0, 500, 12_000]
    assert taken == {"cash": (1, 3_000, 200), "bank_transfer": (1, 1_000, 0)}
    assert sum(categories.values()) == -till.sum_of("revenue")


def test_a_day_of_a_drawer_ties_to_the_ledger_to_the_cent(till: Till) -> None:
    paid = till.pays(till.cash(21_200))
    till.refunds(paid[0], 2_000)
    with till.acting():
        (running,) = reports.drawer_days(till.clinic.location, NOW.date())
        assert (running.float_cents, running.came, running.went, running.expected) == (15_000, 21_200, 2_000, 34_200)
        assert running.expected == drawers.expected_in(till.day())
        ((_, standing),) = reports.open_drawers(till.clinic.location)
        assert standing is not None
    count = Count(till.day(), 33_700, reason="Wrong change given")
    till.does(lambda: drawers.close_drawer(count, actor=till.scope.actor, at=LATER))
    with till.acting():
        closed = reports.drawer_day(till.day())
        assert (closed.expected, closed.counted, len(closed.steps)) == (34_200, 33_700, 2)
        assert closed.day.expected_cents == closed.expected


def test_how_somebody_stands(till: Till) -> None:
    visit: UUID = till.visit("booked")
    till.does(lambda: pay.take_deposit(TakeDeposit(visit, till.cash(700), "USD"), actor=None, at=NOW))
    till.invoice(3_000)
    till.pays(till.cash(1_000), exactly={})
    with till.acting():
        people = balances.same_person(till.patient)
        assert balances.account_of(people) == balances.Account(3_000, 1_000, 700)
        (owed,) = balances.open_invoices(people)
    assert (owed.number, owed.cents, owed.reserved) == ("2026-00001", 3_000, 0)


def test_a_patient_reads_their_own_documents_and_no_others(till: Till) -> None:
    from webapp.db import Role, transactional

    mine, foreign = till.invoice(), till.invoice(patient=till.clinic.patients[1])
    with transactional(factories.scope(Role.PATIENT, patients=(till.patient,)), read_only=True):
        assert documents.page(mine).totals.due == 12_000
        with pytest.raises(NotFound):
            documents.page(foreign)
        assert [each.id for each in balances.open_invoices([till.patient, till.clinic.patients[1]])] == [mine]
