"""The deeds of holds, overbooking, leave and edited hours, each inside the transaction that is open."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from bench.storm.deeds import Away, BookHeld, BookLate, BookOver, EditHours, Hold, HoldFor, Sweep, TakeOver, Want
from tests.factories import NOW
from webapp.booking.actions import (
    BookRequest,
    HoldRequest,
    Overbook,
    book,
    book_held,
    hold,
    lapse,
    overdue,
    settle_leave,
    take_over,
)
from webapp.booking.models import Appointment
from webapp.db import db
from webapp.ids import new_id
from webapp.practice import actions as practice
from webapp.practice.hours import Span

if TYPE_CHECKING:
    from bench.storm.deeds import Attempt, Special

TTL = timedelta(minutes=10)
OVER = NOW + TTL
AN_HOUR = timedelta(hours=1)
A_FEW = 5


class Specials:
    """What one person holds, and what they do with it."""

    def __init__(self, location: UUID, actor: UUID) -> None:
        self._location = location
        self._actor = actor
        self._held: UUID | None = None

    def do(self, attempt: Attempt, deed: Special) -> Appointment | None:
        """Do it; the visit it placed, if any."""
        match deed:
            case BookLate(want):
                attempt.wants = (want,)
                made = book(self._request(want), actor=self._actor, at=OVER)
            case BookOver(want):
                made = book(self._request(want), actor=self._actor, at=NOW, overbook=Overbook("storm"))
            case Hold(want):
                made = self._hold(want, "portal")
            case HoldFor(visit, provider, starts):
                before = db.session.get_one(Appointment, visit)
                made = self._hold(Want(before.patient_id, before.service_id, provider, starts), "desk")
            case BookHeld() | TakeOver():
                return self._uses_hold(deed)
            case _:
                self._as_the_clinic(deed)
                return None
        return made

    def _uses_hold(self, deed: BookHeld | TakeOver) -> Appointment | None:
        held, self._held = self._held, None
        if held is None:
            return None
        if isinstance(deed, BookHeld):
            return book_held(held, actor=self._actor, at=NOW)
        return take_over(held, deed.visit, at=NOW)

    @staticmethod
    def _as_the_clinic(deed: Sweep | Away | EditHours) -> None:
        match deed:
            case Away(provider, starts):
                leave = practice.add_leave(practice.NewLeave(provider, Span(starts, starts + AN_HOUR), "sick"))
                settle_leave(leave.id, NOW)
            case EditHours(provider):
                practice.lock_resources([provider], exclusive=True)
                practice.touch_hours(provider)
            case Sweep():
                # One a transaction, as the job does it: two would be two actions, that have to lock for both first.
                if over := overdue(OVER)[:A_FEW]:
                    lapse(over[new_id().int % len(over)], at=OVER)

    def _hold(self, want: Want, via: str) -> Appointment:
        request = HoldRequest(want.patient, want.service, self._location, want.starts, want.provider, via=via)
        made = hold(request, TTL, actor=self._actor, at=NOW)
        self._held = made.id
        return made

    def _request(self, want: Want) -> BookRequest:
        return BookRequest(want.patient, want.service, self._location, want.starts, want.provider)
