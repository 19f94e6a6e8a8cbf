"""A worker whose clock is the test's, people with addresses, and what lies in the mailbox."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from tests import factories
from tests.factories import NOW
from webapp import clock
from webapp.activity.jobs import project_changes
from webapp.billing.actions.links import make_link
from webapp.billing.pay_links import hash_of, token_of
from webapp.db import Role, transactional
from webapp.ids import new_id
from webapp.notify import jobs, staff_jobs

if TYPE_CHECKING:
    from flask import Flask

    from tests.booking.wishes import Owner
    from webapp.jobs import Job

SECOND = timedelta(seconds=1)
TASKS: dict[str, Job[..., None]] = {
    "activity.project_changes": project_changes,
    "notify.consider": jobs.consider,
    "notify.deliver": jobs.deliver,
    "notify.payment_link": jobs.tell_payment_link,
    "notify.tell_staff": staff_jobs.tell,
}
EMAIL = "rosa@example.com"


class Postman:
    """Does what is promised, each job at the moment it is due; killed, he leaves his job to be done again."""

    def __init__(self, app: Flask, owner: Owner) -> None:
        self._app, self._owner = app, owner
        self.now = NOW

    def promised(self, task: str = "%") -> list[dict[str, Any]]:
        return self._owner.execute(
            "SELECT id, task_name, args, scheduled_at FROM jobs.procrastinate_jobs WHERE status = 'todo'"
            " AND task_name = ANY (%s) AND task_name LIKE %s ORDER BY coalesce(scheduled_at, '-infinity'), id",
            (list(TASKS), task),
        ).fetchall()

    def works(self, until: datetime) -> int:
        """Do everything that is due up to a moment, and what comes of it, in order; then it is that moment."""
        done = 0
        while (job := next(iter(self.promised()), None)) is not None:
            due = max(self.now, job["scheduled_at"] or self.now)
            if due > until:
                break
            self.now = due
            self.does(job)
            done += 1
        self.now = max(self.now, until)
        return done

    def does(self, job: dict[str, Any], *, killed: bool = False) -> None:
        with self._app.app_context(), clock.stopped_at(self.now):
            TASKS[job["task_name"]](**job["args"])
        if not killed:
            self._owner.execute("DELETE FROM jobs.procrastinate_jobs WHERE id = %s", (job["id"],))

    def sweeps(self) -> None:
        with self._app.app_context(), clock.stopped_at(self.now):
            jobs.sweep(timestamp=0)

    def minutes(self, count: int) -> None:
        """Let time pass, with the sweep of every minute."""
        for _ in range(count):
            self.works(self.now + timedelta(minutes=1))
            self.sweeps()
        self.works(self.now)


def email(owner: Owner, patient: UUID, address: str = EMAIL) -> None:
    factories.insert(owner, "patient_telecom", id=new_id(), patient_id=patient, system="email", value=address)


def mobile(owner: Owner, patient: UUID, number: str = "(207) 555-0142") -> None:
    factories.insert(
        owner, "patient_telecom", id=new_id(), patient_id=patient, system="phone", value=number, use="mobile",
        digits="".join(filter(str.isdigit, number)),
    )  # fmt: skip


def prefers(owner: Owner, patient: UUID, **columns: object) -> None:
    factories.insert(owner, "contact_preference", patient_id=patient, **{"changed_at": NOW, **columns})


def payment_link(app: Flask, invoice: UUID, *, at: datetime = NOW) -> UUID:
    """A link that the desk made to an issued invoice."""
    made = new_id()
    with app.app_context(), transactional(factories.scope(Role.DESK, at=at)):
        make_link(made, invoice, hash_of(token_of(made)), actor=None, at=at)
    return made


def messages(owner: Owner, state: str = "sent") -> list[dict[str, Any]]:
    query = "SELECT * FROM message WHERE state LIKE %s ORDER BY coalesce(sent_at, created_at), id"
    return owner.execute(query.encode(), (state,)).fetchall()


def mailbox(owner: Owner) -> list[dict[str, Any]]:
    return owner.execute("SELECT * FROM mailbox_item ORDER BY at, id").fetchall()


def said(owner: Owner) -> list[tuple[str, UUID, datetime]]:
    """What went out by e-mail and text, as kind, visit and time of the visit."""
    return [
        (message["kind"], message["subject_id"], message["starts_at"])
        for message in messages(owner)
        if message["channel"] != "in_app"
    ]
