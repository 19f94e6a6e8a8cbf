"""Housekeeping of the worker itself: jobs whose worker died, keys that nobody will send again."""

from __future__ import annotations

from datetime import timedelta

from procrastinate import JobContext
from procrastinate.jobs import Status
from sqlalchemy import delete

from webapp import clock
from webapp.db import transactional
from webapp.jobs import MOST_ATTEMPTS, STALLED_SECONDS, job, log, queue, scope
from webapp.models import IdempotencyKey

KEY_DAYS = 7


@queue.periodic(cron="* * * * * */5")
@queue.task(name="ops.reclaim", pass_context=True)
async def reclaim(context: JobContext, timestamp: int) -> None:  # noqa: ARG001 - Procrastinate passes it
    """Put back the jobs of workers without a heartbeat for 30 s; one that keeps killing its worker ends as failed."""
    manager = context.app.job_manager
    await manager.prune_stalled_workers(STALLED_SECONDS)
    for stalled in await manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_SECONDS):
        log.warning("reclaimed", job=stalled.id, task=stalled.task_name, attempts=stalled.attempts)
        if stalled.attempts < MOST_ATTEMPTS:
            await manager.retry_job(stalled)
        else:
            await manager.finish_job(stalled, Status.FAILED, delete_job=False)


@job("ops.forget_keys", every="17 * * * *")
def forget_keys(timestamp: int) -> None:  # noqa: ARG001 - when it was due does not matter
    """Delete one-time keys older than seven days: no page is open that long."""
    with transactional(scope()) as session:
        session.execute(
            delete(IdempotencyKey).where(IdempotencyKey.created_at < clock.now() - timedelta(days=KEY_DAYS))
        )
