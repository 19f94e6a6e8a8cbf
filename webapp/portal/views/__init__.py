"""What patients see and do of themselves, one module for each group of pages."""

from webapp.portal.views import download, family, home, looks, profile, sign_up
from webapp.portal.views.door import blueprint

__all__ = ["blueprint", "download", "family", "home", "looks", "profile", "sign_up"]
