"""Booking with a deposit from the dialog: in hand, by card, without; each press counts once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from tests import factories
from tests.billing.at_counter import counter, desk
from tests.factories import clock_time
from webapp.ids import new_id

if TYPE_CHECKING:
    from tests.billing.counter import Counter
    from tests.stack.people import SignIn, Visitor

BOOK = "/billing/book"
__all__ = ["counter", "desk"]

DIALOG = {"HX-Target": "div#book-sheet"}


@pytest.fixture
def deposit(counter: Counter) -> Counter:
    """The clinic's visit costs 120.00, and 50.00 of it before."""
    counter.owner.execute("update service set deposit_cents = 5000 where id = %s", (counter.clinic.service,))
    return counter


def form(counter: Counter, how: str = "cash", **other: Any) -> dict[str, Any]:
    names = {"cash": f"cash:{counter.drawer}", "reader": f"reader:{counter.reader}"}
    fields = {
        "patient": counter.patient,
        "service": counter.clinic.service,
        "provider": counter.clinic.providers[0],
        "location": counter.clinic.location,
        "starts_at": "2026-11-23T15:00Z",
        "note": "Bring the referral",
        "how": names.get(how, how),
        "deposit": 5_000,
        "tendered": "",
        "reference": "",
        "waive_reason": "",
    }
    return {name: str(value) for name, value in {**fields, **other}.items()}


def press(desk: Visitor, sent: dict[str, Any], **options: Any) -> Any:
    """What a press answers, with the way that a browser is sent on."""
    answer = desk.post(BOOK, sent, **options)
    return desk.post(answer.location, sent, **options) if answer.status_code == 307 else answer


def visits(counter: Counter) -> list[tuple[str, bool]]:
    rows = counter.owner.execute("select status, payment_open from appointment order by id").fetchall()
    return [(row["status"], row["payment_open"]) for row in rows]


def held(counter: Counter) -> int:
    """What lies in deposits, as the patient's."""
    row = counter.owner.execute(
        "select coalesce(sum(cents), 0)::bigint as n from ledger_entry where account = 'deposits'"
    ).fetchone()
    return -int(row["n"]) if row else 0


def test_the_dialog_says_what_is_taken_now(deposit: Counter, desk: Visitor) -> None:
    page = desk.get(f"/book?patient={deposit.patient}").text
    for words in ("Deposit $50.00 now", "Book and take $50.00", "Card reader", "Drawer 1, open", "Bank transfer"):
        assert words in page
    assert 'action="/billing/book"' in page
    assert "Book without" not in page
    assert "Repeats" not in page


def test_a_visit_without_a_deposit_is_booked_as_ever(counter: Counter, desk: Visitor) -> None:
    page = desk.get(f"/book?patient={counter.patient}").text
    assert "Deposit" not in page
    assert 'action="/book"' in page


def test_cash_books_and_pays_in_one(deposit: Counter, desk: Visitor) -> None:
    answer = press(desk, form(deposit, tendered="100"))
    row = deposit.owner.execute("select id, note, price_cents from appointment").fetchone()
    assert row is not None
    assert (answer.status_code, answer.location) == (303, f"/appointments/{row['id']}")
    assert (visits(deposit), held(deposit), row["note"]) == ([("booked", False)], 5_000, "Bring the referral")
    paid = deposit.owner.execute("select method, cents, change_cents, appointment_id from payment").fetchone()
    assert paid == {"method": "cash", "cents": 5_000, "change_cents": 5_000, "appointment_id": row["id"]}
    board = desk.get(desk.get(answer.location).location).text
    assert "Booked, and the deposit is taken." in board


def test_the_whole_price_can_be_taken_at_once(deposit: Counter, desk: Visitor) -> None:
    page = desk.get(f"/book?patient={deposit.patient}").text
    assert "The whole price, $120.00" in page
    assert "Book and take $120.00" in page
    press(desk, form(deposit, "reader", deposit="12000"))
    assert (visits(deposit), held(deposit)) == ([("booked", False)], 12_000)


def test_a_card_at_the_reader_books_and_pays(deposit: Counter, desk: Visitor) -> None:
    answer = press(desk, form(deposit, "reader"))
    assert answer.location.startswith("/appointments/")
    assert (visits(deposit), held(deposit)) == ([("booked", False)], 5_000)


def test_the_only_reader_needs_no_name(deposit: Counter, desk: Visitor) -> None:
    press(desk, form(deposit, how="reader:"[:-1]))
    assert (visits(deposit), held(deposit)) == ([("booked", False)], 5_000)


def test_a_declined_card_keeps_the_time_and_another_one_books_it(deposit: Counter, desk: Visitor) -> None:
    deposit.taps("decline")
    answer = press(desk, form(deposit, "reader"))
    assert answer.location.startswith("/billing/attempts/")
    assert (visits(deposit), held(deposit)) == ([("held", True)], 0)
    page = desk.get(answer.location).text
    assert "Nothing was charged. Try again" in page
    desk.post(f"{answer.location}/again")
    assert (visits(deposit), held(deposit)) == ([("booked", False)], 5_000)


def test_from_a_dialog_the_whole_page_goes_to_the_attempt(deposit: Counter, desk: Visitor) -> None:
    deposit.taps("decline")
    answer = desk.post(BOOK, form(deposit, "reader"), fragment=True, headers=DIALOG)
    assert answer.headers["HX-Redirect"].startswith("/billing/attempts/")


@pytest.mark.parametrize("how", ["cash", "reader"])
def test_the_same_press_twice_books_and_charges_once(deposit: Counter, desk: Visitor, how: str) -> None:
    key, sent = new_id(), form(deposit, how)
    first, second = (press(desk, sent, key=key) for _ in range(2))
    assert (first.status_code, first.location) == (second.status_code, second.location)
    assert (visits(deposit), held(deposit), deposit.count("payment")) == ([("booked", False)], 5_000, 1)


def test_the_same_form_in_two_tabs_books_and_charges_once(deposit: Counter, desk: Visitor) -> None:
    press(desk, form(deposit, "reader"))
    second = press(desk, form(deposit, "reader"))
    assert second.status_code == 409
    assert (len(visits(deposit)), held(deposit)) == (1, 5_000)


def test_a_time_that_was_taken_charges_nothing_and_keeps_what_was_typed(deposit: Counter, desk: Visitor) -> None:
    factories.appointment(deposit.owner, deposit.clinic, clock_time(10), patient_id=deposit.clinic.patients[1])
    before = deposit.ledger()
    for how in ("cash", "reader"):
        answer = press(desk, form(deposit, how, reference="77"), fragment=True, headers=DIALOG)
        assert answer.status_code == 409
        assert "That time was just taken" in answer.text
        assert "Bring the referral" in answer.text
        assert f'value="{form(deposit, how)["how"]}"' in answer.text
    assert deposit.ledger() == before


def test_another_deposit_than_the_page_showed_is_refused_with_the_new_one(deposit: Counter, desk: Visitor) -> None:
    sent = form(deposit)
    deposit.owner.execute("update service set deposit_cents = 6000 where id = %s", (deposit.clinic.service,))
    for how in (sent, {**sent, "how": f"reader:{deposit.reader}"}):
        answer = press(desk, how)
        assert answer.status_code == 409
        assert "has changed" in answer.text
        assert "Book and take $60.00" in answer.text
    assert (visits(deposit), deposit.ledger()[1]) == ([], 0)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"how": ""}, "Choose how the deposit is paid"),
        ({"how": "bitcoin"}, "Choose how the deposit is paid"),
        ({"how": "check"}, "number of the check"),
        ({"tendered": "20"}, "$30.00 too little"),
        ({"tendered": "much"}, "amount"),
        ({"starts_at": ""}, "Choose a time"),
    ],
)
def test_what_is_wrong_is_said_and_books_nothing(
    deposit: Counter, desk: Visitor, changes: dict[str, str], words: str
) -> None:
    answer = press(desk, {**form(deposit), **changes})
    assert answer.status_code == 422
    assert words in answer.text
    assert "Bring the referral" in answer.text
    assert (visits(deposit), deposit.ledger()) == ([], (0, 0)) or deposit.count("payment") == 0


def test_the_ordinary_door_refuses_what_has_to_be_paid_before(deposit: Counter, desk: Visitor) -> None:
    sent = {name: value for name, value in form(deposit).items() if name in {
        "patient", "service", "provider", "location", "starts_at", "note"}}  # fmt: skip
    answer = desk.post("/book", sent)
    assert answer.status_code == 422
    assert "before it is booked" in answer.text
    assert visits(deposit) == []


def test_only_who_may_waive_books_without_and_the_reason_stays(
    deposit: Counter, desk: Visitor, sign_in: SignIn
) -> None:
    sent = form(deposit, waive_reason="Comes every week")
    assert desk.post(f"{BOOK}/unpaid", sent).status_code == 403
    manager = sign_in("manager", at=deposit.at)
    assert "Book without deposit" in manager.get(f"/book?patient={deposit.patient}").text
    assert manager.post(f"{BOOK}/unpaid", form(deposit)).status_code == 422
    assert visits(deposit) == []
    assert manager.post(f"{BOOK}/unpaid", sent).status_code == 303
    row = deposit.owner.execute("select note from appointment").fetchone()
    assert row == {"note": "Bring the referral\nNo deposit: Comes every week"}
    assert held(deposit) == 0


def test_who_takes_no_money_books_nothing_that_costs_some(deposit: Counter, sign_in: SignIn) -> None:
    clinician = sign_in("clinician", at=deposit.at)
    assert "Somebody at the desk takes the deposit" in clinician.get(f"/book?patient={deposit.patient}").text
    for how in ("cash", "reader"):
        assert press(clinician, form(deposit, how)).status_code == 403
    assert visits(deposit) == []


def test_another_persons_card_is_not_found(deposit: Counter, desk: Visitor) -> None:
    card: UUID = new_id()
    factories.insert(
        deposit.owner, "card_on_file", id=card, patient_id=deposit.clinic.patients[1], gateway="simulated",
        brand="visa", customer="c", method="m", last4="4242", exp_month=8, exp_year=2031, added_at=deposit.at,
    )  # fmt: skip
    assert press(desk, form(deposit, f"card:{card}")).status_code == 404
    assert (visits(deposit), deposit.ledger()[1]) == ([], 0)
