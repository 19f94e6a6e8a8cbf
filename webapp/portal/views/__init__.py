"""What patients see and do of themselves, one module for each group of pages."""

from webapp.portal.views import (
    changing,
    check,
    feeds,
    find,
    home,
    link,
    seats,
    sign_up,
    visit,
    waiting,
)
from webapp.portal.views.door import blueprint

__all__ = [
    "blueprint",
    "changing",
    "check",
    "feeds",
    "find",
    "home",
    "link",
    "seats",
    "sign_up",
    "visit",
    "waiting",
]
