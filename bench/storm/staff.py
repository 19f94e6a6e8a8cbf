"""What a browser at the desk does in the storm: books, and moves and cancels what the board shows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeAlias
from uuid import UUID

from bench.storm.deeds import Book, BookOver, Cancel, CancelSome, EditHours, Move, MoveSome, Want
from bench.storm.wire import instant, named

if TYPE_CHECKING:
    from datetime import datetime

    from bench.storm.deeds import Attempt
    from bench.storm.wire import Tab

DeskDeed: TypeAlias = Book | BookOver | Move | Cancel | MoveSome | CancelSome | EditHours
_ROW = re.compile(r'id="row-([0-9a-f-]{36})"')
_VERSION = re.compile(r'name="version" value="(\d+)"')
WEEKDAYS = range(1, 8)


class Staff:
    """One person's browser at the clinic."""

    def __init__(self, tab: Tab, location: UUID) -> None:
        self._tab = tab
        self._location = location

    def attempt(self, deed: DeskDeed) -> Attempt:
        """Send the form; "nothing" where the board shows no visit."""
        attempt = self._tab.attempt(deed)
        match deed:
            case Book(want):
                self._book(attempt, want, {})
            case BookOver(want):
                self._book(attempt, want, {"anyway": 1, "overbook_reason": "storm"})
            case Move(visit, provider, starts):
                self._move(attempt, visit, provider, starts)
            case Cancel(visit):
                self._cancel(attempt, visit)
            case MoveSome(lot, provider, starts):
                self._move(attempt, self._shown(lot, starts), provider, starts)
            case CancelSome(lot, starts):
                self._cancel(attempt, self._shown(lot, starts))
            case EditHours(provider):
                self._edit(attempt, provider)
        return attempt

    def _book(self, attempt: Attempt, want: Want, more: dict[str, object]) -> None:
        attempt.wants = (want,)
        form: dict[str, object] = {"patient": want.patient, "service": want.service, "location": self._location}
        form |= {"provider": want.provider or "", "starts_at": instant(want.starts)}
        page = self._tab.press(attempt, "/book", form | more, dialog=True)
        if attempt.outcome == "done":
            attempt.visit = named(page)

    def _move(self, attempt: Attempt, visit: UUID | None, provider: UUID | None, starts: datetime) -> None:
        if visit is None:
            return
        attempt.visit, attempt.own = visit, frozenset({visit})
        form: dict[str, object] = {"provider": provider or "", "starts_at": instant(starts)}
        self._tab.press(attempt, f"/appointments/{visit}/move", form, dialog=True)

    def _cancel(self, attempt: Attempt, visit: UUID | None) -> None:
        if visit is None:
            return
        attempt.visit = visit
        self._tab.press(attempt, f"/appointments/{visit}/cancel", {"reason": "patient"}, dialog=True)

    def _shown(self, lot: int, starts: datetime) -> UUID | None:
        """One of the visits of a day, as the board's list has them."""
        rows = _ROW.findall(self._tab.look(f"/board/{starts.date()}?view=list&location={self._location}"))
        return UUID(rows[lot % len(rows)]) if rows else None

    def _edit(self, attempt: Attempt, provider: UUID) -> None:
        """Save somebody's hours as they are; bookings under way have to look again."""
        address = f"/settings/schedules/{provider}/hours"
        page = self._tab.look(address)
        version, first = _VERSION.search(page), re.search(r'name="first"[^>]*value="([0-9-]+)"', page)
        if version is None or first is None:
            raise LookupError("the form of hours has no version or no first day")
        form: dict[str, object] = {"version": version[1], "first": first[1], "last": ""}
        for number in WEEKDAYS:
            row = {"weekday": number, "starts": "09:00", "ends": "17:00", "location": self._location}
            form |= {f"{name}-{number}": value for name, value in {**row, "room": "", "rhythm": "1/0"}.items()}
        self._tab.press(attempt, address, form)
