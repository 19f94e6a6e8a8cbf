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
_STATES = text(
    "select case when status <> 'todo' then status::text when scheduled_at > :now then 'later' else 'due' end, count(*)"
    " from jobs.procrastinate_jobs where status in ('todo', 'doing', 'failed') group by 1"
)
_TABLES = text("select name from unnest(cast(:names as text[])) name where to_regclass(name) is not null")
# Name of the gauge, its words, the table it needs, and how old in seconds the oldest row is that waits.
_AGES = (
    (
        "oldest_due_job",
        "How long the oldest job has been due.",
        "jobs.procrastinate_jobs",
        text(
            "select extract(epoch from :now - min(coalesce(job.scheduled_at, event.at)))"
            " from jobs.procrastinate_jobs job left join jobs.procrastinate_events event"
            " on event.job_id = job.id and event.type = 'deferred'"
            " where job.status = 'todo' and (job.scheduled_at is null or job.scheduled_at <= :now)"
        ),
    ),
    (
        "availability_lag",
        "How long a day has been waiting to be told to DynamoDB.",
        "availability_day",
        text("select extract(epoch from :now - min(stale_since)) from availability_day where published < version"),
    ),
    (
        "message_lag",
        "How long the oldest message has been due.",
        "message",
        text(
            "select extract(epoch from :now - min(due_at)) from message"
            " where state in ('queued', 'sending') and due_at <= :now"
        ),
    ),
)


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


def jobs_by_state(session: Session, now: datetime) -> dict[str, int]:
    """How many jobs are `due`, `later` (their time comes, or they wait to be tried again), `doing` and `failed`."""
    found = dict.fromkeys(("due", "later", "doing", "failed"), 0)
    return found | {str(state): int(count) for state, count in session.execute(_STATES, {"now": now})}


def ages(session: Session, now: datetime) -> list[tuple[str, str, float]]:
    """How long the oldest of what waits has waited, in seconds, with name and words of its gauge; 0 when nothing waits.

    Tables that are not there yet have no gauge.
    """
    there = {str(name) for (name,) in session.execute(_TABLES, {"names": [table for *_, table, _ in _AGES]})}
    return [
        (name, words, max(float(session.execute(oldest, {"now": now}).scalar() or 0), 0.0))
        for name, words, table, oldest in _AGES
        if table in there
    ]
