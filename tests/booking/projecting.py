"""A worker that projects, and what the projection answers beside what PostgreSQL answers."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from flask import Flask
from psycopg.types.range import TimestamptzRange

from tests import factories
from tests.booking.wishes import ACTOR, Open, Owner, application, wish
from tests.factories import NOW, Clinic, clock_time
from webapp import clock, dynamo
from webapp.booking import projected, queries
from webapp.booking.actions import BookRequest, CancelRequest, HoldRequest, MoveRequest, book, cancel, hold, lapse, move
from webapp.booking.availability import FreeStart
from webapp.booking.projection.ahead import READS
from webapp.booking.projection.project import TABLE, Projector, beat
from webapp.booking.queries import Search
from webapp.db import db
from webapp.errors import Refusal
from webapp.ids import new_id
from webapp.practice.hours import Span

if TYPE_CHECKING:
    from tests.stack.database import Database
    from webapp.booking.projection.ahead import Ahead
    from webapp.settings import Settings

WEEKS = Span(NOW, NOW + timedelta(days=14))
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@dataclass
class Projection:
    """The way of free times through DynamoDB: `worker` tells, `desk` reads, at a time that stands still."""

    desk: Open
    worker: Flask
    reader: Flask
    projector: Projector = field(default_factory=Projector)

    def project(self, at: datetime = NOW) -> None:
        """Do passes until nothing waits."""
        with clock.stopped_at(at), self.worker.app_context():
            while self.projector.once():
                pass

    def beat(self, at: datetime) -> None:
        """Let the projector say that it lives at a later time, when nothing has changed."""
        with clock.stopped_at(at), self.worker.app_context():
            beat(at, self.projector.places)

    def ahead(self, search: Search, at: datetime = NOW) -> Ahead:
        with self.reader.app_context():
            return projected.ahead(search.location_id, search.window, at)

    def both(self, search: Search, at: datetime = NOW, n: int = 3) -> tuple[Any, Any]:
        """What the projection answers, and PostgreSQL: all free times and the first n."""
        known = self.ahead(search, at)
        with self.desk(at=at):
            from_items = projected.free_times(search, at, known)
            firsts = projected.first_free(search, at, n, known)
            computed = queries.free_times(search, at)
            first = queries.first_free(search, at, n)
        assert (from_items is None) == (computed is None)
        return (_said(from_items), _first(firsts)), (_said(computed), _first(first))

    def item(self, key: str) -> dict[str, Any] | None:
        with self.reader.app_context():
            return dynamo.client().get(TABLE, {"pk": key})

    def put(self, item: dict[str, Any]) -> None:
        with self.reader.app_context():
            dynamo.client().put(TABLE, item)


def _said(found: Any) -> list[FreeStart]:
    return [] if found is None else found.starts


def _first(starts: list[FreeStart]) -> list[datetime]:
    return [start.start for start in starts]


def answered(answer: str) -> float:
    """How many searches were answered so, since the process began."""
    return float(READS.labels(answer)._value.get())


@dataclass
class Changes:
    """Whatever can happen to a clinic's time, drawn by chance; what is refused just does not happen."""

    desk: Open
    owner: Owner
    clinics: tuple[Clinic, ...]
    chance: random.Random
    visits: list[UUID] = field(default_factory=list)

    def happen(self, times: int) -> None:
        deeds: list[Callable[[], None]] = [
            *[self.books] * 6, *[self.holds] * 3, *[self.cancels] * 2, *[self.moves] * 2, self.lapses,
            self.blocks, self.goes_on_leave, self.closes, self.works_once, self.changes_hours, self.retires_a_room,
            self.gets_equipment,
        ]  # fmt: skip
        for _ in range(times):
            with suppress(Refusal):
                self.chance.choice(deeds)()

    def clinic(self) -> Clinic:
        return self.chance.choice(self.clinics)

    def moment(self, days: int = 13) -> datetime:
        return clock_time(9) + self.chance.randrange(days) * DAY + self.chance.randrange(96) * 5 * MINUTE

    def wish(self) -> BookRequest:
        at = self.clinic()
        return wish(
            at,
            self.moment(),
            provider_id=self.chance.choice(at.providers),
            patient_id=at.patients[self.chance.randrange(2)],
        )

    def books(self) -> None:
        with self.desk():
            self.visits.append(book(self.wish(), actor=ACTOR, at=NOW).id)

    def holds(self) -> None:
        wanted = self.wish()
        request = HoldRequest(
            wanted.patient_id, wanted.service_id, wanted.location_id, wanted.starts_at, wanted.provider_id
        )
        with self.desk():
            hold(request, self.chance.choice((5, 10, 30)) * MINUTE, actor=ACTOR, at=NOW)

    def lapses(self) -> None:
        row = self.owner.execute("SELECT id FROM appointment WHERE status = 'held' LIMIT 1").fetchone()
        if row is not None:
            with self.desk(at=NOW + HOUR):
                lapse(row["id"], at=NOW + HOUR)

    def cancels(self) -> None:
        if self.visits:
            with self.desk():
                cancel(CancelRequest(self.visits.pop(), "ill"), at=NOW)

    def moves(self) -> None:
        if self.visits:
            with self.desk():
                move(MoveRequest(self.chance.choice(self.visits), self.moment()), at=NOW)

    def blocks(self) -> None:
        at, start = self.clinic(), self.moment()
        who = self.chance.choice((*at.providers, *at.rooms))
        with suppress(Exception):
            factories.insert(
                self.owner, "occupancy", resource_id=who, owner_id=new_id(), owner_kind="blocked_time",
                during=TimestamptzRange(start, start + self.chance.choice((25, 60, 300)) * MINUTE),
            )  # fmt: skip

    def goes_on_leave(self) -> None:
        start = self.moment()
        factories.leave(self.owner, self.chance.choice(self.clinic().providers), start, start + 5 * HOUR)

    def closes(self) -> None:
        start = self.moment()
        factories.closure(self.owner, self.clinic().location, start, start + 3 * HOUR)

    def works_once(self) -> None:
        at, other = self.clinic(), self.clinic()
        evening = clock_time(18) + self.chance.randrange(13) * DAY
        factories.insert(
            self.owner, "extra_hours", id=new_id(), provider_id=self.chance.choice(at.providers),
            location_id=other.location, starts_at=evening, ends_at=evening + 2 * HOUR,
        )  # fmt: skip

    def changes_hours(self) -> None:
        at = self.clinic()
        self.owner.execute(
            "UPDATE schedule SET ends = %s, every_weeks = %s WHERE provider_id = %s AND weekday = %s",
            (time(self.chance.randrange(12, 20)), self.chance.choice((1, 2)), self.chance.choice(at.providers),
             self.chance.randrange(1, 8)),
        )  # fmt: skip

    def retires_a_room(self) -> None:
        at = self.clinic()
        gone = self.chance.choice((None, NOW))
        self.owner.execute("UPDATE room SET retired_at = %s WHERE id = %s", (gone, at.rooms[0]))

    def gets_equipment(self) -> None:
        factories.equipment(self.owner, self.clinic())


Project = Callable[[], None]


@contextmanager
def a_worker(database: Database, settings: Settings) -> Iterator[Project]:
    """A worker of the application's clinic, at NOW: yields its pass, of which it has done one."""
    worker = application(settings.worker_database_url)
    dynamo.init_app(worker, settings)
    projector = Projector()
    with database.administer() as connection:
        connection.execute("UPDATE service SET furthest_days = 14 WHERE furthest_days IS NULL")

    def once() -> None:
        with clock.stopped_at(NOW), worker.app_context():
            while projector.once():
                pass

    once()
    yield once
    with worker.app_context():
        db.session.remove()
        db.engine.dispose()
