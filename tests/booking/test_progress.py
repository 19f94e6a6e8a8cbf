from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest

from tests import factories
from tests.booking.wishes import TEN, Open, Owner, booked, occupied, visit_row, wish
from tests.factories import NOW, Clinic
from webapp.booking.actions import CancelRequest, cancel, check_in, confirm, finish, mark_no_show, start
from webapp.booking.models import Appointment
from webapp.booking.refusals import AnotherDay, NotYetTime, ReasonMissing, WrongState
from webapp.booking.states import LIVE, TRANSITIONS, Action, Status
from webapp.errors import NotFound, VersionConflict
from webapp.ids import new_id

MINUTE = timedelta(minutes=1)
LATER = TEN + 5 * MINUTE

STEPS: dict[Action, Callable[..., Appointment]] = {
    Action.CONFIRM: confirm,
    Action.CHECK_IN: check_in,
    Action.START: start,
    Action.FINISH: finish,
    Action.MARK_NO_SHOW: mark_no_show,
    Action.CANCEL: lambda visit, *, at, version=None: cancel(CancelRequest(visit, "ill", version), at=at),
}


def in_state(owner: Owner, clinic: Clinic, status: Status) -> UUID:
    columns: dict[Status, dict[str, object]] = {
        Status.HELD: {"held_until": TEN + timedelta(hours=1)},
        Status.CANCELLED: {"cancelled_at": NOW, "cancel_reason": "ill"},
    }
    return factories.appointment(owner, clinic, TEN, status=status.value, **columns.get(status, {}))


@pytest.mark.parametrize("status", list(Status))
@pytest.mark.parametrize("action", list(STEPS))
def test_every_step_works_from_its_states_and_from_no_other(
    desk: Open, clinic: Clinic, owner: Owner, action: Action, status: Status
) -> None:
    visit = in_state(owner, clinic, status)
    before = visit_row(owner, visit), occupied(owner, visit)
    if status in TRANSITIONS[action].before:
        with desk():
            STEPS[action](visit, at=LATER, version=1)
        row = visit_row(owner, visit)
        assert (row["status"], row["version"]) == (TRANSITIONS[action].after.value, 2)
        assert bool(occupied(owner, visit)) == (TRANSITIONS[action].after in LIVE)
    else:
        with pytest.raises(WrongState), desk():
            STEPS[action](visit, at=LATER, version=1)
        assert (visit_row(owner, visit), occupied(owner, visit)) == before


def test_nobody_is_checked_in_for_a_later_day(desk: Open, clinic: Clinic, owner: Owner) -> None:
    visit = in_state(owner, clinic, Status.CONFIRMED)
    with pytest.raises(AnotherDay), desk():
        check_in(visit, at=TEN - timedelta(days=1))
    with desk():
        assert check_in(visit, at=TEN - timedelta(hours=2)).status == "arrived"


@pytest.mark.parametrize("action", list(STEPS))
def test_a_step_on_what_somebody_else_changed_is_refused(
    desk: Open, clinic: Clinic, owner: Owner, action: Action
) -> None:
    visit = in_state(owner, clinic, min(TRANSITIONS[action].before))
    with pytest.raises(VersionConflict), desk():
        STEPS[action](visit, at=LATER, version=7)
    with pytest.raises(NotFound), desk():
        STEPS[action](new_id(), at=LATER)


def test_a_visit_is_followed_from_door_to_door(desk: Open, clinic: Clinic, owner: Owner) -> None:
    visit = booked(desk, wish(clinic))
    with desk(at=NOW):
        confirm(visit, at=NOW)
    for step, minutes in ((check_in, -7), (start, 3), (finish, 20)):
        with desk(at=TEN + minutes * MINUTE):
            step(visit, at=TEN + minutes * MINUTE)
    row = visit_row(owner, visit)
    assert (row["arrived_at"], row["started_at"], row["finished_at"]) == (
        TEN - 7 * MINUTE,
        TEN + 3 * MINUTE,
        TEN + 20 * MINUTE,
    )
    assert row["released_at"] is None
    history = owner.execute(
        "SELECT from_status, to_status, at FROM appointment_history WHERE appointment_id = %s ORDER BY id", (visit,)
    ).fetchall()
    assert [(step["from_status"], step["to_status"]) for step in history] == [
        (None, "booked"),
        ("booked", "confirmed"),
        ("confirmed", "arrived"),
        ("arrived", "in_room"),
        ("in_room", "finished"),
    ]


@pytest.mark.parametrize(("ended", "kept"), [(7, 10), (10, 10), (-3, 5), (18, 20), (35, 20)])
def test_ending_early_frees_the_rest_from_the_next_step_of_the_lattice(
    desk: Open, clinic: Clinic, owner: Owner, ended: int, kept: int
) -> None:
    visit = in_state(owner, clinic, Status.IN_ROOM)
    with desk():
        finish(visit, at=TEN + ended * MINUTE)
    assert set(occupied(owner, visit).values()) == {(TEN, TEN + kept * MINUTE)}
    if kept < 20:
        booked(desk, wish(clinic, TEN + kept * MINUTE, patient_id=clinic.patients[1]), at=TEN + 12 * MINUTE)


def test_the_buffer_after_an_early_end_is_kept(desk: Open, owner: Owner) -> None:
    clinic = factories.clinic(owner)
    visit = factories.appointment(
        owner, clinic, TEN, status="in_room", buffer_before_minutes=5, buffer_after_minutes=10
    )
    with desk():
        finish(visit, at=TEN + 10 * MINUTE)
    busy = occupied(owner, visit)
    assert busy[clinic.providers[0]] == (TEN - 5 * MINUTE, TEN + 20 * MINUTE)
    assert busy[clinic.patients[0]] == (TEN, TEN + 10 * MINUTE)


def test_a_cancelled_visit_says_why_and_its_time_is_free_at_once(desk: Open, clinic: Clinic, owner: Owner) -> None:
    visit = booked(desk, wish(clinic))
    with desk():
        cancel(CancelRequest(visit, "  Feels better "), at=NOW)
    row = visit_row(owner, visit)
    assert (row["cancelled_at"], row["cancel_reason"]) == (NOW, "Feels better")
    booked(desk, wish(clinic))


def test_a_cancellation_without_a_reason_is_refused(desk: Open, clinic: Clinic) -> None:
    visit = booked(desk, wish(clinic))
    with pytest.raises(ReasonMissing), desk():
        cancel(CancelRequest(visit, "  "), at=NOW)


def test_nobody_misses_a_visit_before_it_begins(desk: Open, clinic: Clinic) -> None:
    visit = booked(desk, wish(clinic))
    with pytest.raises(NotYetTime), desk():
        mark_no_show(visit, at=TEN - MINUTE)
    with desk():
        mark_no_show(visit, at=TEN)
    booked(desk, wish(clinic, patient_id=clinic.patients[1]), at=TEN)
