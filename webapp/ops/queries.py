"""What the people who keep the clinic running see."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import text

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

MOST_SHOWN = 100

_FAILED = text(
    "select job.id, job.task_name, job.attempts, failure.at, failure.error"
    " from jobs.procrastinate_jobs job left join jobs.failure failure on failure.job_id = job.id"
    " where job.status = 'failed' order by job.id desc limit :most"
)
_READY = text("select 1")


@dataclass(frozen=True, slots=True)
class FailedJob:
    """One job that was given up: its number and task, never its arguments; the last error by class alone."""

    id: int
    task: str
    attempts: int
    at: datetime | None
    error: str | None


def failed_jobs(session: Session) -> list[FailedJob]:
    """The newest hundred failed jobs, newest first."""
    return [FailedJob(*row) for row in session.execute(_FAILED, {"most": MOST_SHOWN})]


def ready(session: Session) -> bool:
    """Whether PostgreSQL answers."""
    return bool(session.execute(_READY).scalar_one() == 1)
