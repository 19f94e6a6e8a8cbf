"""What the people who keep the clinic running can change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

from webapp.errors import NotFound

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

_RETRY = text(
    "update jobs.procrastinate_jobs set status = 'todo', scheduled_at = :at"
    " where id = :job and status = 'failed' returning id"
)


def retry_job(session: Session, job_id: int, at: datetime) -> None:
    """Give a failed job one more attempt, now; NotFound when it isn't failed (any more)."""
    if session.execute(_RETRY, {"job": job_id, "at": at}).scalar() is None:
        raise NotFound
