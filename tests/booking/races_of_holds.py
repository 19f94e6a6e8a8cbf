"""Races of holds, overbooking, equipment and leave, stepped through by hand; each tells what happened."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from tests import factories
from tests.booking.races import ELEVEN
from tests.booking.wishes import ACTOR, TEN, visit_row, wish
from tests.factories import NOW, clock_time
from webapp.booking.actions import HoldRequest, Overbook, book, book_held, hold, lapse, settle_leave, take_over
from webapp.db import Role
from webapp.practice import actions as practice
from webapp.practice.actions import NewLeave
from webapp.practice.hours import Span

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from uuid import UUID

    from tests.booking.arena import Arena

MINUTE = timedelta(minutes=1)


def _overbooks(arena: Arena, patient: int, at: datetime = NOW) -> Callable[[], UUID]:
    wanted = wish(arena.clinic, patient_id=arena.clinic.patients[patient])
    return lambda: book(wanted, actor=ACTOR, at=at, overbook=Overbook("Urgent")).id


def _holds(arena: Arena, starts: datetime, patient: int = 0) -> Callable[[], UUID]:
    clinic = arena.clinic
    wanted = HoldRequest(clinic.patients[patient], clinic.service, clinic.location, starts, clinic.providers[0])
    return lambda: hold(wanted, 10 * MINUTE, actor=ACTOR, at=NOW).id


def _count(arena: Arena, condition: str) -> int:
    row = arena.owner.execute(f"SELECT count(*) AS n FROM appointment WHERE {condition}".encode()).fetchone()
    return 0 if row is None else int(row["n"])


def two_overbookings(arena: Arena) -> dict[str, object]:
    """Each takes a lane of its own; without the lock the second would not see the first one's."""
    arena.visit(patient_id=factories.patient(arena.owner))
    with arena.hand() as first, arena.hand() as second:
        first.did(_overbooks(arena, 0))
        step = second.does(_overbooks(arena, 1))
        second.waits(step)
        first.commits()
        return {"second": second.ends(step), "lanes": _count(arena, "lane in (1, 2)")}


def overbooking_and_booking_a_hold(arena: Arena) -> dict[str, object]:
    """One has the resources and wants the lapsed hold, the other books that hold a moment before its end."""
    kept = arena.visit(status="held", held_until=NOW + MINUTE)
    with arena.hand() as first, arena.hand() as second:
        staff = [arena.clinic.providers[0], arena.clinic.patients[1]]
        first.did(lambda: practice.lock_resources(staff, exclusive=True))
        step = second.does(lambda: book_held(kept, actor=ACTOR, at=NOW))
        waited = second.waits(step)
        over = first.ends(first.does(_overbooks(arena, 1, NOW + 2 * MINUTE)))
        return {"waited": waited, "overbooking": over, "held": second.ends(step)}


def two_who_take_over_one_hold(arena: Arena) -> dict[str, object]:
    clinic = arena.clinic
    visits = [arena.visit(ELEVEN), arena.visit(clock_time(12), provider_id=clinic.providers[1])]
    with arena.hand() as setup:
        kept = setup.did(_holds(arena, TEN))
        setup.commits()
    with arena.hand() as first, arena.hand() as second:
        first.did(lambda: take_over(kept, visits[0], at=NOW))
        step = second.does(lambda: take_over(kept, visits[1], at=NOW))
        waited = second.waits(step)
        first.commits()
        ended = second.ends(step)
        there = _count(arena, "starts_at = '2026-11-23 15:00Z' and status = 'booked'")
        return {"waited": waited, "second": ended, "there": there}


def two_holds_of_one_patient(arena: Arena) -> dict[str, object]:
    """Two tabs of one patient: the later hold replaces the earlier."""
    with arena.hand() as first, arena.hand() as second:
        first.did(_holds(arena, TEN))
        step = second.does(_holds(arena, ELEVEN))
        waited = second.waits(step)
        first.commits()
        return {"waited": waited, "second": second.ends(step), "live": _count(arena, "status = 'held'")}


def sweep_and_booking(arena: Arena) -> dict[str, object]:
    """A hold that is ending is booked over as soon as it has ended."""
    kept = arena.visit(status="held", held_until=NOW)
    with arena.hand() as first, arena.hand() as second:
        first.did(lambda: lapse(kept, at=NOW))
        step = second.does(arena.books(patient_id=arena.clinic.patients[1]))
        waited = second.waits(step)
        first.commits()
        ended = second.ends(step)
        row = visit_row(arena.owner, kept)
        return {"waited": waited, "second": ended, "hold": row["status"], "version": row["version"]}


def last_piece_of_equipment(arena: Arena) -> dict[str, object]:
    clinic = arena.clinic
    factories.equipment(arena.owner, clinic)
    factories.insert(arena.owner, "service_equipment", service_id=clinic.service, kind="ultrasound")
    with arena.hand() as first, arena.hand() as second:
        first.did(arena.books())
        step = second.does(arena.books(patient_id=clinic.patients[1], provider_id=clinic.providers[1]))
        waited = second.waits(step)
        first.commits()
        return {"waited": waited, "second": second.ends(step)}


def leave_and_cancellation(arena: Arena) -> dict[str, object]:
    """A visit inside leave that is being entered is canceled: its time is the leave's, whoever comes first."""
    provider = arena.clinic.providers[0]
    visit = arena.visit()

    def enter() -> None:
        leave = practice.add_leave(NewLeave(provider, Span(TEN, ELEVEN), "sick"))
        settle_leave(leave.id, NOW)

    with arena.hand(Role.MANAGER) as first, arena.hand() as second:
        entered = first.does(enter)
        entered.result(10)
        step = second.does(arena.cancels(visit))
        waited = second.waits(step)
        if not waited:
            step.result(10)
            second.commits()
        leave = first.ends(entered)
        return {"waited": waited, "leave": leave, "cancel": second.ends(step) if waited else "done"}
