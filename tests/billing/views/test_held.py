"""The page that pays for a held time: another way after a decline, and times taken off the waiting list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from tests import factories
from tests.billing.at_counter import counter, desk
from tests.billing.views.test_booking_paid import deposit, form, held, press, visits
from tests.factories import NOW, clock_time
from webapp.ids import new_id

if TYPE_CHECKING:
    from tests.billing.counter import Counter
    from tests.stack.people import Visitor

__all__ = ["counter", "deposit", "desk"]


def declined(counter: Counter, desk: Visitor) -> tuple[str, UUID]:
    """The attempt's page and the hold that it keeps."""
    counter.taps("decline")
    attempt = press(desk, form(counter, "reader")).location
    row = counter.owner.execute("select id from appointment").fetchone()
    assert row is not None
    return attempt, row["id"]


def pay(counter: Counter, desk: Visitor, hold: UUID, how: str, **options: Any) -> Any:
    sent = {name: value for name, value in form(counter, how).items() if name in {"how", "deposit", "tendered"}}
    answer = desk.post(f"/billing/holds/{hold}", sent, **options)
    return desk.post(answer.location, sent, **options) if answer.status_code == 307 else answer


def states(counter: Counter) -> list[str]:
    return [row["state"] for row in counter.owner.execute("select state from attempt order by created_at, id")]


def test_after_a_decline_the_time_is_paid_for_in_cash(deposit: Counter, desk: Visitor) -> None:
    attempt, hold = declined(deposit, desk)
    assert f"/billing/holds/{hold}" in desk.get(attempt).text
    page = desk.get(f"/billing/holds/{hold}").text
    for words in ("Book and take $50.00", "Declined", "Held until"):
        assert words in page
    answer = pay(deposit, desk, hold, "cash")
    assert answer.location == f"/appointments/{hold}"
    assert (visits(deposit), held(deposit), states(deposit)) == ([("booked", False)], 5_000, ["voided"])


def test_after_a_decline_another_attempt_books(deposit: Counter, desk: Visitor) -> None:
    _, hold = declined(deposit, desk)
    assert pay(deposit, desk, hold, "reader").location == f"/appointments/{hold}"
    assert (visits(deposit), held(deposit)) == ([("booked", False)], 5_000)
    assert sorted(states(deposit)) == ["capturing", "voided"]


def test_the_same_press_twice_pays_once(deposit: Counter, desk: Visitor) -> None:
    _, hold = declined(deposit, desk)
    key = new_id()
    for how in ("reader", "reader"):
        assert pay(deposit, desk, hold, how, key=key).location == f"/appointments/{hold}"
    assert (held(deposit), sorted(states(deposit))) == (5_000, ["capturing", "voided"])


def test_what_the_answer_of_is_lost_is_never_paid_for_twice(deposit: Counter, desk: Visitor) -> None:
    deposit.taps("time_out")
    page = desk.get(press(desk, form(deposit, "reader")).location).text
    assert "Do not charge it again" in page
    row = deposit.owner.execute("select id from appointment").fetchone()
    assert row is not None
    for how in ("cash", "reader"):
        answer = pay(deposit, desk, row["id"], how)
        assert answer.status_code == 409
        assert "A payment for this time is under way" in answer.text
    assert held(deposit) == 0


def test_a_hold_that_is_over_says_so(deposit: Counter, desk: Visitor) -> None:
    made = factories.appointment(
        deposit.owner, deposit.clinic, clock_time(12), status="held", held_until=NOW.replace(hour=12)
    )
    before = deposit.ledger()
    for how in ("cash", "reader"):
        answer = pay(deposit, desk, made, how)
        assert answer.status_code == 409
        assert "no longer held" in answer.text
    assert deposit.ledger() == before


def test_a_time_that_is_booked_leads_to_its_visit(deposit: Counter, desk: Visitor) -> None:
    press(desk, form(deposit))
    row = deposit.owner.execute("select id from appointment").fetchone()
    assert row is not None
    assert desk.get(f"/billing/holds/{row['id']}").location == f"/appointments/{row['id']}"
