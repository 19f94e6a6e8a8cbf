"""What is planned once and for good was perhaps planned while the clinic was small: it reads indexes even then."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from tests import factories
from tests.booking.wishes import ACTOR, TEN, wish
from tests.factories import NOW
from tests.plans import Plans, overheard, whole_tables_read
from webapp.booking.actions import CancelRequest, MoveRequest, book, cancel, move
from webapp.booking.queries import Search, free_times
from webapp.db import db, transactional
from webapp.practice.hours import local_day

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.stack.database import Database

KEPT = "SELECT proname, prosrc FROM pg_proc WHERE 'plan_cache_mode=force_generic_plan' = ANY (proconfig)"


@pytest.fixture
def plans(database: Database) -> Iterator[Plans]:
    """An application that has no plan yet."""
    with overheard(database.stack.postgres.address(database.name)) as heard:
        yield heard


def test_the_first_bookings_of_a_clinic_leave_no_plan_that_reads_a_table_whole(
    plans: Plans, database: Database
) -> None:
    with database.administer() as connection:
        clinic = factories.clinic(connection)
        factories.appointment(connection, clinic, TEN + timedelta(hours=3))
        # A page of rows: as long as it is one, reading all of it is quickest.
        connection.execute("ANALYZE")
        kept = {name: " ".join(source.split()) for name, source in connection.execute(KEPT)}
    with transactional(factories.scope()):
        free_times(Search(clinic.service, local_day(factories.NEW_YORK, NOW.date())), NOW)
        visit = book(wish(clinic), actor=ACTOR, at=NOW).id
        move(MoveRequest(visit, TEN + timedelta(hours=1)), at=NOW)
        cancel(CancelRequest(visit, "ill"), at=NOW)
        db.session.execute(text("set constraints all immediate"))
    made = [(_home(plan["Query Text"], kept), plan["Plan"]) for plan in plans.take()]
    assert {name for name, _ in made if name} >= {"busy", "lock_resources", "settle", "take", "occupancy_must_match"}
    assert {(name, table) for name, plan in made if name for table in _read_whole(plan)} == set()


def _home(query: str, kept: dict[str, str]) -> str | None:
    """The function that a statement is in; PostgreSQL says SELECT where it says PERFORM."""
    words = " ".join(query.split()).rstrip(";").removeprefix("SELECT ")
    return next((name for name, source in kept.items() if words in source), None)


def _read_whole(plan: dict[str, Any]) -> Iterator[str]:
    yield from whole_tables_read(plan)
    if plan["Node Type"] == "Seq Scan":
        yield plan["Relation Name"]
    for below in plan.get("Plans", ()):
        yield from _read_whole(below)
