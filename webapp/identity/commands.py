"""`flask accounts …`"""

from __future__ import annotations

import click
from flask import current_app
from flask.cli import AppGroup

from webapp import clock
from webapp.identity.demo_accounts import PASSWORD, demo_email, ensure_demo_accounts
from webapp.identity.gateways.cognito import SignInUnavailable
from webapp.identity.permissions import StaffRole
from webapp.identity.service import identity
from webapp.ids import new_id

accounts = AppGroup("accounts", help="Accounts of people who sign in.")


@accounts.command("demo")
def demo() -> None:
    """Make the demo account of each role, or mend what the user pool has lost."""
    if current_app.config["ANTEROOM"].environment == "production":
        raise click.ClickException("Demo accounts have a public password; they are for local clinics only.")
    try:
        ensure_demo_accounts(identity().service, clock.now(), request=str(new_id()))
    except SignInUnavailable as error:
        raise click.ClickException(f"The user pool cannot be reached, so nobody could be added: {error}") from error
    for role in StaffRole:
        click.echo(f"{demo_email(role):32} {PASSWORD}")
