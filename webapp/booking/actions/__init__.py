"""Every change of a visit: one verb a function; each flushes, none commits."""

from webapp.booking.actions.blocking import block_time
from webapp.booking.actions.book import BookRequest, Once, book
from webapp.booking.actions.cancel import CancelRequest, cancel
from webapp.booking.actions.move import MoveRequest, move
from webapp.booking.actions.progress import check_in, confirm, finish, mark_no_show, start

__all__ = [
    "BookRequest",
    "CancelRequest",
    "MoveRequest",
    "Once",
    "block_time",
    "book",
    "cancel",
    "check_in",
    "confirm",
    "finish",
    "mark_no_show",
    "move",
    "start",
]
