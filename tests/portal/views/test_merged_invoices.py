"""Documents stay with the record they were made out to; whoever's record it was merged into sees and pays them."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from tests import factories
from tests.billing.at_counter import counter
from tests.factories import NOW
from tests.patients.merging import merged, parted
from tests.portal.own_money import at, card, found, mia, pays, settle
from webapp.billing.queries.own import records_of
from webapp.db import Role, db, transactional

if TYPE_CHECKING:
    from uuid import UUID

    from tests.billing.counter import Counter
    from tests.stack.people import SignIn, Visitor

__all__ = ["counter", "mia"]


@pytest.fixture
def former(counter: Counter) -> UUID:
    """The second patient's invoice of $86.50; an own one of $20.00 is there too."""
    counter.invoice(2_000)
    return counter.invoice(patient=counter.clinic.patients[1])


def become_one(counter: Counter) -> UUID:
    with counter.app.app_context():
        return merged(counter.patient, counter.clinic.patients[1])


def test_they_are_in_the_list_on_the_home_and_on_paper_from_the_merge_until_it_is_undone(
    counter: Counter, mia: Visitor, former: UUID
) -> None:
    page = at(counter, f"/invoices/{former}")
    assert mia.get(page).status_code == 404
    made = become_one(counter)
    listed = mia.get(at(counter, "/invoices")).text
    assert page in listed
    assert "$106.50" in listed
    assert "$106.50" in mia.get("/me").text
    for address in (page, f"{page}/print", f"{page}/pdf", at(counter, "/statement")):
        assert mia.get(address).status_code == 200, address
    with counter.app.app_context():
        parted(made)
    assert page not in mia.get(at(counter, "/invoices")).text
    assert (mia.get(page).status_code, mia.get(f"{page}/pdf").status_code) == (404, 404)


def test_they_are_paid_on_the_page_and_the_way_back_is_ones_own(counter: Counter, mia: Visitor, former: UUID) -> None:
    become_one(counter)
    page = pays(mia, counter, former)
    back = mia.post(page, {"choice": "approve"}).location
    told = back[back.index("/me/") :]
    assert told.startswith(at(counter, "/payments/"))
    settle(counter)
    assert "Paid. Thank you." in mia.get(told).text
    assert counter.due(former) == 0
    assert found(counter, "select patient_id as found from payment") == counter.clinic.patients[1]
    receipt = found(counter, "select receipt_id as found from payment")
    assert mia.get(at(counter, f"/receipts/{receipt}")).status_code == 200


def test_a_card_pays_for_the_record_that_it_is_kept_with(counter: Counter, mia: Visitor, former: UUID) -> None:
    become_one(counter)
    own, kept = card(counter), card(counter, patient=counter.clinic.patients[1])
    shown = mia.get(at(counter, f"/invoices/{former}")).text
    assert (f"card:{kept}" in shown, f"card:{own}" in shown) == (True, False)
    pays(mia, counter, former, how=f"card:{kept}")
    assert counter.due(former) == 0


def test_a_card_kept_with_it_is_listed_and_forgotten_as_ones_own(
    counter: Counter, mia: Visitor, sign_in: SignIn, former: UUID
) -> None:
    third = factories.patient(counter.owner)
    kept, strange = card(counter, patient=counter.clinic.patients[1]), card(counter, patient=third)
    page = at(counter, "/cards")
    assert mia.post(f"{page}/{kept}/forget").status_code == 404
    become_one(counter)
    assert f"{page}/{kept}/forget" in mia.get(page).text
    assert mia.post(f"{page}/{strange}/forget").status_code == 404
    assert mia.post(f"{page}/{kept}/forget").status_code == 303
    assert f"{page}/{kept}/forget" not in mia.get(page).text
    left = "select array_agg(id) as found from card_on_file where retired_at is null"
    assert found(counter, left) == [strange]


def test_the_copy_of_the_record_has_them_until_the_merge_is_undone(
    counter: Counter, mia: Visitor, former: UUID
) -> None:
    def copied() -> bool:
        answer = mia.post(at(counter, "/download"))
        assert answer.status_code == 200
        with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
            return str(former) in archive.read("record.json").decode()

    assert not copied()
    made = become_one(counter)
    assert copied()
    with counter.app.app_context():
        parted(made)
    assert not copied()


def test_nobody_elses_are_shown_or_paid(counter: Counter, mia: Visitor, sign_in: SignIn, former: UUID) -> None:
    become_one(counter)
    third = factories.patient(counter.owner)
    stranger = counter.invoice(patient=third)
    other = sign_in("patient", patients=(third,), at=NOW)
    before = counter.ledger()
    sent = {"seen": "8650", "part": "all", "amount": "", "how": "page"}
    tried = [
        (mia, counter.patient, stranger),
        (mia, counter.clinic.patients[1], former),
        (other, third, former),
        (other, counter.patient, former),
    ]
    for who, whose, invoice in tried:
        for tail in ("", "/print", "/pdf"):
            assert who.get(f"/me/{whose}/invoices/{invoice}{tail}").status_code == 404
        assert who.post(f"/me/{whose}/invoices/{invoice}/pay", sent).status_code == 404
    assert counter.ledger() == before


def test_the_door_tells_only_whoever_acts_for_the_record(counter: Counter, former: UUID) -> None:
    become_one(counter)
    stays, goes = counter.patient, counter.clinic.patients[1]
    third = factories.patient(counter.owner)
    for acts_for, asked, people in (((stays,), stays, [stays, goes]), ((third,), stays, []), ((), stays, []),
                                    ((third,), third, [third])):  # fmt: skip
        scope = factories.scope(Role.PATIENT, patients=acts_for)
        with counter.app.app_context(), transactional(scope, read_only=True):
            assert records_of(asked) == people
            seen = db.session.scalars(text("select id from invoice")).all()
            assert (former in seen) == (goes in people)
