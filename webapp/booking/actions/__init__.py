"""Every change of a visit: one verb a function; each flushes, none commits."""

from webapp.booking.actions.affected import Carried, Choice, Decisions, Hit, Target, carry_out
from webapp.booking.actions.blocking import block_time
from webapp.booking.actions.book import BookRequest, Once, book
from webapp.booking.actions.cancel import CancelRequest, cancel
from webapp.booking.actions.changes import (
    Change,
    ClosureChange,
    ExtraHoursRemoval,
    HoursChange,
    LeaveChange,
    Retirement,
    ServiceChange,
)
from webapp.booking.actions.closing import Closing, change_hours, close_location
from webapp.booking.actions.leaving import end_leave, settle_leave
from webapp.booking.actions.move import MoveRequest, move
from webapp.booking.actions.progress import check_in, confirm, finish, mark_no_show, start
from webapp.booking.actions.swap import SwapRequest, swap

__all__ = [
    "BookRequest",
    "CancelRequest",
    "Carried",
    "Change",
    "Choice",
    "Closing",
    "ClosureChange",
    "Decisions",
    "ExtraHoursRemoval",
    "Hit",
    "HoursChange",
    "LeaveChange",
    "MoveRequest",
    "Once",
    "Retirement",
    "ServiceChange",
    "SwapRequest",
    "Target",
    "block_time",
    "book",
    "cancel",
    "carry_out",
    "change_hours",
    "check_in",
    "close_location",
    "confirm",
    "end_leave",
    "finish",
    "mark_no_show",
    "move",
    "settle_leave",
    "start",
    "swap",
]
