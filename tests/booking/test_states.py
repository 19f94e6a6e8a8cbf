from datetime import UTC, datetime, timedelta

import pytest

from webapp.booking.states import (
    LIVE,
    STATES,
    TRANSITIONS,
    Action,
    Status,
    allows,
    minutes_in_state,
    minutes_late,
    next_action,
    next_step,
    shown_as,
)

NOON = datetime(2026, 11, 18, 12, tzinfo=UTC)
FHIR_CODES = {
    "proposed", "pending", "booked", "arrived", "fulfilled", "cancelled", "noshow", "entered-in-error", "checked-in",
    "waitlist",
}  # fmt: skip


def test_every_status_has_a_row_and_a_fhir_code_that_exists() -> None:
    assert set(STATES) == set(Status)
    assert {state.fhir for state in STATES.values()} <= FHIR_CODES


def test_every_action_has_a_transition() -> None:
    assert set(TRANSITIONS) == set(Action)


def test_no_action_leaves_a_state_that_is_over() -> None:
    over = (set(Status) - LIVE) | {Status.FINISHED}
    assert not [action for action in Action for status in over if allows(status, action)]


def test_the_usual_visit_walks_from_booked_to_finished_by_its_primary_steps() -> None:
    status, steps = Status.BOOKED, []
    while (action := next_action(status)) is not None:
        assert allows(status, action)
        steps.append(action)
        status = TRANSITIONS[action].after
    assert steps == [Action.CHECK_IN, Action.START, Action.FINISH]
    assert status is Status.FINISHED


@pytest.mark.parametrize("status", [Status.ARRIVED, Status.IN_ROOM, Status.FINISHED, Status.CANCELLED, Status.NOSHOW])
def test_who_has_come_can_not_be_marked_as_absent(status: Status) -> None:
    assert not allows(status, Action.MARK_NO_SHOW)


def test_a_finished_visit_is_to_pay_until_nothing_is_due() -> None:
    assert shown_as(Status.FINISHED, balance_cents=4500) == "to_pay"
    assert shown_as(Status.FINISHED) == "finished"
    assert shown_as(Status.CONFIRMED, balance_cents=4500) == "confirmed"


def test_before_its_day_a_visit_can_be_confirmed_but_nobody_is_checked_in() -> None:
    today, tomorrow = NOON.date(), NOON.date() + timedelta(days=1)
    assert next_step(Status.BOOKED, on=tomorrow, today=today) is Action.CONFIRM
    assert next_step(Status.CONFIRMED, on=tomorrow, today=today) is None
    assert next_step(Status.CONFIRMED, on=today, today=today) is Action.CHECK_IN
    assert next_step(Status.CONFIRMED, on=today, today=tomorrow) is Action.CHECK_IN


def test_late_counts_whole_minutes_until_check_in_only() -> None:
    late = NOON + timedelta(minutes=7, seconds=59)
    assert minutes_late(Status.CONFIRMED, NOON, late) == 7
    assert minutes_late(Status.CONFIRMED, NOON, NOON + timedelta(seconds=59)) is None
    assert minutes_late(Status.ARRIVED, NOON, late) is None


def test_minutes_count_the_wait_then_the_room_then_stop() -> None:
    def minutes(status: Status) -> int | None:
        started = NOON + timedelta(minutes=10)
        return minutes_in_state(status, arrived_at=NOON, started_at=started, now=NOON + timedelta(minutes=30))

    assert [minutes(Status.ARRIVED), minutes(Status.IN_ROOM), minutes(Status.FINISHED)] == [30, 20, None]
