"""Drafts, issued invoices and what is done about them, on their pages."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests import factories
from tests.billing.at_counter import biller, counter, desk
from tests.factories import NOW
from tests.stack.people import SignIn
from webapp.billing.actions.drafts import Line
from webapp.ids import new_id

if TYPE_CHECKING:
    from uuid import UUID

    from tests.billing.counter import Counter
    from tests.stack.people import Visitor

__all__ = ["biller", "counter", "desk"]


def at(invoice: UUID, verb: str = "") -> str:
    return f"/billing/invoices/{invoice}{verb and '/'}{verb}"


def one_line(counter: Counter) -> UUID:
    return counter.draft(Line(1, 14_000, service_id=counter.clinic.service))


def typed(counter: Counter, **other: Any) -> dict[str, Any]:
    """The lines of that draft as its page fills them."""
    return {
        "version": "1", "line-0": f"service:{counter.clinic.service}", "label-0": "Consultation", "quantity-0": "1",
        "unit-0": "140", "discount-0": "", "why-0": "", "payer-0": "0", "was-0": "1:14000:0:0", "note": "", "add": "",
        "own": "", "own_unit": "", **other,
    }  # fmt: skip


def lines(counter: Counter, invoice: UUID) -> list[tuple[Any, ...]]:
    rows = counter.owner.execute(
        "select label, quantity, unit_cents, discount_cents, payer_cents from invoice_line where invoice_id = %s"
        " order by position",
        (invoice,),
    )
    return [tuple(row.values()) for row in rows]


def test_a_draft_is_changed_and_issued_as_it_stands(counter: Counter, desk: Visitor) -> None:
    made = one_line(counter)
    assert "Draft invoice" in desk.get(at(made)).text
    form = typed(
        counter, **{"quantity-0": "2", "discount-0": "10", "why-0": "Staff", "own": "Bandage", "own_unit": "4.5"}
    )
    assert desk.post(at(made, "issue"), form).status_code == 303
    assert lines(counter, made) == [("Consultation", 2, 14_000, 1_000, 0), ("Bandage", 1, 450, 0, 0)]
    page = desk.get(at(made)).text
    assert "Invoice 2026-00001" in page
    assert "$10.00 less: Staff" in page
    assert "Charge $274.50 on reader" in page


def test_a_line_is_added_from_the_price_list_and_taken_off(counter: Counter, desk: Visitor) -> None:
    made, item = one_line(counter), new_id()
    factories.insert(counter.owner, "billable_item", id=item, code="L02", label="Pathology", category="Laboratory")
    counter.owner.execute(
        "insert into item_price (id, item_id, during, cents) values (%s, %s, daterange('2020-01-01', null), 2800)",
        (new_id(), item),
    )
    assert "L02 Pathology, $28.00" in desk.get(at(made)).text
    assert desk.post(at(made, "draft"), typed(counter, add=f"item:{item}")).status_code == 303
    assert lines(counter, made)[1] == ("Pathology", 1, 2_800, 0, 0)
    off = typed(
        counter,
        version="2",
        remove="0",
        **{"line-1": f"item:{item}", "label-1": "Pathology", "quantity-1": "1", "unit-1": "28"},
    )
    assert desk.post(at(made, "draft"), off).status_code == 303
    assert lines(counter, made) == [("Pathology", 1, 2_800, 0, 0)]


def test_the_insurers_part_follows_until_somebody_sets_it(counter: Counter, desk: Visitor) -> None:
    factories.insert(
        counter.owner, "coverage", id=new_id(), patient_id=counter.patient, payer_name="Aetna PPO",
        share_percent=25, valid_from=(NOW - timedelta(days=9)).date(),
    )  # fmt: skip
    made = one_line(counter)
    assert lines(counter, made)[0][4] == 10_500
    was = {"payer-0": "105", "was-0": "1:14000:0:10500"}
    desk.post(at(made, "draft"), typed(counter, **was, **{"quantity-0": "2"}))
    assert lines(counter, made)[0][4] == 21_000
    set_by_hand = {"version": "2", "quantity-0": "2", "payer-0": "100", "was-0": "2:14000:0:21000"}
    desk.post(at(made, "draft"), typed(counter, **set_by_hand))
    assert lines(counter, made)[0][4] == 10_000
    too_much = {"version": "3", "quantity-0": "2", "payer-0": "281", "was-0": "2:14000:0:10000"}
    answer = desk.post(at(made, "draft"), typed(counter, **too_much))
    assert answer.status_code == 422
    assert "The insurer cannot pay more than the line costs." in answer.text


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("quantity-0", "0", "Enter a quantity from 1 to 999."),
        ("quantity-0", "1.5", "Enter a quantity from 1 to 999."),
        ("unit-0", "-1", "Enter an amount above zero."),
        ("unit-0", "1.005", "nothing smaller than a cent"),
        ("unit-0", "€5", "is paid in USD"),
        ("discount-0", "5", "Enter why it is cheaper."),
        ("discount-0", "141", "The discount is more than the line costs."),
        ("label-0", "x" * 201, "too many characters"),
    ],
)
def test_lines_that_do_not_add_up_are_said_beside_their_field(
    counter: Counter, desk: Visitor, field: str, value: str, words: str
) -> None:
    made = one_line(counter)
    form = typed(counter, **{"why-0": "Staff" if value == "141" else "", field: value})
    for verb in ("draft", "issue"):
        answer = desk.post(at(made, verb), form)
        assert answer.status_code == 422
        assert words in answer.text
        assert f'id="f-{field}" name="{field}" value="{value}"' in answer.text
    assert lines(counter, made)[0][1:] == (1, 14_000, 0, 0)
    assert counter.count("ledger_entry") == 2  # the drawer's change


def test_a_draft_that_somebody_else_changed_is_not_overwritten(counter: Counter, desk: Visitor) -> None:
    made = one_line(counter)
    assert desk.post(at(made, "draft"), typed(counter)).status_code == 303
    answer = desk.post(at(made, "issue"), typed(counter, **{"quantity-0": "3"}))
    assert answer.status_code == 409
    assert 'value="3"' in answer.text
    assert desk.post(at(made, "issue"), typed(counter, version="2")).status_code == 303
    late = desk.post(at(made, "issue"), typed(counter, version="3"))
    assert late.status_code == 409
    assert "was issued or closed meanwhile" in late.text


def test_nothing_is_charged_with_a_reason(counter: Counter, desk: Visitor) -> None:
    made = one_line(counter)
    assert desk.post(at(made, "no-charge"), {"reason": ""}).status_code == 422
    assert desk.post(at(made, "no-charge"), {"reason": "Part of the study"}).status_code == 303
    assert "Part of the study" in desk.get(at(made)).text


def test_the_visit_leads_to_its_invoice(counter: Counter, desk: Visitor) -> None:
    visit = factories.appointment(
        counter.owner, counter.clinic, NOW - timedelta(hours=1), status="finished", room_id=None
    )
    assert desk.get(f"/billing/visits/{visit}").location == "/billing"
    assert "Bill" in desk.get("/billing").text
    answer = desk.post(f"/billing/visits/{visit}")
    assert answer.status_code == 303
    assert desk.get(f"/billing/visits/{visit}").location == answer.location
    assert "Check draft" in desk.get("/billing").text
    assert desk.get(f"/billing/visits/{new_id()}").status_code == 404


def test_a_credit_note_takes_back_a_part(counter: Counter, biller: Visitor) -> None:
    made = counter.invoice()
    line = counter.owner.execute("select id from invoice_line where invoice_id = %s", (made,)).fetchone()
    assert line is not None
    field = f"patient-{line['id']}"
    assert "at most $86.50" in biller.get(at(made, "credit-note")).text
    wrong = biller.post(at(made, "credit-note"), {field: "86.51", "reason": "Charged twice"})
    assert wrong.status_code == 409
    assert 'value="86.51"' in wrong.text
    assert biller.post(at(made, "credit-note"), {field: "6.50", "reason": ""}).status_code == 422
    answer = biller.post(at(made, "credit-note"), {field: "6.50", "reason": "Charged twice"})
    assert "Credit note C2026-00001" in biller.get(answer.location).text
    assert counter.due(made) == 8_000
    assert "Credit note: $6.50 less" in biller.get(at(made)).text


def test_a_write_off_is_given_up_and_taken_back(counter: Counter, biller: Visitor) -> None:
    made = counter.invoice()
    for amount, status in (("86.51", 409), ("-1", 422), ("0", 422), ("1.001", 422), ("€1", 422)):
        assert biller.post(at(made, "write-off"), {"amount": amount, "reason": "Hardship"}).status_code == status
    assert biller.post(at(made, "write-off"), {"amount": "80", "reason": " "}).status_code == 422
    assert biller.post(at(made, "write-off"), {"amount": "80", "reason": "Hardship"}).status_code == 303
    assert counter.due(made) == 650
    row = counter.owner.execute("select id from ledger_transaction where kind = 'write_off'").fetchone()
    assert row is not None
    back = at(made, f"take-back/{row['id']}")
    assert back in biller.get(at(made)).text
    assert biller.post(back, {"reason": ""}).status_code == 422
    assert biller.post(back, {"reason": "Paid after all"}).status_code == 303
    assert counter.due(made) == 8_650
    assert biller.post(at(made, f"take-back/{new_id()}"), {"reason": "x"}).status_code == 404
    assert biller.post(back, {"reason": "Again"}).status_code == 409


def test_money_is_given_up_by_few_and_after_their_password(counter: Counter, desk: Visitor, sign_in: SignIn) -> None:
    made = counter.invoice()
    before = counter.ledger()
    form = {"amount": "80", "reason": "Hardship"}
    assert desk.post(at(made, "write-off"), form).status_code == 403
    assert "Write off" not in desk.get(at(made)).text
    long_here = sign_in("biller", at=NOW - timedelta(minutes=6))
    assert long_here.post(at(made, "write-off"), form).status_code == 303
    assert counter.ledger() == before
