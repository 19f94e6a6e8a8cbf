"""Background work: promised inside the caller's transaction, done at least once by a worker, with ids for arguments."""

from __future__ import annotations

import importlib
import sys
import threading
from contextlib import contextmanager
from time import perf_counter
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, TypeVar

import structlog
from procrastinate import App, PsycopgConnector, RetryStrategy, SyncPsycopgConnector
from procrastinate.manager import JobManager
from procrastinate.tasks import configure_task
from sqlalchemy import text

from webapp import clock, metrics
from webapp.db import Role, Scope, db, transactional
from webapp.ids import new_id
from webapp.patience import ImpatientWorker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from flask import Flask
    from procrastinate import JobContext
    from procrastinate.jobs import Job as ProcrastinateJob
    from procrastinate.tasks import Task

    from webapp.settings import Settings

MODULES = (
    "webapp.activity.jobs",
    "webapp.billing.cancellation_jobs",
    "webapp.billing.invoice_jobs",
    "webapp.billing.jobs",
    "webapp.booking.jobs",
    "webapp.booking.projection_jobs",
    "webapp.booking.waiting_jobs",
    "webapp.desk.jobs",
    "webapp.identity.jobs",
    "webapp.notify.jobs",
    "webapp.notify.staff_jobs",
    "webapp.ops.jobs",
    "webapp.practice.jobs",
)

MOST_ATTEMPTS = 8
HEARTBEAT_SECONDS = 10.0
# Three heartbeats; with 5 s live jobs would be started a second time.
STALLED_SECONDS = 30.0
POLL_SECONDS = 1.0
CONCURRENCY = 4
GRACE_SECONDS = 20.0
# What a loop that failed waits before it tries again: PostgreSQL or DynamoDB are away.
LOOP_REST_SECONDS = 1.0
SWITCH_SECONDS = 0.0005
CONNECTION_OPTIONS = "-c search_path=jobs -c statement_timeout=10s -c lock_timeout=5s -c timezone=UTC"

log = structlog.get_logger(__name__)

# No connection: promises use the caller's, the worker brings its own.
queue = App(connector=PsycopgConnector())
# Jobs promise jobs, and the connector that a worker gives to its queue takes no connection of a session.
_promises = JobManager(SyncPsycopgConnector())

_loops: dict[str, tuple[Callable[[], bool], float]] = {}

P = ParamSpec("P")
R = TypeVar("R")

_REMEMBER = text(
    "insert into jobs.failure (job_id, at, error) values (:job, :at, :error)"
    " on conflict (job_id) do update set at = excluded.at, error = excluded.error"
)


class Job(Generic[P, R]):
    """A function that a worker can run; calling it runs it here and now, inside an application context."""

    def __init__(self, function: Callable[P, R], name: str) -> None:
        self.function = function
        self.name = name
        self.task: Task[Any, Any, Any] = queue.task(
            name=name,
            # 2, 4, 8 … 256 s; then the job is failed and waits on its page.
            retry=RetryStrategy(max_attempts=MOST_ATTEMPTS - 1, exponential_wait=2),
            pass_context=True,
        )(self._work)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        return self.function(*args, **kwargs)

    def _work(self, context: JobContext, /, **arguments: object) -> None:
        app: Flask = context.additional_context["app"]
        started, outcome = perf_counter(), "failed"
        with app.app_context():
            try:
                run: Callable[..., object] = self.function
                run(**arguments)
                outcome = "done"
            except Exception as error:
                _remember(context.job, error)
                raise
            finally:
                metrics.JOB_SECONDS.labels(self.name, outcome).observe(perf_counter() - started)


def job(name: str, *, every: str | None = None) -> Callable[[Callable[P, R]], Job[P, R]]:
    """Make a job of a function whose arguments are ids; `name` stands in the table, so it outlives refactorings.

    The function may run more than once and opens its own transactions (`transactional(scope())`).  `every` is a cron
    line (a sixth field counts seconds): such a function takes the `timestamp` it was due.
    """

    def register(function: Callable[P, R]) -> Job[P, R]:
        made = Job(function, name)
        if every is not None:
            queue.periodic(cron=every)(made.task)
        return made

    return register


def loop(name: str, *, rest: float) -> Callable[[Callable[[], bool]], Callable[[], bool]]:
    """Let every worker call a function again and again, `rest` seconds apart: for what can't wait for a poll.

    It is called inside an application context, answers True to be called again at once, and opens its own transactions.
    Whatever it raises is logged, and it is called again.
    """

    def register(function: Callable[[], bool]) -> Callable[[], bool]:
        _loops[name] = (function, rest)
        return function

    return register


def promise(wanted: Job[Any, Any], *, at: datetime | None = None, **ids: str) -> None:
    """Put a job into the caller's transaction: it exists when that commits, and never did when it rolls back.

    `at` delays it.  There is no queueing lock: it would make one person's press wait for another's.
    """
    connection = db.session.connection().connection.driver_connection
    configure_task(
        name=wanted.name, job_manager=_promises, queue=wanted.task.queue, connection=connection, schedule_at=at
    ).defer(**ids)


def announce(name: str, /, *, at: datetime | None = None, **ids: str) -> None:
    """Promise a job of a slice further right, which this one can't import, by its name in the table."""
    connection = db.session.connection().connection.driver_connection
    configure_task(name=name, job_manager=_promises, connection=connection, schedule_at=at).defer(**ids)


def scope() -> Scope:
    """The scope of one transaction of a job: no person acts, row security knows it as `app_job`."""
    return Scope(role=Role.JOB, actor=None, at=clock.now(), request=str(new_id()))


def load() -> None:
    """Import every module with jobs, so that a worker knows them all."""
    for module in MODULES:
        importlib.import_module(module)


def run_worker(app: Flask, settings: Settings, *, wait: bool = True) -> None:
    """Work until told to stop (SIGTERM lets running jobs end); with `wait=False` until nothing is due.

    New jobs are polled for: NOTIFY would cost every booking a global lock at its commit.
    """
    load()
    connector = PsycopgConnector(
        conninfo=settings.worker_database_url,
        kwargs={"options": CONNECTION_OPTIONS, "connect_timeout": 2, "tcp_user_timeout": 10_000, "keepalives_idle": 5},
        min_size=1,
        max_size=CONCURRENCY + 1,
        connection_class=ImpatientWorker,
    )
    with queue.replace_connector(connector) as running, _looping(app, on=wait):
        running.run_worker(
            name="anteroom",
            wait=wait,
            concurrency=CONCURRENCY,
            fetch_job_polling_interval=POLL_SECONDS,
            listen_notify=False,
            delete_jobs="successful",
            update_heartbeat_interval=HEARTBEAT_SECONDS,
            stalled_worker_timeout=STALLED_SECONDS,
            shutdown_graceful_timeout=GRACE_SECONDS,
            additional_context={"app": app},
        )


@contextmanager
def _looping(app: Flask, *, on: bool) -> Iterator[None]:
    """Run every loop in a thread of its own inside; each ends after the round that it is in."""
    over = threading.Event()
    threads = [
        threading.Thread(target=_go_round, args=(app, name, function, rest, over), name=name, daemon=True)
        for name, (function, rest) in (_loops.items() if on else ())
    ]
    if threads:
        # Jobs that calculate would let a loop wait 5 ms after each of its questions, and each of them in turn.
        sys.setswitchinterval(SWITCH_SECONDS)
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join(GRACE_SECONDS)


def _go_round(app: Flask, name: str, function: Callable[[], bool], rest: float, over: threading.Event) -> None:
    while not over.is_set():
        wait = rest
        try:
            with app.app_context():
                wait = 0.0 if function() else rest
        except Exception as error:  # noqa: BLE001 - the loop is what lives on
            # Its class alone: a message of the driver may quote a value.
            log.warning("loop_failed", loop=name, error=type(error).__name__)
            wait = LOOP_REST_SECONDS
        over.wait(wait)


def _remember(failed: ProcrastinateJob, error: Exception) -> None:
    """Keep the class of the last error for the page of failed jobs; its message may name a person.

    Who watches that page is told when it was the last attempt, unless that is what failed.
    """
    from webapp.news import TELL, News, tell_staff

    db.session.remove()
    now = clock.now()
    with transactional(scope()) as session:
        session.execute(_REMEMBER, {"job": failed.id, "at": now, "error": type(error).__name__})
        if failed.attempts >= MOST_ATTEMPTS - 1 and failed.task_name != TELL:
            tell_staff(News.JOB_FAILED, failed.task_name, at=now, hourly=True)
