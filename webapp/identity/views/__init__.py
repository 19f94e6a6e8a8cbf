"""Pages of identity: signing in and out, and where each role starts."""

from webapp.identity.views import home, signing_in
from webapp.identity.views.door import bp, login

__all__ = ["bp", "home", "login", "signing_in"]
