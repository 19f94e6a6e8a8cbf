"""People on the waiting list, and a worker whose clock is the test's: it does what is due, once or more than once."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from tests import factories
from tests.factories import NOW, clock_time
from webapp import clock
from webapp.booking import waiting_jobs
from webapp.booking.actions import CancelRequest, cancel
from webapp.booking.actions.waiting.freed import OFFERED_AFTER
from webapp.db import transactional
from webapp.ids import new_id

if TYPE_CHECKING:
    from flask import Flask

    from tests.booking.wishes import Owner
    from tests.factories import Clinic
    from webapp.jobs import Job

TTL = timedelta(minutes=30)
TASKS: dict[str, Job[..., None]] = {
    "booking.offer_time": waiting_jobs.offer_time,
    "booking.offer_seat": waiting_jobs.offer_seat,
    "booking.offer_free_seats": waiting_jobs.offer_free_seats,
    "booking.offer_opened_time": waiting_jobs.offer_opened_time,
    "booking.lapse_offer": waiting_jobs.lapse_offer,
}


def waiter(owner: Owner, clinic: Clinic, **columns: Any) -> UUID:
    """A wish for the clinic's service with anybody at any time, of a person of their own."""
    made = new_id()
    person = columns.pop("patient_id", None) or factories.patient(owner)
    defaults = {"service_id": clinic.service, "earliest": NOW.date(), "created_at": NOW, "patient_id": person}
    factories.insert(owner, "waiting_wish", id=made, **{**defaults, **columns})
    return made


def wish_row(owner: Owner, wish: UUID) -> dict[str, Any]:
    row: dict[str, Any] | None = owner.execute("SELECT * FROM waiting_wish WHERE id = %s", (wish,)).fetchone()
    assert row is not None
    return row


def offers(owner: Owner, outcome: str = "%") -> list[dict[str, Any]]:
    """Every offer with its hold, in the order they were made."""
    return owner.execute(
        "SELECT o.*, h.starts_at, h.ends_at, h.status AS hold_status, h.provider_id FROM waiting_offer AS o"
        " JOIN appointment AS h ON h.id = o.hold_id WHERE o.outcome LIKE %s ORDER BY o.offered_at, h.starts_at, o.id",
        (outcome,),
    ).fetchall()


def offered_to(owner: Owner, outcome: str = "open") -> list[UUID]:
    return [offer["wish_id"] for offer in offers(owner, outcome)]


class Worker:
    """Runs the promised jobs of the waiting list as of a moment; killed, it leaves its job to be done again."""

    def __init__(self, app: Flask, owner: Owner) -> None:
        self._app = app
        self._owner = owner

    def promised(self) -> list[dict[str, Any]]:
        return self._owner.execute(
            "SELECT id, task_name, args, scheduled_at FROM jobs.procrastinate_jobs"
            " WHERE status = 'todo' AND task_name = ANY (%s) ORDER BY id",
            (list(TASKS),),
        ).fetchall()

    def due(self, at: datetime) -> list[dict[str, Any]]:
        return [job for job in self.promised() if job["scheduled_at"] is None or job["scheduled_at"] <= at]

    def step(self, at: datetime, *, killed: bool = False) -> bool:
        """Do the first job that is due; `killed` after its commit, before anybody learnt that it was done."""
        due = self.due(at)
        if not due:
            return False
        job = due[0]
        with clock.stopped_at(at):
            TASKS[job["task_name"]](**job["args"])
        if not killed:
            self._owner.execute("DELETE FROM jobs.procrastinate_jobs WHERE id = %s", (job["id"],))
        return True

    def works(self, at: datetime) -> int:
        """Do everything that is due, and what comes of it; returns the number of steps."""
        steps = 0
        while self.step(at):
            steps += 1
        return steps

    def sweeps(self, at: datetime) -> None:
        with clock.stopped_at(at):
            waiting_jobs.sweep_waiting_list(timestamp=0)


def offered(app: Flask, owner: Owner, clinic: Clinic, *, to: UUID | None = None) -> dict[str, Any]:
    """Ten o'clock is canceled and offered to the first in line, or to one wish; the offer."""
    if to is not None:
        owner.execute("UPDATE waiting_wish SET urgency = 3 WHERE id = %s", (to,))
    visit = factories.appointment(owner, clinic, clock_time(10), patient_id=factories.patient(owner))
    with app.app_context(), clock.stopped_at(NOW):
        with transactional(factories.scope()):
            cancel(CancelRequest(visit, "ill"), at=NOW - OFFERED_AFTER)
        Worker(app, owner).works(NOW)
    return offers(owner, "open")[0]
