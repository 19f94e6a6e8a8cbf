"""Does deeds through the actions of the application, each in one transaction as the desk's database role."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING
from uuid import UUID

from flask import Flask

from bench.storm.deeds import Attempt, Book, Cancel, EditHours, ForBrowsers, Move, Placed, Rebook, Swap, Want
from bench.storm.specials import Specials
from bench.storm.tied import BookSeries, CancelSeries, Join, MoveGroup, MoveSeries, TiedDeeds, times
from tests import factories
from tests.factories import NOW
from webapp.booking.actions import (
    BookRequest,
    CancelRequest,
    MoveRequest,
    Once,
    SwapRequest,
    book,
    cancel,
    move,
    swap,
)
from webapp.booking.actions.locking import lock_visits
from webapp.booking.models import Appointment
from webapp.db import CONNECT_ARGS, Role, db, transactional
from webapp.errors import Refusal
from webapp.ids import new_id
from webapp.patience import teach
from webapp.practice import actions as practice

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.storm.deeds import Deed, Direct


@dataclass(frozen=True, slots=True)
class ByActions:
    """Straight to the actions, in transactions on a database."""

    address: str
    location: UUID

    @contextmanager
    def hands(self, number: int) -> Iterator[Hands]:
        """Open an application context; the `number` makes no difference, every person is somebody else."""
        del number
        with _application(self.address).app_context():
            db.session.connection()  # connected before the clock runs
            db.session.rollback()
            yield Hands(self.location)


@cache
def _application(address: str) -> Flask:
    """The least Flask that actions need, with one connection for each thread that asks."""
    app = Flask("storm")
    app.config["SQLALCHEMY_DATABASE_URI"] = address.replace("postgresql://", "postgresql+psycopg://", 1)
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {"connect_args": CONNECT_ARGS, "hide_parameters": True, "pool_size": 16}
    db.init_app(app)
    with app.app_context():
        teach(db.engine)
    return app


class Hands:
    """One person at one connection; the thread that makes it has an application context."""

    def __init__(self, location: UUID) -> None:
        self._location = location
        self._actor = new_id()
        self._specials = Specials(location, self._actor)
        self._tied = TiedDeeds(location, self._actor)

    def attempt(self, deed: Deed) -> Attempt:
        """Do it and commit, or be refused and roll back."""
        if isinstance(deed, ForBrowsers):
            raise TypeError(deed)
        role = Role.MANAGER if isinstance(deed, EditHours) else Role.DESK
        scope = factories.scope(role, actor=self._actor)
        attempt = Attempt(deed, time.monotonic())
        try:
            with transactional(scope):
                self._do(attempt, deed)
            attempt.outcome = "done"
        except Refusal as refusal:
            attempt.outcome = refusal.code
        except Exception as error:  # noqa: BLE001 - the storm counts every way to fail
            attempt.outcome = type(getattr(error, "orig", error)).__name__
        attempt.ended = time.monotonic()
        if attempt.outcome != "done":
            attempt.placed, attempt.gone = (), {}
        return attempt

    def _do(self, attempt: Attempt, deed: Direct) -> None:
        match deed:
            case Book(want):
                attempt.wants = (want,)
                attempt.placed = (self._book(want),)
            case Move(visit, provider, starts):
                before = db.session.get_one(Appointment, visit)
                # By name: somebody may give the visit to another provider before we hold it.
                provider = provider or before.provider_id
                self._wants(attempt, (before, provider, starts))
                attempt.placed = (_placed(move(MoveRequest(visit, starts, provider), at=NOW)),)
            case Cancel(visit):
                attempt.gone = {visit: cancel(CancelRequest(visit, "storm"), at=NOW).version}
            case Rebook(visit, provider, starts):
                self._lock_all(visit)
                before = cancel(CancelRequest(visit, "storm"), at=NOW)
                attempt.gone = {visit: before.version}
                self._wants(attempt, (before, provider, starts))
                attempt.placed = (self._book(attempt.wants[0]),)
            case Swap(one, other):
                self._swap(attempt, one, other)
            case BookSeries(patient, service, provider, starts):
                attempt.wants = tuple(Want(patient, service, provider, at) for at in times(starts))
                attempt.placed = tuple(map(_placed, self._tied.do(deed)))
            case MoveSeries():
                goals = self._tied.goals(deed)
                self._wants(attempt, *((visit, visit.provider_id, starts) for visit, starts in goals))
                attempt.placed = tuple(map(_placed, self._tied.do(deed)))
            case CancelSeries():
                attempt.gone = {visit.id: visit.version for visit in self._tied.do(deed)}
            case Join() | MoveGroup():
                self._tied.do(deed)
            case _:
                placed = self._specials.do(attempt, deed)
                attempt.placed = () if placed is None else (_placed(placed),)

    def _swap(self, attempt: Attempt, one: UUID, other: UUID) -> None:
        first, second = db.session.get_one(Appointment, one), db.session.get_one(Appointment, other)
        self._wants(
            attempt,
            (first, second.provider_id, second.starts_at),
            (second, first.provider_id, first.starts_at),
        )
        seen = {one: first.version, other: second.version}
        attempt.placed = tuple(map(_placed, swap(SwapRequest(one, other, seen), at=NOW)))

    def _lock_all(self, visit: UUID) -> None:
        """Two changes in one transaction: everything that either of them locks, first and in one order."""
        lock_visits([visit])
        patient = db.session.get_one(Appointment, visit).patient_id
        practice.lock_resources(practice.resources_of(self._location) | {patient})

    def _book(self, want: Want) -> Placed:
        request = BookRequest(want.patient, want.service, self._location, want.starts, want.provider)
        once = Once(new_id(), bytes(32), "/board?visit={appointment}")
        return _placed(book(request, actor=self._actor, at=NOW, once=once))

    @staticmethod
    def _wants(attempt: Attempt, *wishes: tuple[Appointment, UUID | None, object]) -> None:
        attempt.wants = tuple(
            Want(visit.patient_id, visit.service_id, provider, starts)  # type: ignore[arg-type]
            for visit, provider, starts in wishes
        )
        attempt.own = frozenset(visit.id for visit, _, _ in wishes)


def _placed(visit: Appointment) -> Placed:
    return Placed(
        visit.id,
        visit.version,
        visit.patient_id,
        visit.service_id,
        visit.provider_id,
        visit.room_id,
        visit.starts_at,
    )
