"""Races of people who change the clinic against people who book, stepped through by hand; each tells what happened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests import factories
from tests.booking.races import ELEVEN
from tests.booking.wishes import TEN, visit_row
from tests.factories import NOW, clock_time
from webapp.booking.actions import Choice, Decisions, LeaveChange, Retirement, carry_out
from webapp.db import Role
from webapp.practice.actions import NewLeave, Retire
from webapp.practice.hours import Span

if TYPE_CHECKING:
    from uuid import UUID

    from tests.booking.arena import Arena


def _sick(arena: Arena, seen: dict[UUID, int]) -> None:
    """The provider is away from ten to eleven; whatever visits the person saw are kept."""
    leave = LeaveChange(NewLeave(arena.clinic.providers[0], Span(TEN, ELEVEN), "sick"))
    carry_out(leave, Decisions(seen, rest="keep"), at=NOW)


def booking_then_confirmed_leave(arena: Arena) -> dict[str, object]:
    """Somebody saw an empty list; a booking that was under way commits before they confirm."""
    with arena.hand() as first, arena.hand() as second:
        first.did(arena.books())
        step = second.does(lambda: _sick(arena, {}))
        waited = second.waits(step)
        first.commits()
        return {"waited": waited, "leave": second.ends(step)}


def leave_then_booking(arena: Arena) -> dict[str, object]:
    """Between the editor's lock and its list no booking slips in."""
    with arena.hand() as first, arena.hand() as second:
        first.did(lambda: _sick(arena, {}))
        step = second.does(arena.books())
        waited = second.waits(step)
        first.commits()
        return {"waited": waited, "booking": second.ends(step)}


def retired_room_then_booking(arena: Arena) -> dict[str, object]:
    """A booking that looked before the room was retired looks again, and finds none."""
    room = factories.room(arena.owner, arena.clinic.location)
    arena.owner.execute("update service set needs_room = true")
    with arena.hand(Role.MANAGER) as first, arena.hand() as second:
        first.did(lambda: carry_out(Retirement(Retire("rooms", room, 1)), Decisions(), at=NOW))
        step = second.does(arena.books())
        waited = second.waits(step)
        first.commits()
        return {"waited": waited, "booking": second.ends(step)}


def moved_visit_and_leave(arena: Arena) -> dict[str, object]:
    """Another desk moves a visit that a leave is about to cancel: the leave is asked again, nobody waits for ever."""
    visit = arena.visit()
    leave = LeaveChange(NewLeave(arena.clinic.providers[0], Span(TEN, ELEVEN), "sick"))
    choices = {visit: Choice("cancel")}
    with arena.hand() as first, arena.hand() as second:
        first.did(arena.moves(visit, clock_time(12)))
        step = second.does(lambda: carry_out(leave, Decisions({visit: 1}, choices, reason="Away"), at=NOW))
        waited = second.waits(step)
        first.commits()
        leave_ends = second.ends(step)
        return {"waited": waited, "leave": leave_ends, "visit": visit_row(arena.owner, visit)["status"]}
