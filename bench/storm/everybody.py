"""Phase (g): patients on the portal, desks, an import, edited hours and a worker want the same few times at once."""

from __future__ import annotations

import tempfile
from collections import Counter
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Self

import psycopg

from bench.storm import aftermath
from bench.storm.backstage import MRN, at_work, backstage
from bench.storm.crowd import CONNECTIONS
from bench.storm.deeds import (
    Answer,
    Book,
    BookHeld,
    BookOver,
    CancelSome,
    EditHours,
    Hold,
    MoveSome,
    OwnCancel,
    OwnMove,
    Wait,
    Want,
)
from bench.storm.ground import SLOT_MINUTES
from bench.storm.phases import EQUAL_DAYS, MIXED_DAYS
from tests import factories
from webapp.ids import new_id

if TYPE_CHECKING:
    from datetime import datetime
    from random import Random
    from types import TracebackType
    from uuid import UUID

    from bench.storm.crowd import Plan
    from bench.storm.deeds import Attempt, Deed
    from bench.storm.ground import Ground
    from bench.storm.web import ByWeb

PATIENTS = 10
"""So many of the crowd are on the portal; the others are at the desk, the last but one a doctor, the last a manager."""
DAY = EQUAL_DAYS + MIXED_DAYS
DAYS = 2
TIMES = 8
"""Each day has so many times that anybody wants."""
ROUND = 6


class Everybody:
    """The phase with all that runs behind it; a context manager around the attempts."""

    def __init__(self, admin: str, ground: Ground, way: ByWeb) -> None:
        self._admin = admin
        self._ground = ground
        self._way = way
        self._open = ExitStack()

    def __enter__(self) -> Self:
        """Import people and give everybody an e-mail address; the worker starts."""
        folder = Path(self._open.enter_context(tempfile.TemporaryDirectory(prefix="anteroom-storm-")))
        self._stage = self._open.enter_context(backstage(self._admin, self._way.environment, folder))
        with psycopg.connect(self._admin, autocommit=True) as connection:
            query = "SELECT DISTINCT patient_id FROM patient_identifier WHERE starts_with(value, %s)"
            imported = tuple(row[0] for row in connection.execute(query, (MRN,)))
            for number, patient in enumerate(self._ground.patients):
                address = f"patient{number}@anteroom.example"
                factories.insert(
                    connection, "patient_telecom", id=new_id(), patient_id=patient, system="email", value=address
                )
        self._people = self._ground.patients[: 2 * PATIENTS + 2] + imported
        self._work = ExitStack()
        self._over = self._work.enter_context(at_work(self._stage, self._way.environment))
        self._open.push(self._work)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End what still runs."""
        self._open.close()

    def plans(self, deeds: int, random: Random) -> list[Plan]:
        """So many deeds of everybody: each person's are of their own kind, and all want the same times."""
        each = -(-deeds // CONNECTIONS)
        plans = []
        for number in range(CONNECTIONS):
            mine: list[Deed] = []
            while len(mine) < each:
                mine += self._patient(number, random) if number < PATIENTS else self._staff(number, random)
            plans.append([mine[n : n + ROUND] for n in range(0, each, ROUND)])
        rounds = max(map(len, plans))
        return [plan + [[]] * (rounds - len(plan)) for plan in plans]

    def aftermath(self, attempts: list[Attempt]) -> Counter[str]:
        """Wait until everything is told, then look: what should not be, and how often."""
        self._over.set()
        faults = aftermath.unkept(attempts)
        faults += aftermath.projection(self._admin, self._stage.worker, self._ground, self._days())
        self._work.close()
        faults += aftermath.messages(self._admin, self._stage.worker)
        faults += aftermath.audit(self._stage.worker)
        faults += aftermath.imports(self._admin, self._stage.imports)
        return faults + self._stage.faults

    def __str__(self) -> str:
        """What ran behind it."""
        return f"{len(self._stage.imports)} imports, {self._stage.minutes} minutes of the worker's"

    def _days(self) -> list[datetime]:
        return [self._ground.minute(DAY + day, 0) for day in range(DAYS)]

    def _patient(self, number: int, random: Random) -> list[Deed]:
        patient = random.choice(self._way.families[number].patients)
        want = self._want(patient, random)
        anybody = replace(want, provider=None)
        each: dict[int, list[Deed]] = {
            10: [Hold(want), BookHeld()],
            6: [Hold(anybody), BookHeld()],
            # Somebody else holds for the same patient meanwhile, or the same person a second time.
            3: [Hold(want), Hold(self._want(patient, random)), BookHeld()],
            5: [OwnMove(patient, self._provider(random), want.starts)],
            4: [OwnCancel(patient)],
            2: [Wait(patient, want.service)],
            8: [Answer(patient, take=True)],
            1: [Answer(patient, take=False)],
        }
        return random.choices(list(each.values()), list(each))[0]

    def _staff(self, number: int, random: Random) -> list[Deed]:
        want = self._want(random.choice(self._people), random)
        if number == CONNECTIONS - 1 and random.random() < 0.5:
            return [EditHours(self._provider(random))]
        if number == CONNECTIONS - 2 and random.random() < 0.5:
            return [BookOver(want)]
        lot = random.randrange(1000)
        each: dict[int, Deed] = {
            6: Book(want),
            4: Book(replace(want, provider=None)),
            5: MoveSome(lot, self._provider(random), want.starts),
            3: CancelSome(lot, want.starts),
        }
        return random.choices(list(each.values()), list(each))

    def _want(self, patient: UUID, random: Random) -> Want:
        day, slot = DAY + random.randrange(DAYS), random.randrange(TIMES)
        starts = self._ground.minute(day, SLOT_MINUTES * slot)
        return Want(patient, self._ground.kinds[0].service, self._provider(random), starts)

    def _provider(self, random: Random) -> UUID:
        return random.choice(self._ground.providers)
