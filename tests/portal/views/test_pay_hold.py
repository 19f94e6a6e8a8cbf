"""What a visit asks for before it is booked, paid by its patient: booked and paid, both or neither."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from tests.billing.at_counter import counter
from tests.factories import NOW, clock_time
from tests.portal.own_money import at, card, found, mia, path, settle
from webapp.booking.forms import write_instant

if TYPE_CHECKING:
    from tests.billing.counter import Counter
    from tests.stack.people import SignIn, Visitor

__all__ = ["counter", "mia"]


@pytest.fixture
def deposit(counter: Counter) -> Counter:
    """The visit asks for $50.00 of its $120.00 before it is booked."""
    counter.owner.execute(
        "update service set deposit_cents = 5000, online = true where id = %s", (counter.clinic.service,)
    )
    return counter


def held(mia: Visitor, counter: Counter, hour: int = 14) -> UUID:
    """Hold a time as the portal does."""
    sent = {
        "service": str(counter.clinic.service),
        "location": str(counter.clinic.location),
        "provider": str(counter.clinic.providers[0]),
        "starts_at": write_instant(clock_time(hour)),
        "note": "",
    }
    answer = mia.post(at(counter, "/book"), sent)
    assert answer.status_code == 303, answer.text
    return UUID(answer.location.rpartition("/")[2])


def agreed(mia: Visitor, counter: Counter, hold: UUID, **other: str) -> dict[str, str]:
    """The form of the step as its page fills it."""
    text = mia.get(at(counter, f"/held/{hold}/pay")).text
    names = re.findall(r'<input type="hidden" name="(seen|fee|notice)" value="([^"]*)"', text)
    return {**dict(names), "part": "asked", "how": "page", **other}


def status(counter: Counter, visit: UUID) -> str:
    return str(found(counter, "select status as found from appointment where id = %s", visit))


def test_a_deposit_on_a_saved_card_books(deposit: Counter, mia: Visitor) -> None:
    hold = held(mia, deposit)
    assert "Continue to pay $50.00" in mia.get(at(deposit, f"/held/{hold}")).text
    sent = agreed(mia, deposit, hold, how=f"card:{card(deposit)}")
    answer = mia.post(at(deposit, f"/held/{hold}/pay"), sent)
    assert path(answer.location) == at(deposit, f"/visits/{hold}/booked")
    assert status(deposit, hold) == "booked"
    assert deposit.owner.execute("select cents, purpose from payment").fetchone() == {
        "cents": 5_000,
        "purpose": "deposit",
    }


def test_the_whole_price_can_be_paid_before(deposit: Counter, mia: Visitor) -> None:
    hold = held(mia, deposit)
    price = found(deposit, "select price_cents as found from appointment where id = %s", hold)
    sent = agreed(mia, deposit, hold, part="price", how=f"card:{card(deposit)}")
    mia.post(at(deposit, f"/held/{hold}/pay"), sent)
    assert status(deposit, hold) == "booked"
    assert found(deposit, "select cents as found from payment") == price


def test_the_page_books_when_it_is_paid_and_not_before(deposit: Counter, mia: Visitor) -> None:
    hold = held(mia, deposit)
    page = path(mia.post(at(deposit, f"/held/{hold}/pay"), agreed(mia, deposit, hold)).location)
    left = path(mia.post(page, {"choice": "leave"}).location)
    assert "You have not paid yet" in mia.get(left).text
    assert status(deposit, hold) == "held"
    # Coming back by any way leads to the same page, and the time is still theirs.
    again = mia.post(at(deposit, f"/held/{hold}/pay"), agreed(mia, deposit, hold))
    assert path(again.location) == page
    back = path(mia.post(page, {"choice": "approve"}).location)
    settle(deposit)
    assert path(mia.get(back).location) == at(deposit, f"/visits/{hold}/booked")
    assert (status(deposit, hold), deposit.count("payment"), deposit.count("attempt")) == ("booked", 1, 1)


def test_a_declined_card_keeps_the_hold_and_another_one_books(deposit: Counter, mia: Visitor) -> None:
    hold = held(mia, deposit)
    sent = agreed(mia, deposit, hold, how=f"card:{card(deposit, 'decline')}")
    told = path(mia.post(at(deposit, f"/held/{hold}/pay"), sent).location)
    assert "We still hold the time for you." in mia.get(told).text
    assert status(deposit, hold) == "held"
    sent = agreed(mia, deposit, hold, how=f"card:{card(deposit)}")
    assert path(mia.post(at(deposit, f"/held/{hold}/pay"), sent).location) == at(deposit, f"/visits/{hold}/booked")
    assert deposit.count("attempt") == 1


def test_an_ended_payment_gives_the_time_back_when_its_minutes_are_over(deposit: Counter, mia: Visitor) -> None:
    hold = held(mia, deposit)
    page = path(mia.post(at(deposit, f"/held/{hold}/pay"), agreed(mia, deposit, hold)).location)
    address = path(mia.post(page, {"choice": "leave"}).location).partition("?")[0]
    mia.post(address, {"do": "end"})
    assert "The visit is not booked" in mia.get(address).text
    other = held(mia, deposit, 15)
    sent = agreed(mia, deposit, other, how=f"card:{card(deposit)}")
    mia.post(at(deposit, f"/held/{other}/pay"), sent)
    assert (status(deposit, hold), status(deposit, other)) == ("lapsed", "booked")


def test_leaving_checkout_never_stands_in_ones_own_way(deposit: Counter, mia: Visitor) -> None:
    hold = held(mia, deposit)
    mia.post(at(deposit, f"/held/{hold}/pay"), agreed(mia, deposit, hold))
    other = held(mia, deposit, 15)
    sent = agreed(mia, deposit, other, how=f"card:{card(deposit)}")
    assert path(mia.post(at(deposit, f"/held/{other}/pay"), sent).location) == at(deposit, f"/visits/{other}/booked")


def test_somebody_elses_hold_is_not_there(deposit: Counter, mia: Visitor, sign_in: SignIn) -> None:
    hold = held(mia, deposit)
    sent = agreed(mia, deposit, hold, how=f"card:{card(deposit)}")
    other = deposit.clinic.patients[1]
    luis = sign_in("patient", patients=(other,), at=NOW)
    before = deposit.ledger()
    assert luis.get(f"/me/{other}/held/{hold}/pay").status_code == 404
    assert luis.post(f"/me/{other}/held/{hold}/pay", sent).status_code == 404
    assert luis.post(at(deposit, f"/held/{hold}/pay"), sent).status_code == 404
    assert deposit.ledger() == before
    assert status(deposit, hold) == "held"
