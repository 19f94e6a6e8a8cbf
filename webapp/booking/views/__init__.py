"""Dialogs that book, move and cancel; each is a page of its own when JavaScript is off."""

from webapp.booking.views import (
    book,
    cancel,
    changing,
    group_changes,
    move,
    series,
    sessions,
    waiting,
    walk_in,
    why,
    wishes,
)
from webapp.booking.views.door import blueprint

__all__ = [
    "blueprint",
    "book",
    "cancel",
    "changing",
    "group_changes",
    "move",
    "series",
    "sessions",
    "waiting",
    "walk_in",
    "why",
    "wishes",
]
