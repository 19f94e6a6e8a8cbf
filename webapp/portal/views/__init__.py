"""What patients see and do of themselves, one module for each group of pages."""

from webapp.portal.views import (
    changing,
    check,
    download,
    family,
    feeds,
    find,
    home,
    link,
    looks,
    profile,
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
    "download",
    "family",
    "feeds",
    "find",
    "home",
    "link",
    "looks",
    "profile",
    "seats",
    "sign_up",
    "visit",
    "waiting",
]
