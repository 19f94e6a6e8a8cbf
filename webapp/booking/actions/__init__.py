"""Every change of a visit: one verb a function; each flushes, none commits."""

from webapp.booking.actions.blocking import block_time
from webapp.booking.actions.book import BookRequest, Once, book
from webapp.booking.actions.cancel import CancelRequest, cancel
from webapp.booking.actions.closing import Closing, change_hours, close_location
from webapp.booking.actions.move import MoveRequest, move
from webapp.booking.actions.progress import check_in, confirm, finish, mark_no_show, start
from webapp.booking.actions.swap import SwapRequest, swap

__all__ = [
    "BookRequest",
    "CancelRequest",
    "Closing",
    "MoveRequest",
    "Once",
    "SwapRequest",
    "block_time",
    "book",
    "cancel",
    "change_hours",
    "check_in",
    "close_location",
    "confirm",
    "finish",
    "mark_no_show",
    "move",
    "start",
    "swap",
]
