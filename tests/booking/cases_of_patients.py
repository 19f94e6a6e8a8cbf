"""The races of patients with the guard that each rests on.

Row security looks again where a lock is missing: what a patient may do of a visit's new state decides it, but as an
error, not as a sentence.
"""

from __future__ import annotations

from typing import Any

from tests.booking import races_of_patients as races
from tests.booking.case import NO_CONSTRAINT, NO_MATCH, Case
from tests.booking.races import Race
from tests.booking.races_of_patients import LATE, MINUTE

STOPPED_BY_ROW_SECURITY = "InsufficientPrivilege"


def _unlocked(race: Race, won: dict[str, Any], lost: dict[str, Any]) -> Case:
    """A race that rests on the lock of the visit or the wish."""
    return Case(race, {"waited": True, **won}, lost, unlocked=True)


PATIENTS: tuple[Case, ...] = (
    _unlocked(
        races.desk_cancels_then_patient_moves,
        {"move": "wrong_state", "half": 0},
        {"move": STOPPED_BY_ROW_SECURITY},
    ),
    _unlocked(
        races.patient_moves_then_desk_cancels,
        {"cancel": "done", "version": 3, "half": 0},
        {"version": 2},
    ),
    _unlocked(
        races.desk_moves_then_patient_cancels,
        {"cancel": "version_conflict", "status": "booked"},
        {"cancel": "done", "status": "cancelled"},
    ),
    _unlocked(races.patient_cancels_then_desk_moves, {"move": "wrong_state", "half": 0}, {"move": "done"}),
    _unlocked(
        races.other_takes_time_then_hold_is_booked,
        {"book": "hold_over", "hold": "lapsed"},
        {"book": STOPPED_BY_ROW_SECURITY},
    ),
    Case(
        races.hold_is_booked_then_other_wants_time,
        {"waited": True, "other": "slot_taken", "visit": "booked"},
        {"other": "done"},
        NO_CONSTRAINT,
    ),
    Case(
        races.two_proxies_book_for_one_child,
        {"waited": True, "second": "slot_taken", "first": "booked", "half": 0},
        {"second": "done"},
        NO_CONSTRAINT,
    ),
    _unlocked(
        races.two_proxies_book_two_times_for_one_child,
        {"book": "hold_over", "hold": "lapsed"},
        {"book": STOPPED_BY_ROW_SECURITY},
    ),
    _unlocked(
        races.offer_lapses_then_patient_accepts,
        {"accept": "offer_answered", "offer": "lapsed"},
        {"accept": STOPPED_BY_ROW_SECURITY},
    ),
    Case(
        races.patient_accepts_then_offer_lapses,
        {"waited": True, "offer": "accepted", "visit": "booked"},
        {"offer": "lapsed", "visit": "lapsed"},
        NO_MATCH,
        rewritten=(
            "doors.end_hold",
            "WHERE id = hold AND status = 'held' AND NOT payment_open AND (early OR held_until <= end_hold.at)",
            "WHERE id = hold",
        ),
        unlocked=True,
    ),
    _unlocked(
        races.desk_books_offered_time_then_patient_accepts,
        {"accept": "hold_over", "hold": "lapsed"},
        {"accept": STOPPED_BY_ROW_SECURITY},
    ),
    Case(
        races.patient_accepts_then_desk_books_offered_time,
        {"waited": True, "desk": "slot_taken", "visit": "booked"},
        {"desk": "done"},
        NO_CONSTRAINT,
    ),
    _unlocked(races.two_proxies_accept_one_offer, {"second": "offer_answered", "version": 2}, {"second": "done"}),
    _unlocked(
        races.desk_says_nobody_came_then_patient_is_here,
        {"arrive": "wrong_state", "half": 0},
        {"arrive": STOPPED_BY_ROW_SECURITY},
    ),
    _unlocked(
        races.patient_is_here_then_desk_says_nobody_came,
        {"no show": "wrong_state", "status": "arrived"},
        {"no show": "done", "status": "noshow"},
    ),
    _unlocked(
        races.patient_and_desk_check_in,
        {"desk": "wrong_state", "since": LATE},
        {"desk": "done", "since": LATE + MINUTE},
    ),
    _unlocked(
        races.desk_cancels_then_link_confirms,
        {"confirm": "wrong_state", "status": "cancelled"},
        {"confirm": STOPPED_BY_ROW_SECURITY},
    ),
    _unlocked(
        races.link_confirms_then_patient_cancels,
        {"cancel": "version_conflict", "status": "confirmed"},
        {"cancel": "done", "status": "cancelled"},
    ),
)
