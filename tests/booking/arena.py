"""A clinic where races are run: people with hands, and what they do in one step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from flask import Flask

from tests import factories
from tests.booking.stepping import Hand
from tests.booking.wishes import ACTOR, TEN, Owner, wish
from tests.factories import NOW, Clinic
from webapp.booking.actions import CancelRequest, MoveRequest, book, cancel, move
from webapp.booking.actions.locking import locked
from webapp.booking.actions.move import _move_to
from webapp.booking.actions.placing import Place, Terms
from webapp.booking.states import MOVABLE
from webapp.db import Role


@dataclass(frozen=True)
class Arena:
    """A clinic of one room-free service, and the application on its database."""

    app: Flask
    owner: Owner
    clinic: Clinic

    def hand(self, role: Role = Role.DESK) -> Hand:
        return Hand(self.app, self.owner, role)

    def patient(self, at: datetime = NOW, number: int = 0) -> Hand:
        """Somebody on the portal, as their own role."""
        return Hand(self.app, self.owner, Role.PATIENT, at=at, patients=(self.clinic.patients[number],))

    def visit(self, starts: Any = TEN, **columns: Any) -> UUID:
        return factories.appointment(self.owner, self.clinic, starts, room_id=None, **columns)

    def books(self, **other: Any) -> Callable[[], UUID]:
        once = other.pop("once", None)
        return lambda: book(wish(self.clinic, **other), actor=ACTOR, at=NOW, once=once).id

    def moves(self, visit: UUID, starts: Any, version: int | None = None) -> Callable[[], UUID]:
        return lambda: move(MoveRequest(visit, starts, version=version), at=NOW).id

    def goes_on_moving(self, visit: UUID, starts: Any) -> Callable[[], None]:
        """What a move does after its look, which was a moment too early to see what is happening now."""
        clinic = self.clinic

        def step() -> None:
            terms = Terms(clinic.location, factories.NEW_YORK, starts, starts + timedelta(minutes=20), 0, 0, 0, "USD")
            _move_to(locked(visit, MOVABLE), terms, Place(clinic.providers[0], None, 1), NOW)

        return step

    def cancels(self, visit: UUID) -> Callable[[], UUID]:
        return lambda: cancel(CancelRequest(visit, "ill"), at=NOW).id
