"""The blueprint of identity, and the person behind each request's cookie."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, g, request
from flask_login import LoginManager

from webapp import cycle
from webapp.identity.person import Nobody, Person
from webapp.identity.service import identity

if TYPE_CHECKING:
    from datetime import datetime

# Marks a request that only asks whether something is new; it says less about itself, never more, so it can be believed.
POLL = "X-Poll"

bp = Blueprint("identity", __name__)
login = LoginManager()
login.session_protection = None
login.anonymous_user = Nobody


def load_person(handle: str) -> Person | None:
    """The person of this request's cookie, by one consistent DynamoDB read; DynamoUnavailable lets nobody in."""
    cycle.begin()
    now: datetime = g.at
    sessions = identity().sessions
    person = sessions.resolve(handle, now)
    if person is not None and POLL not in request.headers and not sessions.touch(person, now):
        return None
    return person


login.user_loader(load_person)
