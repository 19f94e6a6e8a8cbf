"""Canceling what costs money: shown first, one press, and no way around it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from tests import factories
from tests.billing.at_counter import counter, desk
from tests.billing.views.test_booking_paid import form, press
from tests.factories import clock_time
from webapp.booking import actions as booking
from webapp.booking.actions import CancelRequest, Costs
from webapp.db import Role, transactional
from webapp.ids import new_id

if TYPE_CHECKING:
    from tests.billing.counter import Counter
    from tests.stack.people import SignIn, Visitor

__all__ = ["counter", "desk"]


@pytest.fixture
def late(counter: Counter) -> Counter:
    """Visits of 120.00 with 50.00 before; whoever cancels less than a day ahead pays 30.00."""
    counter.owner.execute(
        "update service set deposit_cents = 5000, cancel_notice_minutes = 1440, cancel_fee_cents = 3000 where id = %s",
        (counter.clinic.service,),
    )
    return counter


def prepaid(counter: Counter, desk: Visitor, how: str = "reader") -> UUID:
    press(desk, form(counter, how))
    row = counter.owner.execute("select id from appointment where status = 'booked'").fetchone()
    assert row is not None
    made: UUID = row["id"]
    return made


def unpaid(counter: Counter) -> UUID:
    return factories.appointment(counter.owner, counter.clinic, clock_time(11))


def cancel(desk: Visitor, visit: UUID, fee: int, **other: Any) -> Any:
    sent = {"reason": "sick", "version": "", "fee": str(fee), **other}
    return desk.post(f"/billing/visits/{visit}/cancel", sent, key=other.pop("key", None))


def status(counter: Counter, visit: UUID) -> str:
    row = counter.owner.execute("select status from appointment where id = %s", (visit,)).fetchone()
    return str(row["status"]) if row else ""


def sums(counter: Counter, *accounts: str) -> int:
    row = counter.owner.execute(
        "select coalesce(sum(cents), 0)::bigint as n from ledger_entry where account = any(%s)", (list(accounts),)
    ).fetchone()
    return int(row["n"]) if row else 0


def refunds(counter: Counter) -> list[int]:
    rows = counter.owner.execute("select cents from attempt where direction = 'refund'").fetchall()
    return [row["cents"] for row in rows]


def test_the_dialog_shows_the_fee_and_what_goes_back(late: Counter, desk: Visitor) -> None:
    page = desk.get(f"/appointments/{prepaid(late, desk)}/cancel").text
    for words in ("Paid before", "$50.00", "$30.00", "$20.00 goes back to the card"):
        assert words in page
    assert "Take no fee" not in page


def test_a_prepaid_visit_is_canceled_with_its_fee_and_the_rest_goes_back(late: Counter, desk: Visitor) -> None:
    visit = prepaid(late, desk)
    answer = cancel(desk, visit, 3_000)
    assert (answer.status_code, answer.location) == (303, f"/appointments/{visit}")
    assert (status(late, visit), sums(late, "fees"), refunds(late)) == ("cancelled", -3_000, [2_000])
    page = desk.get(desk.get(answer.location).location).text
    assert "What is left of the payment goes back" in page


def test_a_fee_without_a_prepayment_is_owed(late: Counter, desk: Visitor) -> None:
    visit = unpaid(late)
    assert "$30.00 is owed for it" in desk.get(f"/appointments/{visit}/cancel").text
    cancel(desk, visit, 3_000)
    assert (status(late, visit), sums(late, "patient_receivable")) == ("cancelled", 3_000)


def test_cash_goes_back_from_the_drawer_that_was_chosen(late: Counter, desk: Visitor) -> None:
    visit = prepaid(late, desk, "cash")
    page = desk.get(f"/appointments/{visit}/cancel").text
    assert "$20.00 goes back in cash" in page
    assert "keep it as credit" in page
    cancel(desk, visit, 3_000, drawer=str(late.drawer))
    assert (sums(late, "deposits", "credits"), sums(late, "drawer_cash")) == (0, 15_000 + 3_000)


def test_cash_without_a_drawer_is_credit(late: Counter, desk: Visitor) -> None:
    cancel(desk, prepaid(late, desk, "cash"), 3_000, drawer="")
    assert (sums(late, "deposits"), sums(late, "credits")) == (0, -2_000)


def test_only_who_may_waive_takes_no_fee(late: Counter, desk: Visitor, sign_in: SignIn) -> None:
    visit = prepaid(late, desk)
    assert cancel(desk, visit, 3_000, waive_reason="Snow").status_code == 403
    assert status(late, visit) == "booked"
    manager = sign_in("manager", at=late.at)
    assert "Take no fee, because" in manager.get(f"/appointments/{visit}/cancel").text
    cancel(manager, visit, 3_000, waive_reason="Snow")
    assert (status(late, visit), sums(late, "fees"), refunds(late)) == ("cancelled", 0, [5_000])


def test_the_same_press_twice_cancels_and_charges_once(late: Counter, desk: Visitor) -> None:
    visit, key = prepaid(late, desk), new_id()
    answers = [
        desk.post(f"/billing/visits/{visit}/cancel", {"reason": "sick", "fee": "3000"}, key=key) for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert (sums(late, "fees"), refunds(late)) == (-3_000, [2_000])


def test_another_fee_than_the_page_showed_is_shown_first(late: Counter, desk: Visitor) -> None:
    visit = prepaid(late, desk)
    answer = cancel(desk, visit, 0, other="")
    assert answer.status_code == 409
    assert "has changed" in answer.text
    assert "$20.00 goes back" in answer.text
    assert (status(late, visit), refunds(late)) == ("booked", [])


def test_the_ordinary_door_cancels_nothing_that_costs_money(late: Counter, desk: Visitor) -> None:
    for visit in (prepaid(late, desk), unpaid(late)):
        answer = desk.post(f"/appointments/{visit}/cancel", {"reason": "sick"})
        assert answer.status_code == 409
        assert "costs a fee or gives money back" in answer.text
        assert status(late, visit) == "booked"


def test_what_costs_nothing_is_canceled_as_ever(counter: Counter, desk: Visitor) -> None:
    visit = unpaid(counter)
    assert "Money" not in desk.get(f"/appointments/{visit}/cancel").text
    assert desk.post(f"/appointments/{visit}/cancel", {"reason": "sick"}).status_code == 303
    assert status(counter, visit) == "cancelled"


def test_a_refusal_keeps_what_was_typed(late: Counter, desk: Visitor) -> None:
    visit = prepaid(late, desk)
    answer = cancel(desk, visit, 3_000, reason="other", other="")
    assert answer.status_code == 422
    assert "Say why the visit is canceled" in answer.text
    assert desk.post(f"/billing/visits/{visit}/cancel", {"reason": "sick", "fee": "30.00"}).status_code == 400
    assert status(late, visit) == "booked"


def test_what_sent_money_back_is_not_undone(late: Counter, desk: Visitor) -> None:
    visit = prepaid(late, desk)
    cancel(desk, visit, 3_000)
    row = late.owner.execute("select version from appointment where id = %s", (visit,)).fetchone()
    assert row is not None
    answer = desk.post(f"/appointments/{visit}/undo", {"version": str(row["version"])})
    assert answer.status_code == 409
    assert "cannot be undone" in answer.text
    assert status(late, visit) == "cancelled"


@pytest.mark.parametrize("role", [Role.DESK, Role.MANAGER])
@pytest.mark.parametrize("how", ["reader", "cash"])
def test_when_the_clinic_cancels_there_is_no_fee_and_the_prepayment_goes_back(
    late: Counter, desk: Visitor, how: str, role: Role
) -> None:
    visit = prepaid(late, desk, how)
    with late.app.app_context(), transactional(factories.scope(role, at=late.at)):
        booking.cancel(CancelRequest(visit, "The provider is ill", costs=Costs.GIVE_BACK), at=late.at)
    assert (status(late, visit), sums(late, "fees")) == ("cancelled", 0)
    if how == "reader":
        assert refunds(late) == [5_000]
    else:
        assert (sums(late, "deposits"), sums(late, "credits")) == (0, -5_000)


def test_who_paid_and_died_leaves_nothing_behind(late: Counter, desk: Visitor) -> None:
    visit = prepaid(late, desk)
    row = late.owner.execute("select version from patient where id = %s", (late.patient,)).fetchone()
    assert row is not None
    sent = {"died_on": "2026-11-23", "cancels": "1", "version": str(row["version"])}
    assert desk.post(f"/patients/{late.patient}/death", sent).status_code == 303
    assert (status(late, visit), refunds(late)) == ("cancelled", [5_000])


def test_a_hold_that_is_being_paid_for_is_ended_with_its_payment(late: Counter, desk: Visitor) -> None:
    late.taps("decline")
    press(desk, form(late, "reader"))
    row = late.owner.execute("select id from appointment where status = 'held'").fetchone()
    assert row is not None
    assert "right now" in desk.get(f"/appointments/{row['id']}/cancel").text
    assert desk.post(f"/appointments/{row['id']}/cancel", {"reason": "sick"}).status_code == 409
    assert cancel(desk, row["id"], 0).status_code == 303
    assert status(late, row["id"]) == "cancelled"
    state = late.owner.execute("select state from attempt").fetchone()
    assert state == {"state": "voiding"}
