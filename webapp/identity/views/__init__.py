"""Pages of identity: signing in and out, the life of a session, and where each role starts."""

from webapp.identity.views import (
    again,
    home,
    leaving,
    my_sessions,
    own_app,
    passwords,
    second_step,
    sessions,
    signing_in,
    speaking,
)
from webapp.identity.views.door import bp, login

__all__ = [
    "again",
    "bp",
    "home",
    "leaving",
    "login",
    "my_sessions",
    "own_app",
    "passwords",
    "second_step",
    "sessions",
    "signing_in",
    "speaking",
]
