"""Races of what patients do themselves with the desk, with other patients and with the worker, step by step."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from bench.storm import judge
from tests import factories
from tests.booking.races import ELEVEN
from tests.booking.waiting_list import waiter
from tests.booking.wishes import ACTOR, TEN, visit_row, wish
from tests.factories import NOW, clock_time
from webapp.booking.actions import (
    HoldRequest,
    MoveRequest,
    arrive,
    book,
    book_held,
    cancel_own,
    check_in,
    confirm,
    hold,
    mark_no_show,
    move_own,
)
from webapp.booking.actions.waiting.offers import accept, close_offer
from webapp.ids import new_id

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from uuid import UUID

    from tests.booking.arena import Arena
    from tests.booking.stepping import Hand

MINUTE = timedelta(minutes=1)
OVER = NOW + 5 * MINUTE
"""When what is held ends, to the second."""
BEFORE = OVER - timedelta(seconds=1)
LATE = clock_time(10, 5)
"""Five minutes after the visit at ten should have begun."""


def _second(first: Hand, second: Hand, does: Callable[[], object]) -> tuple[bool, str]:
    """The second does something while the first has done theirs, and then the first commits."""
    step = second.does(does)
    waited = second.waits(step)
    first.commits()
    return waited, second.ends(step)


def _status(arena: Arena, visit: UUID) -> str:
    return str(visit_row(arena.owner, visit)["status"])


def _moves_own(visit: UUID) -> Callable[[], object]:
    return lambda: move_own(MoveRequest(visit, ELEVEN, version=1), at=NOW)


def _cancels_own(visit: UUID) -> Callable[[], object]:
    return lambda: cancel_own(visit, "patient", version=1, seen=0, at=NOW)


def desk_cancels_then_patient_moves(arena: Arena) -> dict[str, object]:
    visit = arena.visit()
    with arena.hand() as desk, arena.patient() as patient:
        desk.did(arena.cancels(visit))
        waited, ended = _second(desk, patient, _moves_own(visit))
        return {"waited": waited, "move": ended, "half": judge.half(arena.owner)}


def patient_moves_then_desk_cancels(arena: Arena) -> dict[str, object]:
    """The desk cancels whatever time it has by now: both changes stand in its history."""
    visit = arena.visit()
    with arena.patient() as patient, arena.hand() as desk:
        patient.did(_moves_own(visit))
        waited, ended = _second(patient, desk, arena.cancels(visit))
        version = visit_row(arena.owner, visit)["version"]
        return {"waited": waited, "cancel": ended, "version": version, "half": judge.half(arena.owner)}


def desk_moves_then_patient_cancels(arena: Arena) -> dict[str, object]:
    """The page showed another time: they see the new one before they give it up."""
    visit = arena.visit()
    with arena.hand() as desk, arena.patient() as patient:
        desk.did(arena.moves(visit, ELEVEN))
        waited, ended = _second(desk, patient, _cancels_own(visit))
        return {"waited": waited, "cancel": ended, "status": _status(arena, visit)}


def patient_cancels_then_desk_moves(arena: Arena) -> dict[str, object]:
    visit = arena.visit()
    with arena.patient() as patient, arena.hand() as desk:
        patient.did(_cancels_own(visit))
        waited, ended = _second(patient, desk, arena.moves(visit, ELEVEN))
        return {"waited": waited, "move": ended, "half": judge.half(arena.owner)}


def _holds(arena: Arena, starts: datetime, at: datetime, number: int = 0, provider: int = 0) -> Callable[[], UUID]:
    clinic = arena.clinic
    wanted = HoldRequest(
        clinic.patients[number], clinic.service, clinic.location, starts, clinic.providers[provider], via="portal"
    )
    return lambda: hold(wanted, OVER - NOW, actor=ACTOR, at=at).id


def _held(arena: Arena) -> UUID:
    """Ten o'clock is held on the portal for the first patient, until it is over."""
    return arena.visit(status="held", held_until=OVER, via="portal")


def other_takes_time_then_hold_is_booked(arena: Arena) -> dict[str, object]:
    """One presses a second before the end, but the other was there a second after it and came first."""
    kept = _held(arena)
    with arena.patient(OVER, 1) as other, arena.patient(BEFORE) as patient:
        other.did(_holds(arena, TEN, OVER, 1))
        waited, ended = _second(other, patient, lambda: book_held(kept, actor=ACTOR, at=BEFORE))
        return {"waited": waited, "book": ended, "hold": _status(arena, kept)}


def hold_is_booked_then_other_wants_time(arena: Arena) -> dict[str, object]:
    kept = _held(arena)
    with arena.patient(BEFORE) as patient, arena.patient(OVER, 1) as other:
        patient.did(lambda: book_held(kept, actor=ACTOR, at=BEFORE))
        waited, ended = _second(patient, other, _holds(arena, TEN, OVER, 1))
        return {"waited": waited, "other": ended, "visit": _status(arena, kept)}


def two_proxies_book_for_one_child(arena: Arena) -> dict[str, object]:
    """The mother books what she holds; the father holds the same time with somebody else, then presses, too."""
    kept = _held(arena)
    with arena.patient() as mother, arena.patient() as father:
        mother.did(lambda: book_held(kept, actor=ACTOR, at=NOW))
        step = father.does(_holds(arena, TEN, NOW, provider=1))
        waited = father.waits(step)
        mother.commits()
        other = step.result(10)
        pressed = father.ends(father.does(lambda: book_held(other, actor=ACTOR, at=NOW)))
        return {"waited": waited, "second": pressed, "first": _status(arena, kept), "half": judge.half(arena.owner)}


def two_proxies_book_two_times_for_one_child(arena: Arena) -> dict[str, object]:
    """A second hold takes the place of the first, which somebody is booking at that moment: it stays booked."""
    kept = _held(arena)
    with arena.patient() as father, arena.patient() as mother:
        father.did(_holds(arena, ELEVEN, NOW))
        waited, ended = _second(father, mother, lambda: book_held(kept, actor=ACTOR, at=NOW))
        return {"waited": waited, "book": ended, "hold": _status(arena, kept)}


def _offered(arena: Arena) -> tuple[UUID, UUID]:
    """Ten o'clock is held for the first of the waiting list; the offer and its hold."""
    patient, made = arena.clinic.patients[0], new_id()
    kept = arena.visit(status="held", held_until=OVER)
    wish_id = waiter(arena.owner, arena.clinic, patient_id=patient)
    factories.insert(
        arena.owner, "waiting_offer", id=made, wish_id=wish_id, patient_id=patient, hold_id=kept, offered_at=NOW,
        expires_at=OVER, outcome="open",
    )  # fmt: skip
    return made, kept


def _outcome(arena: Arena) -> str:
    row = arena.owner.execute("SELECT outcome FROM waiting_offer").fetchone()
    return "" if row is None else str(row["outcome"])


def _accepts(offer: UUID) -> Callable[[], object]:
    return lambda: accept(offer, actor=ACTOR, at=BEFORE)


def offer_lapses_then_patient_accepts(arena: Arena) -> dict[str, object]:
    offer, _ = _offered(arena)
    with arena.hand() as worker, arena.patient(BEFORE) as patient:
        worker.did(lambda: close_offer(offer, at=OVER))
        waited, ended = _second(worker, patient, _accepts(offer))
        return {"waited": waited, "accept": ended, "offer": _outcome(arena)}


def patient_accepts_then_offer_lapses(arena: Arena) -> dict[str, object]:
    offer, kept = _offered(arena)
    with arena.patient(BEFORE) as patient, arena.hand() as worker:
        patient.did(_accepts(offer))
        waited, _ended = _second(patient, worker, lambda: close_offer(offer, at=OVER))
        return {"waited": waited, "offer": _outcome(arena), "visit": _status(arena, kept)}


def _books_over(arena: Arena) -> Callable[[], object]:
    wanted = wish(arena.clinic, patient_id=arena.clinic.patients[1])
    return lambda: book(wanted, actor=ACTOR, at=OVER)


def desk_books_offered_time_then_patient_accepts(arena: Arena) -> dict[str, object]:
    offer, kept = _offered(arena)
    with arena.hand() as desk, arena.patient(BEFORE) as patient:
        desk.did(_books_over(arena))
        waited, ended = _second(desk, patient, _accepts(offer))
        return {"waited": waited, "accept": ended, "hold": _status(arena, kept)}


def patient_accepts_then_desk_books_offered_time(arena: Arena) -> dict[str, object]:
    offer, kept = _offered(arena)
    with arena.patient(BEFORE) as patient, arena.hand() as desk:
        patient.did(_accepts(offer))
        waited, ended = _second(patient, desk, _books_over(arena))
        return {"waited": waited, "desk": ended, "visit": _status(arena, kept)}


def two_proxies_accept_one_offer(arena: Arena) -> dict[str, object]:
    offer, kept = _offered(arena)
    with arena.patient(BEFORE) as mother, arena.patient(BEFORE) as father:
        mother.did(_accepts(offer))
        waited, ended = _second(mother, father, _accepts(offer))
        return {"waited": waited, "second": ended, "version": visit_row(arena.owner, kept)["version"]}


def desk_says_nobody_came_then_patient_is_here(arena: Arena) -> dict[str, object]:
    visit = arena.visit()
    with arena.hand() as desk, arena.patient(LATE) as patient:
        desk.did(lambda: mark_no_show(visit, at=LATE))
        waited, ended = _second(desk, patient, lambda: arrive(visit, at=LATE))
        return {"waited": waited, "arrive": ended, "half": judge.half(arena.owner)}


def patient_is_here_then_desk_says_nobody_came(arena: Arena) -> dict[str, object]:
    visit = arena.visit()
    with arena.patient(LATE) as patient, arena.hand() as desk:
        patient.did(lambda: arrive(visit, at=LATE))
        waited, ended = _second(patient, desk, lambda: mark_no_show(visit, at=LATE))
        return {"waited": waited, "no show": ended, "status": _status(arena, visit)}


def patient_and_desk_check_in(arena: Arena) -> dict[str, object]:
    """Waiting time counts from the first of the two."""
    visit = arena.visit()
    with arena.patient(LATE) as patient, arena.hand() as desk:
        patient.did(lambda: arrive(visit, at=LATE))
        waited, ended = _second(patient, desk, lambda: check_in(visit, at=LATE + MINUTE))
        return {"waited": waited, "desk": ended, "since": visit_row(arena.owner, visit)["arrived_at"]}


def desk_cancels_then_link_confirms(arena: Arena) -> dict[str, object]:
    visit = arena.visit()
    with arena.hand() as desk, arena.patient() as link:
        desk.did(arena.cancels(visit))
        waited, ended = _second(desk, link, lambda: confirm(visit, at=NOW))
        return {"waited": waited, "confirm": ended, "status": _status(arena, visit)}


def link_confirms_then_patient_cancels(arena: Arena) -> dict[str, object]:
    """Two people with one reminder: who cancels sees first that the other said they would come."""
    visit = arena.visit()
    with arena.patient() as link, arena.patient() as patient:
        link.did(lambda: confirm(visit, at=NOW))
        waited, ended = _second(link, patient, _cancels_own(visit))
        return {"waited": waited, "cancel": ended, "status": _status(arena, visit)}
