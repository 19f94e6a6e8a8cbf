"""At 100,000 people every hot query reads indexes only: as its role, under row security, inside the doors too."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from datetime import timedelta
from hashlib import md5
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import text

from tests import factories
from tests.factories import NOW, clock_time
from tests.money_plans import money_queries
from tests.plans import Plans, overheard, whole_tables_read
from tests.stack.services import copy_of_template
from webapp.billing.queries import balances, worklists
from webapp.booking import projected
from webapp.booking import queries as booking
from webapp.booking.actions import (
    BookRequest,
    CancelRequest,
    DeathRequest,
    MoveRequest,
    Once,
    book,
    cancel,
    close_location,
    move,
    record_death,
)
from webapp.booking.projection.days import Day, read_days
from webapp.booking.queries import Asked, Reach, Search, figures
from webapp.booking.queries.waiting import candidates
from webapp.booking.queries.waiting_list import open_offers, waits_on, who_waits
from webapp.booking.waiting import FreeSeat, FreeTime
from webapp.db import Role, Scope, db, transactional
from webapp.desk import merging
from webapp.desk import queries as desk
from webapp.ids import new_id
from webapp.patients import queries as patients
from webapp.patients.actions import merge, unmerge
from webapp.patients.registration import NewPatient
from webapp.practice.hours import Span, local_day
from webapp.practice.models import Location

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.stack.database import Database

ROWS = Path(__file__).with_name("many_rows.sql")


def made(kind: str, n: int) -> UUID:
    """The id that many_rows.sql gives to the n-th of a kind."""
    return UUID(md5(f"{kind}{n}".encode(), usedforsecurity=False).hexdigest())


SITE, SERVICE, VISIT = made("location", 1), made("service", 1), made("visit", 30_000)
PERSON, OTHER = made("patient", 30_000), made("patient", 77)
PROVIDERS = [made("provider", n) for n in range(1, 21)]
TODAY = NOW.date()
DAY = local_day(factories.NEW_YORK, TODAY)
WEEK = Span(DAY.start, DAY.start + timedelta(days=7))
AT = (PROVIDERS[0], SITE, factories.NEW_YORK, clock_time(16))
FREE = (FreeTime(*AT), FreeSeat(*AT, VISIT, SERVICE, clock_time(17)))
ACTOR = new_id()


def _board() -> object:
    return desk.day(SITE, TODAY, NOW)


def _period() -> figures.Period:
    return figures.Period(TODAY - timedelta(days=7), TODAY - timedelta(days=1), (db.session.get_one(Location, SITE),))


def _books() -> object:
    request = BookRequest(OTHER, SERVICE, SITE, clock_time(16, 20, day=TODAY + timedelta(days=1)))
    return book(request, actor=ACTOR, at=NOW, once=Once(new_id(), bytes(32), "/board"))


Query = Callable[[], object]
QUERIES: dict[str, tuple[Role, Query]] = {
    "search by family name": (Role.DESK, lambda: patients.search("jimenez", today=TODAY)),
    "search by one letter": (Role.DESK, lambda: patients.search("j", today=TODAY)),
    "search by both names": (Role.DESK, lambda: patients.search("rosa jim", today=TODAY)),
    "search in the middle of names": (Role.DESK, lambda: patients.search("menezc", today=TODAY)),
    "search for nobody": (Role.DESK, lambda: patients.search("xqzzy", today=TODAY)),
    "search by phone": (Role.DESK, lambda: patients.search("555 023 75", today=TODAY)),
    "search by the end of a phone": (Role.DESK, lambda: patients.search("7919", today=TODAY)),
    "search by record number": (Role.DESK, lambda: patients.search("130042", today=TODAY)),
    "search by birth date": (Role.DESK, lambda: patients.search("3/4/1973", today=TODAY)),
    "search by birth date and name": (Role.DESK, lambda: patients.search("jim 3/4/1973", today=TODAY)),
    "search, who has a visit first": (
        Role.DESK,
        lambda: patients.search("jim", today=TODAY, first=booking.patients_between(SITE, DAY)),
    ),
    "possible duplicates": (
        Role.DESK,
        lambda: patients.possible_duplicates(NewPatient("Rosa", "Jimenez", dt.date(1973, 3, 4), "+1 555 0142")),
    ),
    "record at the desk": (Role.DESK, lambda: patients.desk_record(PERSON)),
    "people by id": (Role.DESK, lambda: patients.by_ids([PERSON, OTHER])),
    "board of a day": (Role.DESK, _board),
    "visits of a day": (Role.DESK, lambda: booking.day_visits(SITE, DAY, NOW)),
    "minutes booked": (Role.DESK, lambda: booking.booked_minutes(SITE, DAY, factories.NEW_YORK)),
    "drawer": (Role.DESK, lambda: booking.visit(VISIT)),
    "visits of a patient": (Role.DESK, lambda: booking.patient_visits(PERSON)),
    "visits from before": (Role.DESK, lambda: desk.past_visits(PERSON)),
    "when people were here": (Role.DESK, lambda: booking.seen([PERSON, OTHER], NOW)),
    "next visits of some people": (Role.DESK, lambda: booking.next_visits([PERSON, OTHER], NOW)),
    "merges into a record": (Role.DESK, lambda: [merging.open_merges(PERSON), merging.visits_left(PERSON)]),
    "visits at the same time": (Role.MANAGER, lambda: merging.overlaps(PERSON, OTHER, NOW)),
    "a record before a merge": (Role.MANAGER, lambda: merging.side(PERSON, NOW)),
    "merge and part": (Role.MANAGER, lambda: unmerge(merge(PERSON, OTHER, actor=ACTOR, at=NOW), actor=ACTOR, at=NOW)),
    "record a death": (
        Role.DESK,
        lambda: record_death(DeathRequest(PERSON, TODAY, "UTC", cancels=True, reason="Deceased", version=1), at=NOW),
    ),
    "own visits": (Role.PATIENT, lambda: booking.own_visits([PERSON])),
    "who is busy": (Role.DESK, lambda: booking.busy([*PROVIDERS, PERSON], WEEK, NOW)),
    "who is busy, for a patient": (Role.PATIENT, lambda: booking.busy([*PROVIDERS, PERSON], WEEK, NOW)),
    "free times of one provider": (
        Role.DESK,
        lambda: booking.free_times(Search(SERVICE, WEEK, PROVIDERS[1], patient_id=PERSON), NOW),
    ),
    "what a search beside the projection asks": (
        Role.PATIENT,
        lambda: projected._row(Search(SERVICE, WEEK, patient_id=PERSON, via="portal"), NOW),
    ),
    "a day that is projected": (Role.MANAGER, lambda: read_days([Day(SITE, TODAY, 1, factories.NEW_YORK)])),
    "free times of anybody": (Role.DESK, lambda: booking.free_times(Search(SERVICE, WEEK), NOW)),
    "sheet of a day": (Role.DESK, lambda: booking.sheet_visits(SITE, DAY)),
    "own visits of a provider": (Role.CLINICIAN, lambda: booking.provider_visits(PROVIDERS[0], DAY)),
    "alerts for clinicians": (Role.CLINICIAN, lambda: patients.clinical_alerts([PERSON, OTHER])),
    "who waits for a time or a seat": (Role.DESK, lambda: [candidates(free, NOW) for free in FREE]),
    "who waits": (Role.DESK, lambda: [who_waits(), waits_on(SITE, TODAY, limit=4), open_offers(NOW)]),
    "figures, how full": (Role.MANAGER, lambda: figures.minutes_used(_period())),
    "figures, hours": (Role.MANAGER, lambda: figures.minutes_scheduled(_period())),
    "figures, waiting": (Role.MANAGER, lambda: figures.waiting(_period(), "week")),
    "figures, who came": (Role.MANAGER, lambda: figures.outcomes(_period())),
    "figures, canceled": (Role.MANAGER, lambda: figures.canceled(_period(), ["ill"])),
    "figures, totals": (Role.MANAGER, lambda: figures.totals(_period())),
    "book": (Role.DESK, _books),
    "move": (
        Role.DESK,
        lambda: move(MoveRequest(VISIT, clock_time(16, 20, day=TODAY + timedelta(days=2)), PROVIDERS[1]), at=NOW),
    ),
    "cancel": (Role.DESK, lambda: cancel(CancelRequest(VISIT, "ill"), at=NOW)),
    "visits in the way of a provider": (Role.DESK, lambda: booking.coming(Reach(provider_id=PROVIDERS[1]), NOW)),
    "visits in the way of a day": (Role.MANAGER, lambda: booking.coming(Reach(location_id=SITE, span=DAY), NOW)),
    "why not": (Role.DESK, lambda: booking.why(Asked(SERVICE, PROVIDERS[1], SITE, DAY.start, PERSON), NOW)),
    "finished without an invoice": (
        Role.BILLER,
        lambda: worklists.finished_without_invoice(NOW - timedelta(days=7), NOW),
    ),
    "visits to be billed": (Role.DESK, lambda: worklists.unbilled(SITE, DAY.start, DAY.end)),
    "what is to pay for visits": (Role.DESK, lambda: balances.balances_of([VISIT])),
    "what somebody owes": (Role.DESK, lambda: balances.open_invoices(balances.same_person(PERSON))),
    "close the site": (Role.MANAGER, lambda: close_location(SITE, DAY, "Snow").affected),
    **money_queries(made),
}


READ_WHOLE = {"merge and part": {"occupancy_busy"}}
"""All the time of one patient is looked at, and patients have little."""


@pytest.fixture(scope="module")
def crowded(standing_database: Database) -> Iterator[str]:
    """The address of a database with many rows."""
    stack, name = standing_database.stack, f"{standing_database.name}_crowded"
    copy_of_template(stack, name)
    address = stack.postgres.address(name)
    with psycopg.connect(address, autocommit=True) as connection:
        for statement in ROWS.read_text("utf-8").split(";\n"):
            if statement.strip():
                connection.execute(statement.encode())
    yield address
    with standing_database.administer() as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture(scope="module", params=["auto", "force_generic_plan"])
def plans(request: pytest.FixtureRequest, crowded: str) -> Iterator[Plans]:
    with overheard(crowded, request.param) as heard:
        yield heard


@pytest.mark.parametrize("name", QUERIES)
def test_no_big_table_is_read_from_end_to_end(plans: Plans, name: str) -> None:
    role, query = QUERIES[name]
    scope = Scope(role, ACTOR, NOW, str(new_id()), (PERSON,) if role is Role.PATIENT else ())
    plans.take()
    with pytest.raises(ZeroDivisionError), transactional(scope):  # noqa: PT012 - rolled back: the next one finds the same
        query()
        # What is looked at before a COMMIT is part of it.
        db.session.execute(text("set constraints all immediate"))
        _ = 1 / 0
    made = plans.take()
    assert made
    read = {(table, plan["Query Text"]) for plan in made for table in whole_tables_read(plan["Plan"])}
    assert {each for each in read if each[0] not in READ_WHOLE.get(name, ())} == set()


def test_a_whole_table_read_would_be_noticed(plans: Plans) -> None:
    plans.take()
    with transactional(Scope(Role.DESK, ACTOR, NOW, "x"), read_only=True) as session:
        session.execute(text("select count(*) from patient where prefix = 'Dr.'"))
    assert [table for plan in plans.take() for table in whole_tables_read(plan["Plan"])] == ["patient"]


def test_who_has_what_time_is_found_by_the_owner_and_not_by_walking_all_time(plans: Plans) -> None:
    plans.take()
    with transactional(Scope(Role.MANAGER, ACTOR, NOW, "x"), read_only=True) as session:
        session.execute(text("select during from occupancy where owner_id = :owner"), {"owner": VISIT})
        session.execute(
            text("select during from occupancy where uuid_send(owner_id) = uuid_send(:owner)"), {"owner": VISIT}
        )
    made = plans.take()
    assert [list(whole_tables_read(plan["Plan"])) for plan in made[-2:]] == [[], ["occupancy_busy"]]


def test_a_whole_table_read_inside_a_function_would_be_noticed(plans: Plans, crowded: str) -> None:
    with psycopg.connect(crowded, autocommit=True) as connection:
        connection.execute(
            "CREATE OR REPLACE FUNCTION public.idle() RETURNS bigint LANGUAGE plpgsql AS"
            " $$ BEGIN RETURN (SELECT count(*) FROM public.patient WHERE prefix = 'Dr.'); END $$"
        )
    plans.take()
    with transactional(Scope(Role.DESK, ACTOR, NOW, "x"), read_only=True) as session:
        session.execute(text("select idle()"))
    assert "patient" in [table for plan in plans.take() for table in whole_tables_read(plan["Plan"])]
