"""The last change of a visit is put back while nobody was told of it, with the time it takes."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from tests import factories
from tests.booking.wishes import ACTOR, TEN, Open, Owner, booked, occupied, visit_row, wish
from tests.factories import NOW, Clinic, clock_time
from webapp.booking.actions import (
    CancelRequest,
    MoveRequest,
    Overbook,
    book,
    cancel,
    check_in,
    confirm,
    finish,
    mark_no_show,
    move,
    start,
    undo,
)
from webapp.booking.models import Appointment
from webapp.booking.refusals import LocationClosed, NotUndoable, SlotTaken
from webapp.booking.states import UNDO_GRACE
from webapp.errors import VersionConflict

ELEVEN = clock_time(11)
SECOND = timedelta(seconds=1)
Step = Callable[[UUID, datetime], Appointment]

STEPS: dict[str, tuple[list[Step], Step]] = {
    "confirm": ([], lambda v, at: confirm(v, at=at)),
    "check in": ([], lambda v, at: check_in(v, at=at)),
    "check in a confirmed one": ([lambda v, at: confirm(v, at=at)], lambda v, at: check_in(v, at=at)),
    "start": ([lambda v, at: check_in(v, at=at)], lambda v, at: start(v, at=at)),
    "finish early": (
        [lambda v, at: check_in(v, at=at), lambda v, at: start(v, at=at)],
        lambda v, at: finish(v, at=at),
    ),
    "no-show": ([], lambda v, at: mark_no_show(v, at=at)),
    "cancel": ([lambda v, at: confirm(v, at=at)], lambda v, at: cancel(CancelRequest(v, "ill"), at=at)),
    "move": ([], lambda v, at: move(MoveRequest(v, clock_time(12)), at=at)),
}
LATER = TEN + timedelta(minutes=5)


def taken_back(desk: Open, visit: UUID, version: int, at: datetime = LATER) -> None:
    with desk(at=at):
        undo(visit, version, at=at)


@pytest.mark.parametrize("name", STEPS)
def test_a_step_is_put_back_with_all_it_changed(desk: Open, clinic: Clinic, owner: Owner, name: str) -> None:
    visit = booked(desk, wish(clinic))
    before, step = STEPS[name]
    with desk(at=LATER):
        for earlier in before:
            earlier(visit, LATER)
    was, held = visit_row(owner, visit), occupied(owner, visit)
    with desk(at=LATER):
        version = step(visit, LATER).version
    assert visit_row(owner, visit) != was
    taken_back(desk, visit, version)
    assert visit_row(owner, visit) == {**was, "version": was["version"] + 2}
    assert occupied(owner, visit) == held
    steps = owner.execute(
        "SELECT from_status, to_status FROM appointment_history WHERE appointment_id = %s ORDER BY id", (visit,)
    ).fetchall()
    assert len(steps) == len(before) + 3
    assert (steps[-1]["from_status"], steps[-1]["to_status"]) == (steps[-2]["to_status"], steps[-2]["from_status"])


def test_the_grace_ends_to_the_second(desk: Open, clinic: Clinic) -> None:
    visit = booked(desk, wish(clinic))
    with desk():
        confirm(visit, at=NOW)
    with pytest.raises(NotUndoable):
        taken_back(desk, visit, 2, NOW + UNDO_GRACE + SECOND)
    taken_back(desk, visit, 2, NOW + UNDO_GRACE)


def test_what_happened_since_is_not_undone(desk: Open, clinic: Clinic, owner: Owner) -> None:
    visit = booked(desk, wish(clinic))
    with desk():
        confirm(visit, at=NOW)
        check_in(visit, at=NOW)
    with pytest.raises(VersionConflict):
        taken_back(desk, visit, 2, NOW)
    owner.execute("UPDATE appointment SET note = 'Brings X-rays', version = 4 WHERE id = %s", (visit,))
    with pytest.raises(NotUndoable):
        taken_back(desk, visit, 4, NOW)


def test_a_booking_and_an_undo_are_not_undone(desk: Open, clinic: Clinic) -> None:
    visit = booked(desk, wish(clinic))
    with pytest.raises(NotUndoable):
        taken_back(desk, visit, 1, NOW)
    with desk():
        confirm(visit, at=NOW)
    taken_back(desk, visit, 2, NOW)
    with pytest.raises(NotUndoable):
        taken_back(desk, visit, 3, NOW)


def test_a_time_that_was_given_away_does_not_come_back(desk: Open, clinic: Clinic, owner: Owner) -> None:
    visit = booked(desk, wish(clinic))
    with desk():
        cancel(CancelRequest(visit, "ill"), at=NOW)
    booked(desk, wish(clinic, patient_id=clinic.patients[1]))
    with pytest.raises(SlotTaken):
        taken_back(desk, visit, 2, NOW)
    assert visit_row(owner, visit)["status"] == "cancelled"


def test_a_move_whose_old_time_was_given_away_stays(desk: Open, clinic: Clinic, owner: Owner) -> None:
    visit = booked(desk, wish(clinic))
    with desk():
        move(MoveRequest(visit, ELEVEN), at=NOW)
    booked(desk, wish(clinic, patient_id=clinic.patients[1]))
    with pytest.raises(SlotTaken):
        taken_back(desk, visit, 2, NOW)
    assert visit_row(owner, visit)["starts_at"] == ELEVEN


def test_a_closure_that_came_since_counts(desk: Open, clinic: Clinic, owner: Owner) -> None:
    visit = booked(desk, wish(clinic))
    with desk():
        cancel(CancelRequest(visit, "ill"), at=NOW)
    factories.closure(owner, clinic.location, TEN, ELEVEN)
    with pytest.raises(LocationClosed):
        taken_back(desk, visit, 2, NOW)


@pytest.mark.parametrize("deed", ["cancel", "move"])
def test_an_overbooked_visit_comes_back_beside_the_other(desk: Open, clinic: Clinic, owner: Owner, deed: str) -> None:
    booked(desk, wish(clinic))
    with desk():
        extra = book(wish(clinic, patient_id=clinic.patients[1]), actor=ACTOR, at=NOW, overbook=Overbook("Urgent")).id
    with desk():
        if deed == "move":
            move(MoveRequest(extra, ELEVEN), at=NOW)
        else:
            cancel(CancelRequest(extra, "ill"), at=NOW)
    taken_back(desk, extra, 2, NOW)
    row = visit_row(owner, extra)
    assert (row["status"], row["starts_at"], row["lane"], row["overbook_reason"]) == ("booked", TEN, 1, "Urgent")
