"""Commands that keep the clinic running."""

from __future__ import annotations

from dataclasses import replace

import click
from flask import current_app
from flask.cli import with_appcontext


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
    run_worker(app, settings, wait=not once)


COMMANDS = (worker,)
