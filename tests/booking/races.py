"""The races of bookings as they are stepped through by hand; each returns what happened."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import time, timedelta
from typing import Any, TypeAlias
from uuid import UUID

from sqlalchemy import update

from bench.storm import judge
from tests import factories
from tests.booking.arena import Arena
from tests.booking.stepping import Hand
from tests.booking.wishes import TEN, visit_row
from tests.factories import NOW, clock_time
from webapp.booking.actions import (
    Once,
    SwapRequest,
    change_hours,
    close_location,
    swap,
)
from webapp.booking.actions.locking import locked, settle
from webapp.booking.models import Appointment
from webapp.booking.states import Status
from webapp.db import Role, db
from webapp.ids import new_id
from webapp.patients.models import Patient
from webapp.practice.actions import lock_resources
from webapp.practice.hours import Block, Span

ELEVEN = clock_time(11)
HASH = b"\x01" * 32


Race: TypeAlias = Callable[[Arena], dict[str, object]]


def _contest(arena: Arena, first_ends: Callable[[Hand], None] = Hand.commits, **second_wants: Any) -> dict[str, object]:
    """The first books at ten and holds the transaction open, the second tries, the first ends."""
    with arena.hand() as first, arena.hand() as second:
        first.did(arena.books())
        step = second.does(arena.books(**second_wants))
        waited = second.waits(step)
        first_ends(first)
        return {"waited": waited, "second": second.ends(step), "overlaps": judge.overlaps(arena.owner)}


def same_slot(arena: Arena) -> dict[str, object]:
    return _contest(arena, patient_id=arena.clinic.patients[1])


def same_slot_given_back(arena: Arena) -> dict[str, object]:
    return _contest(arena, Hand.rolls_back, patient_id=arena.clinic.patients[1])


def neighbours(arena: Arena) -> dict[str, object]:
    return _contest(arena, patient_id=arena.clinic.patients[1], starts=TEN + timedelta(minutes=20))


def one_patient_in_two_places(arena: Arena) -> dict[str, object]:
    return _contest(arena, provider_id=arena.clinic.providers[1], starts=TEN + timedelta(minutes=10))


def any_provider_twice(arena: Arena) -> dict[str, object]:
    with arena.hand() as first, arena.hand() as second:
        first.did(arena.books(provider_id=None))
        step = second.does(arena.books(provider_id=None, patient_id=arena.clinic.patients[1]))
        second.waits(step)
        first.commits()
        return {"second": second.ends(step), "overlaps": judge.overlaps(arena.owner)}


def move_and_cancel(arena: Arena) -> dict[str, object]:
    visit = arena.visit()
    with arena.hand() as first, arena.hand() as second:
        first.did(arena.cancels(visit))
        step = second.does(arena.moves(visit, ELEVEN))
        waited = second.waits(step)
        first.commits()
        return {"waited": waited, "move": second.ends(step), "half": judge.half(arena.owner)}


def cancel_and_move(arena: Arena) -> dict[str, object]:
    visit = arena.visit()
    with arena.hand() as first, arena.hand() as second:
        first.did(arena.moves(visit, ELEVEN))
        step = second.does(arena.cancels(visit))
        waited = second.waits(step)
        first.commits()
        ended = second.ends(step)
        version = visit_row(arena.owner, visit)["version"]
        return {"waited": waited, "cancel": ended, "version": version, "half": judge.half(arena.owner)}


def two_moves_of_one_visit(arena: Arena) -> dict[str, object]:
    visit = arena.visit()
    with arena.hand() as first, arena.hand() as second:
        first.did(arena.moves(visit, ELEVEN, version=1))
        step = second.does(arena.moves(visit, clock_time(12), version=1))
        waited = second.waits(step)
        first.commits()
        return {"waited": waited, "second": second.ends(step), "half": judge.half(arena.owner)}


def crossing_moves(arena: Arena) -> dict[str, object]:
    """Two people want each other's visit's time: one goes by way of noon, the other straight."""
    one, other = arena.visit(), arena.visit(ELEVEN, patient_id=arena.clinic.patients[1])
    with arena.hand() as first, arena.hand() as second:
        first.did(arena.moves(one, clock_time(12)))
        straight = second.does(arena.goes_on_moving(other, TEN))
        waited = second.waits(straight)
        last = first.ends(first.does(arena.goes_on_moving(one, ELEVEN)))
        # In a circle PostgreSQL ends whoever notices first.
        ended = sorted((last, second.ends(straight)))
        return {"waited": waited, "ended": ended, "half": judge.half(arena.owner)}


def two_swaps_the_other_way_round(arena: Arena) -> dict[str, object]:
    one, other = arena.visit(), arena.visit(ELEVEN, patient_id=arena.clinic.patients[1])
    seen = {one: 1, other: 1}
    with arena.hand() as first, arena.hand() as second:
        first.did(lambda: swap(SwapRequest(one, other, seen), at=NOW))
        step = second.does(lambda: swap(SwapRequest(other, one, seen), at=NOW))
        waited = second.waits(step)
        first.commits()
        return {"waited": waited, "second": second.ends(step), "half": judge.half(arena.owner)}


def swap_and_move_into_it(arena: Arena) -> dict[str, object]:
    """A swap empties both times for a moment; nobody gets in."""
    clinic = arena.clinic
    one, other = arena.visit(), arena.visit(ELEVEN, patient_id=clinic.patients[1])
    third = arena.visit(clock_time(12), patient_id=factories.patient(arena.owner))
    with arena.hand() as first, arena.hand() as second:
        first.did(lambda: swap(SwapRequest(one, other, {}), at=NOW))
        step = second.does(arena.goes_on_moving(third, TEN))
        waited = second.waits(step)
        first.commits()
        return {"waited": waited, "move": second.ends(step), "overlaps": judge.overlaps(arena.owner)}


def booking_then_closure(arena: Arena) -> dict[str, object]:
    with arena.hand() as first, arena.hand(Role.MANAGER) as second:
        visit = first.did(arena.books())
        step = second.does(lambda: close_location(arena.clinic.location, Span(TEN, ELEVEN), "Snow").affected)
        waited = second.waits(step)
        first.commits()
        listed = step.result(10) == (visit,)
        return {"waited": waited, "listed": listed, "closure": second.ends(step)}


def closure_then_booking(arena: Arena) -> dict[str, object]:
    with arena.hand(Role.MANAGER) as first, arena.hand() as second:
        affected = first.did(lambda: close_location(arena.clinic.location, Span(TEN, ELEVEN), "Snow").affected)
        step = second.does(arena.books())
        waited = second.waits(step)
        first.commits()
        return {"waited": waited, "listed": len(affected), "booking": second.ends(step)}


def _afternoons(arena: Arena) -> tuple[UUID, ...]:
    provider, location = arena.clinic.providers[0], arena.clinic.location
    block = Block(provider, location, None, 1, time(13), time(17), NOW.date())
    return change_hours(provider, [block], at=NOW)


def new_hours_then_booking(arena: Arena) -> dict[str, object]:
    with arena.hand(Role.MANAGER) as first, arena.hand() as second:
        first.did(lambda: _afternoons(arena))
        step = second.does(arena.books())
        waited = second.waits(step)
        first.commits()
        return {"waited": waited, "booking": second.ends(step)}


def booking_then_new_hours(arena: Arena) -> dict[str, object]:
    with arena.hand() as first, arena.hand(Role.MANAGER) as second:
        visit = first.did(arena.books())
        step = second.does(lambda: _afternoons(arena))
        waited = second.waits(step)
        first.commits()
        return {"waited": waited, "listed": step.result(10) == (visit,), "hours": second.ends(step)}


def overbooking_then_booking(arena: Arena) -> dict[str, object]:
    clinic = arena.clinic

    def overbook() -> None:
        lock_resources([clinic.providers[0], clinic.patients[1]], exclusive=True)
        extra = Appointment(
            id=new_id(),
            patient_id=clinic.patients[1],
            service_id=clinic.service,
            provider_id=clinic.providers[0],
            location_id=clinic.location,
            starts_at=TEN,
            ends_at=TEN + timedelta(minutes=20),
            status="booked",
            lane=1,
            overbook_reason="Urgent",
            price_cents=0,
            booked_at=NOW,
        )
        db.session.add(extra)
        settle(extra, NOW)

    with arena.hand() as first, arena.hand() as second:
        first.did(overbook)
        step = second.does(arena.books())
        waited = second.waits(step)
        first.commits()
        return {"waited": waited, "second": second.ends(step)}


def same_key(arena: Arena) -> dict[str, object]:
    form = Once(new_id(), HASH, "/board")
    with arena.hand() as first, arena.hand() as second:
        made = first.did(arena.books(once=form))
        step = second.does(arena.books(once=form))
        waited = second.waits(step)
        first.commits()
        again = second.ends(step)
        same = not step.exception() and step.result() == made
        return {"waited": waited, "second": again, "same": same, "overlaps": judge.overlaps(arena.owner)}


def same_key_other_content(arena: Arena) -> dict[str, object]:
    form = Once(new_id(), HASH, "/board")
    with arena.hand() as first, arena.hand() as second:
        first.did(arena.books(once=form))
        step = second.does(arena.books(starts=ELEVEN, once=replace(form, request_hash=b"\x02" * 32)))
        waited = second.waits(step)
        first.commits()
        return {"waited": waited, "second": second.ends(step)}


def lapsed_hold_whose_payment_just_opened(arena: Arena) -> dict[str, object]:
    hold = arena.visit(status="held", held_until=NOW)

    def opens_payment() -> None:
        held = locked(hold, frozenset({Status.HELD}))
        held.payment_open = True
        settle(held, NOW)

    with arena.hand() as first, arena.hand() as second:
        first.did(opens_payment)
        step = second.does(arena.books(patient_id=arena.clinic.patients[1]))
        waited = second.waits(step)
        first.commits()
        ended = second.ends(step)
        return {"waited": waited, "second": ended, "hold": visit_row(arena.owner, hold)["status"]}


def death_and_booking(arena: Arena) -> dict[str, object]:
    died = update(Patient).where(Patient.id == arena.clinic.patients[0]).values(deceased_at=NOW)
    with arena.hand() as first, arena.hand() as second:
        first.did(lambda: db.session.execute(died))
        step = second.does(arena.books())
        waited = second.waits(step)
        first.commits()
        return {"waited": waited, "booking": second.ends(step)}
