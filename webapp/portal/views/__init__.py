"""What patients see and do of themselves, one module for each group of pages."""

from webapp.portal.views import home, sign_up
from webapp.portal.views.door import blueprint

__all__ = ["blueprint", "home", "sign_up"]
