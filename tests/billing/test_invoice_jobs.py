"""The jobs of invoices as the worker runs them, in its own role."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests import factories
from tests.booking.wishes import application
from tests.factories import Clinic, clock_time
from webapp import clock
from webapp.billing.invoice_jobs import draft_invoice, draft_missed
from webapp.db import db
from webapp.ids import new_id
from webapp.practice.jobs import prices_of_today

if TYPE_CHECKING:
    from collections.abc import Iterator

    from psycopg import Connection

    from tests.stack.database import Database


@pytest.fixture
def clinic(database: Database, owner: Connection[Any]) -> Iterator[Clinic]:
    with application(database.environment["WORKER_DATABASE_URL"]).app_context():
        yield factories.clinic(owner)
        db.session.remove()
        db.engine.dispose()


def drafts(owner: Connection[Any]) -> list[Any]:
    return [
        row["appointment_id"] for row in owner.execute("SELECT appointment_id FROM invoice ORDER BY appointment_id")
    ]


def test_a_finished_visit_is_drafted_once_however_often_its_job_runs(owner: Connection[Any], clinic: Clinic) -> None:
    visit = factories.appointment(owner, clinic, clock_time(9), status="finished")
    back_in_the_room = factories.appointment(owner, clinic, clock_time(10), status="in_room")
    for _ in range(2):
        draft_invoice(visit=str(visit))
        draft_invoice(visit=str(back_in_the_room))
    assert drafts(owner) == [visit]


def test_what_a_lost_job_left_is_found_but_no_charge_stays_no_charge(owner: Connection[Any], clinic: Clinic) -> None:
    today = clock.now().date()
    visits = [factories.appointment(owner, clinic, clock_time(hour, day=today - timedelta(days=1)), status="finished")
              for hour in (9, 10)]  # fmt: skip
    factories.insert(
        owner, "invoice", id=new_id(), patient_id=clinic.patients[0], location_id=clinic.location, status="void_draft",
        void_reason="Courtesy", appointment_id=visits[1], currency="USD", created_at=clock.now(),
    )  # fmt: skip
    draft_missed(timestamp=0)
    draft_missed(timestamp=0)
    assert sorted(drafts(owner)) == sorted(visits)


def test_a_price_whose_day_has_come_is_the_one_that_is_booked(owner: Connection[Any], clinic: Clinic) -> None:
    # In UTC; where the clinic is it may still be yesterday.
    today = clock.now().date() - timedelta(days=1)
    owner.execute("UPDATE service_price SET during = daterange(NULL, %s)", (today,))
    owner.execute(
        "INSERT INTO service_price (service_id, during, cents) VALUES (%s, daterange(%s, NULL), 13000)",
        (clinic.service, today),
    )
    prices_of_today(timestamp=0)
    row = owner.execute("SELECT price_cents, version FROM service").fetchone()
    assert row == {"price_cents": 13_000, "version": 2}
    kept = owner.execute("SELECT cents FROM service_price ORDER BY cents").fetchall()
    assert [each["cents"] for each in kept] == [12_000, 13_000]
