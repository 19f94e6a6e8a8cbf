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


@click.command("verify-audit")
@with_appcontext
def verify_audit() -> None:
    """Hold the audit against its seals and their copies; 1 and the first row that differs where it does."""
    from webapp import clock
    from webapp.activity.verifying import verify
    from webapp.db import Role, Scope
    from webapp.ids import new_id
    from webapp.ops.chain_words import sentence_of

    verdict = verify(lambda: Scope(Role.AUDITOR, None, clock.now(), str(new_id())))
    if verdict.finding is not None:
        raise click.ClickException(sentence_of(verdict.finding))
    click.echo(
        f"{verdict.rows} rows in {verdict.seals} seals are as they were sealed; {verdict.unsealed} are not sealed yet."
    )


@click.command("rebuild-availability")
@with_appcontext
def rebuild_availability() -> None:
    """Let the worker tell DynamoDB every day anew, after a backup was played back."""
    from webapp import clock, create_app
    from webapp.booking.projection.project import tell_all_again

    settings = current_app.config["ANTEROOM"]
    with create_app(replace(settings, database_url=settings.worker_database_url)).app_context():
        click.echo(f"{tell_all_again(clock.now())} days will be told again.")


@click.command("addresses")
@with_appcontext
def addresses() -> None:
    """Print every address with what its door asks for."""
    from webapp.ops.address_book import as_markdown

    click.echo(as_markdown(current_app), nl=False)


COMMANDS = (worker, verify_audit, rebuild_availability, addresses)
