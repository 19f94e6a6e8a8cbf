"""The end of a day through the web: counted, explained, signed, opened again, and never wrong by a cent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.billing.views.evening import DAY, books, day_of, form, kept, sign
from webapp.ids import new_id

if TYPE_CHECKING:
    from tests.billing.till import Till
    from tests.stack.people import Visitor

FLOAT = 15_000


def test_the_page_shows_what_each_drawer_should_hold(till: Till, desk: Visitor) -> None:
    till.invoice(30_000)
    till.pays(till.cash(6_200, 7_000), till.card(4_000))
    page = desk.get(DAY).text
    assert "Desk 1" in page
    assert "$212.00" in page
    assert "Cards" in page
    assert "$40.00" in page
    assert "Net taken</dt><dd>$102.00" in page
    assert "Ties to the ledger to the cent" in page
    assert "not counted" in page


def test_counted_as_expected_it_is_signed_and_empty(till: Till, desk: Visitor) -> None:
    till.invoice(30_000)
    till.pays(till.cash(6_200), till.card(4_000))
    cash, cards = till.day(), day_of(till, "cards")
    answer = sign(till, desk, {cash: "212.00", cards: "40"})
    assert answer.status_code == 303
    for each, cents in ((cash, 21_200), (cards, 4_000)):
        row = kept(till, each)
        assert (row["counted_cents"], row["expected_cents"]) == (cents, cents)
        assert row["closed_by"] == desk.account_id
    assert till.sum_of("drawer_cash") == till.sum_of("card_clearing") == 0
    assert books(till) == 0
    page = desk.get(answer.location).text
    assert "2 of 2 signed" in page
    assert "Signed 5:00 PM by Robin Example" in page
    assert "Ties to the ledger to the cent" in page


def test_a_difference_is_refused_in_place_until_it_has_a_reason(till: Till, desk: Visitor) -> None:
    cash = till.day()
    refused = sign(till, desk, {cash: "145.00"}, words="Likely the 2:10 PM refund")
    assert refused.status_code == 422
    assert "Desk 1 is $5.00 short. Give a reason." in refused.text
    assert 'value="145.00"' in refused.text
    assert "Likely the 2:10 PM refund" in refused.text
    assert kept(till, cash)["closed_at"] is None
    explained = sign(till, desk, {cash: "145.00"}, reason="change", words="Likely the 2:10 PM refund")
    assert explained.status_code == 303
    row = kept(till, cash)
    assert (row["difference_reason"], row["difference_note"]) == ("Wrong change given", "Likely the 2:10 PM refund")
    assert till.sum_of("over_short") == 500
    assert till.sum_of("drawer_cash") == 0
    assert "$5.00 short" in desk.get(DAY).text


def test_notes_and_coins_make_the_amount(till: Till, desk: Visitor) -> None:
    cash = till.day()
    answer = sign(till, desk, {cash: ""}, note_10000="1", note_2000="2", note_500="1", coins="5.00")
    assert answer.status_code == 303
    row = kept(till, cash)
    assert row["counted_cents"] == FLOAT
    assert row["counts"] == {"10000": 1, "2000": 2, "500": 1, "coins": 500}


def test_pieces_and_a_total_that_differ_are_refused(till: Till, desk: Visitor) -> None:
    refused = sign(till, desk, {till.day(): "150"}, note_10000="1")
    assert refused.status_code == 422
    assert "The notes and coins come to another amount" in refused.text


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("-5", "Enter an amount above zero"),
        ("1.005", "nothing smaller than a cent"),
        ("12345678901", "more than"),
        ("€150", "paid in USD"),
        ("a lot", "Enter an amount like 86.50"),
    ],
)
def test_what_is_no_amount_is_said_beside_its_field(till: Till, desk: Visitor, text: str, sentence: str) -> None:
    refused = sign(till, desk, {till.day(): text})
    assert refused.status_code == 422
    assert sentence in refused.text
    assert f'href="#f-counted-{till.day()}"' in refused.text
    assert kept(till, till.day())["closed_at"] is None


def test_nothing_counted_is_nothing_to_sign(till: Till, desk: Visitor) -> None:
    refused = sign(till, desk, {till.day(): ""})
    assert refused.status_code == 422
    assert "Count at least one drawer" in refused.text


def test_a_large_difference_needs_a_manager(till: Till, desk: Visitor, manager: Visitor) -> None:
    cash = till.day()
    refused = sign(till, desk, {cash: "129.99"}, reason="unknown")
    assert refused.status_code == 422
    assert "so a manager has to sign it" in refused.text
    assert kept(till, cash)["closed_at"] is None
    assert sign(till, manager, {cash: "129.99"}, reason="unknown").status_code == 303
    assert kept(till, cash)["countersigned_by"] == manager.account_id


def test_money_that_came_in_meanwhile_is_a_difference_nobody_overlooks(till: Till, desk: Visitor) -> None:
    sent = form(till, {till.day(): "150.00"})
    till.invoice(5_000)
    till.pays(till.cash(5_000))
    refused = desk.post(f"{DAY}/close", sent)
    assert refused.status_code == 422
    assert "$50.00 short" in refused.text
    assert kept(till, till.day())["closed_at"] is None


def test_of_two_desks_that_sign_one_is_told(till: Till, desk: Visitor, manager: Visitor) -> None:
    sent = form(till, {till.day(): "150.00"})
    assert desk.post(f"{DAY}/close", sent).status_code == 303
    late = manager.post(f"{DAY}/close", sent)
    assert late.status_code == 409
    assert "This day is signed" in late.text
    assert till.sum_of("drawer_cash") == 0


def test_the_same_press_twice_signs_once(till: Till, desk: Visitor) -> None:
    sent, key = form(till, {till.day(): "150.00"}), new_id()
    assert {desk.post(f"{DAY}/close", sent, key=key).status_code for _ in range(3)} == {303}
    row = till.one("SELECT count(*) AS n FROM drawer_day_step WHERE kind = 'close'")
    assert row["n"] == 1


def test_all_are_signed_or_none(till: Till, desk: Visitor) -> None:
    till.invoice(9_000)
    till.pays(till.card(4_000))
    cash, cards = till.day(), day_of(till, "cards")
    refused = sign(till, desk, {cash: "150", cards: "39.00"})
    assert refused.status_code == 422
    assert "Cards is $1.00 short" in refused.text
    assert kept(till, cash)["closed_at"] is None


def test_a_manager_opens_a_signed_day_again_with_a_reason(till: Till, desk: Visitor, manager: Visitor) -> None:
    cash = till.day()
    sign(till, desk, {cash: "149.00"}, reason="unknown")
    address = f"/billing/day/counts/{cash}/reopen"
    assert desk.post(address, {"reason": "Found it"}).status_code == 403
    refused = manager.post(address, {"reason": " ", "location": str(till.clinic.location)})
    assert refused.status_code == 422
    assert "Enter a reason" in refused.text
    assert manager.post(address, {"reason": "Found the dollar"}).status_code == 303
    assert kept(till, cash)["closed_at"] is None
    assert till.sum_of("drawer_cash") == FLOAT
    assert till.sum_of("over_short") == 0
    page = desk.get(DAY).text
    assert "$150.00" in page
    assert "Ties to the ledger to the cent" in page
    assert sign(till, desk, {cash: "150"}).status_code == 303
    assert books(till) == 0


def test_the_difference_is_worked_out_without_signing(till: Till, desk: Visitor) -> None:
    cash = till.day()
    sent = form(till, {cash: ""}, note_10000="1", coins="45")
    whole = desk.post(f"{DAY}/count", sent)
    assert whole.status_code == 200
    assert "Sign and close, $5.00 short" in whole.text
    assert 'value="45"' in whole.text
    part = desk.post(f"{DAY}/count", sent, fragment=True, headers={"HX-Target": "div#day-sums"})
    assert "<html" not in part.text
    assert f'hx-target="#diff-{cash}"' in part.text
    assert "Sign and close, $5.00 short" in part.text
    assert kept(till, cash)["closed_at"] is None
