"""The parts of signing in, put together from the settings once for each process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import current_app

from webapp import dynamo
from webapp.identity.attempts import Attempts
from webapp.identity.gateways.people import People
from webapp.identity.idle import IdleLimits
from webapp.identity.sessions import Sessions
from webapp.identity.signing_in import SigningIn
from webapp.identity.tokens import KeySet, Verifier

if TYPE_CHECKING:
    from flask import Flask

    from webapp.settings import Settings

EXTENSION = "anteroom.identity"


def init_app(app: Flask, settings: Settings) -> None:
    """Give the application its sign-in; `dynamo` has to be there already."""
    people = People(settings)
    with app.app_context():
        sessions = Sessions(dynamo.client(), settings.session_key, IdleLimits(settings.idle_limits))
        attempts = Attempts(dynamo.client(), settings.session_key)
    verifier = Verifier(KeySet(people.key_set), issuer=people.issuer, audience=settings.cognito_client_id)
    app.extensions[EXTENSION] = SigningIn(
        service=people,
        verifier=verifier,
        sessions=sessions,
        attempts=attempts,
        key=settings.session_key,
        second_factor_required=settings.require_second_factor,
    )


def identity() -> SigningIn:
    """The sign-in of the current application; needs an application context."""
    signing_in: SigningIn = current_app.extensions[EXTENSION]
    return signing_in
