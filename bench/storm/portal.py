"""What a patient's browser does in the storm: it looks at a page, then presses what is on it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeAlias
from uuid import UUID

from bench.storm.deeds import Answer, BookHeld, Hold, OwnCancel, OwnMove, Wait, Want
from bench.storm.wire import instant, named

if TYPE_CHECKING:
    from bench.storm.deeds import Attempt
    from bench.storm.wire import Tab

OwnDeed: TypeAlias = Hold | BookHeld | OwnMove | OwnCancel | Wait | Answer
_VERSION = re.compile(r'name="version" value="(\d+)"')


class Portal:
    """One person's browser on the portal; they act for several patients, and others act for the same."""

    def __init__(self, tab: Tab, location: UUID) -> None:
        self._tab = tab
        self._location = location
        self._held: tuple[str, UUID, Want] | None = None

    def attempt(self, deed: OwnDeed) -> Attempt:
        """Look, then press; "nothing" where the page offers nothing to press any more."""
        attempt = self._tab.attempt(deed)
        match deed:
            case Hold(want):
                self._hold(attempt, want)
            case BookHeld():
                self._book_held(attempt)
            case OwnMove(patient, provider, starts):
                form = {"starts_at": instant(starts), "provider": provider, "location": self._location}
                self._press_on(attempt, patient, "move", form)
            case OwnCancel(patient):
                self._press_on(attempt, patient, "cancel", {"fee": 0})
            case Wait(patient, service):
                form = {"service": service, "half": "any", "notice": 0, "latest": "", "provider": ""}
                self._tab.press(attempt, f"/me/{patient}/waiting/new", form)
            case Answer(patient, take):
                self._answer(attempt, patient, take=take)
        return attempt

    def _hold(self, attempt: Attempt, want: Want) -> None:
        attempt.wants = (want,)
        form = {"service": want.service, "location": self._location, "provider": want.provider or "any"}
        page = self._tab.press(attempt, f"/me/{want.patient}/book", form | {"starts_at": instant(want.starts)})
        if attempt.outcome == "done":
            attempt.visit = named(page)
            self._held = page, attempt.visit, want

    def _book_held(self, attempt: Attempt) -> None:
        if self._held is None:
            return
        (page, attempt.visit, want), self._held = self._held, None
        attempt.wants, attempt.own = (want,), frozenset({attempt.visit})
        self._tab.press(attempt, page, {"fee": 0, "notice": 0, "note": ""})

    def _press_on(self, attempt: Attempt, patient: UUID, step: str, form: dict[str, object]) -> None:
        """Go to a patient's next visit and press its button, at the version that its page shows."""
        links = re.search(rf"/me/{patient}/visits/([0-9a-f-]{{36}})", self._tab.look(f"/me/{patient}"))
        visit = None if links is None else UUID(links[1])
        address = f"/me/{patient}/visits/{visit}/{step}"
        version = None if visit is None else _VERSION.search(self._tab.look(address))
        if visit is None or version is None:
            return
        attempt.visit, attempt.own = visit, frozenset({visit})
        self._tab.press(attempt, address, form | {"version": version[1]})

    def _answer(self, attempt: Attempt, patient: UUID, *, take: bool) -> None:
        found = re.search(rf"/me/{patient}/offers/([0-9a-f-]{{36}})", self._tab.look(f"/me/{patient}/waiting"))
        if found is None:
            return
        page = self._tab.press(attempt, found[0] if take else f"{found[0]}/refuse", {})
        if attempt.outcome == "done" and take:
            attempt.visit = named(page)
