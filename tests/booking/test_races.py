"""Each race is won as it is, and lost when the lock or constraint that decides it is taken away."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from flask import Flask
from psycopg import sql
from psycopg.rows import dict_row
from sqlalchemy import event

from tests import factories
from tests.booking import races, races_of_editors
from tests.booking.arena import Arena
from tests.booking.races import Race
from tests.booking.wishes import Owner, application
from tests.stack.services import copy_of_template
from webapp.db import db

if TYPE_CHECKING:
    from tests.stack.database import Database


@dataclass(frozen=True)
class Case:
    """A race, how it has to end, the guard it rests on, and what comes out otherwise without it."""

    race: Race
    won: dict[str, object]
    lost: dict[str, object]
    sabotage: tuple[str, ...] = ()
    rewritten: tuple[str, str, str] | None = None
    unlocked: bool = False


NO_CONSTRAINT = ("ALTER TABLE occupancy DROP CONSTRAINT occupancy_busy",)
LOCK_NOTHING = """
    CREATE OR REPLACE FUNCTION doors.lock_resources(resources uuid[], exclusive boolean) RETURNS integer
    LANGUAGE sql SECURITY DEFINER AS 'SELECT cardinality(resources)'
"""
NO_RESOURCE_LOCK = (LOCK_NOTHING,)
NO_KEY = ("ALTER TABLE idempotency DROP CONSTRAINT idempotency_pkey",)
DELETE_FIRST = (
    "doors.settle",
    "    IF resources IS NOT NULL THEN",
    "    PERFORM doors.give_back(surplus);\n    IF resources IS NOT NULL THEN",
)
CLOSED_RANGES = ("doors.expected_occupancy", "COALESCE(part.released, part.closes))))", "part.closes)), '[]')")
NO_VERSION = ("public.guard_place", "<> schedule_version", "< 0")
FIRST_PLACE_ONLY = ("public.book", "1 .. cardinality(providers)", "1 .. 1")
NO_SHARE = ("public.guard_visit", " FOR SHARE", "")
NO_SECOND_LOOK = ("doors.free_lapsed", "AND NOT payment_open AND held_until <= free_lapsed.at", "")

TAKEN: dict[str, object] = {"waited": True, "second": "slot_taken", "overlaps": 0}
BOTH: dict[str, object] = {"waited": False, "second": "done", "overlaps": 1}
CASES = (
    Case(races.same_slot, TAKEN, BOTH, NO_CONSTRAINT),
    Case(races.same_slot_given_back, {**TAKEN, "second": "done"}, {"waited": False}, NO_CONSTRAINT),
    Case(
        races.neighbours,
        {"waited": False, "second": "done", "overlaps": 0},
        {"waited": True, "second": "slot_taken"},
        rewritten=CLOSED_RANGES,
    ),
    Case(races.one_patient_in_two_places, TAKEN, BOTH, NO_CONSTRAINT),
    Case(
        races.any_provider_twice,
        {"second": "done", "overlaps": 0},
        {"second": "slot_taken"},
        rewritten=FIRST_PLACE_ONLY,
    ),
    Case(races.move_and_cancel, {"waited": True, "move": "wrong_state", "half": 0}, {"move": "done"}, unlocked=True),
    Case(
        races.cancel_and_move,
        {"waited": True, "cancel": "done", "version": 3, "half": 0},
        {"version": 2},
        unlocked=True,
    ),
    Case(
        races.two_moves_of_one_visit,
        {"waited": True, "second": "version_conflict", "half": 0},
        {"second": "done"},
        unlocked=True,
    ),
    Case(
        races.crossing_moves,
        {"waited": True, "first": "slot_taken", "second": "slot_taken", "half": 0},
        {"second": "DeadlockDetected"},
        rewritten=DELETE_FIRST,
    ),
    Case(
        races.two_swaps_the_other_way_round,
        {"waited": True, "second": "version_conflict", "half": 0},
        {"second": "done"},
        unlocked=True,
    ),
    Case(
        races.swap_and_move_into_it,
        {"waited": True, "move": "slot_taken", "overlaps": 0},
        {"waited": False, "move": "done", "overlaps": 1},
        NO_CONSTRAINT + NO_RESOURCE_LOCK,
    ),
    Case(
        races.booking_then_closure,
        {"waited": True, "listed": True, "closure": "done"},
        {"waited": False, "listed": False},
        NO_RESOURCE_LOCK,
    ),
    Case(
        races.closure_then_booking,
        {"waited": True, "listed": 0, "booking": "location_closed"},
        {"waited": False, "booking": "done"},
        NO_RESOURCE_LOCK,
    ),
    Case(
        races.new_hours_then_booking,
        {"waited": True, "booking": "outside_hours"},
        {"booking": "done"},
        rewritten=NO_VERSION,
    ),
    Case(
        races.booking_then_new_hours,
        {"waited": True, "listed": True, "hours": "done"},
        {"waited": False, "listed": False},
        NO_RESOURCE_LOCK,
    ),
    Case(
        races_of_editors.booking_then_confirmed_leave,
        {"waited": True, "leave": "visits_affected"},
        {"waited": False, "leave": "done"},
        NO_RESOURCE_LOCK + NO_CONSTRAINT,
    ),
    Case(
        races_of_editors.leave_then_booking,
        {"waited": True, "booking": "provider_away"},
        {"waited": False, "booking": "done"},
        NO_RESOURCE_LOCK + NO_CONSTRAINT,
    ),
    Case(
        races_of_editors.retired_room_then_booking,
        {"waited": True, "booking": "slot_taken"},
        {"booking": "done"},
        rewritten=NO_VERSION,
    ),
    Case(
        races_of_editors.moved_visit_and_leave,
        {"waited": True, "leave": "visits_affected", "visit": "booked"},
        {"leave": "done", "visit": "cancelled"},
        NO_RESOURCE_LOCK,
        unlocked=True,
    ),
    Case(
        races.overbooking_then_booking,
        {"waited": True, "second": "slot_taken"},
        {"waited": False, "second": "done"},
        NO_RESOURCE_LOCK,
    ),
    Case(
        races.same_key,
        {"waited": True, "second": "done", "same": True, "overlaps": 0},
        {"waited": False, "same": False, "overlaps": 1},
        NO_KEY + NO_CONSTRAINT,
    ),
    Case(
        races.same_key_other_content,
        {"waited": True, "second": "key_reused"},
        {"waited": False, "second": "done"},
        NO_KEY,
    ),
    Case(
        races.death_and_booking,
        {"waited": True, "booking": "patient_not_bookable"},
        {"waited": False, "booking": "done"},
        rewritten=NO_SHARE,
    ),
    Case(
        races.lapsed_hold_whose_payment_just_opened,
        {"waited": True, "second": "slot_taken", "hold": "held"},
        {"second": "done", "hold": "lapsed"},
        ("ALTER TABLE appointment DROP CONSTRAINT appointment_payment_open",),
        rewritten=NO_SECOND_LOOK,
    ),
)
NAMES = [case.race.__name__ for case in CASES]


def arena_on(address: str, owner: Owner) -> Iterator[Arena]:
    app = application(address)
    clinic = factories.clinic(owner, rooms=0, needs_room=False)
    yield Arena(app, owner, clinic)
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def arena(database: Database, owner: Owner) -> Iterator[Arena]:
    """The clinic as it is."""
    yield from arena_on(database.environment["DATABASE_URL"], owner)


@pytest.fixture
def sabotaged(database: Database, case: Case) -> Iterator[Arena]:
    """A copy of the clinic's database, or of its application, that lacks one guard."""
    stack, name = database.stack, f"{database.name}_sabotaged"
    copy_of_template(stack, name)
    address = stack.postgres.address(name, "anteroom_app", stack.passwords["anteroom_app"])
    try:
        with psycopg.connect(stack.postgres.address(name), autocommit=True, row_factory=dict_row) as owner:
            _sabotage(owner, case)
            for arena in arena_on(address, owner):
                if case.unlocked:
                    _unlock(arena.app)
                yield arena
    finally:
        with database.administer() as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def _sabotage(owner: Owner, case: Case) -> None:
    for statement in case.sabotage:
        owner.execute(statement.encode())
    if case.rewritten is not None:
        function, guard, without = case.rewritten
        row = owner.execute("SELECT pg_get_functiondef(%s::regproc) AS source", (function,)).fetchone()
        assert row is not None
        assert guard in row["source"]
        owner.execute(row["source"].replace(guard, without).encode())


def _unlock(app: Flask) -> None:
    """Take FOR UPDATE out of what this application asks."""

    def unlock(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> tuple[str, Any]:
        return statement.replace(" FOR UPDATE", ""), parameters

    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", unlock, retval=True)


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_the_race_is_won(arena: Arena, case: Case) -> None:
    assert case.race(arena) == case.won


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_the_race_is_lost_without_its_guard(sabotaged: Arena, case: Case) -> None:
    assert case.race(sabotaged) == {**case.won, **case.lost}
