"""People who book and look at the day without a pause, and who press again when nobody could say what happened."""

from __future__ import annotations

import http.client
import threading
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from time import perf_counter
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlencode
from uuid import UUID, uuid4

from tests import factories
from tests.factories import clock_time

if TYPE_CHECKING:
    from types import TracebackType

    from tests.factories import Clinic
    from tests.stack.database import Database
    from tests.stack.people import SignIn, Visitor

PEOPLE = 4
PAUSE_SECONDS = 0.04
"""Between two visits of one person: what is measured is not how much two instances can do."""
PATIENCE_SECONDS = 30.0
VISITS_A_DAY = 20
DONE, CUT = 303, 0
NOBODY_KNOWS = {CUT, 502, 503}


@dataclass
class Crowd:
    """Somebody each for a provider and a patient of their own: nobody takes anybody's time.

    `answers` counts every answer by status, and as CUT connections that ended without one; `booked` are the visits that
    somebody was told of, by the key of the press.  `slowest` is in seconds.
    """

    port: int
    clinic: Clinic
    people: list[Visitor]
    answers: Counter[int] = field(default_factory=Counter)
    booked: dict[UUID, list[UUID]] = field(default_factory=dict)
    slowest: float = 0.0
    _over: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _threads: list[threading.Thread] = field(default_factory=list)
    _faults: list[BaseException] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._threads = [threading.Thread(target=self._guarded, args=(number,)) for number in range(len(self.people))]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()
        if kind is None and self._faults:
            raise self._faults[0]

    @property
    def done(self) -> int:
        return len(self.booked)

    def wait_for_more(self, more: int, seconds: float) -> bool:
        """Wait until so many more bookings were acknowledged; False when that takes too long."""
        goal, waited = self.done + more, 0.0
        while self.done < goal and waited < seconds and not self._faults:
            threading.Event().wait(0.05)
            waited += 0.05
        return self.done >= goal

    def _guarded(self, number: int) -> None:
        try:
            self._work(number)
        except BaseException as fault:  # noqa: BLE001 - told by the thread that waits for it
            self._faults.append(fault)

    def _work(self, number: int) -> None:
        person, connection = self.people[number], http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        for turn in count():
            if self._over.wait(PAUSE_SECONDS):
                break
            key = uuid4()
            while True:
                status, location = self._ask(connection, person, "POST", "/book", self._form(number, turn, key, person))
                if status == DONE:
                    with self._lock:
                        self.booked.setdefault(key, []).append(UUID(location.partition("?")[0].rsplit("/", 1)[1]))
                    break
                if status not in NOBODY_KNOWS:
                    raise AssertionError(f"a booking was answered with {status}")
                self._over.wait(0.02)
            self._ask(connection, person, "GET", "/board", {})
        connection.close()

    def _form(self, number: int, turn: int, key: UUID, person: Visitor) -> dict[str, Any]:
        day, slot = divmod(turn, VISITS_A_DAY)
        starts = clock_time(9, day=(datetime.now(UTC) + timedelta(days=2 + day)).date()) + timedelta(minutes=20 * slot)
        return {
            "csrf_token": person.csrf_token,
            "_key": key,
            "patient": self.clinic.patients[number],
            "service": self.clinic.service,
            "location": self.clinic.location,
            "provider": self.clinic.providers[number],
            "starts_at": f"{starts.astimezone(UTC):%Y-%m-%dT%H:%MZ}",
        }

    def _ask(
        self, connection: http.client.HTTPConnection, person: Visitor, method: str, path: str, form: dict[str, Any]
    ) -> tuple[int, str]:
        started = perf_counter()
        headers = {"Cookie": f"anteroom={person.cookie}", "Content-Type": "application/x-www-form-urlencoded"}
        try:
            connection.request(method, path, urlencode(form) or None, headers)
            answer = connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            connection.close()
            return self._counted(CUT, "", started)
        return self._counted(answer.status, answer.getheader("Location", ""), started)

    def _counted(self, status: int, location: str, started: float) -> tuple[int, str]:
        with self._lock:
            self.answers[status] += 1
            self.slowest = max(self.slowest, perf_counter() - started)
        return status, location


def gathered(database: Database, sign_in: SignIn, port: int) -> Crowd:
    """A crowd of receptionists at a clinic made for it."""
    with database.administer() as connection:
        clinic = factories.clinic(connection, providers=PEOPLE, rooms=PEOPLE, patients=PEOPLE)
    return Crowd(port, clinic, [sign_in("receptionist") for _ in range(PEOPLE)])


def check_nothing_is_lost_or_doubled(database: Database, crowd: Crowd) -> None:
    """Every visit that somebody was told of is there, and no press made two."""
    told = {visit for visits in crowd.booked.values() for visit in visits}
    with database.administer() as connection:
        there = {row[0] for row in connection.execute("select id from appointment where status = 'booked'")}
    assert all(len(visits) == 1 for visits in crowd.booked.values())
    assert told - there == set(), "acknowledged and lost"
    assert there - told == set(), "made, and nobody was told"
    assert len(told) == len(crowd.booked)
