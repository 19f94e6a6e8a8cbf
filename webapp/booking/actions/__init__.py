"""Every change of a visit: one verb a function; each flushes, none commits."""

from webapp.booking.actions.affected import Carried, Choice, Decisions, Hit, Target, carry_out
from webapp.booking.actions.blocking import block_time
from webapp.booking.actions.book import BookRequest, Once, Overbook, book, book_only
from webapp.booking.actions.cancel import CancelRequest, Costs, cancel
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
from webapp.booking.actions.death import DeathRequest, record_death, take_back_death
from webapp.booking.actions.holds import (
    HoldRequest,
    book_held,
    close_payment,
    hold,
    lapse,
    open_payment,
    overdue,
    release,
    take_over,
)
from webapp.booking.actions.leaving import settle_leave
from webapp.booking.actions.move import MoveRequest, move
from webapp.booking.actions.own import arrive, cancel_own, change_own_seat, move_own
from webapp.booking.actions.progress import check_in, confirm, finish, mark_no_show, note_checks, start
from webapp.booking.actions.reopening import end_closure, end_leave, work_more
from webapp.booking.actions.swap import SwapRequest, swap
from webapp.booking.actions.undo import undo

__all__ = [
    "BookRequest",
    "CancelRequest",
    "Carried",
    "Change",
    "Choice",
    "Closing",
    "ClosureChange",
    "Costs",
    "DeathRequest",
    "Decisions",
    "ExtraHoursRemoval",
    "Hit",
    "HoldRequest",
    "HoursChange",
    "LeaveChange",
    "MoveRequest",
    "Once",
    "Overbook",
    "Retirement",
    "ServiceChange",
    "SwapRequest",
    "Target",
    "arrive",
    "block_time",
    "book",
    "book_held",
    "book_only",
    "cancel",
    "cancel_own",
    "carry_out",
    "change_hours",
    "change_own_seat",
    "check_in",
    "close_location",
    "close_payment",
    "confirm",
    "end_closure",
    "end_leave",
    "finish",
    "hold",
    "lapse",
    "mark_no_show",
    "move",
    "move_own",
    "note_checks",
    "open_payment",
    "overdue",
    "record_death",
    "release",
    "settle_leave",
    "start",
    "swap",
    "take_back_death",
    "take_over",
    "undo",
    "work_more",
]
