"""The races with the guard that each rests on, and what comes out with it and without."""

from __future__ import annotations

from tests.booking import races, races_of_editors, races_of_holds
from tests.booking.case import NO_CONSTRAINT, NO_MATCH, Case
from tests.booking.cases_of_patients import PATIENTS

LOCK_NOTHING = """
    CREATE OR REPLACE FUNCTION doors.lock_resources(resources uuid[], exclusive boolean) RETURNS integer
    LANGUAGE sql SECURITY DEFINER AS 'SELECT cardinality(resources)'
"""
NO_RESOURCE_LOCK = (LOCK_NOTHING,)
NO_KEY = ("ALTER TABLE idempotency DROP CONSTRAINT idempotency_pkey",)
DELETE_FIRST = (
    "doors.settle",
    "    IF resources IS NOT NULL THEN",
    "    PERFORM doors.give_back(surplus);\n    IF resources IS NOT NULL THEN",
)
CLOSED_RANGES = ("doors.expected_occupancy", "COALESCE(part.released, part.closes))))", "part.closes)), '[]')")
NO_VERSION = ("public.guard_place", "<> schedule_version", "< 0")
FIRST_PLACE_ONLY = ("public.book", "1 .. cardinality(providers)", "1 .. 1")
NO_SHARE = ("public.guard_visit", " FOR SHARE", "")
NO_SECOND_LOOK = ("doors.free_lapsed", "AND NOT payment_open AND held_until <= free_lapsed.at", "")

TAKEN: dict[str, object] = {"waited": True, "second": "slot_taken", "overlaps": 0}
BOTH: dict[str, object] = {"waited": False, "second": "done", "overlaps": 1}
ORDINARY: tuple[Case, ...] = (
    Case(races.same_slot, TAKEN, BOTH, NO_CONSTRAINT),
    Case(races.same_slot_given_back, {**TAKEN, "second": "done"}, {"waited": False}, NO_CONSTRAINT),
    Case(
        races.neighbours,
        {"waited": False, "second": "done", "overlaps": 0},
        {"waited": True, "second": "slot_taken"},
        rewritten=CLOSED_RANGES,
    ),
    Case(races.one_patient_in_two_places, TAKEN, BOTH, NO_CONSTRAINT),
    Case(
        races.any_provider_twice,
        {"second": "done", "overlaps": 0},
        {"second": "slot_taken"},
        rewritten=FIRST_PLACE_ONLY,
    ),
    Case(races.move_and_cancel, {"waited": True, "move": "wrong_state", "half": 0}, {"move": "done"}, unlocked=True),
    Case(
        races.cancel_and_move,
        {"waited": True, "cancel": "done", "version": 3, "half": 0},
        {"version": 2},
        unlocked=True,
    ),
    Case(
        races.two_moves_of_one_visit,
        {"waited": True, "second": "version_conflict", "half": 0},
        {"second": "done"},
        unlocked=True,
    ),
    Case(
        races.crossing_moves,
        {"waited": True, "ended": ["slot_taken", "slot_taken"], "half": 0},
        {"ended": ["DeadlockDetected", "slot_taken"]},
        rewritten=DELETE_FIRST,
    ),
    Case(
        races.two_swaps_the_other_way_round,
        {"waited": True, "second": "version_conflict", "half": 0},
        {"second": "done"},
        unlocked=True,
    ),
    Case(
        races.swap_and_move_into_it,
        {"waited": True, "move": "slot_taken", "overlaps": 0},
        {"waited": False, "move": "done", "overlaps": 1},
        NO_CONSTRAINT + NO_RESOURCE_LOCK,
    ),
    Case(
        races.booking_then_closure,
        {"waited": True, "listed": True, "closure": "done"},
        {"waited": False, "listed": False},
        NO_RESOURCE_LOCK,
    ),
    Case(
        races.closure_then_booking,
        {"waited": True, "listed": 0, "booking": "location_closed"},
        {"waited": False, "booking": "done"},
        NO_RESOURCE_LOCK,
    ),
    Case(
        races.new_hours_then_booking,
        {"waited": True, "booking": "outside_hours"},
        {"booking": "done"},
        rewritten=NO_VERSION,
    ),
    Case(
        races.booking_then_new_hours,
        {"waited": True, "listed": True, "hours": "done"},
        {"waited": False, "listed": False},
        NO_RESOURCE_LOCK,
    ),
    Case(
        races_of_editors.booking_then_confirmed_leave,
        {"waited": True, "leave": "visits_affected"},
        {"waited": False, "leave": "done"},
        NO_RESOURCE_LOCK + NO_CONSTRAINT,
    ),
    Case(
        races_of_editors.leave_then_booking,
        {"waited": True, "booking": "provider_away"},
        {"waited": False, "booking": "done"},
        NO_RESOURCE_LOCK + NO_CONSTRAINT,
    ),
    Case(
        races_of_editors.retired_room_then_booking,
        {"waited": True, "booking": "slot_taken"},
        {"booking": "done"},
        rewritten=NO_VERSION,
    ),
    Case(
        races_of_editors.moved_visit_and_leave,
        {"waited": True, "leave": "visits_affected", "visit": "booked"},
        {"leave": "done", "visit": "cancelled"},
        NO_RESOURCE_LOCK,
        unlocked=True,
    ),
    Case(
        races.overbooking_then_booking,
        {"waited": True, "second": "slot_taken"},
        {"waited": False, "second": "done"},
        NO_RESOURCE_LOCK,
    ),
    Case(
        races.same_key,
        {"waited": True, "second": "done", "same": True, "overlaps": 0},
        {"waited": False, "same": False, "overlaps": 1},
        NO_KEY + NO_CONSTRAINT,
    ),
    Case(
        races.same_key_other_content,
        {"waited": True, "second": "key_reused"},
        {"waited": False, "second": "done"},
        NO_KEY,
    ),
    Case(
        races.death_and_booking,
        {"waited": True, "booking": "patient_not_bookable"},
        {"waited": False, "booking": "done"},
        rewritten=NO_SHARE,
    ),
    Case(
        races.lapsed_hold_whose_payment_just_opened,
        {"waited": True, "second": "slot_taken", "hold": "held"},
        {"second": "done", "hold": "lapsed"},
        ("ALTER TABLE appointment DROP CONSTRAINT appointment_payment_open",),
        rewritten=NO_SECOND_LOOK,
    ),
)
HOLDS = (
    Case(
        races_of_holds.two_overbookings,
        {"second": "done", "lanes": 2},
        {"second": "slot_taken", "lanes": 1},
        NO_RESOURCE_LOCK,
    ),
    Case(
        races_of_holds.overbooking_and_booking_a_hold,
        {"waited": True, "overbooking": "done", "held": "hold_over"},
        {"held": "DeadlockDetected"},
        rewritten=("doors.lock_if_held", "AND a.status = 'held'", "AND false"),
    ),
    Case(
        races_of_holds.two_who_take_over_one_hold,
        {"waited": True, "second": "hold_over", "there": 1},
        {"second": "done", "there": 2},
        NO_CONSTRAINT + NO_MATCH,
        rewritten=("doors.lock_hold", "RETURN FOUND", "RETURN true"),
    ),
    Case(
        races_of_holds.two_holds_of_one_patient,
        {"waited": True, "second": "done", "live": 1},
        {"waited": False, "live": 2},
        rewritten=("public.book", "PERFORM pg_advisory_xact_lock(uuid_hash_extended(patient, 1));", ""),
    ),
    Case(
        races_of_holds.sweep_and_booking,
        {"waited": True, "second": "done", "hold": "lapsed", "version": 2},
        {"version": 3},
        rewritten=(
            "doors.free_lapsed",
            "AND status = 'held' AND NOT payment_open AND held_until <= free_lapsed.at",
            "",
        ),
    ),
    Case(
        races_of_holds.last_piece_of_equipment,
        {"waited": True, "second": "slot_taken"},
        {"waited": False, "second": "done"},
        NO_CONSTRAINT,
    ),
    Case(
        races_of_holds.leave_and_cancellation,
        {"waited": True, "leave": "done", "cancel": "done"},
        {"waited": False, "leave": "CheckViolation"},
        rewritten=("doors.lock_givers", "r.kind = 'provider'", "false"),
    ),
)

CASES: tuple[Case, ...] = (*ORDINARY, *HOLDS, *PATIENTS)
