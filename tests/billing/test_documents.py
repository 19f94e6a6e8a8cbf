"""Invoices from the finished visit to the credit note: what may change until when, and what it is in the ledger."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import psycopg
import pytest

from tests import factories
from tests.billing.till import LATER
from tests.factories import NOW, clock_time
from webapp.billing.actions import corrections, drafts, fees, issue, pay
from webapp.billing.actions.corrections import CreditRequest, Part, WriteOffRequest
from webapp.billing.actions.drafts import Line, SaveDraft
from webapp.billing.actions.fees import FeeRequest
from webapp.billing.actions.pay import TakeDeposit
from webapp.billing.refusals import (
    BilledAlready,
    CreditedBeyond,
    DocumentFixed,
    ForeignCurrency,
    LinesWrong,
    MoneyReasonMissing,
    MoreThanIsDue,
    NoMoneyHere,
    NotFinished,
    NothingLeft,
    NothingToCharge,
)
from webapp.billing.shares import payer_parts
from webapp.booking.actions import progress
from webapp.db import Role, Scope, transactional
from webapp.errors import NotFound, VersionConflict, refusal_of
from webapp.ids import new_id
from webapp.practice.actions import SetPrice, set_service_price

if TYPE_CHECKING:
    from tests.billing.till import Till


def drafted(till: Till, visit: UUID) -> UUID:
    made: UUID = till.does(lambda: drafts.draft_visit(visit, actor=None, at=LATER).id)
    return made


def issued(till: Till, invoice: UUID) -> str:
    number: str = till.does(lambda: issue.issue(invoice, actor=till.scope.actor, at=LATER).shown_number)
    return number


def saved(till: Till, invoice: UUID, *lines: Line, version: int = 1) -> None:
    till.does(lambda: drafts.save_draft(SaveDraft(invoice, lines, version, currency="USD"), at=LATER))


def lines(till: Till, invoice: UUID) -> list[tuple[int, int, int, int]]:
    query = b"""SELECT quantity, unit_cents, discount_cents, payer_cents FROM invoice_line
        WHERE invoice_id = %s ORDER BY position"""
    return [tuple(row.values()) for row in till.owner.execute(query, (invoice,))]


def test_a_finished_visit_makes_a_draft_by_job_once(till: Till) -> None:
    visit = till.visit("in_room")
    with till.acting(Role.DESK):
        progress.finish(visit, at=LATER)
    job = till.one("SELECT task_name, args FROM jobs.procrastinate_jobs WHERE task_name LIKE 'billing%'")
    assert (job["task_name"], job["args"]) == ("billing.draft_invoice", {"visit": str(visit)})
    made = drafted(till, visit)
    assert lines(till, made) == [(1, 12_000, 0, 0)]
    row = till.one("SELECT status, number, patient_id, appointment_id FROM invoice")
    assert row == {"status": "draft", "number": None, "patient_id": till.patient, "appointment_id": visit}
    with pytest.raises(BilledAlready):
        drafted(till, visit)
    with pytest.raises(NotFinished):
        drafted(till, till.visit("booked"))


def test_the_price_is_that_of_the_day_of_the_visit(till: Till) -> None:
    tomorrow = LATER.date() + timedelta(days=1)
    dearer = SetPrice(till.clinic.service, 13_000, tomorrow)
    till.does(lambda: set_service_price(dearer, today=LATER.date()), Role.MANAGER)
    assert lines(till, drafted(till, till.visit(price_cents=99))) == [(1, 12_000, 0, 0)]
    later = factories.appointment(till.owner, till.clinic, clock_time(9, day=tomorrow), status="finished")
    assert lines(till, drafted(till, later)) == [(1, 13_000, 0, 0)]


def test_the_payer_takes_its_part_as_the_coverage_says(till: Till) -> None:
    factories.insert(
        till.owner, "coverage", id=new_id(), patient_id=till.patient, payer_name="Aetna PPO", member="W88",
        share_percent=25, copay_cents=3_000, valid_from=NOW,
    )  # fmt: skip
    made = drafted(till, till.visit())
    saved(till, made, Line(1, 14_000, "Consultation"), Line(1, 6_000, "Dermoscopy"), Line(2, 2_800, "Pathology"))
    assert [row[3] for row in lines(till, made)] == [8_250, 4_500, 4_200]
    issued(till, made)
    assert (till.due(made), till.sum_of("payer_receivable", invoice_id=made)) == (8_650, 16_950)
    assert till.one("SELECT payer_name, payer_member FROM invoice")["payer_name"] == "Aetna PPO"


@pytest.mark.parametrize(
    ("nets", "percent", "copay", "parts"),
    [([14_000, 6_000, 5_600], 25, 3_000, [8_250, 4_500, 4_200]), ([2_000, 2_000], 0, 3_000, [0, 1_000]),
     ([100], 100, 0, [0]), ([1], 50, 0, [0]), ([3], 50, 0, [1]), ([], 10, 0, [])],
)  # fmt: skip
def test_shares_are_whole_cents(nets: list[int], percent: int, copay: int, parts: list[int]) -> None:
    assert payer_parts(nets, percent, copay) == parts


def test_a_draft_changes_until_it_is_issued_and_then_nothing_does(till: Till) -> None:
    made = drafted(till, till.visit())
    saved(till, made, Line(2, 5_000, "Test", discount_cents=1_000, discount_reason="Regular"))
    with pytest.raises(VersionConflict):
        saved(till, made, Line(1, 1, "Test"))
    assert issued(till, made) == "2026-00001"
    with pytest.raises(DocumentFixed):
        saved(till, made, Line(1, 1, "Test"), version=3)
    with pytest.raises(DocumentFixed):
        issued(till, made)
    for change in (
        "UPDATE invoice SET note = 'x'", "DELETE FROM invoice", "UPDATE invoice_line SET unit_cents = 1",
        "DELETE FROM invoice_line", "UPDATE invoice SET status = 'draft'",
    ):  # fmt: skip
        with pytest.raises(psycopg.errors.CheckViolation) as told:
            till.owner.execute(change.encode())
        assert isinstance(refusal_of(told.value), DocumentFixed)
    assert lines(till, made) == [(2, 5_000, 1_000, 0)]


@pytest.mark.parametrize(
    ("line", "refusal"),
    [
        (Line(0, 100, "x"), LinesWrong), (Line(1000, 100, "x"), LinesWrong), (Line(1, -1, "x"), LinesWrong),
        (Line(1, 100, "x", discount_cents=101, discount_reason="y"), LinesWrong), (Line(1, 100, ""), LinesWrong),
        (Line(1, 100, "x", discount_cents=-1), LinesWrong), (Line(1, 100, "x", discount_cents=1), MoneyReasonMissing),
        (Line(1, 100, "x", payer_cents=101), LinesWrong), (Line(1, 100, "x", payer_cents=-1), LinesWrong),
        (Line(999, 10**9, "x"), LinesWrong), (Line(1, 100, service_id=new_id()), NotFound),
    ],
)  # fmt: skip
def test_lines_that_do_not_add_up_are_refused_and_the_draft_stays(till: Till, line: Line, refusal: type) -> None:
    made = drafted(till, till.visit())
    with pytest.raises(refusal):
        saved(till, made, line)
    assert lines(till, made) == [(1, 12_000, 0, 0)]


def test_a_foreign_currency_is_refused(till: Till) -> None:
    till.owner.execute("UPDATE service SET currency = 'EUR'")
    with pytest.raises(ForeignCurrency):
        drafted(till, till.visit())
    made = till.does(
        lambda: drafts.new_draft(till.patient, till.clinic.location, [Line(1, 5, "x")], actor=None, at=LATER).id
    )
    with pytest.raises(ForeignCurrency):
        till.does(lambda: drafts.save_draft(SaveDraft(made, (), 1, currency="EUR"), at=LATER))


def test_no_charge_is_kept_with_its_reason_and_can_be_thought_over(till: Till) -> None:
    visit = till.visit()
    made = drafted(till, visit)
    with pytest.raises(MoneyReasonMissing):
        till.does(lambda: drafts.void_draft(made, " ", at=LATER))
    till.does(lambda: drafts.void_draft(made, "Follow-up of a mistake", at=LATER))
    with pytest.raises(DocumentFixed):
        issued(till, made)
    assert drafted(till, visit) != made


def test_an_invoice_without_an_amount_is_not_issued_and_uses_no_number(till: Till) -> None:
    made = drafted(till, till.visit())
    saved(till, made)
    with pytest.raises(NothingToCharge):
        issued(till, made)
    assert issued(till, drafted(till, till.visit())) == "2026-00001"


def test_a_discount_of_everything_is_issued_and_owes_nothing(till: Till) -> None:
    made = drafted(till, till.visit())
    saved(till, made, Line(1, 5_000, "Test", discount_cents=5_000, discount_reason="Hardship"))
    issued(till, made)
    assert (till.due(made), till.sum_of("discounts", invoice_id=made), till.sum_of("revenue")) == (0, 0, -5_000)


def test_numbers_count_by_location_year_and_kind(till: Till) -> None:
    first = till.invoice()
    till.invoice()
    till.does(lambda: corrections.credit(CreditRequest(first, "Wrong"), actor=None, at=LATER))
    query = b"SELECT kind, year, number FROM invoice ORDER BY kind DESC, number"
    numbers = [tuple(row.values()) for row in till.owner.execute(query)]
    assert numbers == [("invoice", 2026, 1), ("invoice", 2026, 2), ("credit_note", 2026, 1)]


def test_a_credit_note_takes_back_and_what_was_paid_becomes_credit(till: Till) -> None:
    made = till.invoice(10_000)
    till.pays(till.cash(10_000))
    line: UUID = till.one("SELECT id FROM invoice_line")["id"]
    note = till.does(
        lambda: corrections.credit(CreditRequest(made, "Code", {line: Part(4_000)}), actor=None, at=LATER).id
    )
    assert (till.due(made), till.sum_of("credits")) == (0, -4_000)
    assert till.one("SELECT kind, corrects_id FROM invoice WHERE id = %s", note)["corrects_id"] == made
    with pytest.raises(CreditedBeyond):
        till.does(lambda: corrections.credit(CreditRequest(made, "Code", {line: Part(6_001)}), actor=None, at=LATER))
    till.does(lambda: corrections.credit(CreditRequest(made, "The rest"), actor=None, at=LATER))
    with pytest.raises(NothingToCharge):
        till.does(lambda: corrections.credit(CreditRequest(made, "The rest"), actor=None, at=LATER))
    assert (till.due(made), till.sum_of("credits"), till.sum_of("revenue")) == (0, -10_000, 0)


def test_a_credited_visit_is_billed_anew_once(till: Till) -> None:
    visit = till.visit()
    made = drafted(till, visit)
    issued(till, made)
    till.does(lambda: corrections.credit(CreditRequest(made, "Wrong payer"), actor=None, at=LATER))
    till.does(lambda: drafts.draft_visit(visit, actor=None, at=LATER, replaces=made))
    with pytest.raises(Exception, match="invoice_replaces_key"):
        till.does(lambda: drafts.draft_visit(visit, actor=None, at=LATER, replaces=made))


def test_a_write_off_needs_a_reason_and_leave_and_can_be_taken_back_once(till: Till) -> None:
    made = till.invoice(5_000)
    with pytest.raises(MoneyReasonMissing):
        till.does(lambda: corrections.write_off(WriteOffRequest(made, 5_000, ""), actor=None, at=LATER))
    with pytest.raises(MoreThanIsDue):
        till.does(lambda: corrections.write_off(WriteOffRequest(made, 5_001, "Gone"), actor=None, at=LATER))
    with pytest.raises(Exception, match="the role may not"):
        till.does(lambda: corrections.write_off(WriteOffRequest(made, 1, "Gone"), actor=None, at=LATER), Role.DESK)
    gone = till.does(lambda: corrections.write_off(WriteOffRequest(made, 2_000, "Gone"), actor=None, at=LATER))
    assert till.due(made) == 3_000
    till.does(lambda: corrections.take_back(gone, "By mistake", actor=None, at=LATER))
    assert till.due(made) == 5_000
    with pytest.raises(Exception, match="ledger_transaction_reverses_id_key"):
        till.does(lambda: corrections.take_back(gone, "By mistake", actor=None, at=LATER))
    with pytest.raises(NotFound):
        till.does(lambda: corrections.take_back(new_id(), "x", actor=None, at=LATER))


def test_a_deposit_pays_the_invoice_of_its_visit_and_the_rest_is_credit(till: Till) -> None:
    visit = till.visit("booked", price_cents=8_000)
    till.does(lambda: pay.take_deposit(TakeDeposit(visit, till.cash(9_000), "USD"), actor=None, at=NOW))
    assert (till.sum_of("deposits"), till.sum_of("credits")) == (-9_000, 0)
    till.owner.execute("UPDATE appointment SET status = 'finished' WHERE id = %s", (visit,))
    made = drafted(till, visit)
    assert lines(till, made) == [(1, 8_000, 0, 0)]  # as agreed, not as the list says by now
    issued(till, made)
    assert (till.due(made), till.sum_of("deposits"), till.sum_of("credits")) == (0, 0, -1_000)


def test_a_fee_is_an_invoice_of_its_own_or_waived_with_a_reason(till: Till) -> None:
    cancelled: dict[str, Any] = {"status": "cancelled", "cancelled_at": NOW, "cancel_reason": "ill"}
    request = FeeRequest(till.visit(**cancelled), 2_500, "Late cancellation")
    made = till.does(lambda: fees.charge_fee(request, actor=None, at=LATER).id)
    assert (till.due(made), till.sum_of("fees"), till.sum_of("revenue")) == (2_500, -2_500, 0)
    other = FeeRequest(till.visit(**cancelled), 2_500, "Late cancellation")
    with pytest.raises(MoneyReasonMissing):
        till.does(lambda: fees.waive_fee(other, "", actor=None, at=LATER))
    waived = till.does(lambda: fees.waive_fee(other, "Snow", actor=None, at=LATER).id)
    assert till.one("SELECT status, void_reason FROM invoice WHERE id = %s", waived)["void_reason"] == "Snow"
    assert till.sum_of("fees") == -2_500


def test_who_holds_elsewhere_charges_nothing_here(till: Till) -> None:
    made = drafted(till, till.visit())
    elsewhere: Scope = factories.scope(Role.DESK, locations=(new_id(),))
    with pytest.raises(NoMoneyHere), transactional(elsewhere):
        issue.issue(made, actor=None, at=LATER)
    with pytest.raises(Exception, match="does not reach this location"), transactional(elsewhere) as session:
        session.connection().exec_driver_sql("UPDATE invoice SET note = 'x'")


def test_nothing_is_left_to_take_back_of_a_draft(till: Till) -> None:
    made = drafted(till, till.visit())
    with pytest.raises(NotFound):
        till.does(lambda: corrections.credit(CreditRequest(made, "Wrong"), actor=None, at=LATER))
    owed = till.invoice()
    with pytest.raises(NothingLeft):
        till.does(lambda: pay.apply_credit(till.patient, owed, actor=None, at=LATER))
