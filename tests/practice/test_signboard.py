"""Pages without a transaction know the clinic, ask for it once a minute, and do without it in an outage."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from webapp import clock
from webapp.practice import signboard

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask

    from tests.stack.database import Database
    from tests.stack.people import SignIn, Visitor

SUNDAY = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _fresh(app: Flask) -> Iterator[None]:
    app.extensions[signboard.EXTENSION] = signboard.Signboard()
    yield
    app.extensions[signboard.EXTENSION] = signboard.Signboard()


def found(database: Database, name: str, *, weekday: int = 7) -> None:
    with database.administer() as connection:
        place, person = uuid4(), uuid4()
        connection.execute(
            "insert into location (id, name, time_zone, phone, line, city, state, postal_code)"
            " values (%s, %s, 'America/New_York', '(207) 555-0100', '120 Harbor Street', 'Portland', 'ME', '04101')",
            (place, name),
        )
        connection.execute("insert into resource (id, kind) values (%s, 'provider')", (person,))
        connection.execute("insert into provider (id, family, given) values (%s, 'Osei', 'Amara')", (person,))
        for starts, ends in (("08:00", "12:00"), ("13:00", "18:00")):
            connection.execute(
                "insert into schedule (id, provider_id, location_id, weekday, starts, ends, valid_from)"
                " values (gen_random_uuid(), %s, %s, %s, %s, %s, '2026-01-01')",
                (person, place, weekday, starts, ends),
            )


def test_the_sign_in_page_says_where_and_when_the_clinic_is(visitor: Visitor, database: Database) -> None:
    found(database, "Harbor Street Clinic")
    with clock.stopped_at(SUNDAY):
        page = visitor.get("/sign-in").text
    for words in ("Harbor Street Clinic", "(207) 555-0100", "8:00 AM to 6:00 PM", "Portland, ME 04101"):
        assert words in page


def test_on_a_free_day_it_gives_no_hours(visitor: Visitor, database: Database) -> None:
    found(database, "Harbor Street Clinic", weekday=1)
    with clock.stopped_at(SUNDAY):
        page = visitor.get("/sign-in").text
    assert "Harbor Street Clinic" in page
    assert "Open today" not in page


def test_it_looks_again_after_a_minute(visitor: Visitor, database: Database) -> None:
    with clock.stopped_at(SUNDAY):
        assert "Harbor Street Clinic" not in visitor.get("/sign-in").text
    found(database, "Harbor Street Clinic")
    with clock.stopped_at(SUNDAY + timedelta(seconds=59)):
        assert "Harbor Street Clinic" not in visitor.get("/sign-in").text
    with clock.stopped_at(SUNDAY + timedelta(seconds=60)):
        assert "Harbor Street Clinic" in visitor.get("/sign-in").text


def test_a_page_with_a_transaction_reads_it_there(sign_in: SignIn, database: Database) -> None:
    found(database, "Harbor Street Clinic")
    assert "Harbor Street Clinic" in sign_in("manager").get("/jobs").text
