"""Commands that keep the clinic running."""

from __future__ import annotations

from dataclasses import replace

import click
import structlog
from flask import current_app
from flask.cli import with_appcontext

log = structlog.get_logger(__name__)


@click.command("worker")
@click.option("--once", is_flag=True, help="Stop when no job is due.")
@with_appcontext
def worker(*, once: bool) -> None:
    """Do background work until stopped."""
    from webapp import create_app
    from webapp.jobs import run_worker
    from webapp.ops import gauges

    settings = current_app.config["ANTEROOM"]
    if not settings.worker_database_url:
        raise click.ClickException("WORKER_DATABASE_URL is not set. Set it to the login of the worker.")
    # The worker has a login of its own: only it may act as app_job.
    app = create_app(replace(settings, database_url=settings.worker_database_url))
    if settings.worker_metrics_port and not once:
        gauges.serve(app, settings.worker_metrics_port)
    try:
        run_worker(app, settings, wait=not once)
    except Exception as error:
        # Its own words would quote rows; whoever looks after processes starts it again.
        log.error("broken", exc_info=error)  # noqa: TRY400 - the frames are written by our own rule
        raise SystemExit(1) from None


COMMANDS = (worker,)
