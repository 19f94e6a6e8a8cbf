"""What patients see and do of themselves, one module for each group of pages."""

from webapp.portal.views import changing, check, find, home, seats, sign_up, visit
from webapp.portal.views.door import blueprint

__all__ = ["blueprint", "changing", "check", "find", "home", "seats", "sign_up", "visit"]
