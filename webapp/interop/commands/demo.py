"""`flask demo …`: the clinic a newcomer finds open."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup, with_appcontext

from webapp import clock
from webapp.identity.demo_accounts import PASSWORD, demo_email
from webapp.identity.gateways.cognito import SignInUnavailable
from webapp.identity.permissions import StaffRole
from webapp.identity.service import identity
from webapp.interop.demo import load

demo = AppGroup("demo", help="The demo clinic: people who do not exist, busy around today.")


@demo.command("load")
@with_appcontext
def load_all() -> None:
    """Open the demo clinic, or bring it up to today; as often as you like."""
    _refuse_in_production()
    now = clock.now()
    try:
        clinic, rosa = load.load_people(_bundles(), now)
        load.load_accounts(identity().service, clinic, rosa, now)
        load.load_days(clinic, now)
    except load.DemoIncomplete as error:
        raise click.ClickException(f"The demo clinic is not complete: {error}") from error
    except SignInUnavailable as error:
        raise click.ClickException(f"The user pool cannot be reached, so nobody could be added: {error}") from error
    if load.to_bill(clinic, now):
        click.echo("Older visits wait for `flask demo bill`.")
    click.echo(f"Demo accounts, password {PASSWORD} for each:")
    for role in StaffRole:
        click.echo(f"  {demo_email(role)}")


@demo.command("day")
@click.argument("day", required=False, type=click.DateTime(["%Y-%m-%d"]))
@with_appcontext
def load_day(day: datetime | None) -> None:
    """Fill the days around today, or one DAY (YYYY-MM-DD); a day that is filled stays as it is."""
    _refuse_in_production()
    now = clock.now()
    try:
        clinic, _ = load.load_people(_bundles(), now)
        made = load.load_days(clinic, now) if day is None else load.load_one(clinic, day.date(), now)
    except load.DemoIncomplete as error:
        raise click.ClickException(f"The demo clinic is not complete: {error}") from error
    click.echo(f"{made} visits added")


@demo.command("bill")
@with_appcontext
def bill_rest() -> None:
    """Bill the visits from before the clinic was opened, but for the last dozen: while people work."""
    _refuse_in_production()
    now = clock.now()
    clinic, _ = load.load_people(_bundles(), now)
    click.echo(f"{load.bill_rest(clinic, now)} visits billed")


def _bundles() -> Path:
    return Path(current_app.root_path).parent / "demo" / "synthea"


def _refuse_in_production() -> None:
    if current_app.config["ANTEROOM"].environment == "production":
        raise click.ClickException("The demo clinic has public passwords and invented visits; it is for local clinics.")
