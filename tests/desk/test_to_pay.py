"""A visit that is over and not paid: its colour and amount on the board, its count, its drawer, and other desks."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from tests import factories
from tests.desk.test_board import TODAY
from tests.desk.test_revision import DAY, number
from tests.desk.test_views import MOST_STATEMENTS, everything_sent
from tests.factories import NOW, Clinic, clock_time
from tests.full_record import an_invoice, transaction
from webapp.db import transactional
from webapp.desk import queries

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask
    from psycopg import Connection

    from tests.stack.database import Database
    from tests.stack.people import Visitor


@pytest.fixture
def finished(database: Database, clinic: Clinic) -> UUID:
    """A visit that was over at half past seven."""
    with database.administer() as connection:
        return over(connection, clinic)


def over(owner: Connection[Any], clinic: Clinic, **columns: Any) -> UUID:
    return factories.appointment(
        owner, clinic, columns.pop("starts_at", clock_time(7)), status="finished", arrived_at=NOW, started_at=NOW,
        finished_at=NOW, **columns,
    )  # fmt: skip


def bill(database: Database, clinic: Clinic, visit: UUID, patient: UUID | None = None) -> UUID:
    """An issued invoice of $120.00 for a visit."""
    own = {"patient_id": patient or clinic.patients[0], "location_id": clinic.location}
    with database.administer() as owner, owner.transaction():
        invoice = an_invoice(owner, own, visit)
        issued = transaction(owner, own, "issue", document_id=invoice)
        entry(owner, own, issued, 12_000, account="patient_receivable", invoice_id=invoice)
        entry(owner, own, issued, -12_000, account="revenue", category="Visits")
    return invoice


def pay(database: Database, clinic: Clinic, invoice: UUID, cents: int) -> None:
    """A bank transfer: what the ledger says is all that counts here."""
    own = {"patient_id": clinic.patients[0], "location_id": clinic.location}
    with database.administer() as owner, owner.transaction():
        paid = transaction(owner, own, "payment")
        entry(owner, own, paid, cents, account="bank_clearing")
        entry(owner, own, paid, -cents, account="patient_receivable", invoice_id=invoice)


def entry(owner: Connection[Any], own: dict[str, UUID], of: UUID, cents: int, **account: object) -> None:
    factories.insert(owner, "ledger_entry", transaction_id=of, cents=cents, **own, **account)


def test_a_visit_is_done_until_there_is_an_invoice_then_to_pay_until_it_is_paid(
    desk: Visitor, database: Database, clinic: Clinic, finished: UUID
) -> None:
    assert "appt s-to_pay" not in desk.get(TODAY).text
    invoice = bill(database, clinic, finished)
    page = desk.get(TODAY).text
    assert "appt s-to_pay" in page
    assert "$120.00</span>" in page
    pay(database, clinic, invoice, 7_000)
    assert "$50.00</span>" in desk.get(TODAY).text
    pay(database, clinic, invoice, 5_000)
    assert "appt s-to_pay" not in desk.get(TODAY).text


def test_the_flow_bar_counts_it_and_narrows_to_it(
    desk: Visitor, database: Database, clinic: Clinic, finished: UUID
) -> None:
    with database.administer() as owner:
        done = over(owner, clinic, starts_at=clock_time(6))
    bill(database, clinic, finished)
    counts = desk.get(TODAY).text
    assert counts.count("<b>1</b>") == 2
    to_pay = desk.get(f"{TODAY}?status=to_pay").text
    assert f'id="visit-{finished}"' in to_pay
    assert f'id="visit-{done}"' not in to_pay
    only_done = desk.get(f"{TODAY}?status=finished").text
    assert f'id="visit-{finished}"' not in only_done
    assert f'id="visit-{done}"' in only_done


def test_the_list_names_it_with_its_amount(desk: Visitor, database: Database, clinic: Clinic, finished: UUID) -> None:
    bill(database, clinic, finished)
    page = desk.get(f"{TODAY}?view=list").text
    assert f'<li class="visit-row s-to_pay" id="row-{finished}"' in page
    assert "$120.00" in page


def test_the_drawer_offers_to_take_the_payment(
    desk: Visitor, database: Database, clinic: Clinic, finished: UUID
) -> None:
    invoice = bill(database, clinic, finished)
    drawer = desk.get(f"{TODAY}?visit={finished}", fragment=True, target="drawer").text
    assert f'href="/billing/invoices/{invoice}"' in drawer
    assert "Take payment · $120.00" in drawer
    assert "$120.00 to pay" in drawer
    pay(database, clinic, invoice, 12_000)
    settled = desk.get(f"{TODAY}?visit={finished}", fragment=True, target="drawer").text
    assert "Take payment" not in settled
    assert ", paid" in settled


def test_who_takes_no_money_is_not_asked_to(
    sign_in: Callable[..., Visitor], database: Database, clinic: Clinic, finished: UUID
) -> None:
    bill(database, clinic, finished)
    clinician = sign_in("clinician", at=NOW)
    drawer = clinician.get(f"{TODAY}?visit={finished}", fragment=True, target="drawer").text
    assert "Take payment" not in drawer
    assert "/billing/" not in drawer


@pytest.mark.parametrize("step", ["issued", "paid"])
def test_another_desk_sees_money_come(
    app: Flask, desk: Visitor, database: Database, clinic: Clinic, finished: UUID, step: str
) -> None:
    invoice = bill(database, clinic, finished) if step == "paid" else None
    before = number(app, clinic)
    poll = {"HX-PTag": desk.get(TODAY).headers["HX-PTag"]}
    assert desk.get(TODAY, fragment=True, target="board", headers=poll).status_code == 304
    if invoice is None:
        bill(database, clinic, finished)
    else:
        pay(database, clinic, invoice, 12_000)
    assert number(app, clinic) != before
    assert desk.get(TODAY, fragment=True, target="board", headers=poll).status_code == 200


def test_money_of_another_day_is_no_news(app: Flask, database: Database, clinic: Clinic, finished: UUID) -> None:
    with database.administer() as owner:
        other = over(owner, clinic, starts_at=clock_time(7) - timedelta(days=1), patient_id=clinic.patients[1])
    before = number(app, clinic)
    bill(database, clinic, other, clinic.patients[1])
    assert number(app, clinic) == before


def test_a_board_full_of_it_takes_five_statements(desk: Visitor, database: Database) -> None:
    with database.administer() as owner:
        clinic = factories.clinic(owner, providers=6, rooms=6, patients=60)
        visits = [
            over(
                owner, clinic, starts_at=clock_time(9) + timedelta(minutes=30 * (n // 6)), patient_id=patient,
                provider_id=clinic.providers[n % 6], room_id=clinic.rooms[n % 6],
            )
            for n, patient in enumerate(clinic.patients)
        ]  # fmt: skip
    for visit, patient in zip(visits, clinic.patients, strict=True):
        bill(database, clinic, visit, patient)
    address = f"{TODAY}?location={clinic.location}"
    desk.get(address)
    with everything_sent() as sent:
        page = desk.get(address)
    assert page.text.count("appt s-to_pay") == 60
    assert len(sent) <= MOST_STATEMENTS, sent
    poll = {"HX-PTag": page.headers["HX-PTag"]}
    desk.get(address, fragment=True, target="board", headers=poll)
    with everything_sent() as sent:
        assert desk.get(address, fragment=True, target="board", headers=poll).status_code == 304
    assert len(sent) == 1, sent


def test_what_is_over_is_asked_for_once(app: Flask, database: Database, clinic: Clinic, finished: UUID) -> None:
    bill(database, clinic, finished)
    with app.app_context(), transactional(factories.scope(), read_only=True):
        day = queries.day(clinic.location, DAY, NOW)
    assert day is not None
    (visit,) = day.visits
    assert visit.owed is not None
    assert (visit.shown, visit.owed.cents, str(visit.owed)) == ("to_pay", 12_000, "$120.00")
